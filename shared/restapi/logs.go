package restapi

import (
	"errors"
	"log/slog"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
)

// The log events of this package. Each has a code, which tests and alarms
// hold on to, and coded or counted attributes only: no path, no query, no
// text of a request and no text of an error.
const (
	logAnswered    = "FHIR_ANSWERED"     // every request: route, method, status, bytes, ms
	logFailed      = "FHIR_FAILED"       // an answer of 500 or above: kind and calls
	logAuditFailed = "FHIR_AUDIT_FAILED" // an answer was withheld because it could not be audited
	logPanic       = "FHIR_PANIC"        // a defect: where
)

// callsOf gives the calls that an error went through, outermost first.
func callsOf(err error) slog.Attr {
	var ops []string
	for err != nil {
		var e *failure.Error
		if !errors.As(err, &e) {
			break
		}
		ops, err = append(ops, e.Op), e.Err
	}
	return slog.String("calls", strings.Join(ops, " > "))
}

// Package failure holds the one error type of the product: a closed list of
// kinds, each of which means the same to a caller of any package.
//
// It does not describe faults of a partner's rows (extract.Fault does), and it
// never carries a value taken from a patient's data: messages name the place
// and the reason only.
package failure

import (
	"errors"
	"fmt"
)

// Kind says what a caller can do about an error. The list is closed: do not
// reorder it, only append.
type Kind uint8

const (
	Internal        Kind = iota // a defect or an unforeseen state; nothing the caller can mend
	Invalid                     // the input breaks a rule; the same input will fail again
	NotFound                    // what was named does not exist
	Conflict                    // a condition did not hold: read again, decide again
	Throttled                   // too many requests at this moment; try again later
	Unavailable                 // a service below did not answer; try again later
	Unauthenticated             // who calls is not known
	Forbidden                   // who calls is known and may not
	TooLarge                    // over a documented limit of size
	NotSupported                // understood, and not offered
	Gone                        // existed once; withdrawn
)

var names = [...]string{"internal", "invalid", "not-found", "conflict", "throttled", "unavailable", "unauthenticated", "forbidden", "too-large", "not-supported", "gone"}

// String gives the kind's name as logs and tests show it.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return "internal"
}

// Error is an error of a known kind. Detail is for the reader of an answer or
// a log and holds no personal data; Err is the cause, if any.
type Error struct {
	Kind   Kind
	Op     string // the call that failed, as package.Function
	Detail string
	Err    error
}

func (e *Error) Error() string {
	s := e.Op + ": " + e.Kind.String()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// New makes an error of a kind. The detail is formatted as fmt.Sprintf does.
func New(kind Kind, op, format string, args ...any) error {
	return &Error{Kind: kind, Op: op, Detail: fmt.Sprintf(format, args...)}
}

// Wrap puts the name of the call before err and gives it a kind; nil stays nil.
func Wrap(kind Kind, op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Op: op, Err: err}
}

// KindOf finds the kind of err: that of the outermost Error in its chain, and
// Internal when there is none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// Is says whether err is of the kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// Retryable says whether the same call may succeed later without any change.
func Retryable(err error) bool {
	k := KindOf(err)
	return err != nil && (k == Throttled || k == Unavailable)
}

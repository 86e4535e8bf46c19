package restapi

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
)

// reply is how a kind of failure is answered.
type reply struct {
	status int
	code   fhir.IssueType
	spine  string // Spine-ErrorOrWarningCode, where one fits
	text   string // for errors that have nothing to show
	shows  bool   // the error's own detail is for the caller
}

// replies is the one map from a kind of failure to HTTP and OperationOutcome.
var replies = map[failure.Kind]reply{
	failure.Invalid:         {http.StatusBadRequest, fhir.IssueInvalid, "INVALID_VALUE", "the request is not valid", true},
	failure.Unauthenticated: {http.StatusUnauthorized, fhir.IssueUnknown, "ACCESS_DENIED", "the caller is not known", true},
	failure.Forbidden:       {http.StatusForbidden, fhir.IssueForbidden, "ACCESS_DENIED", "the caller may not do this", true},
	failure.NotFound:        {http.StatusNotFound, fhir.IssueNotFound, "RESOURCE_NOT_FOUND", "there is no such resource", true},
	failure.Gone:            {http.StatusGone, fhir.IssueDeleted, "RESOURCE_NOT_FOUND", "the resource was withdrawn", true},
	failure.Conflict:        {http.StatusConflict, fhir.IssueConflict, "", "the record changed meanwhile; ask again", true},
	failure.TooLarge:        {http.StatusRequestEntityTooLarge, fhir.IssueTooLong, "", "the request is too large", true},
	failure.NotSupported:    {http.StatusNotImplemented, fhir.IssueNotSupported, "UNSUPPORTED_SERVICE", "this is not offered", true},
	failure.Throttled:       {http.StatusTooManyRequests, fhir.IssueThrottled, "TOO_MANY_REQUESTS", "too many requests; ask again later", false},
	failure.Unavailable:     {http.StatusServiceUnavailable, fhir.IssueTransient, "UNABLE_TO_CALL_SERVICE", "the record cannot be read at the moment; ask again later", false},
	failure.Internal:        {http.StatusInternalServerError, fhir.IssueException, "", "the request failed by a fault of the region", false},
}

// retryAfter is in seconds, for 429 and 503.
const retryAfter = "5"

// refusal is a failure with a finer answer than its kind gives.
type refusal struct {
	error
	status int            // 0: that of the kind
	code   fhir.IssueType // empty: that of the kind
	spine  string         // Spine-ErrorOrWarningCode; empty: that of the kind
	where  []string       // the parameters concerned, or places in the body
}

func (r *refusal) Unwrap() error { return r.error }

// The refusals of HTTP itself.
var (
	errNoRoute    error = &refusal{error: failure.New(failure.NotFound, "restapi.routes", "there is no such route; see metadata"), code: fhir.IssueNotSupported}
	errMethod     error = &refusal{error: failure.New(failure.NotSupported, "restapi.routes", "the method is not offered here; see the Allow header"), status: http.StatusMethodNotAllowed}
	errAcceptable error = &refusal{error: failure.New(failure.NotSupported, "restapi.negotiate", "only FHIR JSON is offered (application/fhir+json)"), status: http.StatusNotAcceptable}
	errMediaType  error = &refusal{error: failure.New(failure.NotSupported, "restapi.parameters", "a search is sent as application/x-www-form-urlencoded"), status: http.StatusUnsupportedMediaType}
	errBodyType   error = &refusal{error: failure.New(failure.NotSupported, "restapi.parameters", "an operation is sent as application/fhir+json or as application/x-www-form-urlencoded"), status: http.StatusUnsupportedMediaType}
)

// bad refuses a parameter. The detail never repeats its value.
func bad(where string, code fhir.IssueType, format string, args ...any) error {
	r := &refusal{error: failure.New(failure.Invalid, "restapi.parameters", format, args...), code: code}
	if where != "" {
		r.where = []string{where}
	}
	return r
}

// replyTo gives the status and the issue that an error is answered with.
func replyTo(err error) (int, fhir.Issue) {
	r, known := replies[failure.KindOf(err)]
	if !known {
		r = replies[failure.Internal]
	}
	text, status, code := r.text, r.status, r.code
	if detail := detailOf(err); r.shows && detail != "" {
		text = detail
	}
	if failure.Is(err, failure.Unauthenticated) {
		code = loginCode(text)
	}
	issue := fhir.Issue{Severity: fhir.SeverityError, Text: text}
	var fine *refusal
	if errors.As(err, &fine) {
		if fine.status != 0 {
			status = fine.status
		}
		if fine.code != "" {
			code = fine.code
		}
		issue.Expression = fine.where
		r.spine = cmp.Or(fine.spine, r.spine)
	}
	if issue.Code = code; r.spine != "" {
		issue.Details = []fhir.Coding{{System: fhir.SpineCodeSystem, Code: r.spine}}
	}
	return status, issue
}

// detailOf gives the first detail in the error's chain that was worded for
// callers: this package and access do so, those below word theirs for operators.
func detailOf(err error) string {
	for err != nil {
		var e *failure.Error
		if !errors.As(err, &e) {
			return ""
		}
		if e.Detail != "" && (strings.HasPrefix(e.Op, "restapi.") || strings.HasPrefix(e.Op, "access.")) {
			return e.Detail
		}
		err = e.Err
	}
	return ""
}

// ourFault says whether an answer of this status means that the region failed.
func ourFault(status int) bool {
	return status >= http.StatusInternalServerError && status != http.StatusNotImplemented
}

// loginCode tells why a caller is not known: no token, an old one, or another reason.
func loginCode(reason string) fhir.IssueType {
	switch reason {
	case "no bearer token":
		return fhir.IssueLogin
	case "token expired":
		return fhir.IssueExpired
	}
	return fhir.IssueUnknown
}

// challenge is the WWW-Authenticate header of a 401 (RFC 6750, 3).
func challenge(issue fhir.Issue) string {
	if issue.Code == fhir.IssueLogin {
		return `Bearer realm="carerecord"`
	}
	return `Bearer realm="carerecord", error="invalid_token", error_description="` + issue.Text + `"`
}

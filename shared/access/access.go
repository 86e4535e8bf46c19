// Package access answers two questions about every request: who calls, and
// may they. Verifier authenticates a bearer token (OpenID Connect Core 1.0,
// RFC 6750, RFC 8725); Decide is the one policy point between storage and
// every answer. Issuer makes tokens for development.
//
// It reads no patient's data and knows no HTTP route. Its errors are
// failure.Unauthenticated with a reason that is safe to show to the caller,
// and failure.Unavailable when the issuer's keys cannot be fetched.
package access

// Caller is who calls, as the token of a trusted issuer says. Empty means
// that the token did not say.
type Caller struct {
	Subject      string // the user, as the issuer names them (sub)
	Name         string // for the audit trail only
	Organisation string // ODS code of the organisation they act for; empty when the token's is none
	Role         string // RBAC job role, R followed by four digits (SDS job role list); likewise
	Client       string // the application they use (azp or client_id)
	Issuer       string
	TokenID      string // jti
}

// Activity is the kind of work that a request is part of.
type Activity string

// The activities. The zero Activity is refused: a route that does not say what
// it is for is open to nobody.
const (
	// Reading shows what the region holds of people: their details, found by
	// identifier, by details or by matching, and their record.
	Reading Activity = "reading"
	// Reviewing works on who is the same person: it shows open questions with the
	// details of both sides, answers them, and makes or undoes links.
	Reviewing Activity = "reviewing"
)

// Request is what the caller wants to do, in FHIR's words.
type Request struct {
	Activity    Activity
	Interaction string // read, search-type, or an operation such as $everything
	Type        string // resource type asked for
	Person      string // person id, when the request names one
}

// Decision is the answer of the policy point. The zero Decision denies.
type Decision struct {
	Permit bool
	Reason string // why not; safe to show
}

// Decide is the policy point: the only place that says whether a caller may
// do something. It permits an authenticated caller who acts for an organisation
// in a role that the activity is open to, and denies everything else: what is
// missing is a no.
func Decide(caller Caller, request Request) Decision {
	switch {
	case caller.Subject == "" || caller.Issuer == "":
		return Decision{Reason: "the caller is not authenticated"}
	case caller.Organisation == "":
		return Decision{Reason: "the token names no organisation by its ODS code (claim org)"}
	case caller.Role == "":
		return Decision{Reason: "the token names no job role by its code (claim role)"}
	case request.Interaction == "" || request.Type == "":
		return Decision{Reason: "the request does not say what it is for"}
	}
	return decideActivity(caller, request.Activity)
}

package fhir

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// IssueSeverity is a code of http://hl7.org/fhir/issue-severity.
type IssueSeverity string

// The severities of R4.
const (
	SeverityFatal       IssueSeverity = "fatal"
	SeverityError       IssueSeverity = "error"
	SeverityWarning     IssueSeverity = "warning"
	SeverityInformation IssueSeverity = "information"
)

// IssueType is a code of http://hl7.org/fhir/issue-type. The list is closed.
type IssueType string

// The issue types of R4.
const (
	IssueInvalid         IssueType = "invalid"
	IssueStructure       IssueType = "structure"
	IssueRequired        IssueType = "required"
	IssueValue           IssueType = "value"
	IssueInvariant       IssueType = "invariant"
	IssueSecurity        IssueType = "security"
	IssueLogin           IssueType = "login"
	IssueUnknown         IssueType = "unknown"
	IssueExpired         IssueType = "expired"
	IssueForbidden       IssueType = "forbidden"
	IssueSuppressed      IssueType = "suppressed"
	IssueProcessing      IssueType = "processing"
	IssueNotSupported    IssueType = "not-supported"
	IssueDuplicate       IssueType = "duplicate"
	IssueMultipleMatches IssueType = "multiple-matches"
	IssueNotFound        IssueType = "not-found"
	IssueDeleted         IssueType = "deleted"
	IssueTooLong         IssueType = "too-long"
	IssueCodeInvalid     IssueType = "code-invalid"
	IssueExtension       IssueType = "extension"
	IssueTooCostly       IssueType = "too-costly"
	IssueBusinessRule    IssueType = "business-rule"
	IssueConflict        IssueType = "conflict"
	IssueTransient       IssueType = "transient"
	IssueLockError       IssueType = "lock-error"
	IssueNoStore         IssueType = "no-store"
	IssueException       IssueType = "exception"
	IssueTimeout         IssueType = "timeout"
	IssueIncomplete      IssueType = "incomplete"
	IssueThrottled       IssueType = "throttled"
	IssueInformational   IssueType = "informational"
)

// SpineCodeSystem is the code system of Issue.Details codes such as
// INVALID_VALUE, as the national services use it.
const SpineCodeSystem = "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode"

// Issue is one thing that an OperationOutcome says. It holds nothing personal.
type Issue struct {
	Severity    IssueSeverity
	Code        IssueType
	Details     []Coding // usually one, of SpineCodeSystem
	Text        string   // details.text
	Diagnostics string
	Expression  []string // FHIRPath, or the name of a parameter
}

// OperationOutcome writes an OperationOutcome resource (R4). One without an
// issue says that all is well, as the element is mandatory.
func OperationOutcome(issues ...Issue) []byte {
	type details struct {
		Coding []Coding `json:"coding,omitzero"`
		Text   string   `json:"text,omitzero"`
	}
	type form struct {
		Severity    IssueSeverity `json:"severity"`
		Code        IssueType     `json:"code"`
		Details     *details      `json:"details,omitzero"`
		Diagnostics string        `json:"diagnostics,omitzero"`
		Expression  []string      `json:"expression,omitzero"`
	}
	outcome := struct {
		ResourceType string `json:"resourceType"`
		Issue        []form `json:"issue"`
	}{ResourceType: "OperationOutcome"}
	if len(issues) == 0 {
		issues = []Issue{{Severity: SeverityInformation, Code: IssueInformational, Text: "All OK"}}
	}
	for _, i := range issues {
		f := form{Severity: i.Severity, Code: i.Code, Diagnostics: i.Diagnostics, Expression: i.Expression}
		if len(i.Details) > 0 || i.Text != "" {
			f.Details = &details{i.Details, i.Text}
		}
		outcome.Issue = append(outcome.Issue, f)
	}
	out, _ := json.Marshal(outcome, jsontext.AllowInvalidUTF8(true)) // strings and lists of strings: cannot fail
	return out
}

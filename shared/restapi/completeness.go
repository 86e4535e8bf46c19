package restapi

import (
	"cmp"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/nhs"
)

// Extensions of the region, described in docs/api.md.
const (
	extensions          = "https://github.com/carerecord/carerecord/fhir/StructureDefinition/"
	freshnessExtension  = extensions + "feed-freshness"
	provenanceExtension = extensions + "source-place"
	evidenceExtension   = extensions + "match-evidence"
)

// withheldText stands in every answer in the same words, whether or not
// anything is missing or withheld: a difference would tell.
const withheldText = "This answer holds what the feeds named here have sent and the region has loaded. " +
	"Records may be missing or withheld; nothing here says whether any are."

type (
	extension struct {
		URL             string         `json:"url"`
		Extension       []extension    `json:"extension,omitzero"`
		ValueCode       string         `json:"valueCode,omitzero"`
		ValueString     string         `json:"valueString,omitzero"`
		ValueInstant    string         `json:"valueInstant,omitzero"`
		ValueInteger    int            `json:"valueInteger,omitzero"`
		ValueDecimal    jsontext.Value `json:"valueDecimal,omitzero"`
		ValueIdentifier *identifierRef `json:"valueIdentifier,omitzero"`
	}
	identifierRef struct {
		System string `json:"system,omitzero"`
		Value  string `json:"value"`
	}
	issueText struct {
		Text   string        `json:"text"`
		Coding []fhir.Coding `json:"coding,omitzero"`
	}
	issueForm struct {
		Extension  []extension        `json:"extension,omitzero"`
		Severity   fhir.IssueSeverity `json:"severity"`
		Code       fhir.IssueType     `json:"code"`
		Details    issueText          `json:"details"`
		Expression []string           `json:"expression,omitzero"`
	}
	outcomeForm struct {
		ResourceType string      `json:"resourceType"`
		Issue        []issueForm `json:"issue"`
	}
)

// completeness says how fresh each feed of the organisations is, that records
// may be missing or withheld, and which parameters were ignored. Warnings come first.
func completeness(organisations []string, states []FeedState, ignored []string, warnings ...issueForm) ([]byte, error) {
	o := outcomeForm{ResourceType: "OperationOutcome", Issue: warnings}
	for _, name := range ignored {
		o.Issue = append(o.Issue, unheeded(name))
	}
	states = slices.SortedFunc(slices.Values(states), func(a, b FeedState) int {
		return cmp.Or(cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.Feed, b.Feed))
	})
	for _, s := range states {
		o.Issue = append(o.Issue, freshness(s))
	}
	for _, ods := range slices.Sorted(slices.Values(organisations)) {
		if !slices.ContainsFunc(states, func(s FeedState) bool { return s.Organisation == ods }) {
			o.Issue = append(o.Issue, note(ods+" has no feed at present: what it sent earlier is shown, and is not brought up to date."))
		}
	}
	o.Issue = append(o.Issue, note(withheldText))
	body, err := json.Marshal(o, json.Deterministic(true))
	return body, failure.Wrap(failure.Internal, "restapi.completeness", err)
}

// held warns of people of whom a source's newest details are not shown.
func held(people ...index.Person) []issueForm {
	for _, p := range people {
		if slices.ContainsFunc(p.Sources, func(s index.SourcePatient) bool { return s.Held }) {
			return []issueForm{{
				Severity: fhir.SeverityWarning, Code: fhir.IssueIncomplete,
				Details: issueText{Text: "The newest details of a source look like another person's. They are held until somebody has looked at them; the earlier ones are shown."},
			}}
		}
	}
	return nil
}

// unheeded warns of a parameter that is not offered.
func unheeded(name string) issueForm {
	return issueForm{
		Severity: fhir.SeverityWarning, Code: fhir.IssueNotSupported, Expression: []string{name},
		Details: issueText{Text: "This parameter is not offered here and was ignored: the answer may hold more than was asked for."},
	}
}

func note(text string) issueForm {
	return issueForm{Severity: fhir.SeverityInformation, Code: fhir.IssueInformational, Details: issueText{Text: text}}
}

func freshness(s FeedState) issueForm {
	who := s.Organisation
	if s.Name != "" {
		who = s.Name + " (" + s.Organisation + ")"
	}
	parts := []extension{
		{URL: "organisation", ValueIdentifier: &identifierRef{nhs.OrganisationSystem, s.Organisation}},
		{URL: "feed", ValueString: s.Feed},
	}
	text := who + ", feed " + s.Feed + ": nothing was loaded yet."
	if s.Delivery != "" {
		text = who + ", feed " + s.Feed + ": up to date with the delivery of " + s.Received.UTC().Format(time.RFC3339) + "."
		parts = append(parts,
			extension{URL: "received", ValueInstant: fhir.FormatInstant(s.Received)},
			extension{URL: "delivery", ValueString: s.Delivery})
	}
	issue := note(text)
	issue.Extension = []extension{{URL: freshnessExtension, Extension: parts}}
	return issue
}

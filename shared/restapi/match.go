package restapi

import (
	"context"
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
)

const (
	usualMatches = 10 // people in the answer when the caller does not say
	mostMatches  = 50 // as PDS has it
)

// match answers Patient/$match (FHIR R4 Patient, operation match; IHE ITI-119):
// who the details may describe, the most probable first. People whom the
// evidence tells from them are left out: their details are nobody's business.
func (s *server) match(ctx context.Context, c *call) (answer, error) {
	ignored, err := c.parameters.only(resourceParameter, "onlyCertainMatches", "count")
	if err != nil {
		return answer{}, err
	}
	onlyCertain, err := c.parameters.flag("onlyCertainMatches", false)
	if err != nil {
		return answer{}, err
	}
	most, err := c.parameters.number("count", usualMatches, mostMatches)
	if err != nil {
		return answer{}, err
	}
	details, warnings, err := s.described(c.parameters)
	if err != nil {
		return answer{}, err
	}
	found, err := s.Index.Match(ctx, details, 0)
	if err != nil {
		return answer{}, failure.Wrap(failure.KindOf(err), "restapi.match", err)
	}
	var shown []shown
	for _, m := range found {
		if m.Decision.Outcome == matching.New || onlyCertain && gradeOf(m) != certain || len(shown) == most {
			continue
		}
		if shown, err = s.showMatch(ctx, c, shown, m); err != nil {
			return answer{}, err
		}
	}
	return s.patients(ctx, patientsAnswer{people: shown, self: "/Patient/$match", ignored: ignored, warnings: warnings})
}

// showMatch adds a person to the answer; one that is no more is passed over.
func (s *server) showMatch(ctx context.Context, c *call, list []shown, m index.Match) ([]shown, error) {
	search, err := searchOf(m)
	if err != nil {
		return list, err
	}
	p, err := s.person(ctx, c, m.Person)
	switch {
	case failure.Is(err, failure.NotFound):
		return list, nil
	case err != nil:
		return list, err
	}
	return append(list, shown{p, search}), nil
}

// described reads the details of the Patient that was sent. What cannot be used
// is left out with a warning; with too little left there is nothing to match by.
func (s *server) described(p parameters) (demographics.Details, []issueForm, error) {
	none := demographics.Details{}
	if p.resource == nil {
		_, err := p.need(resourceParameter)
		if err == nil {
			err = bad(resourceParameter, fhir.IssueRequired, "resource is a Patient")
		}
		return none, nil, err
	}
	var d fhir.Document
	if err := d.Parse(p.resource); err != nil {
		return none, nil, malformed(err)
	}
	if d.Type() != "Patient" {
		return none, nil, bad(resourceParameter, fhir.IssueInvalid, "the resource is not a Patient")
	}
	details, problems := d.PatientDetails(s.Now())
	warnings := make([]issueForm, 0, len(problems))
	for _, problem := range problems {
		if text := defects[problem.Defect]; text != "" {
			warnings = append(warnings, issueForm{
				Severity: fhir.SeverityWarning, Code: fhir.IssueValue, Expression: []string{"Patient." + problem.Path},
				Details: issueText{Text: text + "; it was left out of the match."},
			})
		}
	}
	if !tellsSomebody(details) {
		return none, nil, errTooLittle
	}
	return details, warnings[:min(len(warnings), maxIgnored)], nil
}

// defects are what can be wrong with a detail, in words for the caller.
var defects = map[fhir.Defect]string{
	fhir.DefectValue:            "not of the element's type",
	fhir.DefectCode:             "not a code of the element's list",
	fhir.DefectNHSNumberForm:    "no NHS number: not ten digits",
	fhir.DefectNHSNumberCheck:   "no NHS number: fails the Modulus 11 check",
	fhir.DefectNHSNumberRepeat:  "no NHS number: one digit ten times",
	fhir.DefectNHSNumberSeveral: "several NHS numbers, and no telling which is the patient's",
	fhir.DefectNHSStatus:        "no NHS number status",
	fhir.DefectBirthDateReal:    "no day of the calendar",
	fhir.DefectBirthDateFuture:  "a birth date in the future",
	fhir.DefectBirthDateEmpty:   "a placeholder for an unknown birth date",
}

// tellsSomebody says whether the index can look for these details at all: by an
// NHS number, or by one of its keys.
func tellsSomebody(d demographics.Details) bool {
	if _, usable := matching.UsableNumber(d); usable {
		return true
	}
	profile := demographics.Clean(d)
	return len(matching.Keys(&profile)) > 0
}

// enough says what the index can look for, in words for the caller.
const enough = "an NHS number; a whole birth date with a given or a family name; a postcode with a family name; " +
	"or a given and a family name with a year of birth. Placeholders (such as \"Baby\", 1900-01-01 or ZZ99) count for nothing"

var errTooLittle error = &refusal{
	error:  failure.New(failure.Invalid, "restapi.match", "too little to match by. Needed: %s", enough),
	status: 422, code: fhir.IssueRequired, spine: "TOO_FEW_VALUES_SUBMITTED",
	where: []string{"Patient.identifier", "Patient.birthDate", "Patient.name", "Patient.address.postalCode"},
}

// number reads a whole number above 0 that may be left out; one above most
// counts as it.
func (p parameters) number(name string, otherwise, most int) (int, error) {
	text, ok, err := p.one(name)
	if err != nil || !ok {
		return otherwise, err
	}
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil || n < 1 {
		return 0, bad(name, fhir.IssueValue, "%s is a whole number above 0", name)
	}
	return min(n, most), nil
}

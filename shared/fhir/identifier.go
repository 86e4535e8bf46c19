package fhir

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/nhs"
)

// Systems by which NHS numbers were and are sent, besides nhs.NumberSystem:
// the Care Connect form, plain http, and the object identifier.
var numberSystems = map[string]bool{
	strings.ToLower(nhs.NumberSystem):       true,
	"http://fhir.nhs.uk/id/nhs-number":      true,
	"http://fhir.nhs.net/id/nhs-number":     true,
	"urn:oid:2.16.840.1.113883.2.1.4.1":     true,
	"https://fhir.nhs.uk/id/nhs-number/":    true,
	"https://fhir.nhs.uk/r4/id/nhs-number":  true,
	"https://fhir.nhs.uk/stu3/id/nhsnumber": true,
}

// IsNHSNumberSystem says whether an identifier of this system is an NHS number.
func IsNHSNumberSystem(system string) bool {
	return system == nhs.NumberSystem || numberSystems[strings.ToLower(system)]
}

// isOrganisationSystem takes the stray British spelling that UK Core sources
// contain, besides the two systems.
func isOrganisationSystem(system string) bool {
	switch system {
	case nhs.OrganisationSystem, nhs.SiteSystem, "https://fhir.nhs.uk/Id/ods-organisation-code":
		return true
	}
	return false
}

type identifierElement struct {
	Use       string             `json:"use"`
	System    string             `json:"system"`
	Value     string             `json:"value"`
	Extension []extensionElement `json:"extension"`
	Period    periodElement      `json:"period"`
}

type extensionElement struct {
	URL   string         `json:"url"`
	Value conceptElement `json:"valueCodeableConcept"`
}

type conceptElement struct {
	Coding []struct {
		Code string `json:"code"`
	} `json:"coding"`
}

type claim struct {
	number, status string
}

// identifiers finds the NHS number and its status.
func (r *patientReader) identifiers() {
	var claims []claim
	each(r, "identifier", func(path string, index int, e identifierElement) {
		if !IsNHSNumberSystem(e.System) || e.Value == "" {
			return
		}
		number, err := nhs.ParseNumber(e.Value)
		if err != nil {
			r.problem(numberDefect(err), path+".value", e.Value)
			r.problems[len(r.problems)-1].Index = index
			if errors.Is(err, nhs.ErrNumberCheckDigit) {
				r.details.Misread = e.Value
			}
			return
		}
		if e.Use == "old" || r.over(e.Period) {
			return
		}
		claims = append(claims, claim{number, r.numberStatus(path, e.Extension)})
	})
	r.settle(claims)
}

// settle chooses among the numbers that the source states as current.
func (r *patientReader) settle(claims []claim) {
	var chosen claim
	several := false
	for _, c := range claims {
		switch verified := c.status == nhs.NumberVerified; {
		case chosen.number == "", verified && chosen.status != nhs.NumberVerified:
			chosen, several = c, false
		case c.number != chosen.number && verified == (chosen.status == nhs.NumberVerified):
			several = true
		}
	}
	if several {
		r.problem(DefectNHSNumberSeveral, "identifier", "")
		return
	}
	r.details.NHSNumber, r.details.NHSStatus = chosen.number, chosen.status
	if chosen.number != "" {
		r.details.Misread = ""
	}
}

func numberDefect(err error) Defect {
	switch {
	case errors.Is(err, nhs.ErrNumberCheckDigit):
		return DefectNHSNumberCheck
	case errors.Is(err, nhs.ErrNumberRepeated):
		return DefectNHSNumberRepeat
	}
	return DefectNHSNumberForm
}

func (r *patientReader) numberStatus(path string, extensions []extensionElement) string {
	for i, e := range extensions {
		if e.URL != nhs.NumberStatusExtension {
			continue
		}
		for _, coding := range e.Value.Coding {
			if code, ok := nhs.ParseNumberStatus(coding.Code); ok {
				return code
			}
			r.problem(DefectNHSStatus, path+".extension["+strconv.Itoa(i)+"]", coding.Code)
		}
	}
	return ""
}

// practice finds the ODS code of the GP practice: the first of the general
// practitioners that is an organisation identified by one, directly or as a
// contained resource.
func (r *patientReader) practice() {
	type practitioner struct {
		Reference  string         `json:"reference"`
		Identifier jsontext.Value `json:"identifier"`
	}
	each(r, "generalPractitioner", func(_ string, _ int, e practitioner) {
		ids := []Identifier{identifierOf(e.Identifier)}
		if contained, ok := strings.CutPrefix(e.Reference, "#"); ok {
			ids = append(ids, r.doc.ContainedIdentifiers(contained)...)
		}
		for _, id := range ids {
			if code, ok := nhs.ParsePractice(id.Value); ok && isOrganisationSystem(id.System) && r.details.Practice == "" {
				r.details.Practice = code
			}
		}
	})
}

package registers

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/nhs"
)

// The parts of FHIR R4 (4.0.1) that a register fills, in the order in which
// FHIR lists them.
type (
	patient struct {
		ResourceType        string         `json:"resourceType"`
		Identifier          []identifierOf `json:"identifier"`
		Name                []humanName    `json:"name,omitempty"`
		Telecom             []contactPoint `json:"telecom,omitempty"`
		Gender              string         `json:"gender,omitempty"`
		BirthDate           string         `json:"birthDate,omitempty"`
		DeceasedBoolean     bool           `json:"deceasedBoolean,omitzero"`
		DeceasedDateTime    string         `json:"deceasedDateTime,omitempty"`
		Address             []address      `json:"address,omitempty"`
		GeneralPractitioner []reference    `json:"generalPractitioner,omitempty"`
	}
	identifierOf struct {
		Extension []extension `json:"extension,omitempty"`
		Use       string      `json:"use,omitempty"`
		Type      *concept    `json:"type,omitempty"`
		System    string      `json:"system,omitempty"`
		Value     string      `json:"value"`
	}
	extension struct {
		URL   string  `json:"url"`
		Value concept `json:"valueCodeableConcept"`
	}
	concept struct {
		Coding []coding `json:"coding,omitempty"`
		Text   string   `json:"text,omitempty"`
	}
	coding struct {
		System  string `json:"system"`
		Code    string `json:"code"`
		Display string `json:"display,omitempty"`
	}
	humanName struct {
		Use    string   `json:"use,omitempty"`
		Family string   `json:"family,omitempty"`
		Given  []string `json:"given,omitempty"`
		Prefix []string `json:"prefix,omitempty"`
	}
	contactPoint struct {
		System string `json:"system"`
		Value  string `json:"value"`
		Use    string `json:"use,omitempty"`
	}
	address struct {
		Use        string   `json:"use,omitempty"`
		Line       []string `json:"line,omitempty"`
		City       string   `json:"city,omitempty"`
		District   string   `json:"district,omitempty"`
		PostalCode string   `json:"postalCode,omitempty"`
	}
	reference struct {
		Reference  string        `json:"reference,omitempty"`
		Type       string        `json:"type,omitempty"`
		Identifier *identifierOf `json:"identifier,omitempty"`
	}
	episodeOfCare struct {
		ResourceType         string     `json:"resourceType"`
		Status               string     `json:"status"`
		Type                 []concept  `json:"type"`
		Patient              reference  `json:"patient"`
		ManagingOrganization *reference `json:"managingOrganization,omitempty"`
		Period               period     `json:"period"`
	}
	period struct {
		Start string `json:"start"`
		End   string `json:"end,omitempty"`
	}
)

// entries gives the Patient, and the registration when the register says since
// when. Both are the one statement that the register makes of this patient, so
// both carry the local id: the next list's statement is their next version.
func (b *builder) entries() []extract.Entry {
	out := []extract.Entry{{Type: "Patient", ID: b.localID, Resource: encoded(b.patient())}}
	if b.registeredFrom != "" {
		out = append(out, extract.Entry{Type: "EpisodeOfCare", ID: b.localID, Date: b.registeredFrom, Resource: encoded(b.episode())})
	}
	return out
}

// encoded cannot fail: the types hold text, and the lexer gives valid UTF-8.
func encoded(resource any) []byte {
	data, err := json.Marshal(resource, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return []byte("{}")
	}
	return data
}

func (b *builder) patient() patient {
	d := b.details
	p := patient{ResourceType: "Patient", Identifier: b.identifiers(), Gender: d.Sex, BirthDate: d.BirthDate}
	for _, n := range d.Names {
		name := humanName{Use: n.Use, Family: n.Family, Given: n.Given}
		if n.Prefix != "" {
			name.Prefix = []string{n.Prefix}
		}
		p.Name = append(p.Name, name)
	}
	for _, c := range d.Contacts {
		p.Telecom = append(p.Telecom, contactPoint{System: c.System, Value: c.Value, Use: c.Use})
	}
	for _, a := range d.Addresses {
		p.Address = append(p.Address, address{Use: a.Use, Line: a.Lines, City: a.City, District: a.District, PostalCode: a.Postcode})
	}
	if d.Deceased == "true" {
		p.DeceasedBoolean = true
	} else {
		p.DeceasedDateTime = d.Deceased
	}
	if practice := b.organisation(); practice != nil {
		p.GeneralPractitioner = []reference{*practice}
	}
	return p
}

// identifiers are the NHS number with its verification status (UK Core
// Patient) and the organisation's own number (v2-0203 MR).
func (b *builder) identifiers() []identifierOf {
	var out []identifierOf
	if number := b.details.NHSNumber; number != "" {
		id := identifierOf{Use: "official", System: nhs.NumberSystem, Value: number}
		if status := b.details.NHSStatus; status != "" {
			value := concept{Coding: []coding{{System: nhs.NumberStatusSystem, Code: status, Display: nhs.NumberStatusDisplay(status)}}}
			id.Extension = []extension{{URL: nhs.NumberStatusExtension, Value: value}}
		}
		out = append(out, id)
	}
	medicalRecord := &concept{Coding: []coding{{System: "http://terminology.hl7.org/CodeSystem/v2-0203", Code: "MR", Display: "Medical record number"}}}
	return append(out, identifierOf{Use: "usual", Type: medicalRecord, System: b.mapping.Fields["localId"].System, Value: b.localID})
}

// organisation refers to the GP practice by its ODS code.
func (b *builder) organisation() *reference {
	if b.details.Practice == "" {
		return nil
	}
	return &reference{Type: "Organization", Identifier: &identifierOf{System: nhs.OrganisationSystem, Value: b.details.Practice}}
}

func (b *builder) episode() episodeOfCare {
	e := episodeOfCare{
		ResourceType: "EpisodeOfCare", Status: "active", Type: []concept{{Text: "Registration"}},
		Patient: reference{Reference: "Patient/@"}, ManagingOrganization: b.organisation(),
		Period: period{Start: b.registeredFrom, End: b.registeredTo},
	}
	if b.registeredTo != "" {
		e.Status = "finished"
	}
	return e
}

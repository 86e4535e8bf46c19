package fhir

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/nhs"
)

// Patient is what goes into a Patient resource that the region writes: that of
// a person folded from several sources, or that of a source whose format is
// not FHIR. Only what is set is written.
type Patient struct {
	ID          string
	Details     demographics.Details
	Identifiers []Identifier // besides the NHS number of Details
	Inactive    bool         // active: false
	Links       []PatientLink
	Source      string // meta.source
	LastUpdated time.Time
}

// PatientLink is an element of Patient.link.
type PatientLink struct {
	Reference string // "Patient/<id>"
	Type      string // R4 link-type: replaced-by, replaces, refer, seealso
}

// Profile of UK Core that a Patient resource of the region follows.
const ukCorePatient = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"

// PatientResource writes a Patient in UK Core shape (Patient 2.6.1, FHIR R4).
// The same Patient gives the same bytes.
func PatientResource(p Patient) ([]byte, error) {
	out, err := json.Marshal(patientOf(p), jsontext.AllowInvalidUTF8(true))
	return out, failure.Wrap(failure.Internal, "fhir.PatientResource", err)
}

// The written forms, in the order of R4.
type (
	patientForm struct {
		ResourceType        string           `json:"resourceType"`
		ID                  string           `json:"id,omitzero"`
		Meta                metaForm         `json:"meta"`
		Identifier          []identifierForm `json:"identifier,omitzero"`
		Active              bool             `json:"active"`
		Name                []nameForm       `json:"name,omitzero"`
		Telecom             []telecomForm    `json:"telecom,omitzero"`
		Gender              string           `json:"gender,omitzero"`
		BirthDate           string           `json:"birthDate,omitzero"`
		DeceasedBoolean     bool             `json:"deceasedBoolean,omitzero"`
		DeceasedDateTime    string           `json:"deceasedDateTime,omitzero"`
		Address             []addressForm    `json:"address,omitzero"`
		GeneralPractitioner []gpForm         `json:"generalPractitioner,omitzero"`
		Link                []linkForm       `json:"link,omitzero"`
	}
	metaForm struct {
		LastUpdated string   `json:"lastUpdated,omitzero"`
		Source      string   `json:"source,omitzero"`
		Profile     []string `json:"profile"`
	}
	identifierForm struct {
		Extension []extensionForm `json:"extension,omitzero"`
		Use       string          `json:"use,omitzero"`
		System    string          `json:"system,omitzero"`
		Value     string          `json:"value,omitzero"`
		Assigner  *assignerForm   `json:"assigner,omitzero"`
	}
	assignerForm struct {
		Type       string         `json:"type"`
		Identifier identifierForm `json:"identifier"`
	}
	extensionForm struct {
		URL   string      `json:"url"`
		Value conceptForm `json:"valueCodeableConcept"`
	}
	conceptForm struct {
		Coding []Coding `json:"coding"`
	}
	nameForm struct {
		Use    string   `json:"use,omitzero"`
		Family string   `json:"family,omitzero"`
		Given  []string `json:"given,omitzero"`
		Prefix []string `json:"prefix,omitzero"`
	}
	telecomForm struct {
		System string `json:"system,omitzero"`
		Value  string `json:"value"`
		Use    string `json:"use,omitzero"`
	}
	addressForm struct {
		Use        string   `json:"use,omitzero"`
		Line       []string `json:"line,omitzero"`
		City       string   `json:"city,omitzero"`
		District   string   `json:"district,omitzero"`
		PostalCode string   `json:"postalCode,omitzero"`
		Country    string   `json:"country,omitzero"`
	}
	gpForm struct {
		Type       string         `json:"type"`
		Identifier identifierForm `json:"identifier"`
	}
	linkForm struct {
		Other referenceForm `json:"other"`
		Type  string        `json:"type"`
	}
	referenceForm struct {
		Reference string `json:"reference"`
	}
)

// Coding is a FHIR Coding.
type Coding struct {
	System  string `json:"system,omitzero"`
	Code    string `json:"code,omitzero"`
	Display string `json:"display,omitzero"`
}

func patientOf(p Patient) patientForm {
	f := patientForm{
		ResourceType: "Patient", ID: p.ID, Active: !p.Inactive,
		Meta:       metaForm{Source: p.Source, Profile: []string{ukCorePatient}},
		Identifier: identifierForms(p), Gender: p.Details.Sex, BirthDate: p.Details.BirthDate,
	}
	if !p.LastUpdated.IsZero() {
		f.Meta.LastUpdated = FormatInstant(p.LastUpdated)
	}
	if f.DeceasedBoolean = p.Details.Deceased == "true"; !f.DeceasedBoolean {
		f.DeceasedDateTime = p.Details.Deceased
	}
	if p.Details.Practice != "" {
		f.GeneralPractitioner = []gpForm{{"Organization", identifierForm{System: nhs.OrganisationSystem, Value: p.Details.Practice}}}
	}
	for _, link := range p.Links {
		f.Link = append(f.Link, linkForm{referenceForm{link.Reference}, link.Type})
	}
	contactForms(&f, p.Details)
	return f
}

func identifierForms(p Patient) []identifierForm {
	var forms []identifierForm
	if number := p.Details.NHSNumber; number != "" {
		f := identifierForm{System: nhs.NumberSystem, Value: number}
		if status := p.Details.NHSStatus; status != "" {
			coding := Coding{nhs.NumberStatusSystem, status, nhs.NumberStatusDisplay(status)}
			f.Extension = []extensionForm{{nhs.NumberStatusExtension, conceptForm{[]Coding{coding}}}}
		}
		forms = append(forms, f)
	}
	for _, id := range p.Identifiers {
		f := identifierForm{Use: id.Use, System: id.System, Value: id.Value}
		if id.Assigner != "" {
			f.Assigner = &assignerForm{"Organization", identifierForm{System: nhs.OrganisationSystem, Value: id.Assigner}}
		}
		forms = append(forms, f)
	}
	return forms
}

func contactForms(f *patientForm, d demographics.Details) {
	for _, n := range d.Names {
		form := nameForm{Use: n.Use, Family: n.Family, Given: n.Given}
		if n.Prefix != "" {
			form.Prefix = []string{n.Prefix}
		}
		f.Name = append(f.Name, form)
	}
	for _, c := range d.Contacts {
		f.Telecom = append(f.Telecom, telecomForm{System: c.System, Value: c.Value, Use: c.Use})
	}
	for _, a := range d.Addresses {
		f.Address = append(f.Address, addressForm{Use: a.Use, Line: a.Lines, City: a.City, District: a.District, PostalCode: a.Postcode, Country: a.Country})
	}
}

// Package demographics holds a person's details as a source states them, and
// the rules that clean and fold them for comparison. It is pure: it knows no
// storage and no format.
package demographics

// Details are what one source says of one patient at one time. Empty means
// that the source says nothing.
type Details struct {
	NHSNumber string    `json:"nhs,omitzero"`       // ten digits that pass the Modulus 11 check, or empty
	NHSStatus string    `json:"nhsStatus,omitzero"` // NHS number status indicator, 01 to 08 (NHS Data Dictionary)
	Misread   string    `json:"misread,omitzero"`   // stated as NHS number, and fails the Modulus 11 check: says where to look, and is no evidence
	Names     []Name    `json:"names,omitzero"`     // the current name first
	BirthDate string    `json:"birthDate,omitzero"` // FHIR date: YYYY, YYYY-MM or YYYY-MM-DD
	Sex       string    `json:"sex,omitzero"`       // FHIR administrative-gender: male, female, other, unknown
	Addresses []Address `json:"addresses,omitzero"` // the current address first
	Contacts  []Contact `json:"contacts,omitzero"`
	Deceased  string    `json:"deceased,omitzero"` // FHIR dateTime, or "true" when only the fact is known
	Practice  string    `json:"practice,omitzero"` // ODS code of the GP practice

	Partial bool     `json:"partial,omitzero"` // what is empty was not said, and stays as it was
	Cleared []string `json:"cleared,omitzero"` // of a partial statement: the parts that it takes back (see After)
}

// Name is a FHIR HumanName cut to what we compare and show.
type Name struct {
	Use    string   `json:"use,omitzero"` // FHIR name-use
	Family string   `json:"family,omitzero"`
	Given  []string `json:"given,omitzero"`
	Prefix string   `json:"prefix,omitzero"`
}

// Address is a FHIR Address cut to what we compare and show.
type Address struct {
	Use      string   `json:"use,omitzero"` // FHIR address-use
	Lines    []string `json:"lines,omitzero"`
	City     string   `json:"city,omitzero"`
	District string   `json:"district,omitzero"`
	Postcode string   `json:"postcode,omitzero"` // as stated, or in the form "AA9A 9AA" when it parses
	Country  string   `json:"country,omitzero"`
}

// Contact is a FHIR ContactPoint cut to what we compare and show.
type Contact struct {
	System string `json:"system"` // phone, email, ...
	Use    string `json:"use,omitzero"`
	Value  string `json:"value"`
}

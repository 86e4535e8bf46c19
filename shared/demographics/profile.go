package demographics

// Profile is what can be compared of a patient: cleaned, folded, and free of
// what is no evidence (placeholders, pseudo-postcodes, default names). Each
// list holds the current value first and then those of former times. A person
// of several sources has one profile too: that of all their values.
//
// A Profile is made once and then only read; scoring allocates nothing.
type Profile struct {
	Numbers   []Number       `json:"n,omitzero"` // usable NHS numbers, see matching.UsableNumber
	IDs       []string       `json:"i,omitzero"` // identifiers of another scheme, folded; for registers
	Names     []PersonalName `json:"a,omitzero"`
	Births    []Date         `json:"b,omitzero"` // several only where sources disagree
	Sex       byte           `json:"s,omitzero"` // 'm', 'f'; 0: not known, other, or in dispute
	Postcodes []string       `json:"p,omitzero"` // "AA9A 9AA", or folded as it came where it is no UK postcode
	Addresses []string       `json:"l,omitzero"` // the line that tells houses apart, folded word by word
	Phones    []string       `json:"t,omitzero"` // the last nine digits
	Emails    []string       `json:"e,omitzero"` // lower case
	Deceased  Date           `json:"d,omitzero"`
	Other     []string       `json:"o,omitzero"` // further text by column, folded; for registers
}

// Number is an NHS number that may be matched by.
type Number struct {
	Digits   string `json:"n"`
	Verified bool   `json:"v,omitzero"` // status 01
}

// PersonalName is one name of a patient, folded.
type PersonalName struct {
	Given  []string `json:"g,omitzero"` // first and middle names, one token each
	Family []string `json:"f,omitzero"` // its tokens without particles; "Garcia-Lopez" has two
	Former bool     `json:"o,omitzero"` // a previous name, a maiden name, an alias
}

// Date is a birth date; a part that is not known is 0.
type Date struct {
	Year  uint16 `json:"y,omitzero"`
	Month uint8  `json:"m,omitzero"`
	Day   uint8  `json:"d,omitzero"`
}

// Clean gives the profile of details as one source states them. It never fails:
// what cannot be compared is left out, and lists and texts are cut at a bound.
func Clean(d Details) Profile {
	p := Profile{
		Numbers:  numbers(&d),
		Names:    cleanNames(d.Names),
		Births:   birthsOf(d.BirthDate),
		Sex:      sexOf(d.Sex),
		Deceased: readDeath(d.Deceased),
	}
	p.Postcodes, p.Addresses = places(d.Addresses)
	p.Phones, p.Emails = contacts(d.Contacts)
	return p
}

// sexOf gives the letter for a FHIR administrative-gender.
func sexOf(gender string) byte {
	switch gender {
	case "male":
		return 'm'
	case "female":
		return 'f'
	}
	return 0
}

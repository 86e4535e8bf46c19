package demographics

import (
	"slices"
)

// Names of the parts of Details that a partial statement can take back.
const (
	PartNHSNumber = "nhsNumber"
	PartNames     = "names"
	PartBirthDate = "birthDate"
	PartSex       = "sex"
	PartAddresses = "addresses"
	PartContacts  = "contacts"
	PartDeceased  = "deceased"
	PartPractice  = "practice"
)

// After gives the details that stand when these are stated after others. A
// complete statement replaces everything. In a partial one (HL7 v2, chapter 2,
// "Message delimiters": an empty field keeps the value, two quotation marks
// delete it) each part that is not said stays as it was, unless it is taken back.
func (d *Details) After(before *Details) Details {
	now := *d
	now.Partial, now.Cleared = false, nil
	if !d.Partial || before == nil {
		return now
	}
	keep(&now.NHSNumber, before.NHSNumber, d.clears(PartNHSNumber))
	if now.NHSNumber == before.NHSNumber {
		keep(&now.NHSStatus, before.NHSStatus, d.clears(PartNHSNumber))
	}
	if now.NHSNumber == "" {
		keep(&now.Misread, before.Misread, d.clears(PartNHSNumber))
	}
	keep(&now.BirthDate, before.BirthDate, d.clears(PartBirthDate))
	keep(&now.Sex, before.Sex, d.clears(PartSex))
	keep(&now.Deceased, before.Deceased, d.clears(PartDeceased))
	keep(&now.Practice, before.Practice, d.clears(PartPractice))
	keepList(&now.Names, before.Names, d.clears(PartNames))
	keepList(&now.Addresses, before.Addresses, d.clears(PartAddresses))
	keepList(&now.Contacts, before.Contacts, d.clears(PartContacts))
	return now
}

func (d *Details) clears(part string) bool { return slices.Contains(d.Cleared, part) }

func keep(now *string, before string, cleared bool) {
	if *now == "" && !cleared {
		*now = before
	}
}

func keepList[T any](now *[]T, before []T, cleared bool) {
	if len(*now) == 0 && !cleared {
		*now = before
	}
}

// SameWords says whether two names are the same but for their use and prefix.
func (n Name) SameWords(m Name) bool {
	return n.Family == m.Family && slices.Equal(n.Given, m.Given)
}

// SamePlace says whether two addresses are the same but for their use.
func (a Address) SamePlace(b Address) bool {
	return a.Postcode == b.Postcode && a.City == b.City && slices.Equal(a.Lines, b.Lines)
}

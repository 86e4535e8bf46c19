// Package matching decides from two sets of details whether they are of the
// same person, and says why. It is pure: who is compared with whom is for
// package index to find.
//
// What is here is the certain part: the cross-check by which the Personal
// Demographics Service confirms an NHS number (NHS England, The Person_ID
// Handbook, "Technical details of the data linkage algorithm"). It never joins
// on a name, a date or an address alone.
package matching

import (
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/nhs"
)

// Version names this state of the rules. It is kept with every decision, so
// that it can be told later by which rules a link was made.
const Version = "certain-1"

// Outcome is what a comparison comes to.
type Outcome string

const (
	Link     Outcome = "link"     // the same person
	Conflict Outcome = "conflict" // evidence for and against: not linked, and shown to a human
	New      Outcome = "new"      // no evidence of being anyone known
)

// Rules that decide. A rule's name is stored with the link.
const (
	RuleExact   = "nhs-number-birth-date"         // number and whole birth date
	RuleName    = "nhs-number-birth-part-name"    // number, part of the birth date, initial and family name's start
	RuleOutward = "nhs-number-birth-part-outward" // the same with the outward code, where a name is not known
	RuleMerge   = "source-merge"                  // the organisation says that two of its patients are one
	RuleNone    = "none"                          // nothing to link by
)

// Fields and levels in which a decision is explained.
const (
	FieldNHSNumber = "nhsNumber"
	FieldBirthDate = "birthDate"
	FieldInitial   = "givenInitial"
	FieldFamily    = "familyPrefix"
	FieldOutward   = "outwardCode"

	LevelEqual   = "equal"
	LevelExact   = "exact"
	LevelPartial = "partial"
	LevelDiffers = "differs"
	LevelAbsent  = "absent"
)

// Field is the evidence of one field.
type Field struct {
	Name  string `json:"name"`
	Level string `json:"level"`
}

// Decision is a decision with its reasons. It holds levels, never values.
type Decision struct {
	Outcome Outcome `json:"outcome"`
	Rule    string  `json:"rule"`
	Version string  `json:"version"`
	Fields  []Field `json:"fields,omitzero"`
}

// Rule compares the details that ask with those of a candidate. The index calls
// it for every candidate that it finds; CrossCheck is the certain one, and a
// scoring matcher takes the same place.
type Rule func(query, candidate demographics.Details) Decision

// UsableNumber gives the NHS number by which the details may be matched. False
// when there is none, when it fails the Modulus 11 check, and for the statuses
// that say the number is not known to be this patient's (NHS Data Dictionary,
// NHS NUMBER STATUS INDICATOR CODE): 04, traced without a single match; 05,
// number and details in conflict; 07, no number present.
func UsableNumber(d demographics.Details) (string, bool) {
	switch d.NHSStatus {
	case "04", "05", "07":
		return "", false
	}
	number, err := nhs.ParseNumber(d.NHSNumber)
	return number, err == nil
}

// Package matching decides from two sets of details whether they are of the
// same person, and says why. It is pure: who is compared with whom is for
// package index to find.
//
// What is here is the certain part: the cross-check by which the Personal
// Demographics Service confirms an NHS number (NHS England, The Person_ID
// Handbook, "Technical details of the data linkage algorithm"). It never joins
// on a name, a date or an address alone.
package matching

import "github.com/carerecord/carerecord/shared/demographics"

// Version names this state of the rules. It is kept with every decision, so
// that it can be told later by which rules a link was made.
const Version = "certain-1"

// Outcome is what a comparison comes to.
type Outcome string

const (
	Link     Outcome = "link"     // the same person
	Possible Outcome = "review"   // perhaps: not linked, and shown to a human
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
	RuleDetails = "details"                       // names, birth date, address and so on, by the model
	RulePin     = "pin"                           // a human decided
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

// Field is the evidence of one field. Bits are 0 where a certain rule decides.
type Field struct {
	Name  string  `json:"name"`
	Level string  `json:"level"`
	Bits  float64 `json:"bits,omitzero"` // before caps; what a cap takes back is a field of its own
}

// Decision is a decision with its reasons. It holds levels, never values.
type Decision struct {
	Outcome Outcome `json:"outcome"`
	Rule    string  `json:"rule"`
	Version string  `json:"version"`
	Fields  []Field `json:"fields,omitzero"`

	// The waterfall of a decision by details; empty where a certain rule decides.
	Prior  float64  `json:"prior,omitzero"`  // bits before any field
	Bits   float64  `json:"bits,omitzero"`   // prior and fields
	Lead   *float64 `json:"lead,omitempty"`  // bits ahead of the next person; absent: there is no other
	Guards []string `json:"guards,omitzero"` // names of the guards that forbade a link
	By     string   `json:"by,omitzero"`     // a pin: who decided
	Reason string   `json:"reason,omitzero"` // and why
}

// Rule compares the details that ask with those of a candidate. The index calls
// it for every candidate that it finds; CrossCheck is the certain one, and a
// scoring matcher takes the same place.
type Rule func(query, candidate demographics.Details) Decision

// UsableNumber gives the NHS number by which the details may be matched; see
// demographics.UsableNumber.
func UsableNumber(d demographics.Details) (string, bool) { return demographics.UsableNumber(d) }

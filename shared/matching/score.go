package matching

import (
	"math"

	"github.com/carerecord/carerecord/shared/demographics"
)

// Score is what a comparison of two profiles comes to, in bits: the base 2
// logarithm of the odds that they are of one person.
type Score struct {
	Bits   float64            // prior and all evidence, after caps
	Levels [NumFields]uint8   // the level reached in each field of the model, in its order
	Fields [NumFields]float32 // the bits of each field, before caps
	Guards Guard              // what forbids an automatic link, whatever the bits
}

// Guard is a set of reasons why a pair is not linked without a human.
type Guard uint16

// The guards. A veto also forbids that the two ever stand in one person.
const (
	GuardGiven    Guard = 1 << iota // given names disagree in every way
	GuardBirth                      // the birth dates share fewer than two parts
	GuardPlace                      // surname and postcode both disagree
	GuardTwin                       // the pattern of twins
	GuardParent                     // the pattern of parent and child of one name
	GuardDeceased                   // one was born after the other had died
	GuardNumber                     // two different NHS numbers, not both verified
	GuardThin                       // too little is known of one of the two to tell
	VetoNumber                      // two different verified NHS numbers
)

// Vetoes are the guards that nothing but a human's pin can lift.
const Vetoes = VetoNumber

// guardNames are the names of the guards in decisions and models, by bit.
var guardNames = [...]string{"given", "birth", "place", "twin", "parent", "deceased", "number", "thin", "two-verified-numbers"}

// Names gives the names of the guards of a set.
func (g Guard) Names() []string {
	var names []string
	for i, name := range guardNames {
		if g>>i&1 == 1 {
			names = append(names, name)
		}
	}
	return names
}

// household are the fields that the members of a household have in common. They
// are one piece of evidence, that somebody is of this household, and count for
// no more.
var householdFields = [...]int{fieldFamily, fieldPostcode, fieldAddress, fieldPhone}

// Rows of a waterfall that take back what household evidence had too much, and
// what it had too much together with the birth date, as twins share both.
const (
	fieldHouseholdCap = "household"
	fieldTwinCap      = "householdAndBirthDate"
	levelCapped       = "capped"
)

// Matcher scores profiles by one model. It is safe for concurrent use.
type Matcher struct {
	model  *Model
	kept   Guard // the guards that the model's policy keeps
	bits   [NumFields][maxLevels]float64
	texts  [NumFields]*weights
	births *birthWeights

	full    fullNames
	fashion fashion
}

// NewMatcher gives the matcher of a model.
func NewMatcher(m *Model) *Matcher {
	c := &Matcher{model: m}
	c.kept, _ = m.guards() // ReadModel and Train have seen to the names
	for f := range c.bits {
		for l, level := range m.Fields[f].Levels {
			c.bits[f][l+1] = level.Bits
		}
		c.texts[f] = newWeights(&m.Fields[f], specOf(f))
	}
	c.births = newBirthWeights(&m.Fields[fieldBirth])
	c.full = newFullNames(m)
	c.fashion = newFashion(m)
	return c
}

// Model gives the matcher's model.
func (m *Matcher) Model() *Model { return m.model }

// Score compares two profiles. It is symmetric and allocates nothing. What is
// not known on one side is no evidence for or against. Of lists of values the
// pair counts that agrees best.
func (m *Matcher) Score(a, b *demographics.Profile) Score {
	var s Score
	m.telling(&s, a, b)
	m.further(&s, a, b)
	return s
}

// telling compares the fields by which most pairs of two people are told.
func (m *Matcher) telling(s *Score, a, b *demographics.Profile) {
	s.set(fieldNumber, m.numbers(a.Numbers, b.Numbers))
	s.set(fieldID, m.ids(a.IDs, b.IDs))
	name := m.names(s, a.Names, b.Names)
	born := m.birthDates(s, a.Births, b.Births)
	if name != "" && born.Year != 0 {
		s.Fields[fieldGiven] += float32(m.fashion.extra(name, born))
	}
	sex := fieldSex
	if s.Levels[fieldGiven] >= givenNickname {
		sex = fieldNamedSex
	}
	s.set(sex, m.sexes(sex, a.Sex, b.Sex))
	s.set(fieldPostcode, m.postcodes(a.Postcodes, b.Postcodes))
}

// further compares what is left, and sums up.
func (m *Matcher) further(s *Score, a, b *demographics.Profile) {
	s.set(fieldAddress, m.addresses(a.Addresses, b.Addresses))
	s.set(fieldPhone, m.contacts(fieldPhone, a.Phones, b.Phones, phoneExact, phoneSlip, slip))
	s.set(fieldEmail, m.contacts(fieldEmail, a.Emails, b.Emails, exactText, closeText, closeEmail))
	for i := range min(len(a.Other), len(b.Other), MaxOther) {
		s.set(fieldOther+i, m.others(fieldOther+i, a.Other[i], b.Other[i]))
	}
	overHousehold, overTwin := m.over(s)
	s.Bits = m.model.Prior + overHousehold + overTwin
	for _, bits := range s.Fields {
		s.Bits += float64(bits)
	}
	s.Guards = m.guards(s, a, b)
}

// found is the best comparison of a field so far.
type found struct {
	level uint8
	bits  float64
}

// better takes the level with more bits; of two alike the higher level.
func (f *found) better(level uint8, bits float64) {
	if f.level == levelMissing || bits > f.bits || bits == f.bits && level > f.level {
		f.level, f.bits = level, bits
	}
}

func (s *Score) set(field int, f found) {
	s.Levels[field], s.Fields[field] = f.level, float32(f.bits)
}

// over gives what household evidence had too much, and what it and the birth
// date then still have: each 0 or less.
func (m *Matcher) over(s *Score) (household, twin float64) {
	sum := 0.0
	for _, f := range householdFields {
		sum += float64(s.Fields[f])
	}
	household = min(0, m.model.HouseholdBits-sum)
	birth := float64(s.Fields[fieldBirth])
	return household, overTwin(m.model, sum+household, birth)
}

// overTwin caps the sum of household evidence and birth date where both speak
// for one person.
func overTwin(m *Model, household, birth float64) float64 {
	if household <= 0 || birth <= 0 {
		return 0
	}
	return min(0, m.TwinBits-household-birth)
}

// Explain words a score for a Decision: prior, fields with level and bits,
// caps, guards. Outcome, Rule and Lead are the caller's to set.
func (m *Matcher) Explain(s Score) Decision {
	d := Decision{Rule: RuleDetails, Version: m.model.Version, Prior: m.model.Prior, Bits: s.Bits, Guards: s.Guards.Names()}
	for f, level := range s.Levels {
		if level != levelMissing {
			d.Fields = append(d.Fields, Field{Name: fieldNames[f], Level: specOf(f).levels[level], Bits: float64(s.Fields[f])})
		}
	}
	overHousehold, overTwin := m.over(&s)
	for _, row := range [...]Field{{fieldHouseholdCap, levelCapped, overHousehold}, {fieldTwinCap, levelCapped, overTwin}} {
		if row.Bits < 0 {
			d.Fields = append(d.Fields, row)
		}
	}
	return d
}

// Probability turns bits into a probability.
func Probability(bits float64) float64 { return 1 / (1 + math.Exp2(-bits)) }

// grain is the step in which bits are counted: sums of such numbers are exact,
// so that a score is the same on every machine and in every order.
const grain = 1024

// bitsOf gives the base 2 logarithm of a ratio, to the grain.
func bitsOf(ratio float64) float64 { return math.Round(math.Log2(ratio)*grain) / grain }

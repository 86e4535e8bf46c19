package matching

import (
	_ "embed"
	"sync"
)

// Format is the form of model files that this program reads and writes.
const Format = 1

// Policy says what a model's thresholds and guards are for.
type Policy string

const (
	// Careful is for an index of patients: a wrong link does harm, and what is
	// in doubt goes to a human. All guards stand.
	Careful Policy = "careful"
	// Balanced is for the de-duplication of a register: a link that is missed
	// weighs as much as a wrong one.
	Balanced Policy = "balanced"
)

// Model holds the parameters of the Fellegi-Sunter comparison, trained on one
// register and then frozen. It is kept as JSON that a human can read; see
// ReadModel and Write.
type Model struct {
	Format  int     `json:"format"`  // Format
	Version string  `json:"version"` // "fs1-" and a digest of the parameters: kept with every decision
	Policy  Policy  `json:"policy"`
	Prior   float64 `json:"prior"` // bits for two records taken at random

	// HouseholdBits is the most that family name, postcode, address and
	// telephone count for together.
	HouseholdBits float64 `json:"householdBits"`
	// TwinBits is the most that these and the birth date count for together.
	TwinBits float64 `json:"twinBits"`

	// Thresholds of decisions by details alone.
	LinkBits   float64 `json:"linkBits"`   // at least this to link
	ReviewBits float64 `json:"reviewBits"` // at least this to be looked at by a human
	LeadBits   float64 `json:"leadBits"`   // and this much ahead of the next person

	GuardNames []string     `json:"guards"` // the guards that stand besides vetoes
	Training   Training     `json:"training"`
	Fields     []FieldModel `json:"fields"` // all fields, in their order

	// FullNames are the shares of full names ("given family") that are more
	// frequent than given and family name alone say: some names go together.
	// No full name is taken to be rarer than one that is not listed.
	FullNames *Frequencies `json:"fullNames,omitempty"`

	// GivenByDecade are the shares of given names among those born in a decade
	// ("1950"): names have their time.
	GivenByDecade map[string]map[string]float64 `json:"givenByDecade,omitempty"`
}

// Training tells where the parameters come from.
type Training struct {
	Source  string  `json:"source"`  // "expert", or the register
	Records int     `json:"records"` // profiles trained on
	Pairs   int     `json:"pairs"`   // pairs compared
	Matches float64 `json:"matches"` // expected number of pairs that are of one person
}

// FieldModel holds the levels of one field, from "differs" up. A field that is
// not known on one side has no level here and no bits.
type FieldModel struct {
	Name        string       `json:"name"`
	Levels      []LevelModel `json:"levels"`
	Frequencies *Frequencies `json:"frequencies,omitempty"`
}

// LevelModel is one level of agreement. Bits are the base 2 logarithm of M/U.
type LevelModel struct {
	Name string  `json:"name"`
	M    float64 `json:"m"` // share of the pairs of one person that reach it, where both sides are known
	U    float64 `json:"u"` // share of the pairs of two people that do
	Bits float64 `json:"bits"`
}

// Frequencies are the shares of the values of a field in the population. For
// birth dates they are of years ("1970"), days of the year ("01-01") and of
// dates that are still more frequent.
type Frequencies struct {
	Unlisted float64            `json:"unlisted"` // of a value that is not listed, and the least of any
	Values   map[string]float64 `json:"values"`
}

//go:generate go run ../../tools/defaultmodel default-model.json

//go:embed default-model.json
var defaultModel []byte

// Default gives the model that ships with the project. It must not be changed.
var Default = sync.OnceValue(func() *Model {
	m, err := ReadModel(defaultModel)
	if err != nil {
		panic(err) // the file is part of the program, and a test reads it
	}
	return m
})

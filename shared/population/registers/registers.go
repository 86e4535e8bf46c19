// Package registers writes what the organisations of a synthetic region know
// of its people: one CSV file an organisation, each in its own form, the
// partner register by which the product reads them, and the truth.
//
// Each organisation knows some of the people, some of them twice, in its own
// spelling and as of its own day: details have the slips of real registers (see
// population.Published), values are missing or stand for "not known", and NHS
// numbers are absent, unverified, mistyped, or another person's.
package registers

import (
	_ "embed" // the files that are always the same

	"github.com/carerecord/carerecord/shared/population"
)

//go:embed partners.yaml
var partners []byte

//go:embed README.txt
var readMe []byte

// Names of files beside those of the organisations.
const (
	TruthFile    = "truth.csv" // organisation, local_id, person
	PartnersFile = "partners.yaml"
	ReadMeFile   = "README.txt"
)

// Organisation is one that keeps a register.
type Organisation struct {
	ODS  string // of the shape of an ODS code; belongs to no organisation that we know of
	Feed string // its feed in the partner register
	File string // the name of its file

	at      int // place in the list
	header  []string
	record  func(e *entry) []string
	localID string // how its local ids begin

	young, old float64 // the share of people it knows, at birth and at 90 years
	twice      float64 // of these: registered a second time under another id
	stale      float64 // of these: the address and the family name of former times
	quality    quality
}

// quality is how well a register is kept, as shares of its entries.
type quality struct {
	number     float64 // an NHS number is there
	verified   float64 // of these: it has been traced (status 01)
	wrong      float64 // of these: it is not theirs
	born, sex  float64 // the birth date, the sex is there
	postcode   float64 // the postcode is there
	phone      float64 // the telephone of the home is there
	mobile     float64
	email      float64
	unknown    float64 // a word or date stands for "not known": "Unknown", 1 January 1900
	baby       float64 // of those below one year: "Baby" in place of the given name
	elsewhere  float64 // the organisation's own postcode in place of the patient's
	unofficial float64 // a title or the name they are known by stands in the given name
}

// Organisations gives those of a region. How many people each knows and how
// well it keeps its register is made up, but for NHS numbers: most are there,
// and right in 99.5%.
func Organisations() []Organisation {
	list := []Organisation{
		{
			ODS: "NZZ10", Feed: "patients", File: "practices.csv", header: practiceHeader, record: (*entry).practiceRecord, localID: "EM",
			young: .985, old: .985, twice: 0, stale: .05,
			quality: quality{.995, .985, .003, 1, 1, .999, .5, .7, .5, .0005, .05, .001, .001},
		},
		{
			ODS: "RZY", Feed: "patients", File: "hospital-east.csv", header: hospitalHeader, record: (*entry).hospitalRecord, localID: "E",
			young: .3, old: .8, twice: .012, stale: .27,
			quality: quality{.97, .93, .005, .999, .998, .995, .6, .6, .2, .002, .4, .003, .002},
		},
		{
			ODS: "RZX", Feed: "patients", File: "hospital-west.csv", header: hospitalHeader, record: (*entry).hospitalRecord, localID: "W",
			young: .2, old: .4, twice: .02, stale: .3,
			quality: quality{.96, .9, .006, .998, .997, .99, .5, .6, .1, .003, .5, .004, .003},
		},
		{
			ODS: "NZZ98", Feed: "clients", File: "community.csv", header: communityHeader, record: (*entry).communityRecord, localID: "C",
			young: .1, old: .5, twice: .006, stale: .2,
			quality: quality{.9, .8, .006, .995, .98, .99, .4, .7, .3, .003, .1, .002, .004},
		},
		{
			ODS: "Z99", Feed: "adults", File: "council.csv", header: councilHeader, record: (*entry).councilRecord, localID: "",
			young: .02, old: .45, twice: .01, stale: .25,
			quality: quality{.6, .4, .01, .97, .95, .98, .6, .3, .1, .004, .1, .002, .006},
		},
	}
	for i := range list {
		list[i].at = i
	}
	return list
}

// knows gives the share of people of an age that the organisation knows.
func (o *Organisation) knows(age int) float64 {
	return o.young + (o.old-o.young)*min(float64(age)/90, 1)
}

// rates are the slips of one register: half of those between two. Moves and
// marriages are not among them; for those the register is of an earlier day.
func rates() population.Rates {
	r := population.Published.Times(.5)
	r.PostcodeOther, r.FamilyF.Other = 0, r.FamilyM.Other
	return r
}

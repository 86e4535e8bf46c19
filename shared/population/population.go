// Package population makes up the people of a region, so that a matcher can be
// measured against the truth: households of people who do not exist, with
// twins, children who bear a parent's name, communities in which few family
// names are borne by many, marriages and moves, and what a register states of
// them with the slips that real registers have.
//
// It is no description of England. Names and households are written down from
// general knowledge, and most shares are round numbers chosen to make matching
// hard. What is taken from published figures says so (see Published). A matcher
// that does well here can do worse on real records: compare matchers with it,
// and predict nothing.
//
// A region follows from the number of its people and its seed alone: the same
// on every machine, however many cores work at it. It is made in blocks, each
// by itself, so that it never needs to be in memory. Nothing in it can belong
// to a real person: NHS numbers are of the range 999, which is not issued,
// telephone numbers of Ofcom's ranges for drama, postcodes of areas that do not
// exist, and e-mail addresses of example.org.
package population

import (
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/population/chance"
)

// MostPeople is the size of the largest region.
const MostPeople = 70_000_000

// blockPeople is how many people are made at a time; part of what a seed means.
const blockPeople = 4096

// ThisYear is the year in which the region stands still: nobody is born later.
const ThisYear = 2025

// Region is a population of a size and a seed. It is safe for concurrent use.
type Region struct {
	People int
	Seed   uint64
	land   land
}

// New gives the region of so many people. Invalid when there are none or more
// than MostPeople.
func New(people int, seed uint64) (*Region, error) {
	if people < 1 || people > MostPeople {
		return nil, failure.New(failure.Invalid, "population.New", "a region has 1 to %d people, not %d", MostPeople, people)
	}
	return &Region{People: people, Seed: seed, land: newLand(people)}, nil
}

// Blocks gives the number of blocks.
func (r *Region) Blocks() int { return (r.People + blockPeople - 1) / blockPeople }

// streams keep the uses of one seed apart.
const (
	streamPeople uint64 = iota + 1
)

// Block appends the people of a block, by id. A household stands in one block,
// one member after the other.
func (r *Region) Block(block int, people []Person) []Person {
	first := block * blockPeople
	last := min(first+blockPeople, r.People)
	b := builder{Source: chance.New(r.Seed, streamPeople, uint64(block)), land: &r.land, people: people, id: first}
	for b.id < last {
		b.household()
	}
	return b.people[:len(b.people)-(b.id-last)]
}

// Person is one of the people, as they truly are.
type Person struct {
	ID        int    // from 0
	Household int    // the same for those who live together
	Sex       byte   // 'F' or 'M'
	Given     string // the first given name
	Middle    string // the second; empty for many
	Family    string // now
	Birth     string // the family name by birth
	Born      Date
	Community int   // 0, or the community whose names they bear
	Home      Place // where they live
	Former    Place // where they lived before

	Twin     bool // born with the person of the id before
	Namesake bool // a child with the given name of a parent they live with
}

// Date is a day of the calendar.
type Date struct{ Year, Month, Day int }

// Today is the day on which the region stands still.
func Today() time.Time { return time.Date(ThisYear, 12, 31, 0, 0, 0, 0, time.UTC) }

// Package trial measures a matcher on a synthetic region (package population):
// how often it links right and wrong, how much it leaves to humans, what each
// guard buys, what a look-up reads, and how fast it is.
//
// The index has one record of each person, as a register with a memory keeps
// it: what is true now, and what it knows of former names and postcodes. Half of
// the queries are of people in the index, as another source states them, with
// the slips of population.Published. The other half are of people who are not in
// it, and many of these are easily taken for somebody who is.
//
// The look-ups are those of package index: the same keys, the same bounds, the
// same order. Only the store is another one, lean enough to hold the largest
// region in memory. The package imports no port.
package trial

import (
	"context"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/population"
)

// Shares of the queries. They are those of the region on which the baselines
// were measured (docs/measuring.md).
const (
	ShareIndexed  = .5  // of queries: the person is in the index
	ShareTwin     = .06 // of the others: a twin of somebody in it
	ShareSibling  = .19 // a sister or brother
	ShareNamesake = .02 // a parent or child of the same name
)

// MostSlips is how many times as frequent as published slips can be.
const MostSlips = 3

// Settings say what to measure.
type Settings struct {
	People  int // in the index
	Queries int
	Seed    uint64
	Numbers bool    // NHS numbers are known; without them nothing but details can tell
	Slips   float64 // how many times as frequent as published slips are; 0: once
	Workers int     // how many processors to use; 0: all
	Model   *matching.Model
	Body    Body // nil: as package index writes them
}

// check refuses what cannot be measured.
func (s *Settings) check() error {
	switch {
	case s.People < 1_000 || s.People > population.MostPeople:
		return failure.New(failure.Invalid, "trial.New", "an index of 1,000 to %d people can be measured, not %d", population.MostPeople, s.People)
	case s.Queries < 100:
		return failure.New(failure.Invalid, "trial.New", "at least 100 queries are needed to measure anything, not %d", s.Queries)
	case s.Numbers && s.People+s.Queries > population.Numbers():
		return failure.New(failure.Invalid, "trial.New", "there are NHS numbers for %d people and queries, not for %d", population.Numbers(), s.People+s.Queries)
	case s.Slips < 0 || s.Slips > MostSlips:
		return failure.New(failure.Invalid, "trial.New", "slips can be up to %d times as frequent as published, not %g", MostSlips, s.Slips)
	case s.Model == nil:
		return failure.New(failure.Invalid, "trial.New", "a model is needed")
	}
	return nil
}

// Trial is a region in memory, ready to be asked.
type Trial struct {
	Settings
	Postings     int // in the index
	MostPostings int // of one person

	matcher *matching.Matcher
	region  *population.Region
	records records
	keys    postings
	mps     postings
	queries []Query
}

// New makes the region. Invalid when the settings ask for what cannot be measured.
func New(ctx context.Context, s Settings) (*Trial, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if s.Slips == 0 {
		s.Slips = 1
	}
	if s.Body == nil {
		s.Body = jsonBody
	}
	region, err := population.New(s.People, s.Seed)
	if err != nil {
		return nil, err
	}
	t := &Trial{Settings: s, region: region, matcher: matching.NewMatcher(s.Model)}
	if err = t.fill(ctx); err == nil {
		err = t.ask(ctx)
	}
	return t, err
}

package trial

import (
	"context"
	"slices"
	"time"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/population"
)

// Rule decides by what a look-up found.
type Rule struct {
	LinkBits, ReviewBits, LeadBits float64
	Ignore                         matching.Guard // guards that do not forbid a link
}

// RuleOf gives the rule by which a model decides.
func RuleOf(m *matching.Model) Rule { return Rule{m.LinkBits, m.ReviewBits, m.LeadBits, 0} }

// Decide gives the outcome.
func (r Rule) Decide(f *Finding) matching.Outcome {
	guards := f.Guards &^ r.Ignore
	switch {
	case f.Number:
		return matching.Link
	case f.Best == Nobody || f.Bits < min(r.ReviewBits, r.LinkBits) || guards&matching.Vetoes != 0 && guards != matching.VetoNumber:
		return matching.New
	case f.Bits >= r.LinkBits && guards == 0 && f.Lead >= r.LeadBits:
		return matching.Link
	case f.Bits >= r.ReviewBits:
		return matching.Possible
	}
	return matching.New
}

// Tally counts what became of queries.
type Tally struct {
	Queries, Indexed int
	Right, Wrong     int // links
	Reviews          int
	ReviewsIndexed   int // of people who are in the index
	Missed           int // in the index and taken for new
	WrongBy          map[population.Kin]int
	WrongIndexed     int // wrong links of people who are in the index
}

// Precision is the share of right links in all links.
func (t *Tally) Precision() float64 { return share(t.Right, t.Right+t.Wrong) }

// Recall is the share of people in the index who were linked right.
func (t *Tally) Recall() float64 { return share(t.Right, t.Indexed) }

// ReviewShare is the share of queries that are left to a human.
func (t *Tally) ReviewShare() float64 { return share(t.Reviews, t.Queries) }

// MissedShare is the share of people in the index of whom nobody hears.
func (t *Tally) MissedShare() float64 { return share(t.Missed, t.Indexed) }

func share(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// count adds the outcome of one query.
func (t *Tally) count(q *Query, outcome matching.Outcome, person int) {
	t.Queries++
	if q.Person != Nobody {
		t.Indexed++
	}
	switch {
	case outcome == matching.Link && person == q.Person:
		t.Right++
	case outcome == matching.Link:
		t.Wrong++
		if q.Person != Nobody {
			t.WrongIndexed++
			return
		}
		if t.WrongBy == nil {
			t.WrongBy = map[population.Kin]int{}
		}
		t.WrongBy[q.Kin]++
	case outcome == matching.New && q.Person != Nobody:
		t.Missed++
	case outcome != matching.New:
		t.Reviews++
		if q.Person != Nobody {
			t.ReviewsIndexed++
		}
	}
}

// Measured is what the look-ups of all queries came to.
type Measured struct {
	Trial    *Trial
	Findings []Finding
	Took     time.Duration // of all look-ups, on so many workers
	Workers  int
}

// Asked gives the queries, in the order of the findings.
func (t *Trial) Asked() []Query { return t.queries }

// Known gives the record that the index has of a person.
func (t *Trial) Known(person int) demographics.Profile {
	var u unpacker
	return *u.read(t.records.at(uint32(person)))
}

// Search looks up every query.
func (t *Trial) Search(ctx context.Context) (*Measured, error) {
	m := &Measured{Trial: t, Findings: make([]Finding, len(t.queries)), Workers: t.Workers}
	start := time.Now()
	err := t.each(ctx, func() func(i int) {
		s := searcher{Trial: t}
		return func(i int) {
			q := &t.queries[i]
			m.Findings[i] = s.search(&q.Profile)
			m.Findings[i].Found = q.Person != Nobody && slices.Contains(s.found, uint32(q.Person))
		}
	})
	m.Took = time.Since(start)
	return m, err
}

// each runs work over all queries; every worker makes its own.
func (t *Trial) each(ctx context.Context, worker func() func(i int)) error {
	const batch = 256
	batches := (len(t.queries) + batch - 1) / batch
	free := make(chan func(int), 1024)
	return parallel(ctx, batches, t.Workers, func(b int) {
		var work func(int)
		select {
		case work = <-free:
		default:
			work = worker()
		}
		for i := b * batch; i < min((b+1)*batch, len(t.queries)); i++ {
			work(i)
		}
		free <- work
	})
}

// Tally counts the outcomes by a rule.
func (m *Measured) Tally(r Rule) Tally {
	var t Tally
	for i := range m.Findings {
		t.count(&m.Trial.queries[i], r.Decide(&m.Findings[i]), m.Findings[i].Best)
	}
	return t
}

// MPS counts the outcomes by the rules of the Master Person Service.
func (t *Trial) MPS(ctx context.Context) (Tally, error) {
	type result struct {
		outcome matching.Outcome
		person  int
	}
	results := make([]result, len(t.queries))
	err := t.each(ctx, func() func(i int) {
		s := mpsSearcher{Trial: t}
		return func(i int) { results[i].outcome, results[i].person = s.search(&t.queries[i].Profile) }
	})
	var tally Tally
	for i, r := range results {
		tally.count(&t.queries[i], r.outcome, r.person)
	}
	return tally, err
}

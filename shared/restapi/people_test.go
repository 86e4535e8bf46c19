package restapi_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/version"
)

// people is an index of a few persons. An error stands in for every answer.
type people struct {
	mu      sync.Mutex
	persons map[string]index.Person
	aliases map[string]string
	numbers map[string][]string
	sources map[string]string
	err     error
	panics  bool

	matches []index.Match
	asked   []demographics.Details // what Match was asked with
	reviews map[string]index.ReviewCase
	queue   []index.Review
	history map[string][]index.Event // by source patient
	days    []string                 // that Metrics was asked for
	changes []string                 // what was changed, as a call
	acts    []index.Act
	refuses error // of every change
	waits   bool  // Unmerge needs a second person
}

var matcher = matching.NewMatcher(matching.Default())

func (p *people) Match(_ context.Context, d demographics.Details, _ int) ([]index.Match, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked = append(p.asked, d)
	return slices.Clone(p.matches), p.err
}

func (p *people) Candidates(ctx context.Context, d demographics.Details, most int) ([]index.Match, error) {
	return p.Match(ctx, d, most)
}

// Reviews gives pages whose place is the number of the first review.
func (p *people) Reviews(_ context.Context, q index.ReviewQuery) (index.ReviewPage, error) {
	at, err := 0, p.err
	if q.After != "" {
		if at, err = strconv.Atoi(q.After); err != nil {
			return index.ReviewPage{}, failure.New(failure.Invalid, "people.Reviews", "no place")
		}
	}
	page := index.ReviewPage{Reviews: p.queue[at:min(at+q.Limit, len(p.queue))]}
	if at += q.Limit; at < len(p.queue) {
		page.Next = strconv.Itoa(at)
	}
	return page, err
}

func (p *people) Review(_ context.Context, id string) (index.ReviewCase, error) {
	if found, ok := p.reviews[id]; ok || p.err != nil {
		return found, p.err
	}
	return index.ReviewCase{}, failure.New(failure.NotFound, "people.Review", "no %s", family)
}

func (p *people) Metrics(_ context.Context, days ...string) (index.ReviewMetrics, error) {
	p.days = days
	return index.ReviewMetrics{
		Open: map[index.ReviewKind]int{index.ReviewOverlay: 2}, Waiting: 1, Oldest: now.Add(-48 * time.Hour), Decisions: map[string]int{"2026-03-01": 3},
	}, p.err
}

func (p *people) Decisions(_ context.Context, key string) ([]index.Event, error) {
	return slices.Clone(p.history[key]), p.err
}

// changed notes a change that was asked for.
func (p *people) changed(act index.Act, call string, parts ...string) error {
	p.changes, p.acts = append(p.changes, call+" "+strings.Join(parts, " ")), append(p.acts, act)
	return p.refuses
}

func (p *people) Decide(_ context.Context, id string, answer index.Answer, act index.Act) (index.Review, error) {
	r := p.reviews[id].Review
	r.State, r.Answer, r.Act = index.ReviewDecided, answer, &act
	return r, p.changed(act, "decide", id, string(answer))
}

func (p *people) Link(_ context.Context, a, b string, act index.Act) error {
	return p.changed(act, "link", a, b)
}

func (p *people) Unlink(_ context.Context, key string, act index.Act) error {
	return p.changed(act, "unlink", key)
}

func (p *people) Merge(_ context.Context, survivor, other string, act index.Act) error {
	return p.changed(act, "merge", survivor, other)
}

func (p *people) Unmerge(_ context.Context, former string, act index.Act) (bool, error) {
	return !p.waits, p.changed(act, "unmerge", former)
}

func (p *people) Person(_ context.Context, id string) (index.Person, error) {
	if p.panics {
		panic("about " + family)
	}
	if survivor, merged := p.aliases[id]; merged {
		id = survivor
	}
	if found, ok := p.persons[id]; ok || p.err != nil {
		return found, p.err
	}
	return index.Person{}, failure.New(failure.NotFound, "people.Person", "no %s", family)
}

func (p *people) FindAllByNHSNumber(_ context.Context, n string) ([]string, error) {
	return slices.Clone(p.numbers[n]), p.err
}

func (p *people) FindSource(_ context.Context, key string) (string, error) {
	return p.find(p.sources[key])
}

func (p *people) find(id string) (string, error) {
	if id == "" {
		return "", failure.New(failure.NotFound, "people.find", "nobody")
	}
	return id, p.err
}

// question adds another person, of a clinic, whom the index takes for possibly
// the same, with an open review.
func (r *region) question() {
	r.persons[other] = index.Person{ID: other, Sources: []index.SourcePatient{{
		Key: clinic, Organisation: "RYY", System: "clinic", Value: "CANARY-88", At: version.Instant{Time: now.Add(-12 * time.Hour)},
		Details: demographics.Details{BirthDate: "1970-01-31", Sex: "male", Names: []demographics.Name{{Family: family, Given: []string{"Janek"}}}},
	}}}
	r.sources[index.SourceKey(r.hasher, "RYY", "clinic", "CANARY-88")] = other
	r.sources[index.SourceKey(r.hasher, "RXX", "", "MRN/1 2")] = person
	lead := 1.25
	decision := matching.Decision{
		Outcome: matching.Possible, Rule: matching.RuleDetails, Version: "fs1-test", Prior: -20, Bits: 8.125, Lead: &lead, Guards: []string{"place"},
		Fields: []matching.Field{{Name: "family", Level: "exact", Bits: 12.5}, {Name: "postcode", Level: "absent"}},
	}
	r.matches = []index.Match{
		{Person: person, Key: hospital, Probability: 1, Decision: matching.Decision{
			Outcome: matching.Link, Rule: matching.RuleExact, Version: "certain-1",
			Fields: []matching.Field{{Name: "nhsNumber", Level: "equal"}, {Name: "birthDate", Level: "exact"}},
		}},
		{Person: other, Key: clinic, Probability: 0.9964, Decision: decision},
	}
	open := index.Review{
		ID: review, Kind: index.ReviewPossible, State: index.ReviewOpen, Key: hospital, With: clinic, Person: person, Other: other, Decision: decision,
		Opened: now.Add(-24 * time.Hour), Origin: record.Origin{Organisation: "RYY", Feed: "clinic", Delivery: "d7", Row: 3},
	}
	r.queue = []index.Review{open}
	r.reviews = map[string]index.ReviewCase{review: {Review: open, Sides: []index.ReviewSide{
		{SourcePatient: r.persons[person].Sources[1], Person: person},
		{SourcePatient: r.persons[other].Sources[0], Person: other},
	}}}
}

// clear takes everybody away.
func (r *region) clear() {
	clear(r.persons)
	clear(r.numbers)
	clear(r.sources)
	clear(r.reviews)
	r.matches, r.queue = nil, nil
}

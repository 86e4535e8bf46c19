// Package index is the patient index: it says which source patients are the
// same person, why, and since when. A source patient is (organisation,
// assigning authority, the organisation's own id); a person is an id that is
// never used again; a link joins the first to the second.
//
// Links follow from what the sources said last, from what humans have pinned,
// and from nothing else, so that order does not matter. Two source patients are
// one person when a human says so; when their organisation merged them (HL7 v2
// ADT A34, A40); when they state the same NHS number and the cross-check
// confirms it; when their details agree so far that the model of package
// matching links them; and when a third joins them in these ways. Whenever one of
// them says something new, the people around are worked out again, and ids stay
// where they can: see resolution.
//
// Source patients are found by postings under keyed hashes of what they state
// (see posting). Of each the item holds who is near to it, so a neighbourhood is
// read without another search, and is decided whole, in one commit.
//
// The package must not move clinical entries and knows nothing of them. Bodies
// hold personal data, keys only opaque ids. Nothing stored depends on a clock,
// on chance or on the number of attempts.
package index

import (
	"context"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/version"
)

// Statement is what a delivery says of one source patient: its details, or that
// it was merged into another, or both.
type Statement struct {
	Key                         string // the source patient
	Organisation, System, Value string
	Details                     *demographics.Details // nil: nothing is said of them
	MergedInto                  string                // key of the survivor; Key is then the prior patient
	At                          version.Instant
	Origin                      record.Origin

	pins    []Pin  // what a human decides
	settles string // id of the review that is thereby settled
	update  string // digest of an update that was held, on which a human decides
	answer  Answer // and what they say
	sweep   bool   // nothing is said: look it up again
}

// silent says whether the statement says nothing of the source patient.
func (s *Statement) silent() bool {
	return s.Details == nil && s.MergedInto == "" && len(s.pins) == 0 && s.settles == "" && s.update == "" && !s.sweep
}

// byHand says whether a human said it.
func (s *Statement) byHand() bool { return len(s.pins) > 0 || s.settles != "" || s.update != "" }

// Person is one person with every source patient linked to them, by key.
type Person struct {
	ID      string
	Sources []SourcePatient
}

// SourcePatient is a patient as an organisation knows them, with the decision
// that linked them. One that is known by a merge alone has no Details.
type SourcePatient struct {
	Key          string               `json:"-"`
	Organisation string               `json:"a,omitzero"`
	System       string               `json:"s,omitzero"`
	Value        string               `json:"v,omitzero"`
	MergedInto   string               `json:"m,omitzero"` // key of the survivor; empty: it stands
	Details      demographics.Details `json:"d,omitzero"`
	At           version.Instant      `json:"t,omitzero"` // since when the source states these details
	Held         bool                 `json:"h,omitzero"` // a newer update is held until a human has looked at it (ReviewOverlay)
	Former       []string             `json:"f,omitzero"` // NHS numbers that the source stated before
	Linked       Event                `json:"l"`
}

// Event is one decision on a source patient. All of them are kept, in order:
// they are the log from which a link can be undone.
type Event struct {
	Number   int               `json:"n"`          // 0, 1, ... for each source patient
	Person   string            `json:"p,omitzero"` // linked to this person from now on; empty: to none
	Former   string            `json:"f,omitzero"` // and until now to this one
	Decision matching.Decision `json:"d"`
	With     string            `json:"w,omitzero"` // key of the source patient with whom it was compared or merged
	Origin   record.Origin     `json:"o"`          // the row that made it necessary to decide
}

// Index is the patient index in a table. It is safe for concurrent use by any
// number of processes.
type Index struct {
	table   table.Table
	hasher  *opaque.Hasher
	cross   matching.Rule
	matcher *matching.Matcher
}

// New gives the index that lies in the table. Its keys and the ids of people
// are made with the hasher. Details are compared by the matcher.
func New(t table.Table, h *opaque.Hasher, m *matching.Matcher) *Index {
	return &Index{table: t, hasher: h, cross: matching.CrossCheck, matcher: m}
}

// Links gives the person of each source patient, in one Get. A source patient
// without one is absent from the map.
func (x *Index) Links(ctx context.Context, keys ...string) (map[string]string, error) {
	links := make(map[string]string, len(keys))
	if len(keys) == 0 {
		return links, nil
	}
	wanted := make([]table.Key, len(keys))
	for i, key := range keys {
		wanted[i] = patientKey(key)
	}
	items, err := x.table.Get(ctx, wanted...)
	if err != nil {
		return nil, err
	}
	for i, item := range items {
		p, err := decodePatient(item)
		if err != nil {
			return nil, err
		}
		if p.Person != "" {
			links[keys[i]] = p.Person
		}
	}
	return links, nil
}

// FindSource gives the person of a source patient; NotFound when it has none.
func (x *Index) FindSource(ctx context.Context, key string) (string, error) {
	links, err := x.Links(ctx, key)
	if err == nil && links[key] == "" {
		err = failure.New(failure.NotFound, "index.FindSource", "no person for this patient of the organisation")
	}
	return links[key], err
}

// FindNHSNumber gives the person who holds an NHS number: NotFound when there
// is none, Invalid when it is no NHS number. When sources of several people
// state it in conflict, it is the first that FindAllByNHSNumber gives.
func (x *Index) FindNHSNumber(ctx context.Context, number string) (string, error) {
	people, err := x.FindAllByNHSNumber(ctx, number)
	switch {
	case err != nil:
		return "", err
	case len(people) == 0:
		return "", failure.New(failure.NotFound, "index.FindNHSNumber", "nobody with this NHS number")
	}
	return people[0], nil
}

// FindAllByNHSNumber gives every person one of whose sources states an NHS
// number, in one Get; none is no error. Invalid when it is no NHS number.
//
// The holder comes first: a verified number (status 01) before others, then the
// person of more sources that state it, then by the sources' keys. People who
// know it only from a patient that was merged away come last. The order follows
// from what the sources state and not from when it came. Of a number stated by
// more source patients than a claim takes (see mostStaters) some are left out.
func (x *Index) FindAllByNHSNumber(ctx context.Context, number string) ([]string, error) {
	number, err := nhs.ParseNumber(number)
	if err != nil {
		return nil, err
	}
	items, err := x.table.Get(ctx, claimKey(x.claimID(number)))
	if err != nil {
		return nil, err
	}
	c, err := decodeClaim(items[0])
	return c.people(), err
}

package index

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/version"
)

// mostSaid bounds how many different details of a source patient are kept: the
// ones stated last.
const mostSaid = 12

// patient is the stored form of a source patient. What it states is a function
// of the set of its statements and of what humans pinned.
type patient struct {
	Organisation string `json:"a,omitzero"`
	System       string `json:"s,omitzero"`
	Value        string `json:"v,omitzero"`

	History version.History                  `json:"h"`
	Said    map[string]*demographics.Details `json:"d,omitzero"` // the different details that were stated, by digest; none: a stub
	Merge   *merge                           `json:"m,omitempty"`
	Pins    []Pin                            `json:"i,omitzero"` // by the other one's key
	Updates map[string]Answer                `json:"u,omitzero"` // what humans said of updates that were held, by digest
	Settled []string                         `json:"x,omitzero"` // ids of reviews that a human decided, sorted

	// What follows from the statements of it and of others.
	Near     []string     `json:"e,omitzero"` // source patients whose details are near to its own, sorted
	Priors   []string     `json:"p,omitzero"` // those merged into it, sorted
	Person   string       `json:"l,omitzero"`
	Was      []string     `json:"w,omitzero"` // ids of people that it was before, the last one last
	Claim    string       `json:"c,omitzero"` // the claim in which it stands
	Disputed bool         `json:"g,omitzero"` // its NHS number is in conflict with another person's
	Reviews  []openReview `json:"r,omitzero"` // open ones that are about it, by id
	Events   []Event      `json:"n,omitzero"` // the newest ones
}

// merge is the newest statement that it was merged into another.
type merge struct {
	At   version.Instant `json:"t"`
	Into string          `json:"i"`
}

// into gives the survivor's key, or "".
func (p *patient) into() string {
	if p.Merge == nil {
		return ""
	}
	return p.Merge.Into
}

// digest tells details apart. It is stored in bodies only.
func digest(d *demographics.Details) string {
	sum := sha256.Sum256(encode(d))
	return hex.EncodeToString(sum[:16])
}

// fold adds a statement, and leaves what it shares with its earlier state alone.
func (p *patient) fold(s *Statement) {
	if p.Value == "" {
		p.Organisation, p.System, p.Value = s.Organisation, s.System, s.Value
	}
	if s.Details != nil {
		p.foldDetails(s)
	}
	if s.MergedInto != "" && s.MergedInto != s.Key {
		if p.Merge == nil || cmp.Or(s.At.Compare(p.Merge.At), cmp.Compare(s.MergedInto, p.Merge.Into)) > 0 {
			p.Merge = &merge{At: s.At, Into: s.MergedInto}
		}
	}
	for _, pin := range s.pins {
		p.pin(pin)
	}
	if s.settles != "" && !slices.Contains(p.Settled, s.settles) {
		p.Settled = slices.Sorted(slices.Values(append(slices.Clone(p.Settled), s.settles)))
	}
	if s.update != "" {
		p.Updates = maps.Clone(p.Updates)
		if p.Updates == nil {
			p.Updates = map[string]Answer{}
		}
		p.Updates[s.update] = s.answer
	}
}

func (p *patient) foldDetails(s *Statement) {
	hash := digest(s.Details)
	next, effect := p.History.Add(version.Statement{At: s.At, Hash: hash, Delivery: s.Origin.Delivery})
	p.History = next
	if effect == version.Nothing && p.Said[hash] != nil {
		return
	}
	said := maps.Clone(p.Said)
	if said == nil {
		said = map[string]*demographics.Details{}
	}
	said[hash] = s.Details
	p.Said = keepNewest(said, next)
}

// keepNewest drops the details stated longest ago. What is dropped and stated
// again comes with its details, so the result follows from the set of statements.
func keepNewest(said map[string]*demographics.Details, h version.History) map[string]*demographics.Details {
	if len(said) <= mostSaid {
		return said
	}
	var order []string // the last one stated last
	for _, run := range h.Runs() {
		if i := slices.Index(order, run.From.Hash); i >= 0 {
			order = slices.Delete(order, i, i+1)
		}
		order = append(order, run.From.Hash)
	}
	keep := order[len(order)-mostSaid:]
	maps.DeleteFunc(said, func(hash string, _ *demographics.Details) bool { return !slices.Contains(keep, hash) })
	return said
}

// linked gives the latest event.
func (p *patient) linked() Event {
	if len(p.Events) == 0 {
		return Event{}
	}
	return p.Events[len(p.Events)-1]
}

// decided gives the number of events so far.
func (p *patient) decided() int {
	if len(p.Events) == 0 {
		return 0
	}
	return p.linked().Number + 1
}

// register names where the source patient has its id: two patients of one
// register are two ids of one organisation.
func (p *patient) register() string { return p.Organisation + "\x00" + p.System }

package index

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/version"
)

// patient is the stored form of a source patient. What it states is a function
// of the set of its statements.
type patient struct {
	Organisation string `json:"a,omitzero"`
	System       string `json:"s,omitzero"`
	Value        string `json:"v,omitzero"`

	History  version.History       `json:"h"`
	Details  *demographics.Details `json:"d,omitempty"` // the current ones; nil: a stub
	Numbered *numbered             `json:"n,omitempty"`
	Merge    *merge                `json:"m,omitempty"`

	// What follows from the statements of it and of others.
	Priors []string   `json:"p,omitzero"` // those merged into it, sorted
	Person string     `json:"l,omitzero"`
	Claim  string     `json:"c,omitzero"` // the claim in which it stands
	Review ReviewKind `json:"r,omitzero"` // open review
	Events []Event    `json:"e,omitzero"` // the newest ones
}

// numbered is the newest statement that names an NHS number. A later one
// without any does not take it back: it is silent. One with a status that makes
// the number unusable does.
type numbered struct {
	At      version.Instant       `json:"t"`
	Hash    string                `json:"h"`
	Details *demographics.Details `json:"d,omitempty"` // nil: the current details
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

// fold adds a statement.
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
}

func (p *patient) foldDetails(s *Statement) {
	hash := digest(s.Details)
	said := version.Statement{At: s.At, Hash: hash, Delivery: s.Origin.Delivery}
	next, effect := p.History.Add(said)
	if n := p.Numbered; s.Details.NHSNumber != "" && (n == nil || cmp.Or(s.At.Compare(n.At), cmp.Compare(hash, n.Hash)) > 0) {
		p.Numbered = &numbered{At: s.At, Hash: hash, Details: s.Details}
	}
	if effect == version.CurrentChanged {
		if n := p.Numbered; n != nil && n.Details == nil {
			p.Numbered = &numbered{At: n.At, Hash: n.Hash, Details: p.Details}
		}
		p.Details = s.Details
	}
	p.History = next
	if n := p.Numbered; n != nil && n.Details != nil && n.Hash == next.Current().Hash {
		p.Numbered = &numbered{At: n.At, Hash: n.Hash}
	}
}

// evidence gives the details in which the NHS number stands, and the number, if
// it may be used.
func (p *patient) evidence() (demographics.Details, string) {
	if p.Numbered == nil {
		return demographics.Details{}, ""
	}
	d := p.Numbered.Details
	if d == nil {
		d = p.Details
	}
	number, _ := matching.UsableNumber(*d)
	return *d, number
}

// since gives the instant from which the source states its current details
// without having stated others in between. Details that come back after others
// are new again. Of those that were said again more often than version.Window
// since they came back, it is the first time that the history still knows.
func (p *patient) since() version.Instant {
	runs := p.History.Runs()
	if len(runs) == 0 {
		return version.Instant{}
	}
	return runs[len(runs)-1].From.At
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

// member gives what a person's partition holds of it.
func (p *patient) member() SourcePatient {
	m := SourcePatient{Organisation: p.Organisation, System: p.System, Value: p.Value, MergedInto: p.into(), Linked: p.linked()}
	if p.Details != nil {
		m.Details, m.At = *p.Details, p.since()
	}
	return m
}

// sameMatter says whether two states of one patient agree in all that links can
// follow from: then only a confirmation lies between them.
func (p *patient) sameMatter(q *patient) bool {
	return p.History.Current().Hash == q.History.Current().Hash &&
		p.numberedHash() == q.numberedHash() && p.into() == q.into() && p.Value == q.Value
}

func (p *patient) numberedHash() string {
	if p.Numbered == nil {
		return ""
	}
	return p.Numbered.Hash
}

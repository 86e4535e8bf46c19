package index

import (
	"cmp"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/version"
)

// mostFormer bounds how many former names, and addresses, are evidence.
const mostFormer = 6

// derived is what follows from a source patient's statements, in the order of
// their time: its details as they stand, and all by which it is compared.
type derived struct {
	current  *demographics.Details // nil: a stub
	hash     string                // digest of the newest statement in them
	since    version.Instant       // from when on it states them
	numbered *demographics.Details // as of the newest statement that names an NHS number
	numberAt version.Instant       // the time of that
	former   []string              // NHS numbers that it stated before and does not state now
	held     string                // digest of an update that is held: an overlay
	profile  demographics.Profile
}

// derive reads the history. An update which turns the details into somebody
// else's is an overlay (Verato; IHE PMIR): it is held, together with whatever follows on
// it, until a human decides or the source says again what it said before.
func (x *Index) derive(p *patient) derived {
	var d derived
	var before []demographics.Details
	for _, run := range p.History.Runs() {
		said := p.Said[run.From.Hash]
		if said == nil {
			continue
		}
		next := said.After(d.current)
		if d.current != nil && p.Updates[run.From.Hash] != AnswerSame && x.overlays(d.current, &next) {
			if p.Updates[run.From.Hash] != AnswerDifferent {
				d.held = run.From.Hash
			}
			continue
		}
		if d.current != nil && d.hash != run.From.Hash {
			before = append(before, *d.current)
		}
		d.held = ""
		d.current, d.hash, d.since = &next, run.From.Hash, run.From.At
		if said.NHSNumber != "" {
			d.number(said)
			d.numberAt = run.Until
		}
	}
	if d.current != nil {
		d.profile = demographics.Clean(d.compared(before))
	}
	return d
}

// number takes a newer number in. A later statement without any does not take a
// number back: it is silent. One with a status that makes it unusable does.
func (d *derived) number(said *demographics.Details) {
	if before, number := d.evidence(); number != "" && before.NHSNumber != said.NHSNumber {
		d.former = append(d.former, before.NHSNumber)
	}
	d.former = slices.DeleteFunc(d.former, func(n string) bool { return n == said.NHSNumber })
	d.numbered = said
}

// compared gives the current details together with the names and addresses of
// former times, the latest first.
func (d *derived) compared(before []demographics.Details) demographics.Details {
	all := *d.current
	all.Names, all.Addresses = slices.Clone(all.Names), slices.Clone(all.Addresses)
	if d.numbered != nil && all.NHSNumber == "" {
		all.NHSNumber, all.NHSStatus = d.numbered.NHSNumber, d.numbered.NHSStatus
	}
	names, addresses := len(all.Names), len(all.Addresses)
	for _, old := range slices.Backward(before) {
		for _, n := range old.Names {
			n.Use = "old"
			if len(all.Names) < names+mostFormer && !slices.ContainsFunc(all.Names, n.SameWords) {
				all.Names = append(all.Names, n)
			}
		}
		for _, a := range old.Addresses {
			a.Use = "old"
			if len(all.Addresses) < addresses+mostFormer && !slices.ContainsFunc(all.Addresses, a.SamePlace) {
				all.Addresses = append(all.Addresses, a)
			}
		}
	}
	return all
}

// overlays says whether an update turns details into somebody else's: the
// evidence speaks against one person, or two of given name, family name, birth
// date, sex and NHS number have changed into what does not agree at all.
func (x *Index) overlays(before, after *demographics.Details) bool {
	a, b := demographics.Clean(*before), demographics.Clean(*after)
	s := x.matcher.Score(&a, &b)
	if d := x.matcher.Explain(s); d.Bits-d.Prior < 0 {
		return true
	}
	changed := 0
	for _, differs := range []bool{
		s.Guards&matching.GuardGiven != 0,
		familyDiffers(before, after),
		demographics.CompareBirthDates(before.BirthDate, after.BirthDate) == demographics.Differs,
		a.Sex != 0 && b.Sex != 0 && a.Sex != b.Sex,
		before.NHSNumber != "" && after.NHSNumber != "" && before.NHSNumber != after.NHSNumber,
	} {
		if differs {
			changed++
		}
	}
	return changed >= 2
}

// familyDiffers says whether no family name of the one begins like one of the other.
func familyDiffers(a, b *demographics.Details) bool {
	known := false
	for _, n := range a.Names {
		for _, m := range b.Names {
			p, q := n.FamilyPrefix(), m.FamilyPrefix()
			if p == "" || q == "" {
				continue
			}
			if p == q || strings.Contains(demographics.Fold(n.Family), demographics.Fold(m.Family)) || strings.Contains(demographics.Fold(m.Family), demographics.Fold(n.Family)) {
				return false
			}
			known = true
		}
	}
	return known
}

// evidence gives the details in which the NHS number stands, and the number, if
// it may be used.
func (d *derived) evidence() (demographics.Details, string) {
	if d.numbered == nil {
		return demographics.Details{}, ""
	}
	number, _ := matching.UsableNumber(*d.numbered)
	return *d.numbered, number
}

// sameMatter says whether two states of one patient agree in all that links can
// follow from: then only a confirmation lies between them.
func (m *member) sameMatter() bool {
	if m.now.History.Equal(m.stored.History) && m.now.into() == m.stored.into() && m.now.Value == m.stored.Value &&
		len(m.now.Updates) == len(m.stored.Updates) && slices.EqualFunc(m.now.Pins, m.stored.Pins, samePin) {
		return true
	}
	type matter struct {
		Hash, Into, Value, Held string
		Former                  []string
		Number, Current         *demographics.Details
		Profile                 demographics.Profile
	}
	of := func(p *patient, d *derived) string {
		return string(encode(matter{d.hash, p.into(), p.Value, d.held, d.former, d.numbered, d.current, d.profile}))
	}
	return of(&m.now, &m.is) == of(&m.stored, &m.was) && slices.EqualFunc(m.now.Pins, m.stored.Pins, samePin)
}

func samePin(a, b Pin) bool {
	return a.With == b.With && a.Kind == b.Kind && a.Act.At.Equal(b.Act.At)
}

// shown gives what a person's partition holds of it.
func (m *member) shown(p *patient, d *derived) SourcePatient {
	s := SourcePatient{
		Organisation: p.Organisation, System: p.System, Value: p.Value, MergedInto: p.into(), Linked: p.linked(),
		Held: d.held != "", Former: d.former,
	}
	if d.current != nil {
		s.Details, s.At = *d.current, d.since
	}
	if p.Disputed && s.Details.NHSNumber != "" {
		s.Details.NHSStatus = statusConflict
	}
	return s
}

// statusConflict is the NHS number status indicator of a number that is in
// conflict with the details: the trace needs to be resolved (NHS Data
// Dictionary).
const statusConflict = "05"

// byKey orders members.
func byKey(a, b *member) int { return cmp.Compare(a.key, b.key) }

package index

import (
	"cmp"
	"slices"
)

// PinKind is what a human decided of two source patients.
type PinKind string

// The pins. What is pinned apart is never one person, whatever else joins
// them; what is pinned together always is, unless that would bring together
// what is pinned apart.
const (
	PinMust   PinKind = "must"
	PinNever  PinKind = "never"
	PinLifted PinKind = "lifted" // a merge by hand was taken back: the rules decide on the two again
)

// Pin is a decision of a human on two source patients. It lies with both of
// them, and every later run obeys it. Of several decisions on the same two the
// newest stands.
type Pin struct {
	With string  `json:"w"` // key of the other one
	Kind PinKind `json:"k"`
	Into string  `json:"i,omitzero"` // of a merge of two people: the id that stays
	Act  Act     `json:"a"`
}

// pin takes a decision in.
func (p *patient) pin(pin Pin) {
	i, there := slices.BinarySearchFunc(p.Pins, pin, func(a, b Pin) int { return cmp.Compare(a.With, b.With) })
	if there && !pin.stands(p.Pins[i]) {
		return
	}
	p.Pins = slices.Clone(p.Pins)
	if there {
		p.Pins[i] = pin
		return
	}
	p.Pins = slices.Insert(p.Pins, i, pin)
}

// stands says whether the decision replaces another on the same two: it is the
// newer one.
func (p *Pin) stands(other Pin) bool {
	return cmp.Or(p.Act.At.Compare(other.Act.At), cmp.Compare(p.Kind, other.Kind)) > 0
}

// pinned gives the decision that stands on this patient and another.
func (p *patient) pinned(with string) (Pin, bool) {
	i := slices.IndexFunc(p.Pins, func(pin Pin) bool { return pin.With == with && pin.Kind != PinLifted })
	if i < 0 {
		return Pin{}, false
	}
	return p.Pins[i], true
}

package index

import (
	"cmp"
	"slices"
	"time"

	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/record"
)

// outcome is a neighbourhood decided: what its members and claims are now is in
// their own fields.
type outcome struct {
	units   sets
	aliases map[string]string // ids given up -> the person joined
	reviews []Review
}

// decide works out the people of the neighbourhood and notes what changed.
func (h *hood) decide(received time.Time) outcome {
	r := h.resolve()
	people, aliases := h.assign(r, received)
	out := outcome{units: r.units, aliases: aliases}
	for _, p := range people {
		for _, m := range p.members {
			m.now.Person, m.now.Claim = p.id, r.numbers[m.key]
		}
	}
	for _, c := range h.claims {
		c.settle(r.claims[c.id], h.superseded(r, c))
	}
	for _, m := range h.members {
		d := h.decision(r, m)
		m.record(d, h.origin(m))
		out.reviews = append(out.reviews, h.review(r, m, d)...)
	}
	return out
}

// settle notes who states the number and whose it is.
func (c *held) settle(staters []*member, old []superseded) {
	c.now = claim{Superseded: old}
	for _, m := range staters {
		d, _ := m.now.evidence()
		c.now.Staters = append(c.now.Staters, stater{m.key, m.now.Person, evidenceOf(d)})
	}
	c.now.Person = c.now.holder()
}

// superseded gives who states the number of a claim and does not stand in it
// for a merge. Who is not of this neighbourhood stays as noted: a number that
// links nobody binds nobody, and whoever moves them writes the claim.
func (h *hood) superseded(r *resolution, c *held) []superseded {
	var list []superseded
	for _, s := range c.stored.Superseded {
		if h.byKey[s.Key] == nil {
			list = append(list, s)
		}
	}
	for _, m := range r.old[c.id] {
		list = append(list, superseded{m.key, m.now.Person})
	}
	slices.SortFunc(list, func(a, b superseded) int { return cmp.Compare(a.Key, b.Key) })
	return list[:min(len(list), mostStaters)]
}

// decision gives the reason for a member's link as it is now.
func (h *hood) decision(r *resolution, m *member) cross {
	merged := matching.Decision{Outcome: matching.Link, Rule: matching.RuleMerge, Version: matching.Version}
	best, compared := r.crosses[m.key]
	switch {
	case m.now.Merge != nil:
		return cross{merged, m.now.Merge.Into}
	case compared && best.decision.Outcome == matching.Link:
		return best
	case len(m.now.Priors) > 0:
		return cross{merged, m.now.Priors[0]}
	case compared:
		return best
	}
	return cross{decision: matching.Decision{Outcome: matching.New, Rule: matching.RuleNone, Version: matching.Version}}
}

// record adds an event when the member's person changed, or when what it says
// now gives another reason for the same link.
func (m *member) record(d cross, origin record.Origin) {
	last := m.now.linked()
	relinked := m.now.Person != m.stored.Person
	if !relinked && (!m.moved || m.now.Person == "" || same(last.Decision, d.decision) && last.With == d.with) {
		return
	}
	m.now.Events = append(slices.Clone(m.now.Events), Event{
		Number: m.now.decided(), Person: m.now.Person, Former: m.stored.Person,
		Decision: d.decision, With: d.with, Origin: origin,
	})
}

func same(a, b matching.Decision) bool {
	return a.Outcome == b.Outcome && a.Rule == b.Rule && a.Version == b.Version && slices.Equal(a.Fields, b.Fields)
}

// origin gives the row that made it necessary to decide on a member: its own
// newest one, else that of the first who said something.
func (h *hood) origin(m *member) record.Origin {
	if len(m.said) == 0 {
		i := slices.IndexFunc(h.members, func(n *member) bool { return len(n.said) > 0 })
		m = h.members[i]
	}
	return slices.MaxFunc(m.said, func(a, b *Statement) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Origin.Delivery, b.Origin.Delivery), cmp.Compare(a.Origin.Row, b.Origin.Row))
	}).Origin
}

// review opens and closes reviews of a member.
func (h *hood) review(r *resolution, m *member, d cross) (list []Review) {
	kind := r.review[m.key]
	if c := h.byClaim[m.now.Claim]; kind == "" && c != nil && c.now.Person != m.now.Person {
		kind = ReviewConflict
	}
	m.now.Review = kind
	if kind == m.stored.Review {
		return nil
	}
	one := Review{Key: m.key, Person: m.now.Person, With: d.with, Decision: d.decision, Origin: h.origin(m)}
	if m.stored.Review != "" {
		one.Kind = m.stored.Review
		list = append(list, one)
	}
	if kind != "" {
		one.Kind, one.Open = kind, true
		list = append(list, one)
	}
	return list
}

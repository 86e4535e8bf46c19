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
	units    sets
	aliases  map[string]string // ids given up -> the person joined
	restored map[string]uint64 // ids taken up again -> version of the alias that goes
	reviews  []change
}

// decide works out the people of the neighbourhood and notes what changed.
func (h *hood) decide(received time.Time, aliases map[string]former) outcome {
	r := h.resolve()
	people, given := h.assign(r, received, aliases)
	out := outcome{units: r.units, aliases: given, restored: map[string]uint64{}}
	for _, p := range people {
		if f, ok := aliases[p.id]; ok && p.restores == p.id {
			out.restored[p.id] = f.version
		}
		for _, m := range p.members {
			m.moveTo(p.id)
			m.now.Claim = r.numbers[m.key]
		}
	}
	for _, c := range h.claims {
		c.settle(r.claims[c.id], h.superseded(r, c))
	}
	for _, m := range h.members {
		c := h.byClaim[m.now.Claim]
		m.now.Disputed = c != nil && c.now.Person != m.now.Person
	}
	r.wantMore()
	for _, m := range h.members {
		m.record(h.decision(r, m), h.origin(m))
	}
	out.reviews = h.settleReviews(r, received)
	return out
}

// mostFormerIDs bounds how many earlier people of a source patient are known.
const mostFormerIDs = 4

// moveTo notes the member's person, and of which it was before.
func (m *member) moveTo(person string) {
	before := m.stored.Person
	m.now.Person = person
	if before == "" || before == person {
		return
	}
	was := slices.DeleteFunc(slices.Clone(m.now.Was), func(id string) bool { return id == before || id == person })
	was = append(was, before)
	m.now.Was = was[max(0, len(was)-mostFormerIDs):]
}

// settle notes who states the number and whose it is.
func (c *held) settle(staters []*member, old []superseded) {
	c.now = claim{Superseded: old}
	for _, m := range staters {
		d, _ := m.is.evidence()
		c.now.Staters = append(c.now.Staters, stater{m.key, m.now.Person, evidenceOf(d)})
	}
	c.now.Person = c.now.holder()
}

// superseded gives who states the number of a claim and does not stand in it for
// a merge, and who stated it before. Who is not of this neighbourhood stays as
// noted: a number that links nobody binds nobody, and whoever moves them writes
// the claim.
func (h *hood) superseded(r *resolution, c *held) []superseded {
	var list []superseded
	for _, s := range c.stored.Superseded {
		if h.byKey[s.Key] == nil {
			list = append(list, s)
		}
	}
	noted := map[string]bool{}
	for _, m := range r.old[c.id] {
		noted[m.key] = true
		list = append(list, superseded{Key: m.key, Person: m.now.Person})
	}
	for _, m := range h.members {
		stated := slices.ContainsFunc(m.is.former, func(n string) bool { return h.index.claimID(n) == c.id })
		if stated && !noted[m.key] && r.numbers[m.key] != c.id {
			list = append(list, superseded{Key: m.key, Person: m.now.Person, Former: true})
		}
	}
	slices.SortFunc(list, func(a, b superseded) int { return cmp.Compare(a.Key, b.Key) })
	return list[:min(len(list), mostStaters)]
}

// decision gives the reason for a member's link as it is now: a human's before
// its organisation's, these before the model's, and of the certain rules the best.
func (h *hood) decision(r *resolution, m *member) cross {
	details, byDetails := r.details[m.key]
	best, compared := r.crosses[m.key]
	pin := h.pinOf(r, m)
	switch {
	case pin != nil:
		return cross{pin.decision(), pin.With}
	case m.now.Merge != nil && r.units.joined(m.key, m.now.Merge.Into):
		return cross{byMerge, m.now.Merge.Into}
	case byDetails:
		return details
	case compared && best.decision.Outcome == matching.Link:
		return best
	case len(m.now.Priors) > 0 && r.units.joined(m.key, m.now.Priors[0]):
		return cross{byMerge, m.now.Priors[0]}
	case compared:
		return best
	}
	return cross{decision: unlinked}
}

// pinOf gives the newest decision of a human that makes the member's person what
// it is.
func (h *hood) pinOf(r *resolution, m *member) (newest *Pin) {
	for i := range m.now.Pins {
		p := &m.now.Pins[i]
		if r.people.joined(m.key, p.With) == (p.Kind == PinMust) && (newest == nil || p.Act.At.After(newest.Act.At)) {
			newest = p
		}
	}
	return newest
}

// decision words a pin.
func (p *Pin) decision() matching.Decision {
	d := matching.Decision{Outcome: matching.Link, Rule: matching.RulePin, Version: matching.Version, By: p.Act.By, Reason: p.Act.Reason}
	if p.Kind != PinMust {
		d.Outcome = matching.New
	}
	return d
}

// record adds an event when the member's person changed, or when what it says
// now gives another reason for the same link. Who is merely looked up again says
// nothing.
func (m *member) record(d cross, origin record.Origin) {
	last := m.now.linked()
	relinked := m.now.Person != m.stored.Person
	if !relinked && (!m.moved || m.sweep || m.now.Person == "" || same(last.Decision, d.decision) && last.With == d.with) {
		return
	}
	m.now.Events = append(slices.Clone(m.now.Events), Event{
		Number: m.now.decided(), Person: m.now.Person, Former: m.stored.Person,
		Decision: d.decision, With: d.with, Origin: origin,
	})
}

// same says whether two decisions have the same reasons. Bits may differ: they
// follow from the levels, and from who else there is.
func same(a, b matching.Decision) bool {
	return a.Outcome == b.Outcome && a.Rule == b.Rule && a.Version == b.Version && a.By == b.By &&
		slices.EqualFunc(a.Fields, b.Fields, func(f, g matching.Field) bool { return f.Name == g.Name && f.Level == g.Level })
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

package index

import (
	"cmp"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// resolution is who is one person in a neighbourhood. It follows from what the
// source patients state now, from what humans have pinned, and from nothing else
// that was decided before:
//
//  1. Two who are pinned apart are never one person, whatever follows.
//  2. Patients that are pinned together are one person.
//  3. Patients merged with each other are one unit. A unit states one NHS
//     number: that of a patient that was not itself merged away before that of
//     one that was, and of these the one stated last.
//  4. Units that state the same number, and of which two patients pass the rule
//     of package matching in one direction or the other, are one person.
//  5. What is left is decided by its details (matching.Resolve): links, and
//     pairs for a human to look at.
//
// A merge names two patients without order of time, so chains and circles of
// merges are units like others.
type resolution struct {
	hood    *hood
	pinned  bool // somebody is pinned apart from somebody
	units   sets // by merge
	certain sets // by pin, merge and number
	people  sets // by these and by details
	numbers map[string]string
	claims  map[string][]*member // those that stand in a claim, by key
	old     map[string][]*member // those that state a claim's number and do not stand in it for a merge
	crosses map[string]cross
	details map[string]cross
	reviews []wanted
}

// cross is a comparison of a patient with another one.
type cross struct {
	decision matching.Decision
	with     string
}

func (h *hood) resolve() *resolution {
	r := &resolution{
		hood: h, units: sets{}, certain: sets{}, people: sets{}, numbers: map[string]string{},
		claims: map[string][]*member{}, old: map[string][]*member{}, crosses: map[string]cross{}, details: map[string]cross{},
	}
	for _, m := range h.members {
		r.pinned = r.pinned || slices.ContainsFunc(m.now.Pins, func(p Pin) bool { return p.Kind == PinNever })
	}
	r.joinPinned()
	r.mergeUnits()
	for _, unit := range h.group(r.units) {
		r.chooseNumber(unit)
	}
	for _, c := range h.claims {
		r.limit(c)
		r.compare(r.claims[c.id])
	}
	for _, m := range h.members {
		r.people.join(m.key, r.certain.root(m.key))
	}
	r.settleNear()
	r.byDetails()
	return r
}

// join makes one person of two, by a certain rule, unless that would bring
// together what is pinned apart.
func (r *resolution) join(a, b string) bool {
	if r.pinned && !r.certain.joined(a, b) {
		for _, m := range r.hood.members {
			for _, p := range m.now.Pins {
				if p.Kind == PinNever && r.certain.joined(m.key, a) && r.certain.joined(p.With, b) ||
					p.Kind == PinNever && r.certain.joined(m.key, b) && r.certain.joined(p.With, a) {
					return false
				}
			}
		}
	}
	r.certain.join(a, b)
	return true
}

func (r *resolution) joinPinned() {
	for _, m := range r.hood.members { // by key, so that the result follows from the set
		for _, p := range m.now.Pins {
			if p.Kind == PinMust && r.hood.byKey[p.With] != nil {
				r.join(m.key, p.With)
			}
		}
	}
}

// mergeUnits joins merged patients and notes at each survivor who was merged into it.
func (r *resolution) mergeUnits() {
	for _, m := range r.hood.members {
		m.now.Priors = nil
	}
	for _, m := range r.hood.members { // by key, so the priors are sorted
		into := m.now.into()
		survivor := r.hood.byKey[into]
		if into == "" || survivor == nil {
			continue
		}
		survivor.now.Priors = append(survivor.now.Priors, m.key)
		if r.join(m.key, into) {
			r.units.join(m.key, into)
		}
	}
}

// group gives the members of each set, in the order of their keys.
func (h *hood) group(s sets) [][]*member {
	var list [][]*member
	place := map[string]int{}
	for _, m := range h.members {
		root := s.root(m.key)
		i, ok := place[root]
		if !ok {
			i = len(list)
			place[root], list = i, append(list, nil)
		}
		list[i] = append(list[i], m)
	}
	return list
}

// chooseNumber settles which number a unit states and who of it stands in the claim.
func (r *resolution) chooseNumber(unit []*member) {
	var staters []*member
	numbers := map[string]string{}
	for _, m := range unit {
		if _, number := m.is.evidence(); number != "" {
			staters, numbers[m.key] = append(staters, m), number
		}
	}
	if len(staters) == 0 {
		return
	}
	first := slices.MinFunc(staters, func(a, b *member) int {
		return cmp.Or(compareBool(a.now.Merge != nil, b.now.Merge != nil),
			b.is.numberAt.Compare(a.is.numberAt), cmp.Compare(a.key, b.key))
	})
	id := r.hood.index.claimID(numbers[first.key])
	for _, m := range staters {
		if numbers[m.key] == numbers[first.key] {
			r.claims[id], r.numbers[m.key] = append(r.claims[id], m), id
			continue
		}
		superseded := r.hood.index.claimID(numbers[m.key])
		r.old[superseded] = append(r.old[superseded], m)
		r.want(ReviewMerged, m, first, "", byMerge)
	}
}

// limit keeps a claim from more staters than it may have: who stands in it
// stays, and of the others those with the least keys come in.
func (r *resolution) limit(c *held) {
	staters := r.claims[c.id]
	slices.SortFunc(staters, func(a, b *member) int {
		return cmp.Or(compareBool(a.stored.Claim != c.id, b.stored.Claim != c.id), byKey(a, b))
	})
	for i, m := range staters {
		if i >= mostStaters {
			r.want(ReviewCrowded, m, nil, "", unlinked)
			delete(r.numbers, m.key)
		}
	}
	staters = staters[:min(len(staters), mostStaters)]
	slices.SortFunc(staters, byKey)
	r.claims[c.id] = staters
}

// compare joins those of one claim that the rule confirms.
func (r *resolution) compare(staters []*member) {
	evidence := make([]demographics.Details, len(staters))
	for i, m := range staters {
		d, _ := m.is.evidence()
		evidence[i] = evidenceOf(d)
	}
	for i, m := range staters {
		for j, n := range staters {
			if r.units.joined(m.key, n.key) {
				continue
			}
			d := r.hood.index.cross(evidence[i], evidence[j])
			if back := r.hood.index.cross(evidence[j], evidence[i]); better(back, d) {
				d = back
			}
			if d.Outcome == matching.Link && !r.join(m.key, n.key) {
				continue // pinned apart
			}
			if best, ok := r.crosses[m.key]; !ok || better(d, best.decision) {
				r.crosses[m.key] = cross{d, n.key}
			}
		}
	}
}

// better ranks decisions: a link before none, the exact rule before others.
func better(a, b matching.Decision) bool { return strength(a) > strength(b) }

func strength(d matching.Decision) int {
	switch {
	case d.Outcome == matching.Link && d.Rule == matching.RuleExact:
		return 3
	case d.Outcome == matching.Link:
		return 2
	case d.Outcome == matching.Conflict:
		return 1
	}
	return 0
}

// Decisions without a comparison.
var (
	byMerge  = matching.Decision{Outcome: matching.Link, Rule: matching.RuleMerge, Version: matching.Version}
	unlinked = matching.Decision{Outcome: matching.New, Rule: matching.RuleNone, Version: matching.Version}
)

package index

import (
	"cmp"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// resolution is who is one person in a neighbourhood. It follows from what the
// source patients state now and from nothing that was decided before:
//
//  1. Patients merged with each other are one unit. A unit states one NHS
//     number: that of a patient that was not itself merged away before that of
//     one that was, and of these the one stated last.
//  2. Units that state the same number, and of which two patients pass the rule
//     of package matching in one direction or the other, are one person.
//
// A merge names two patients without order of time, so chains and circles of
// merges are units like others.
type resolution struct {
	units   sets // by merge
	people  sets // by merge and number
	numbers map[string]string
	claims  map[string][]*member // those that stand in a claim, by key
	old     map[string][]*member // those that state a claim's number and do not stand in it for a merge
	review  map[string]ReviewKind
	crosses map[string]cross
}

// cross is the best comparison of a patient with one of another unit.
type cross struct {
	decision matching.Decision
	with     string
}

func (h *hood) resolve() *resolution {
	r := &resolution{
		units: sets{}, people: sets{}, numbers: map[string]string{},
		claims: map[string][]*member{}, old: map[string][]*member{}, review: map[string]ReviewKind{}, crosses: map[string]cross{},
	}
	h.mergeUnits(r)
	for _, unit := range h.group(r.units) {
		h.chooseNumber(r, unit)
	}
	for _, c := range h.claims {
		h.limit(r, c)
		h.compare(r, r.claims[c.id])
	}
	return r
}

// mergeUnits joins merged patients and notes at each survivor who was merged into it.
func (h *hood) mergeUnits(r *resolution) {
	for _, m := range h.members {
		m.now.Priors = nil
	}
	for _, m := range h.members { // by key, so the priors are sorted
		if into := m.now.into(); into != "" {
			r.units.join(m.key, into)
			r.people.join(m.key, into)
			survivor := h.byKey[into]
			survivor.now.Priors = append(survivor.now.Priors, m.key)
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
func (h *hood) chooseNumber(r *resolution, unit []*member) {
	var staters []*member
	numbers := map[string]string{}
	for _, m := range unit {
		if _, number := m.now.evidence(); number != "" {
			staters, numbers[m.key] = append(staters, m), number
		}
	}
	if len(staters) == 0 {
		return
	}
	first := slices.MinFunc(staters, func(a, b *member) int {
		return cmp.Or(compareBool(a.now.Merge != nil, b.now.Merge != nil),
			b.now.Numbered.At.Compare(a.now.Numbered.At), cmp.Compare(a.key, b.key))
	})
	id := h.index.claimID(numbers[first.key])
	for _, m := range staters {
		if numbers[m.key] == numbers[first.key] {
			r.claims[id], r.numbers[m.key] = append(r.claims[id], m), id
		} else {
			superseded := h.index.claimID(numbers[m.key])
			r.review[m.key], r.old[superseded] = ReviewMerged, append(r.old[superseded], m)
		}
	}
}

// limit keeps a claim from more staters than it may have: who stands in it
// stays, and of the others those with the least keys come in.
func (h *hood) limit(r *resolution, c *held) {
	staters := r.claims[c.id]
	slices.SortFunc(staters, func(a, b *member) int {
		return cmp.Or(compareBool(a.stored.Claim != c.id, b.stored.Claim != c.id), cmp.Compare(a.key, b.key))
	})
	for i, m := range staters {
		if i >= mostStaters {
			r.review[m.key] = ReviewCrowded
			delete(r.numbers, m.key)
		}
	}
	staters = staters[:min(len(staters), mostStaters)]
	slices.SortFunc(staters, func(a, b *member) int { return cmp.Compare(a.key, b.key) })
	r.claims[c.id] = staters
}

// compare joins those of one claim that the rule confirms.
func (h *hood) compare(r *resolution, staters []*member) {
	evidence := make([]demographics.Details, len(staters))
	for i, m := range staters {
		d, _ := m.now.evidence()
		evidence[i] = evidenceOf(d)
	}
	for i, m := range staters {
		for j, n := range staters {
			if r.units.joined(m.key, n.key) {
				continue
			}
			d := h.index.rule(evidence[i], evidence[j])
			if back := h.index.rule(evidence[j], evidence[i]); better(back, d) {
				d = back
			}
			if d.Outcome == matching.Link {
				r.people.join(m.key, n.key)
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

// compareBool puts false before true.
func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

package index

import (
	"slices"

	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/nhs"
)

// byDetails resolves what the certain rules have left apart.
func (r *resolution) byDetails() {
	var groups [][]*member
	for _, g := range r.hood.group(r.certain) {
		if slices.ContainsFunc(g, func(m *member) bool { return m.is.current != nil }) {
			groups = append(groups, g)
		}
	}
	if len(groups) < 2 {
		return
	}
	units := make([]matching.Unit, len(groups))
	for i, g := range groups {
		units[i] = unit(g)
	}
	found := r.hood.index.matcher.Resolve(units, r.pairs(groups, units), func(a, b int) bool { return r.apart(groups[a], groups[b]) })
	for i, g := range groups {
		r.people.join(g[0].key, groups[found.Person[i]][0].key)
		if best := found.Best[i]; best.B >= 0 {
			r.details[lead(g).key] = cross{best.Decision, lead(groups[best.B]).key}
		}
	}
	for _, f := range found.Reviews {
		r.want(kindOf(f.Decision), lead(groups[f.A]), lead(groups[f.B]), "", f.Decision)
	}
}

// unit gives members that are one person already as what is resolved.
func unit(g []*member) matching.Unit {
	u := matching.Unit{ID: g[0].key, Profile: profiles(g)}
	for _, m := range g {
		if m.now.Merge == nil && m.is.current != nil && !slices.Contains(u.Sources, m.now.register()) {
			u.Sources = append(u.Sources, m.now.register())
		}
	}
	return u
}

// pairs gives the groups of whom some are near to each other, with the scores
// of all they state.
func (r *resolution) pairs(groups [][]*member, units []matching.Unit) []matching.Scored {
	var list []matching.Scored
	for i := range groups {
		for j := range i {
			if anyNear(groups[j], groups[i]) {
				list = append(list, matching.Scored{A: j, B: i, Score: r.hood.index.matcher.Score(units[j].Profile, units[i].Profile)})
			}
		}
	}
	return list
}

func anyNear(a, b []*member) bool {
	for _, m := range a {
		for _, n := range b {
			if slices.Contains(m.now.Near, n.key) {
				return true
			}
		}
	}
	return false
}

// apart says whether a human has pinned a member of one group apart from one of
// another.
func (r *resolution) apart(a, b []*member) bool {
	if !r.pinned {
		return false
	}
	for _, m := range a {
		for _, n := range b {
			if p, ok := m.now.pinned(n.key); ok && p.Kind == PinNever {
				return true
			}
		}
	}
	return false
}

// lead gives the member that stands for a group: the first that was not merged away and
// states details.
func lead(g []*member) *member {
	for _, merged := range []bool{false, true} {
		for _, m := range g {
			if m.is.current != nil && (m.now.Merge != nil) == merged {
				return m
			}
		}
	}
	return g[0]
}

func kindOf(d matching.Decision) ReviewKind {
	switch {
	case d.Outcome == matching.Conflict:
		return ReviewConflict
	case slices.Contains(d.Guards, matching.GuardNameSource):
		return ReviewDuplicate
	}
	return ReviewPossible
}

// settleNear notes for every member who is near to it and would be found by one of
// its keys, and who will be once it says what was announced. Those who are one person by
// a certain rule find each other by that.
func (r *resolution) settleNear() {
	h := r.hood
	for _, m := range h.members {
		var near []string
		for _, key := range m.stored.Near {
			if h.byKey[key] == nil { // out of sight: the area was too large
				near = append(near, key)
			}
		}
		for _, n := range h.members {
			waits := m.ahead[n.key] || (m.is.current == nil || n.is.current == nil) && slices.Contains(m.stored.Near, n.key)
			if m != n && (waits || !r.certain.joined(m.key, n.key) && m.meets(n) && h.index.nearTo(m, n)) {
				near = append(near, n.key)
			}
		}
		slices.Sort(near)
		m.now.Near = near
	}
}

// meets says whether two source patients have a key in common, or one has stated
// the NHS number that the other may have meant. Whoever meets in no such way is
// not compared, also where a third has brought the two together: else it would
// depend on who came first.
func (m *member) meets(n *member) bool {
	for _, k := range m.blockingKeys() {
		if slices.Contains(n.blockingKeys(), k) {
			return true
		}
	}
	return m.misreads(n) || n.misreads(m)
}

// blockingKeys gives the keys of whole blocks.
func (m *member) blockingKeys() []matching.Key {
	if m.keys == nil {
		for _, k := range matching.Keys(&m.is.profile) {
			m.keys = append(m.keys, wide(k))
		}
	}
	return m.keys
}

func (m *member) misreads(n *member) bool {
	if m.is.current == nil || m.is.current.Misread == "" {
		return false
	}
	_, number := n.is.evidence()
	return number != "" && slices.Contains(nhs.RepairNumber(m.is.current.Misread), number)
}

package index

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"time"
)

// someone is a person at work: a set of members that are one person, and the id
// that they get.
type someone struct {
	members []*member
	claim   *held // of their number, if they state one
	former  []string
	back    string // an id that was given up and could be theirs again
	id      string

	restores string // the id taken up again
}

// former is an id that was given up, as its item says.
type former struct {
	person  string // the person joined
	version uint64
}

// detailed says whether anything but merges is known of them.
func (p *someone) detailed() bool {
	return slices.ContainsFunc(p.members, func(m *member) bool { return m.is.current != nil })
}

// standing counts those with the id that were not merged away.
func (p *someone) standing(id string, only func(*member) bool) int {
	n := 0
	for _, m := range p.members {
		if m.stored.Person == id && m.now.Merge == nil && only(m) {
			n++
		}
	}
	return n
}

func anyMember(*member) bool  { return true }
func (m *member) still() bool { return !m.moved }

// assign gives every person an id. An id in use stays in use: with those whose
// number it holds, then where most of its members are that say nothing new. Of
// several ids that meet, that with most members that were not merged away
// stays, then that which holds the number, then the oldest; the others become
// aliases; but a human who merges two people says which id stays. Who is left
// without one takes up the id again that was theirs before they joined others,
// or else gets a new one. The result is one that every attempt gives.
func (h *hood) assign(r *resolution, received time.Time, aliases map[string]former) ([]*someone, map[string]string) {
	people := h.people(r)
	ids := h.ids()
	for _, p := range people {
		p.back = p.backTo(ids, aliases)
	}
	for _, id := range ids {
		if p := h.keeper(people, id); p != nil {
			p.former = append(p.former, id)
		}
	}
	given := map[string]string{}
	for _, p := range people {
		if !p.detailed() {
			continue
		}
		p.id = h.choose(p)
		for _, id := range p.former {
			if id != p.id {
				given[id] = p.id
			}
		}
	}
	taken := map[string]bool{}
	for _, p := range people { // after all ids in use are given
		switch {
		case p.id != "" || !p.detailed():
		case p.back != "" && !taken[p.back]:
			p.id, p.restores = p.back, p.back
			taken[p.back] = true
		default:
			p.id = h.mint(p, received)
		}
	}
	return people, given
}

// backTo gives the id that the members had before they joined one of the people
// in use, if it was given up then and is nobody's now.
func (p *someone) backTo(inUse []string, aliases map[string]former) string {
	for _, m := range p.members {
		for _, id := range slices.Backward(m.now.Was) {
			f, ok := aliases[id]
			for step := 0; ok && !slices.Contains(inUse, f.person) && step < longestTrail; step++ {
				f, ok = aliases[f.person]
			}
			if ok && !slices.Contains(inUse, id) {
				return id
			}
		}
	}
	return ""
}

func (h *hood) people(r *resolution) []*someone {
	var people []*someone
	for _, members := range h.group(r.people) {
		p := &someone{members: members}
		for _, m := range members {
			if id := r.numbers[m.key]; id != "" {
				p.claim = h.byClaim[id]
			}
		}
		people = append(people, p)
	}
	return people
}

// ids gives the ids in use, the oldest first.
func (h *hood) ids() []string {
	set := map[string]bool{}
	for _, m := range h.members {
		if m.stored.Person != "" {
			set[m.stored.Person] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// keeper gives those with whom an id stays.
func (h *hood) keeper(people []*someone, id string) *someone {
	var candidates []*someone
	for _, p := range people {
		if p.detailed() && slices.ContainsFunc(p.members, func(m *member) bool { return m.stored.Person == id }) {
			candidates = append(candidates, p)
		}
	}
	if len(candidates) == 0 {
		return nil
	}
	return slices.MinFunc(candidates, func(a, b *someone) int {
		return cmp.Or(compareBool(a.back != "", b.back != ""), compareBool(!a.holds(id), !b.holds(id)),
			b.standing(id, (*member).still)-a.standing(id, (*member).still),
			b.standing(id, anyMember)-a.standing(id, anyMember),
			cmp.Compare(a.members[0].key, b.members[0].key))
	})
}

// holds says whether the claim on their number is the id's.
func (p *someone) holds(id string) bool { return p.claim != nil && p.claim.stored.Person == id }

// choose gives the one of their former ids that stays, or "".
func (h *hood) choose(p *someone) string {
	if len(p.former) == 0 {
		return ""
	}
	stays := p.merged()
	return slices.MinFunc(p.former, func(a, b string) int {
		return cmp.Or(compareBool(a != stays, b != stays), p.standing(b, anyMember)-p.standing(a, anyMember),
			compareBool(!p.holds(a), !p.holds(b)), cmp.Compare(a, b))
	})
}

// merged gives the id that stays by what a human said last of two of them.
func (p *someone) merged() string {
	var newest Pin
	for _, m := range p.members {
		for _, pin := range m.now.Pins {
			if pin.Kind == PinMust && pin.Into != "" && pin.Act.At.After(newest.Act.At) {
				newest = pin
			}
		}
	}
	return newest.Into
}

// mint makes an id. The first person ever to hold a number gets one that
// follows from the number, so that two who mint it at once agree; any other one
// that follows from a source patient and the count of its decisions, so that no
// id comes twice.
func (h *hood) mint(p *someone, received time.Time) string {
	if c := p.claim; c != nil && c.version == 0 && c.now.Person == "" {
		id := h.index.hasher.ULID(received, "person-nhs", c.id)
		c.now.Person = id
		return id
	}
	m := p.members[0]
	if i := slices.IndexFunc(p.members, func(m *member) bool { return m.is.current != nil && m.now.Merge == nil }); i >= 0 {
		m = p.members[i]
	}
	return h.index.hasher.ULID(received, "person", m.key, strconv.Itoa(m.now.decided()))
}

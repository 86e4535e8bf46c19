package index

import (
	"maps"
	"slices"
)

// hood is a neighbourhood: source patients that no merge, no number, no pin and no
// likeness binds to anyone outside. It is decided by itself, in one commit,
// whatever happens to others at the same time.
type hood struct {
	index   *Index
	members []*member // by key
	claims  []*held   // by id

	byKey   map[string]*member
	byClaim map[string]*held
	rulings map[string]*ruling // what a human says of reviews in this very attempt, by id
}

// hoods cuts the area into neighbourhoods. Who was not asked for neighbours is
// one alone.
func (a *area) hoods() []*hood {
	s := sets{}
	for key, m := range a.members {
		if !m.asked {
			continue
		}
		for _, spk := range m.neighbours() {
			if a.members[spk] != nil {
				s.join(key, spk)
			}
		}
		for _, id := range a.claimsOf(m) {
			s.join(key, "#"+id)
		}
	}
	live := a.live()
	for _, c := range live {
		for _, one := range c.stored.Staters {
			s.join("#"+c.id, one.Key)
		}
	}
	byRoot := map[string]*hood{}
	of := func(element string) *hood {
		root := s.root(element)
		if byRoot[root] == nil {
			byRoot[root] = &hood{index: a.index, byKey: map[string]*member{}, byClaim: map[string]*held{}}
		}
		return byRoot[root]
	}
	for _, key := range slices.Sorted(maps.Keys(a.members)) {
		of(key).addMember(a.members[key])
	}
	for _, c := range live {
		of("#" + c.id).addClaim(c)
	}
	list := make([]*hood, 0, len(byRoot))
	for _, root := range slices.Sorted(maps.Keys(byRoot)) {
		list = append(list, byRoot[root])
	}
	return list
}

func (h *hood) addMember(m *member) {
	h.members, h.byKey[m.key] = append(h.members, m), m
}

func (h *hood) addClaim(c *held) {
	h.claims, h.byClaim[c.id] = append(h.claims, c), c
}

// said gives the keys of those of whom the batch says something.
func (h *hood) said() []string {
	var list []string
	for _, m := range h.members {
		if len(m.said) > 0 {
			list = append(list, m.key)
		}
	}
	return list
}

package index

import (
	"context"
	"maps"
	"slices"

	"github.com/carerecord/carerecord/shared/table"
)

// member is a source patient at work: as it was stored and as it will be.
type member struct {
	key     string
	version uint64
	stored  patient
	now     patient
	said    []*Statement // what the batch says of it
	moved   bool         // it says something from which links can follow
	asked   bool         // its neighbours were asked for
}

// held is a claim at work.
type held struct {
	id      string
	version uint64
	stored  claim
	now     claim
}

// area is what a batch touches: its source patients and all who are bound to
// them by a merge or a number, before or after, and whoever is bound to those.
type area struct {
	index   *Index
	said    map[string][]*Statement
	members map[string]*member
	claims  map[string]*held
}

// survey reads the area around the keys. Each round is one Get; a patient with
// nothing new to say takes one round, a new one with a new number two.
func (x *Index) survey(ctx context.Context, said map[string][]*Statement) (*area, error) {
	a := &area{index: x, said: said, members: map[string]*member{}, claims: map[string]*held{}}
	patients, claims := slices.Sorted(maps.Keys(said)), []string(nil)
	for len(patients)+len(claims) > 0 {
		keys := make([]table.Key, 0, len(patients)+len(claims))
		for _, spk := range patients {
			keys = append(keys, patientKey(spk))
		}
		for _, id := range claims {
			keys = append(keys, claimKey(id))
		}
		items, err := x.table.Get(ctx, keys...)
		if err != nil {
			return nil, err
		}
		if err := a.take(patients, items[:len(patients)]); err != nil {
			return nil, err
		}
		if err := a.takeClaims(claims, items[len(patients):]); err != nil {
			return nil, err
		}
		patients, claims = a.missing()
	}
	return a, nil
}

func (a *area) take(patients []string, items []table.Item) (err error) {
	for i, spk := range patients {
		m := &member{key: spk, version: items[i].Version, said: a.said[spk]}
		if m.stored, err = decodePatient(items[i]); err != nil {
			return err
		}
		m.now = m.stored
		for _, s := range m.said {
			m.now.fold(s)
		}
		m.moved = !m.now.sameMatter(&m.stored)
		a.members[spk] = m
	}
	return nil
}

func (a *area) takeClaims(ids []string, items []table.Item) (err error) {
	for i, id := range ids {
		c := &held{id: id, version: items[i].Version}
		if c.stored, err = decodeClaim(items[i]); err != nil {
			return err
		}
		a.claims[id] = c
	}
	return nil
}

// missing gives the neighbours that are not read yet.
func (a *area) missing() (patients, claims []string) {
	a.ask()
	seen := map[string]bool{}
	want := func(list *[]string, id string, there bool) {
		if !there && !seen[id] {
			seen[id] = true
			*list = append(*list, id)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(a.members)) {
		if m := a.members[key]; m.asked {
			for _, spk := range m.neighbours() {
				want(&patients, spk, a.members[spk] != nil)
			}
			for _, id := range a.claimsOf(m) {
				want(&claims, id, a.claims[id] != nil)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(a.claims)) {
		for _, s := range a.claims[id].stored.Staters {
			want(&patients, s.Key, a.members[s.Key] != nil)
		}
	}
	return patients, claims
}

// ask marks those whose neighbours matter: whoever says something new, and
// whoever is bound to one of them. Who merely confirms what is known, and was
// merged with nobody, is left alone.
func (a *area) ask() {
	for changed := true; changed; {
		changed = false
		bound := map[string]bool{}
		for _, m := range a.members {
			if m.asked {
				for _, spk := range m.neighbours() {
					bound[spk] = true
				}
			}
		}
		for _, c := range a.claims {
			for _, s := range c.stored.Staters {
				bound[s.Key] = true
			}
		}
		for key, m := range a.members {
			if !m.asked && (len(m.said) == 0 || !m.quiet() || bound[key]) {
				m.asked, changed = true, true
			}
		}
	}
}

// quiet says whether the patient's statements can change nobody's link.
func (m *member) quiet() bool { return !m.moved && m.now.Merge == nil && len(m.now.Priors) == 0 }

// neighbours gives whom the patient was or is merged with.
func (m *member) neighbours() []string {
	var list []string
	for _, spk := range append([]string{m.stored.into(), m.now.into()}, m.stored.Priors...) {
		if spk != "" {
			list = append(list, spk)
		}
	}
	return list
}

// claimsOf gives the claims in which the patient stood or may stand: that of
// the number it stated and that of the one it states. It is named in the first
// even when its unit counted another number.
func (a *area) claimsOf(m *member) []string {
	var list []string
	for _, p := range []*patient{&m.stored, &m.now} {
		if _, number := p.evidence(); number != "" {
			if id := a.index.claimID(number); !slices.Contains(list, id) {
				list = append(list, id)
			}
		}
	}
	return list
}

package index

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/table"
)

// mostArea bounds how many source patients are read around those of whom a
// batch says something: for each of them this many, and some more. Further ones
// are more than evidence can tell apart.
const mostArea = 48

// member is a source patient at work: as it was stored and as it will be.
type member struct {
	key     string
	version uint64
	stored  patient
	now     patient
	was, is derived
	said    []*Statement // what the batch says of it
	moved   bool         // it says something from which links can follow
	asked   bool         // its neighbours were asked for
	sweep   bool         // it is looked up again without having said anything

	found    []candidate     // those its look-ups found near
	ahead    map[string]bool // of these, whose coming was announced and who is not there yet
	crowded  bool            // more are near to it than evidence can tell apart
	stranger bool            // it was found, and is not near after all
	looked   bool            // its look-ups were made
	claimIDs []string        // see claimsOf
	keys     []matching.Key  // see blockingKeys
}

// held is a claim at work.
type held struct {
	id      string
	version uint64
	stored  claim
	now     claim
}

// area is what a batch touches: its source patients and all who are bound to
// them by a merge, a number, a pin or by being near, before or after, and
// whoever is bound to those.
type area struct {
	index   *Index
	said    map[string][]*Statement
	keys    []string // of whom something is said, sorted
	members map[string]*member
	claims  map[string]*held

	mu    sync.Mutex
	early map[string]table.Item // items that a look-up has read
}

// survey reads the area around the keys. Each round is one Get; a patient with
// nothing new to say takes one round.
//
// Why no two who are near miss each other: who has something new to say writes
// its postings (announce), then looks up those of others (lookUp), then reads
// their items and commits. Of two who do so at the same time, the one that looks
// up last finds the other's posting. It then reads the other's item, which is
// there with what the posting announced, or is not yet: in that case it is
// written as near to it (ahead) in the same commit, so that the other's commit
// meets another version, and is decided again together with it.
func (x *Index) survey(ctx context.Context, said map[string][]*Statement) (*area, error) {
	a := &area{
		index: x, said: said, keys: slices.Sorted(maps.Keys(said)),
		members: map[string]*member{}, claims: map[string]*held{}, early: map[string]table.Item{},
	}
	patients, claims := a.keys, a.statedClaims()
	for first := true; len(patients)+len(claims) > 0; first = false {
		if err := a.read(ctx, patients, claims); err != nil {
			return nil, err
		}
		if first {
			if err := a.announce(ctx); err != nil {
				return nil, err
			}
		}
		if err := a.lookUp(ctx); err != nil {
			return nil, err
		}
		a.prune()
		patients, claims = a.missing()
	}
	return a, nil
}

// statedClaims gives the claims of all numbers that the batch names.
func (a *area) statedClaims() []string {
	ids := map[string]bool{}
	for _, list := range a.said {
		for _, s := range list {
			if s.Details == nil {
				continue
			}
			if number, ok := matching.UsableNumber(*s.Details); ok {
				ids[a.index.claimID(number)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

func (a *area) read(ctx context.Context, patients, claims []string) error {
	var known []table.Item
	patients = slices.DeleteFunc(slices.Clone(patients), func(spk string) bool {
		item, early := a.early[spk]
		if early {
			known = append(known, item)
		}
		return early
	})
	keys := make([]table.Key, 0, len(patients)+len(claims))
	for _, spk := range patients {
		keys = append(keys, patientKey(spk))
	}
	for _, id := range claims {
		keys = append(keys, claimKey(id))
	}
	items, err := a.index.table.Get(ctx, keys...)
	if err != nil {
		return err
	}
	if err := a.take(append(known, items[:len(patients)]...)); err != nil {
		return err
	}
	return a.takeClaims(claims, items[len(patients):])
}

func (a *area) take(items []table.Item) (err error) {
	for _, item := range items {
		spk := strings.TrimPrefix(item.Partition, patientPrefix)
		m := &member{key: spk, version: item.Version, said: a.said[spk], ahead: map[string]bool{}}
		if m.stored, err = decodePatient(item); err != nil {
			return err
		}
		m.now, m.was = m.stored, a.index.derive(&m.stored)
		m.is = m.was
		for _, s := range m.said {
			m.now.fold(s)
			m.sweep = m.sweep || s.sweep
		}
		if len(m.said) > 0 {
			m.is = a.index.derive(&m.now)
			m.moved = m.sweep || slices.ContainsFunc(m.said, (*Statement).byHand) || !m.sameMatter()
		}
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
	most := mostArea * (1 + len(a.said))
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
	for _, c := range a.live() {
		for _, s := range c.stored.Staters {
			want(&patients, s.Key, a.members[s.Key] != nil)
		}
	}
	return patients[:max(0, min(len(patients), most-len(a.members)))], claims
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
		for _, c := range a.live() {
			for _, s := range c.stored.Staters {
				bound[s.Key] = true
			}
		}
		for key, m := range a.members {
			if !m.asked && (len(m.said) == 0 && !m.stranger || len(m.said) > 0 && !m.quiet() || bound[key]) {
				m.asked, changed = true, true
			}
		}
	}
}

// quiet says whether the patient's statements can change nobody's link. Among
// patients that were merged the newest statement counts, so none is quiet.
func (m *member) quiet() bool { return !m.moved && m.now.Merge == nil && len(m.now.Priors) == 0 }

// neighbours gives whom the patient was or is merged with, whom it is pinned
// to, and whom it is near to.
func (m *member) neighbours() []string {
	list := slices.Concat([]string{m.stored.into(), m.now.into()}, m.stored.Priors, m.stored.Near)
	for _, pin := range m.now.Pins {
		list = append(list, pin.With)
	}
	for _, c := range m.found {
		list = append(list, c.key)
	}
	return slices.DeleteFunc(list, func(spk string) bool { return spk == "" })
}

// live gives the claims that matter, in the order of their ids: those in which
// somebody stands or stood whose neighbours matter. Others were read because a
// statement that brings nothing new names their number.
func (a *area) live() []*held {
	ids := map[string]bool{}
	for _, m := range a.members {
		if m.asked {
			for _, id := range a.claimsOf(m) {
				ids[id] = true
			}
		}
	}
	var list []*held
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if c := a.claims[id]; c != nil {
			list = append(list, c)
		}
	}
	return list
}

// claimsOf gives the claims in which the patient stood or may stand: those of
// the numbers it stated and of those it states. It is named in the first even
// when its unit counted another number.
func (a *area) claimsOf(m *member) []string {
	if m.claimIDs != nil {
		return m.claimIDs
	}
	m.claimIDs = []string{}
	for _, d := range []*derived{&m.is, &m.was} {
		numbers := d.former
		if _, number := d.evidence(); number != "" {
			numbers = append([]string{number}, numbers...)
		}
		for _, number := range numbers {
			if id := a.index.claimID(number); !slices.Contains(m.claimIDs, id) {
				m.claimIDs = append(m.claimIDs, id)
			}
		}
	}
	return m.claimIDs
}

// prune drops of those found who is not near by what its item says, and notes
// who is ahead: whose item does not hold yet what its posting says, because it is
// being written at this moment.
func (a *area) prune() {
	for _, m := range a.members {
		m.found = slices.DeleteFunc(m.found, func(c candidate) bool {
			other := a.members[c.key]
			if other == nil || m.ahead[c.key] {
				return false
			}
			if c.posting.Hash != "" && !other.now.History.Knows(c.posting.Hash) {
				m.ahead[c.key], other.ahead[m.key] = true, true
				return false
			}
			if a.index.nearTo(m, other) {
				return false
			}
			other.stranger = len(other.said) == 0
			return true
		})
	}
}

// nearTo says whether two source patients are near by all their details.
func (x *Index) nearTo(m, n *member) bool {
	return m.is.current != nil && n.is.current != nil && x.near(x.matcher.Score(&m.is.profile, &n.is.profile), 0)
}

// profiles combines what the members state.
func profiles(members []*member) *demographics.Profile {
	list := make([]*demographics.Profile, 0, len(members))
	for _, m := range members {
		if m.is.current != nil {
			list = append(list, &m.is.profile)
		}
	}
	if len(list) == 1 {
		return list[0]
	}
	whole := demographics.Combine(list...)
	return &whole
}

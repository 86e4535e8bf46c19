package index

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/table"
)

// Match is a person who may be the one that details describe.
type Match struct {
	Person      string            // id
	Key         string            // the source patient of that person that agrees best
	Decision    matching.Decision // with its waterfall; Outcome Link is certain, Possible is for a human to judge
	Probability float64           // 0 to 1
}

// mostMatched bounds how many of those found are read.
const mostMatched = 100

// Match finds the people who are, or may be, the one whom details describe, the
// most probable first. Nothing is stored. At most one of them has Outcome Link:
// that is who the index would link a source patient with these details to.
// Those with Outcome New are near, and something forbids to take them for the
// same. most bounds the list (0: no bound).
//
// An NHS number that the cross-check confirms settles it in one read; without
// one it takes at most seven reads of keys and one for each that is near.
func (x *Index) Match(ctx context.Context, d demographics.Details, most int) ([]Match, error) {
	list, err := x.matchNumber(ctx, d)
	if err == nil && len(list) == 0 {
		list, _, err = x.matchDetails(ctx, demographics.Clean(d), func(s matching.Score) bool { return x.near(s, slackBits) })
	}
	return list[:atMost(len(list), most)], err
}

// Candidates finds everybody who shares a key with the details (birth date and a
// name, postcode and family name, or names and year of birth, each by its sound),
// the most probable first: for a search by demographics, which filters them. It
// reads each of them; TooLarge when they are more than a hundred or when a key is
// so common that not all are read: then the details must say more.
func (x *Index) Candidates(ctx context.Context, d demographics.Details, most int) ([]Match, error) {
	list, whole, err := x.matchDetails(ctx, demographics.Clean(d), func(matching.Score) bool { return true })
	if err == nil && !whole {
		return nil, failure.New(failure.TooLarge, "index.Candidates", "too many people share these details")
	}
	return list[:atMost(len(list), most)], err
}

func atMost(n, most int) int {
	if most > 0 {
		return min(n, most)
	}
	return n
}

// matchNumber finds the person whose NHS number it is, if the cross-check
// confirms one and no other.
func (x *Index) matchNumber(ctx context.Context, d demographics.Details) ([]Match, error) {
	number, ok := matching.UsableNumber(d)
	if !ok {
		return nil, nil
	}
	items, err := x.table.Get(ctx, claimKey(x.claimID(number)))
	if err != nil {
		return nil, err
	}
	c, err := decodeClaim(items[0])
	if err != nil {
		return nil, err
	}
	var best *Match
	for _, s := range c.Staters {
		decision := x.cross(d, s.Evidence)
		switch {
		case decision.Outcome != matching.Link:
		case best == nil:
			best = &Match{s.Person, s.Key, decision, 1}
		case best.Person != s.Person:
			return nil, nil // two people: their details must tell
		case better(decision, best.Decision):
			best.Key, best.Decision = s.Key, decision
		}
	}
	if best == nil {
		return nil, nil
	}
	return []Match{*best}, nil
}

// matchDetails finds people by their details, as far as a score is wanted.
func (x *Index) matchDetails(ctx context.Context, p demographics.Profile, wanted func(matching.Score) bool) (list []Match, whole bool, err error) {
	found, whole, err := x.search(ctx, &p, "", nil, func(c *candidate) (*demographics.Profile, error) { return &c.posting.Profile, nil })
	found = slices.DeleteFunc(found, func(c candidate) bool { return !wanted(c.score) })
	if err != nil || len(found) == 0 {
		return nil, whole, err
	}
	whole = whole && len(found) <= mostMatched
	found = found[:min(len(found), mostMatched)]
	people, err := x.peopleOf(ctx, found)
	if err != nil {
		return nil, false, err
	}
	units := []matching.Unit{{ID: "", Profile: &p}}
	ids := slices.Sorted(maps.Keys(people))
	for _, id := range ids {
		units = append(units, matching.Unit{ID: id, Profile: profiles(people[id])})
	}
	for i, j := range x.matcher.Rank(units) {
		u := j.Decision
		m := Match{Person: ids[i], Key: x.closest(&p, people[ids[i]]), Decision: u, Probability: matching.Probability(u.Bits)}
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Decision.Bits, a.Decision.Bits), cmp.Compare(a.Person, b.Person))
	})
	return list, whole, nil
}

// peopleOf reads those found, and gives them by person.
func (x *Index) peopleOf(ctx context.Context, found []candidate) (map[string][]*member, error) {
	keys := make([]table.Key, len(found))
	for i, c := range found {
		keys[i] = patientKey(c.key)
	}
	items, err := x.table.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	people := map[string][]*member{}
	for i, item := range items {
		m := &member{key: found[i].key, version: item.Version}
		if m.stored, err = decodePatient(item); err != nil {
			return nil, err
		}
		if m.stored.Person != "" {
			m.was = x.derive(&m.stored)
			m.is = m.was
			people[m.stored.Person] = append(people[m.stored.Person], m)
		}
	}
	return people, nil
}

// closest gives the source patient that agrees best.
func (x *Index) closest(p *demographics.Profile, members []*member) (key string) {
	bits := 0.0
	for _, m := range members {
		if s := x.matcher.Score(p, &m.is.profile); key == "" || s.Bits > bits {
			key, bits = m.key, s.Bits
		}
	}
	return key
}

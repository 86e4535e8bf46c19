package trial

import (
	"fmt"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// The rules of the Master Person Service, by which NHS England gives records a
// Person_ID where no NHS number settles it (NHS England, The Person_ID Handbook,
// "Technical details of the data linkage algorithm"): the alphanumeric step,
// then the algorithmic one. Written anew from the handbook, so that a matcher
// can be compared with what every user in England knows. What these queries do
// not have is left out: cross-check, practice, address file and date of death;
// and the dictionary of names, which serves for blocking only.

// mpsLead is by how many points the best candidate must lead.
const mpsLead = 5

// mpsMost is how many candidates are scored, those of most blocks first.
const mpsMost = 50

const (
	keyMPSFamily matching.KeyKind = iota + 210 // birth date and the sound of a family name
	keyMPSPlace                                // birth date and postcode
)

// mpsKeys gives the keys under which the candidates of both steps are found.
func mpsKeys(p *demographics.Profile) []matching.Key {
	if len(p.Births) == 0 || p.Births[0].Day == 0 {
		return nil
	}
	born := fmt.Sprint(p.Births[0])
	var keys []matching.Key
	for _, n := range p.Names {
		keys = append(keys, matching.Key{Kind: keyMPSFamily, Value: born + soundex(strings.Join(n.Family, ""))})
	}
	for _, postcode := range p.Postcodes {
		keys = append(keys, matching.Key{Kind: keyMPSPlace, Value: born + postcode})
	}
	return keys
}

// mpsSearcher applies the rules to one query after the other.
type mpsSearcher struct {
	*Trial
	unpack unpacker
}

// search gives who the rules say it is: the outcome and, for a link, the person.
func (s *mpsSearcher) search(q *demographics.Profile) (matching.Outcome, int) {
	if len(q.Names) == 0 {
		return matching.New, Nobody
	}
	var found []uint32
	for _, k := range mpsKeys(q) {
		for _, one := range s.mps.block(k, false) {
			found = append(found, one.person)
		}
	}
	slices.Sort(found)
	found = slices.Compact(found)
	if person := s.alphanumeric(q, found); person != Nobody {
		return matching.Link, person
	}
	return s.algorithmic(q, found)
}

// alphanumeric gives the one person who passes every filter that the query has
// a value for; Nobody when there is none or more than one.
func (s *mpsSearcher) alphanumeric(q *demographics.Profile, found []uint32) int {
	if q.Sex == 0 || family(q.Names[0]) == "" {
		return Nobody
	}
	person := Nobody
	for _, id := range found {
		c := s.unpack.read(s.records.at(id))
		if !passes(q, c) {
			continue
		}
		if person != Nobody {
			return Nobody
		}
		person = int(id)
	}
	return person
}

// passes says whether a candidate passes every filter of the alphanumeric step.
// The birth date is the same, by the keys.
func passes(q, c *demographics.Profile) bool {
	return c.Sex == q.Sex && len(c.Names) > 0 && soundex(family(c.Names[0])) == soundex(family(q.Names[0])) &&
		shares(q.Postcodes, c.Postcodes) && givenSounds(q, c)
}

// algorithmic gives the candidate with the most points, if it leads.
func (s *mpsSearcher) algorithmic(q *demographics.Profile, found []uint32) (matching.Outcome, int) {
	if q.Sex == 0 || len(q.Postcodes) == 0 {
		return matching.New, Nobody
	}
	type ranked struct {
		id     uint32
		blocks int
		points float64
	}
	var list []ranked
	for _, id := range found {
		c := s.unpack.read(s.records.at(id))
		if n := mpsBlocks(q, c); n > 0 {
			list = append(list, ranked{id, n, points(q, c)})
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return b.blocks - a.blocks })
	list = list[:min(len(list), mpsMost)]
	slices.SortStableFunc(list, func(a, b ranked) int {
		switch {
		case a.points > b.points:
			return -1
		case a.points < b.points:
			return 1
		}
		return 0
	})
	switch {
	case len(list) == 0:
		return matching.New, Nobody
	case len(list) > 1 && list[0].points-list[1].points < mpsLead:
		return matching.Possible, Nobody
	}
	return matching.Link, int(list[0].id)
}

// mpsBlocks counts the blocks that the two have in common. The birth date is
// the same, by the keys.
func mpsBlocks(q, c *demographics.Profile) (n int) {
	place, sex := len(q.Postcodes) > 0 && shares(q.Postcodes, c.Postcodes), q.Sex == c.Sex
	sound := slices.ContainsFunc(c.Names, func(name demographics.PersonalName) bool {
		return soundex(family(name)) == soundex(family(q.Names[0]))
	})
	given := givenSounds(q, c)
	for _, block := range []bool{sound && given, sound && sex && place, given && sex && place, place && sex} {
		if block {
			n++
		}
	}
	return n
}

// points is the average over the fields that both have, each from 0 to 100.
func points(q, c *demographics.Profile) float64 {
	sum, n := 100.0, 1.0 // the birth date
	add := func(p float64) { sum, n = sum+p, n+1 }
	switch {
	case q.Sex == 0 || c.Sex == 0:
		add(50)
	case q.Sex == c.Sex:
		add(100)
	default:
		add(0)
	}
	if len(q.Postcodes) > 0 && len(c.Postcodes) > 0 {
		best := 0.0
		for _, postcode := range c.Postcodes {
			best = max(best, float64(commonStart(q.Postcodes[0], postcode))/float64(len(q.Postcodes[0])))
		}
		add(100 * best)
	}
	givenPoints, familyPoints := namePoints(q, c)
	add(givenPoints)
	add(familyPoints)
	return sum / n
}

// namePoints are those of the candidate's name that agrees best as a whole.
func namePoints(q, c *demographics.Profile) (given, family_ float64) {
	best := -1.0
	for _, name := range c.Names {
		g := 100 * jaroWinkler(first(q.Names[0]), first(name))
		f := 100 * jaroWinkler(family(q.Names[0]), family(name))
		if g+f > best {
			best, given, family_ = g+f, g, f
		}
	}
	return given, family_
}

func family(n demographics.PersonalName) string { return strings.Join(n.Family, "") }

func first(n demographics.PersonalName) string {
	if len(n.Given) == 0 {
		return ""
	}
	return n.Given[0]
}

func givenSounds(q, c *demographics.Profile) bool {
	sound := soundex(first(q.Names[0]))
	return slices.ContainsFunc(c.Names, func(n demographics.PersonalName) bool { return soundex(first(n)) == sound })
}

// shares says whether the lists have a value in common; a query without one
// does not filter.
func shares(query, candidate []string) bool {
	if len(query) == 0 {
		return true
	}
	return slices.Contains(candidate, query[0])
}

func commonStart(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

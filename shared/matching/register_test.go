package matching_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// register is a made-up register of which it is known who is who, and how often
// the second record of a person differs from the first.
type register struct {
	people, twice int // people, and how many of them have a second record
	slips         slips
	without       string // fields that no record has: letters of "bps", birth date, postcode, sex
	namesakes     bool   // half of the people have one of ten full names
}

// slips are the shares of second records that differ in a field.
type slips struct{ given, family, birth, postcode, sex, married float64 }

var syllables = []string{"an", "bel", "cor", "dan", "el", "fra", "gil", "hes", "in", "jor", "kal", "lo", "mar", "nor", "os", "pal", "ros", "sel", "tom", "vin"}

func made(r *rand.Rand, n int) string {
	name := ""
	for range n {
		name += syllables[int(float64(len(syllables))*r.Float64()*r.Float64())] // some more often than others
	}
	return name
}

// wrong puts another letter into a text.
func wrong(r *rand.Rand, s string) string {
	b := []byte(s)
	b[1+r.IntN(len(b)-1)] = byte('a' + r.IntN(26))
	return string(b)
}

// make gives the records, those of one person beside each other, and who each is
// of.
func (g register) make(seed uint64) (profiles []demographics.Profile, who []int) {
	r := rand.New(rand.NewPCG(seed, 1))
	for person := range g.people {
		d := demographics.Details{
			Names:     []demographics.Name{{Given: []string{made(r, 3)}, Family: made(r, 4)}},
			BirthDate: fmt.Sprintf("%d-%02d-%02d", 1930+r.IntN(80), 1+r.IntN(12), 1+r.IntN(28)), Sex: []string{"male", "female"}[r.IntN(2)],
			Addresses: []demographics.Address{{Postcode: fmt.Sprintf("LS%d %d%c%c", 1+r.IntN(28), 1+r.IntN(9), 'A'+r.IntN(20), 'A'+r.IntN(20))}},
		}
		if g.namesakes && person%2 == 0 {
			d.Names = []demographics.Name{{Given: []string{"Marnor"}, Family: syllables[person/2%10] + "smith"}}
		}
		for copies := range 2 {
			if copies == 1 && person >= g.twice {
				break
			}
			if copies == 1 {
				d = g.slips.spoil(r, d)
			}
			profiles = append(profiles, g.clean(d))
			who = append(who, person)
		}
	}
	return profiles, who
}

func (s slips) spoil(r *rand.Rand, d demographics.Details) demographics.Details {
	name := d.Names[0]
	if r.Float64() < s.given {
		name.Given = []string{wrong(r, name.Given[0])}
	}
	if r.Float64() < s.family {
		name.Family = made(r, 4)
	}
	d.Names = []demographics.Name{name}
	if r.Float64() < s.married { // the family name is another, and the record knows the former one
		d.Names = []demographics.Name{{Given: name.Given, Family: made(r, 4)}, {Use: "old", Given: name.Given, Family: name.Family}}
	}
	if r.Float64() < s.birth {
		d.BirthDate = d.BirthDate[:8] + fmt.Sprintf("%02d", 1+r.IntN(28))
	}
	if r.Float64() < s.postcode {
		d.Addresses = []demographics.Address{{Postcode: fmt.Sprintf("LS%d %d%c%c", 1+r.IntN(28), 1+r.IntN(9), 'A'+r.IntN(20), 'A'+r.IntN(20))}}
	}
	if r.Float64() < s.sex {
		d.Sex = map[string]string{"male": "female", "female": "male"}[d.Sex]
	}
	return d
}

func (g register) clean(d demographics.Details) demographics.Profile {
	for _, field := range g.without {
		switch field {
		case 'b':
			d.BirthDate = ""
		case 'p':
			d.Addresses = nil
		case 's':
			d.Sex = ""
		}
	}
	return demographics.Clean(d)
}

// shares counts the links that a model makes of all pairs with a blocking key in
// common: right ones, wrong ones, and pairs of one person that it misses.
func shares(model *matching.Model, profiles []demographics.Profile, who []int) (right, wrong, missed int) {
	m := matching.NewMatcher(model)
	blocks := map[uint64][]int{}
	var keys []matching.BulkKey
	for i := range profiles {
		keys = matching.AppendBulkKeys(keys[:0], &profiles[i])
		for _, k := range keys {
			if list := blocks[k.Hash]; len(list) == 0 || list[len(list)-1] != i {
				blocks[k.Hash] = append(list, i)
			}
		}
	}
	done := map[[2]int]bool{}
	for _, list := range blocks {
		for i, a := range list {
			for _, b := range list[i+1:] {
				if done[[2]int{a, b}] {
					continue
				}
				done[[2]int{a, b}] = true
				s := m.Score(&profiles[a], &profiles[b])
				switch linked := s.Bits >= model.LinkBits && s.Guards == 0; {
				case linked && who[a] == who[b]:
					right++
				case linked:
					wrong++
				}
			}
		}
	}
	count := map[int]int{}
	for _, p := range who {
		missed += count[p]
		count[p]++
	}
	return right, wrong, missed - right
}

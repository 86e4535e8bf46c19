package matching

import (
	"math"

	"github.com/carerecord/carerecord/shared/demographics"
)

// tellsApart are the fields by which the members of a household differ.
var tellsApart = [...]int{fieldNumber, fieldID, fieldGiven, fieldMiddle, fieldBirth, fieldSex, fieldNamedSex}

// sampled are pairs of the register that have something in common, and for how
// many pairs each stands.
type sampled struct {
	duos   []duo
	weight float64
}

func sample(profiles []demographics.Profile, key func(p *demographics.Profile) uint64) (s sampled) {
	s.duos, s.weight = blockDuos(profiles, key)
	return s
}

// homeKey is that of family name and place. A register without postcodes has
// addresses, or no places.
func (t *training) homeKey(p *demographics.Profile) uint64 {
	if t.known(fieldPostcode) {
		return keyOf(familyKey(p), firstKey(p.Postcodes))
	}
	return keyOf(familyKey(p), firstKey(p.Addresses))
}

func fullNameKey(p *demographics.Profile) uint64 {
	name, ok := fullName(p)
	if !ok {
		return 0
	}
	return keyOf(hashOf(name[0]), hashOf(name[1]))
}

// household finds what it is worth that two records are of one household, and
// that they have the birth date in common besides: the share of the pairs of
// one person that agree so, over that of the pairs of two people, which are
// relatives. Without such pairs the caps rise as far as the register's size
// lets one say.
func (t *training) household() {
	t.model.HouseholdBits, t.model.TwinBits = mostBits, mostBits
	if len(t.homes.duos) == 0 {
		return
	}
	t.fill(NewMatcher(t.model), t.homes.duos)
	same, two := t.split(t.homes.duos, tellsApart[:])
	t.model.HouseholdBits = t.worth(same*t.homes.weight, two*t.homes.weight)
	var twins []duo
	for _, d := range t.homes.duos {
		if d.levels[fieldBirth] == birthExact {
			twins = append(twins, d)
		}
	}
	same, two = t.split(twins, []int{fieldNumber, fieldID, fieldGiven, fieldMiddle, fieldSex, fieldNamedSex})
	t.model.TwinBits = max(t.model.HouseholdBits, t.worth(same*t.homes.weight, two*t.homes.weight))
}

// namesakes finds how frequent a full name is at least that is not listed: of
// the pairs that have one in common, those of two people.
func (t *training) namesakes() {
	names := t.model.FullNames
	if names == nil {
		return
	}
	unlisted := 0
	for i := range t.profiles {
		if name, ok := fullName(&t.profiles[i]); ok && !names.listsFull(name) {
			unlisted++
		}
	}
	var duos []duo
	for _, d := range t.names.duos {
		if name, _ := fullName(&t.profiles[d.a]); !names.listsFull(name) {
			duos = append(duos, d)
		}
	}
	t.fill(NewMatcher(t.model), duos)
	_, two := t.split(duos, []int{fieldNumber, fieldID, fieldBirth, fieldNamedSex, fieldPostcode, fieldPhone, fieldEmail})
	share := 2 * max(two*t.names.weight, halfAPair) / float64(max(1, unlisted)) / float64(max(1, unlisted))
	names.Unlisted = min(0.5, share)
}

// listsFull says that a full name is listed.
func (f *Frequencies) listsFull(name [2]string) bool {
	return len(f.Values) > 0 && f.lists(name[0]+" "+name[1])
}

// known says that a field is known in the register.
func (t *training) known(field int) bool { return len(t.terms.texts[field]) > 0 }

// worth gives the bits of an agreement that so many pairs of one person and of
// two have.
func (t *training) worth(same, two float64) float64 {
	m := min(1, max(same, halfAPair)/max(t.matches, 1))
	u := max(two, halfAPair) / t.pairs
	return max(1, min(mostBits, math.Log2(m/u)))
}

// split tells by expectation maximisation over the given fields alone how many
// of the pairs are of one person, and how many of two.
func (t *training) split(duos []duo, fields []int) (same, two float64) {
	bits := t.table()
	ratios := make([]float64, len(duos))
	for i := range duos {
		sum := 0.0
		for _, f := range fields {
			sum += float64(bits[f][duos[i].levels[f]])
		}
		ratios[i] = math.Exp2(sum)
	}
	share := 0.5
	for range emRounds {
		same = 0
		for _, r := range ratios {
			same += share * r / (share*r + 1 - share)
		}
		share = min(0.9999, max(1e-6, same/float64(max(1, len(duos)))))
	}
	return same, float64(len(duos)) - same
}

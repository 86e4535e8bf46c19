package matching

import (
	"fmt"
	"strconv"

	"github.com/carerecord/carerecord/shared/demographics"
)

// KeyKind names a way in which records of one person are found again.
type KeyKind uint8

// The kinds that the index posts and asks. Bulk linking knows further ones.
const (
	KeyBirthName      KeyKind = iota + 1 // birth date, and the sound of the given name or of a family name
	KeyPostcodeFamily                    // postcode, and the sound of a family name
	KeyNamesYear                         // the sounds of given and family name, sorted, and the year of birth
)

// Key is a blocking key in plain text: it is personal and must be hashed
// before it is stored. Narrow parts a block that has grown too wide: records
// with another one are then not compared by this key.
type Key struct {
	Kind   KeyKind
	Value  string
	Narrow string
}

// mostKeys is the most keys of a profile: four of a plain one, and three of
// former names and postcodes.
const mostKeys = 7

// Keys gives the keys of a profile, the most telling first, each once. Those of
// current values come before those of former ones. A key that lacks a part is
// left out.
func Keys(p *demographics.Profile) []Key {
	l := keyList{keys: make([]Key, 0, mostKeys), profile: p}
	for i := range p.Names[:min(len(p.Names), 1)] {
		l.name(&p.Names[i], 0)
	}
	for i := 1; i < len(p.Names); i++ {
		l.birthName(&p.Names[i], 0)
	}
	for c := 1; c < len(p.Postcodes) && len(p.Names) > 0; c++ {
		l.postcodeFamily(&p.Names[0], c)
	}
	for i := 1; i < len(p.Names); i++ {
		l.postcodeFamily(&p.Names[i], 0)
		l.namesYear(&p.Names[i], 0)
	}
	for b := 1; b < len(p.Births) && len(p.Names) > 0; b++ {
		l.name(&p.Names[0], b)
	}
	return l.keys
}

// name adds the keys that a name gives with a birth date and the current
// postcode.
func (l *keyList) name(n *demographics.PersonalName, birth int) {
	l.birthName(n, birth)
	l.postcodeFamily(n, 0)
	l.namesYear(n, birth)
}

// keyList collects the keys of a profile, each once, up to a bound.
type keyList struct {
	keys    []Key
	profile *demographics.Profile
}

func (l *keyList) add(kind KeyKind, value, narrow string) {
	if len(l.keys) == mostKeys {
		return
	}
	for i := range l.keys {
		if l.keys[i].Kind == kind && l.keys[i].Value == value {
			return
		}
	}
	l.keys = append(l.keys, Key{kind, value, narrow})
}

// birthName puts given and family names into one namespace, so that exchanged
// names meet.
func (l *keyList) birthName(n *demographics.PersonalName, birth int) {
	if birth >= len(l.profile.Births) || !l.profile.Births[birth].Whole() {
		return
	}
	digits := l.profile.Births[birth].Digits()
	narrow := ""
	if len(l.profile.Postcodes) > 0 {
		narrow = narrowArea(l.profile.Postcodes[0])
	}
	for _, family := range n.Family {
		l.add(KeyBirthName, string(digits[:])+soundex(family), narrow)
	}
	if len(n.Given) > 0 {
		l.add(KeyBirthName, string(digits[:])+soundex(n.Given[0]), narrow)
	}
}

func (l *keyList) postcodeFamily(n *demographics.PersonalName, postcode int) {
	if postcode >= len(l.profile.Postcodes) || l.profile.Postcodes[postcode] == "" {
		return
	}
	narrow := ""
	if births := l.profile.Births; len(births) > 0 {
		narrow = strconv.Itoa(int(births[0].Year) / 10)
	}
	for _, family := range n.Family {
		l.add(KeyPostcodeFamily, l.profile.Postcodes[postcode]+soundex(family), narrow)
	}
}

func (l *keyList) namesYear(n *demographics.PersonalName, birth int) {
	if birth >= len(l.profile.Births) || len(n.Given) == 0 || len(n.Family) == 0 {
		return
	}
	d := l.profile.Births[birth]
	narrow := ""
	if d.Month != 0 {
		narrow = fmt.Sprintf("%02d", d.Month)
	}
	a, b := soundex(n.Given[0]), soundex(n.Family[0])
	l.add(KeyNamesYear, min(a, b)+max(a, b)+strconv.Itoa(int(d.Year)), narrow)
}

// narrowArea gives the area of a UK postcode and the first character of any
// other.
func narrowArea(postcode string) string {
	if a := area(postcode); a != "" {
		return a
	}
	return firstRune(postcode)
}

package matching

import (
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
)

// ScoreFrom is Score for bulk linking, where nearly all pairs are of two people:
// it leaves off, with false, as soon as what is not yet compared cannot bring
// the pair to so many bits. Where it gives true the score is that of Score.
func (m *Matcher) ScoreFrom(a, b *demographics.Profile, floor float64) (s Score, ok bool) {
	m.telling(&s, a, b)
	sum := m.model.Prior
	for _, bits := range s.Fields {
		sum += float64(bits)
	}
	if sum+m.mostFurther(a, b) < floor { // caps only take away
		return s, false
	}
	m.further(&s, a, b)
	return s, s.Bits >= floor
}

// mostFurther gives the most bits that the fields of further can come to. They
// are costly to compare where they are not equal, and then cannot say much.
func (m *Matcher) mostFurther(a, b *demographics.Profile) float64 {
	most := m.mostOf(fieldAddress, a.Addresses, b.Addresses) + m.mostOf(fieldPhone, a.Phones, b.Phones) + m.mostOf(fieldEmail, a.Emails, b.Emails)
	for i := range min(len(a.Other), len(b.Other), MaxOther) {
		if x, y := a.Other[i], b.Other[i]; x != "" && y != "" {
			most += m.mostText(fieldOther+i, x, y)
		}
	}
	return most
}

// mostOf gives the most bits of two lists.
func (m *Matcher) mostOf(field int, a, b []string) float64 {
	most, known := 0.0, false
	for _, x := range a {
		for _, y := range b {
			if x == "" || y == "" {
				continue
			}
			if bits := m.mostText(field, x, y); !known || bits > most {
				most, known = bits, true
			}
		}
	}
	return most
}

// mostText gives the most bits of two texts: of any level where they are equal,
// and of one below the exact ones where they are not.
func (m *Matcher) mostText(field int, x, y string) float64 {
	w := m.texts[field]
	levels := m.bits[field][levelDiffers:len(specOf(field).levels)]
	if x == y {
		return slices.Max(levels) + max(0, w.exact(x))
	}
	return slices.Max(levels[:len(levels)-specOf(field).exact()]) + max(0, w.fuzzy(x, y))
}

// exact gives the number of levels at the end that only equal values reach.
func (s *spec) exact() int {
	n := 0
	for n < len(s.levels) && (s.levels[len(s.levels)-1-n] == LevelExact || s.levels[len(s.levels)-1-n] == "former") {
		n++
	}
	return n
}

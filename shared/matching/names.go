package matching

import (
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
)

// The Jaro-Winkler similarities from which names are close, alike and weakly
// alike.
const (
	winklerClose = 0.92
	winklerAlike = 0.80
	winklerWeak  = 0.70
)

// leastSlip is how long names must be for one edit to be a slip: "Tim" and
// "Tom" are two names.
const leastSlip = 4

// names compares all names of one side with all of the other. Given, middle and
// family name each take their best agreement, current and former names alike.
// Given and family name exchanged count as one piece of evidence, kept with the
// given name. It gives the given name that both have, if they have one.
func (m *Matcher) names(s *Score, a, b []demographics.PersonalName) (same string) {
	var given, middle, family found
	for i := range a {
		for j := range b {
			x, y := &a[i], &b[j]
			if before := given.bits; m.given(&given, x.Given, y.Given) && (same == "" || given.bits > before) {
				same = x.Given[0]
			}
			m.middle(&middle, x.Given, y.Given)
			m.family(&family, x, y)
		}
	}
	if given.level <= givenAlike && family.level <= familyAlike && swapped(a, b) {
		if bits := m.bits[fieldGiven][givenSwapped]; bits > given.bits+family.bits {
			given, family = found{givenSwapped, bits}, found{familySwapped, 0}
		}
	}
	s.set(fieldGiven, given)
	s.set(fieldMiddle, middle)
	s.set(fieldFamily, family)
	if given.level != givenExact {
		return ""
	}
	return same
}

// given compares first names, and each with the middle names of the other side;
// true when the first names are the same.
func (m *Matcher) given(best *found, a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	x, y := a[0], b[0]
	if x == y {
		best.better(givenExact, m.bits[fieldGiven][givenExact]+m.texts[fieldGiven].exact(x))
		return true
	}
	if concatenated(a, y) || concatenated(b, x) {
		best.better(givenExact, m.bits[fieldGiven][givenExact])
		return false
	}
	level := m.givenLevel(x, y)
	bits := m.bits[fieldGiven][level]
	if level == givenSlip || level == givenSimilar {
		bits += m.texts[fieldGiven].fuzzy(x, y)
	}
	best.better(level, bits)
	if among(x, b[1:]) {
		best.better(givenMiddle, m.bits[fieldGiven][givenMiddle]+halve(m.texts[fieldGiven].exact(x)))
	}
	if among(y, a[1:]) {
		best.better(givenMiddle, m.bits[fieldGiven][givenMiddle]+halve(m.texts[fieldGiven].exact(y)))
	}
	return false
}

func (m *Matcher) givenLevel(x, y string) uint8 {
	if single(x) || single(y) {
		if firstRune(x) == firstRune(y) {
			return givenInitial
		}
		return levelDiffers
	}
	c := near(x, y)
	close := c.slip && min(len(x), len(y)) >= leastSlip || c.winkler >= winklerClose
	switch {
	case close && !m.texts[fieldGiven].known(x, y):
		return givenSlip
	case demographics.Nicknames(x, y):
		return givenNickname
	case close:
		return givenSimilar
	case c.winkler >= winklerAlike:
		return givenAlike
	case c.winkler >= winklerWeak:
		return givenWeak
	}
	return levelDiffers
}

// concatenated says that the first two tokens written together are the name:
// "anne marie" and "annemarie".
func concatenated(tokens []string, name string) bool {
	return len(tokens) > 1 && len(name) == len(tokens[0])+len(tokens[1]) &&
		strings.HasPrefix(name, tokens[0]) && strings.HasSuffix(name, tokens[1])
}

// middle compares what follows the first name. First and middle name exchanged
// are the same.
func (m *Matcher) middle(best *found, a, b []string) {
	if len(a) < 2 || len(b) < 2 {
		return
	}
	w := m.texts[fieldMiddle]
	if a[0] != b[0] && among(a[0], b[1:]) && among(b[0], a[1:]) {
		best.better(exactText, m.bits[fieldMiddle][exactText]+min(w.exact(a[0]), w.exact(b[0])))
		return
	}
	level, extra := uint8(levelDiffers), 0.0
	for _, x := range a[1:] {
		for _, y := range b[1:] {
			switch {
			case x == y && level == exactText:
				extra = max(extra, w.exact(x))
			case x == y:
				level, extra = exactText, w.exact(x)
			case level == levelDiffers && closeMiddle(x, y):
				level = closeText
			}
		}
	}
	best.better(level, m.bits[fieldMiddle][level]+extra)
}

func closeMiddle(x, y string) bool {
	if single(x) || single(y) {
		return firstRune(x) == firstRune(y)
	}
	c := near(x, y)
	return c.slip || c.winkler >= winklerClose || demographics.Nicknames(x, y)
}

// family compares family names. Where the given names are the same too, what is
// known of the full name's frequency counts: some names go together.
func (m *Matcher) family(best *found, x, y *demographics.PersonalName) {
	a, b := x.Family, y.Family
	if len(a) == 0 || len(b) == 0 {
		return
	}
	w := m.texts[fieldFamily]
	bits := &m.bits[fieldFamily]
	exact := uint8(familyExact)
	if x.Former || y.Former {
		exact = familyFormer
	}
	switch {
	case len(a) == 1 && len(b) == 1:
		level, extra := m.familyLevel(w, a[0], b[0])
		if level == familyExact {
			level = exact
			if len(x.Given) > 0 && len(y.Given) > 0 && x.Given[0] == y.Given[0] {
				extra += m.full.extra(x.Given[0], a[0], m.texts[fieldGiven].exact(x.Given[0])+extra)
			}
		}
		best.better(level, bits[level]+extra)
	case sameTokens(a, b) || concatenated(a, b[0]) && len(b) == 1 || concatenated(b, a[0]) && len(a) == 1:
		best.better(exact, bits[exact]+max(w.rarest(a), w.rarest(b)))
	default:
		m.familyParts(best, a, b)
	}
}

// familyParts compares names of which one at least has several tokens: one in
// common is worth something, one that is close a little.
func (m *Matcher) familyParts(best *found, a, b []string) {
	w := m.texts[fieldFamily]
	bits := &m.bits[fieldFamily]
	for _, x := range a {
		for _, y := range b {
			switch level, extra := m.familyLevel(w, x, y); level {
			case familyExact:
				best.better(familyToken, bits[familyToken]+halve(extra))
			case familySlip, familySimilar, familyAlike:
				best.better(familyAlike, bits[familyAlike])
			default:
				best.better(level, bits[level])
			}
		}
	}
}

// familyLevel compares two tokens and gives the bits that frequency adds.
func (m *Matcher) familyLevel(w *weights, x, y string) (level uint8, extra float64) {
	if x == y {
		return familyExact, w.exact(x)
	}
	c := near(x, y)
	close := c.slip && min(len(x), len(y)) >= leastSlip || c.winkler >= winklerClose
	switch {
	case close && w.known(x, y):
		return familySimilar, w.fuzzy(x, y)
	case close:
		return familySlip, w.fuzzy(x, y)
	case c.winkler >= winklerAlike:
		return familyAlike, 0
	case c.winkler >= winklerWeak:
		return familyWeak, 0
	}
	return levelDiffers, 0
}

// sameTokens says that two names have the same tokens, in any order.
func sameTokens(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !among(a[i], b) || !among(b[i], a) {
			return false
		}
	}
	return true
}

// swapped says that in some pair of names the given name of one is the family
// name of the other, both ways; one of the two may have a slip.
func swapped(a, b []demographics.PersonalName) bool {
	for i := range a {
		for j := range b {
			x, y := &a[i], &b[j]
			if len(x.Given) == 0 || len(y.Given) == 0 || len(x.Family) == 0 || len(y.Family) == 0 {
				continue
			}
			p, q := crossed(x.Given, y.Family), crossed(y.Given, x.Family)
			if p && q {
				return true
			}
			if p && nearly(y.Given[0], x.Family[0]) || q && nearly(x.Given[0], y.Family[0]) {
				return true
			}
		}
	}
	return false
}

func crossed(given, family []string) bool { return given[0] == family[0] }

func nearly(x, y string) bool {
	c := near(x, y)
	return c.slip || c.winkler >= winklerClose
}

func among(name string, list []string) bool {
	for _, other := range list {
		if other == name {
			return true
		}
	}
	return false
}

// single says that a token has one character.
func single(token string) bool { return token == firstRunes(token, 1) }

func firstRune(token string) string { return firstRunes(token, 1) }

package matching

import (
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
)

// numbers compares NHS numbers. Where nothing is the same, two verified ones
// count before others: they are of two people.
func (m *Matcher) numbers(a, b []demographics.Number) found {
	var best found
	vetoed := false
	for i := range a {
		for j := range b {
			verified := a[i].Verified && b[j].Verified
			level := uint8(numberDiffers)
			switch same := a[i].Digits == b[j].Digits; {
			case same && verified:
				level = numberVerified
			case same:
				level = numberSame
			}
			vetoed = vetoed || verified && level == numberDiffers
			best.better(level, m.bits[fieldNumber][level])
		}
	}
	if vetoed && best.level == numberDiffers {
		return found{numberVetoed, m.bits[fieldNumber][numberVetoed]}
	}
	return best
}

func (m *Matcher) ids(a, b []string) found {
	var best found
	for _, x := range a {
		for _, y := range b {
			level := uint8(levelDiffers)
			switch {
			case x == y:
				level = idSame
			case slip(x, y):
				level = idSlip
			}
			best.better(level, m.bits[fieldID][level])
		}
	}
	return best
}

func (m *Matcher) sexes(field int, a, b byte) found {
	switch {
	case a == 0 || b == 0:
		return found{}
	case a == b:
		return found{sexSame, m.bits[field][sexSame]}
	}
	return found{levelDiffers, m.bits[field][levelDiffers]}
}

// contacts compares telephone numbers or e-mail addresses: the same, close by the
// rule given, or neither.
func (m *Matcher) contacts(field int, a, b []string, same, close uint8, isClose func(x, y string) bool) found {
	var best found
	for _, x := range a {
		for _, y := range b {
			level, extra := uint8(levelDiffers), 0.0
			switch {
			case x == y:
				level, extra = same, m.texts[field].exact(x)
			case isClose(x, y):
				level = close
			}
			best.better(level, m.bits[field][level]+extra)
		}
	}
	return best
}

// closeEmail says that two addresses are of one mailbox: close as a whole, or
// the same before the "@" with somebody else's domain.
func closeEmail(x, y string) bool {
	if c := near(x, y); c.slip {
		return true
	}
	p, _, _ := strings.Cut(x, "@")
	q, _, _ := strings.Cut(y, "@")
	return len(p) > 5 && p == q
}

func (m *Matcher) others(field int, x, y string) found {
	if x == "" || y == "" {
		return found{}
	}
	w := m.texts[field]
	if x == y {
		return found{otherExact, m.bits[field][otherExact] + w.exact(x)}
	}
	c := near(x, y)
	switch {
	case c.slip && len(x)+len(y) > 6 || c.winkler >= winklerClose:
		return found{otherClose, m.bits[field][otherClose] + w.fuzzy(x, y)}
	case c.winkler >= winklerAlike:
		return found{otherAlike, m.bits[field][otherAlike]}
	}
	return found{levelDiffers, m.bits[field][levelDiffers]}
}

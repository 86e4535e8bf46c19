package matching

import "github.com/carerecord/carerecord/shared/demographics"

// birthDates compares all birth dates of one side with all of the other, and
// gives the one that both have, if they have one.
func (m *Matcher) birthDates(s *Score, a, b []demographics.Date) (same demographics.Date) {
	var best found
	for _, x := range a {
		for _, y := range b {
			level := birthLevel(x, y)
			if level == levelMissing {
				continue
			}
			bits := m.bits[fieldBirth][level]
			switch level {
			case birthExact:
				bits += m.births.exact(x)
			case birthSlip, birthSwapped:
				bits += halve(min(m.births.exact(x), m.births.exact(y)))
			}
			if best.better(level, bits); level == birthExact && best.bits == bits {
				same = x
			}
		}
	}
	s.set(fieldBirth, best)
	if best.level != birthExact {
		return demographics.Date{}
	}
	return same
}

// birthLevel compares two birth dates. Where one of them is not whole, what is
// known of both decides.
func birthLevel(x, y demographics.Date) uint8 {
	if x.Year == 0 || y.Year == 0 {
		return levelMissing
	}
	if !x.Whole() || !y.Whole() {
		return partLevel(x, y)
	}
	if x == y {
		return birthExact
	}
	year, month, day := x.Year == y.Year, x.Month == y.Month, x.Day == y.Day
	switch {
	case year && x.Month == y.Day && x.Day == y.Month:
		return birthSwapped
	case slipped(x, y):
		return birthSlip
	case year && (month || day) || month && day:
		return birthTwoParts
	case year || (month || day) && nearYears(x.Year, y.Year):
		return birthYear
	}
	return levelDiffers
}

func partLevel(x, y demographics.Date) uint8 {
	month := x.Month == 0 || y.Month == 0 || x.Month == y.Month
	day := x.Day == 0 || y.Day == 0 || x.Day == y.Day
	switch {
	case x.Year == y.Year && month && day:
		return birthPart
	case x.Year == y.Year:
		return birthYear
	}
	return levelDiffers
}

// nearYears says that two years are one or ten apart.
func nearYears(x, y uint16) bool {
	d := int(x) - int(y)
	return d == 1 || d == -1 || d == 10 || d == -10
}

// slipped says that of the eight digits one is wrong or two neighbours are
// exchanged.
func slipped(x, y demographics.Date) bool {
	p, q := x.Digits(), y.Digits()
	first, last := -1, -1
	for i := range p {
		if p[i] != q[i] {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	return first == last || last == first+1 && p[first] == q[last] && p[last] == q[first]
}

package matching

import "strings"

func (m *Matcher) postcodes(a, b []string) found {
	var best found
	for i, x := range a {
		for j, y := range b {
			level := postcodeLevel(x, y)
			if level == levelMissing {
				continue
			}
			extra := 0.0
			switch level {
			case postcodeExact:
				extra = m.texts[fieldPostcode].exact(x)
				if i > 0 || j > 0 {
					level = postcodeFormer
				}
			case postcodeSlip:
				extra = m.texts[fieldPostcode].fuzzy(x, y)
			}
			best.better(level, m.bits[fieldPostcode][level]+extra)
		}
	}
	return best
}

// postcodeLevel compares two postcodes. Only those of the UK form, which have a
// space, have an area, an outward code and a sector; one that has that form and
// one that has not are of two countries, or one is not whole.
func postcodeLevel(x, y string) uint8 {
	if x == "" || y == "" {
		return levelMissing
	}
	if x == y {
		return postcodeExact
	}
	p, q := strings.IndexByte(x, ' '), strings.IndexByte(y, ' ')
	if p < 0 != (q < 0) {
		return levelMissing
	}
	if slip(x, y) {
		return postcodeSlip
	}
	if p < 0 {
		return levelDiffers
	}
	switch {
	case p == q && x[:p+2] == y[:q+2]:
		return postcodeSector
	case p == q && x[:p] == y[:q]:
		return postcodeOutward
	case area(x) == area(y):
		return postcodeArea
	}
	return levelDiffers
}

// slip says that two texts are one edit apart.
func slip(x, y string) bool {
	if len(x) > len(y) {
		x, y = y, x
	}
	if len(y)-len(x) > 1 {
		return false
	}
	for len(x) > 0 && x[0] == y[0] {
		x, y = x[1:], y[1:]
	}
	for len(x) > 0 && x[len(x)-1] == y[len(y)-1] {
		x, y = x[:len(x)-1], y[:len(y)-1]
	}
	return len(y) == 1 || len(x) == 2 && len(y) == 2 && x[0] == y[1] && x[1] == y[0]
}

// area gives the letters that a UK postcode begins with.
func area(postcode string) string {
	n := 0
	for n < len(postcode) && postcode[n] >= 'A' {
		n++
	}
	return postcode[:n]
}

func (m *Matcher) addresses(a, b []string) found {
	var best found
	for i, x := range a {
		for j, y := range b {
			level := addressLevel(x, y)
			if level == levelMissing {
				continue
			}
			extra := 0.0
			if level == addressExact {
				extra = m.texts[fieldAddress].exact(x)
				if i > 0 || j > 0 {
					level = addressFormer
				}
			}
			best.better(level, m.bits[fieldAddress][level]+extra)
		}
	}
	return best
}

// addressLevel compares two lines of addresses. Where the numbers differ it is
// another house, however alike the rest is.
func addressLevel(x, y string) uint8 {
	if x == "" || y == "" {
		return levelMissing
	}
	if x == y {
		return addressExact
	}
	c := near(x, y)
	switch {
	case (c.slip || c.winkler >= winklerClose) && sameDigits(x, y):
		return addressClose
	case c.winkler >= winklerAlike:
		return addressStreet
	}
	return levelDiffers
}

// sameDigits says that the digits of two texts are the same, in their order.
func sameDigits(x, y string) bool {
	i, j := 0, 0
	for {
		for i < len(x) && !digit(x[i]) {
			i++
		}
		for j < len(y) && !digit(y[j]) {
			j++
		}
		if i == len(x) || j == len(y) {
			return i == len(x) && j == len(y)
		}
		if x[i] != y[j] {
			return false
		}
		i++
		j++
	}
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

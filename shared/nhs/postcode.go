package nhs

import "strings"

// ParsePostcode gives a UK postcode in the form "AA9A 9AA" (NHS Data
// Dictionary, POSTCODE): upper case, one space before the last three
// characters. Spaces, full stops and hyphens are taken for separators, and the letters
// O and I and the digits 0 and 1, which are mistaken for each other, are put
// right where only one of them can stand. False when s has no such form; which
// letters Royal Mail uses at present is not checked, as that changes.
func ParsePostcode(s string) (postcode string, ok bool) {
	var buf [7]byte
	n, ok := squeezePostcode(&buf, s)
	if !ok {
		return "", false
	}
	if string(buf[:n]) == "GIR0AA" || string(buf[:n]) == "GIROAA" {
		return "GIR 0AA", true
	}
	out, in := buf[:n-3], buf[n-3:n]
	if !repairInward(in) || !repairOutward(out) {
		return "", false
	}
	return string(out) + " " + string(in), true
}

// squeezePostcode puts the letters and digits of s in capitals into buf; false
// when there are not five to seven of them or there is anything else.
func squeezePostcode(buf *[7]byte, s string) (n int, ok bool) {
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z':
			r -= 'a' - 'A'
		case isDigit(r), r >= 'A' && r <= 'Z':
		case strings.ContainsRune(" \t.-\u00a0", r):
			continue
		default:
			return 0, false
		}
		if n == len(buf) {
			return 0, false
		}
		buf[n] = byte(r)
		n++
	}
	return n, n >= 5
}

// repairInward holds the unit to 9AA.
func repairInward(in []byte) bool {
	return asDigit(&in[0]) && asLetter(&in[1]) && asLetter(&in[2])
}

// repairOutward holds the district to A9, A99, A9A, AA9, AA99 or AA9A. Three
// facts settle what an O, I, 0 or 1 is: no area has I as its second letter, no
// district number begins with 0 and goes on, and neither O nor I ends a
// district (Royal Mail, Programmers' Guide; GOV.UK postcode pattern).
func repairOutward(out []byte) bool {
	if string(out) == "ZZ99" {
		return true
	}
	last := len(out) - 1
	if !asLetter(&out[0]) {
		return false
	}
	switch {
	case last == 1, out[1] == 'I':
		if !asDigit(&out[1]) {
			return false
		}
	case out[1] == '0':
		out[1] = 'O'
	}
	if isDigit(out[1]) { // A9, A99, A9A
		return last <= 2 && endsDistrict(out[2:])
	}
	if out[1] == 'J' || out[1] == 'Z' || last < 2 || !asDigit(&out[2]) { // AA9, AA99, AA9A
		return false
	}
	if last == 3 && out[2] == '0' {
		return false
	}
	return endsDistrict(out[3:])
}

// endsDistrict mends the last character of a district, if there is one: a
// letter or a digit, and never the letters O and I.
func endsDistrict(rest []byte) bool {
	if len(rest) == 1 && (rest[0] == 'O' || rest[0] == 'I') {
		return asDigit(&rest[0])
	}
	return true
}

func isDigit[T byte | rune](c T) bool { return c >= '0' && c <= '9' }

// asDigit turns O and I into 0 and 1; false when c is then no digit.
func asDigit(c *byte) bool {
	switch *c {
	case 'O':
		*c = '0'
	case 'I':
		*c = '1'
	}
	return isDigit(*c)
}

// asLetter turns 0 and 1 into O and I; false when c is then no letter.
func asLetter(c *byte) bool {
	switch *c {
	case '0':
		*c = 'O'
	case '1':
		*c = 'I'
	}
	return *c >= 'A' && *c <= 'Z'
}

// OutwardCode is the part before the space of a postcode that ParsePostcode
// gave ("SW1A" of "SW1A 1AA"); empty when there is no space.
func OutwardCode(postcode string) string {
	out, _, ok := strings.Cut(postcode, " ")
	if !ok {
		return ""
	}
	return out
}

// IsPseudoPostcode says whether a postcode that ParsePostcode gave is one of
// the ZZ99 codes, which stand for a country or for "no fixed abode" and not
// for a place: two people who share one share nothing (ONS, NHS Postcode
// Directory).
func IsPseudoPostcode(postcode string) bool { return strings.HasPrefix(postcode, "ZZ99") }

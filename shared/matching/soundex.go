package matching

// soundexDigits are the codes of the letters a to z: 0 parts two consonants of
// one code (a vowel), '-' does not (h, w).
const soundexDigits = "01230120022455012623010202"

// soundex gives the American Soundex code of a folded name (The National
// Archives, "The Soundex Indexing System"): its first letter and three digits,
// "r163". Two letters of one code are one, also with h or w between them. What
// is not a to z is passed over; a name without such a letter is its own code,
// cut to four characters, so that other scripts have blocks too.
func soundex(name string) string {
	var code [4]byte
	n := 0
	var last byte
	for i := 0; i < len(name) && n < len(code); i++ {
		c := name[i]
		if c < 'a' || c > 'z' {
			continue
		}
		digit := soundexDigits[c-'a']
		switch {
		case n == 0:
			code[0], n = c, 1
		case c == 'h' || c == 'w':
			continue
		case digit != '0' && digit != last:
			code[n] = digit
			n++
		}
		last = digit
	}
	if n == 0 {
		return firstRunes(name, len(code))
	}
	for ; n < len(code); n++ {
		code[n] = '0'
	}
	return string(code[:])
}

// firstRunes gives the first n characters.
func firstRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

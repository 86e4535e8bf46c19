package matching

import "unicode/utf8"

// Texts longer than this many characters are compared by their beginning.
const maxChars = 64

// closeness is how near two texts are to each other.
type closeness struct {
	winkler float64 // Jaro-Winkler similarity, 0 to 1; 0 where it is surely below 0.7
	slip    bool    // one edit apart: a character wrong, too many, missing, or two neighbours exchanged
}

// near compares two texts that are not equal. It is symmetric and allocates
// nothing.
func near(a, b string) closeness {
	if len(a) > len(b) || len(a) == len(b) && a > b {
		a, b = b, a // Jaro's greedy search may depend on the order
	}
	if len(b) <= maxChars && ascii(a) && ascii(b) {
		var x, y [maxChars]byte
		return compare(x[:copy(x[:], a)], y[:copy(y[:], b)])
	}
	var x, y [maxChars]rune
	return compare(runes(&x, a), runes(&y, b))
}

func compare[T byte | rune](a, b []T) closeness {
	if tooFar(a, b) {
		return closeness{slip: oneSlip(a, b)}
	}
	return closeness{winkler: jaroWinkler(a, b), slip: oneSlip(a, b)}
}

// tooFar says that two texts have so few characters in common that they cannot
// be even weakly alike. It is much quicker than to compare them.
func tooFar[T byte | rune](a, b []T) bool {
	var inA, inB uint64
	for _, c := range a {
		inA |= 1 << (c & 63)
	}
	common := 0
	for _, c := range b {
		inB |= 1 << (c & 63)
		common += int(inA >> (c & 63) & 1)
	}
	back := 0
	for _, c := range a {
		back += int(inB >> (c & 63) & 1)
	}
	most := float64(min(common, back))
	return most*float64(len(a)+len(b)) < (3*winklerWeak-1)*float64(len(a)*len(b))
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func runes(buf *[maxChars]rune, s string) []rune {
	n := 0
	for _, r := range s {
		if n == len(buf) {
			break
		}
		buf[n] = r
		n++
	}
	return buf[:n]
}

// jaroWinkler is Jaro's similarity with Winkler's bonus for a common prefix of
// up to four characters, given from a similarity of 0.7 on (Winkler 1990). a is
// the shorter one; both have at most 64 characters.
func jaroWinkler[T byte | rune](a, b []T) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	sim := jaro(a, b)
	if sim < 0.7 {
		return sim
	}
	prefix := 0
	for prefix < min(4, len(a)) && a[prefix] == b[prefix] {
		prefix++
	}
	return sim + float64(prefix)*0.1*(1-sim)
}

func jaro[T byte | rune](a, b []T) float64 {
	window := max(0, len(b)/2-1)
	var used uint64 // places of b that are matched
	var matched [maxChars]T
	n := 0
	for i, c := range a {
		for j := max(0, i-window); j < min(len(b), i+window+1); j++ {
			if used>>j&1 == 0 && b[j] == c {
				used |= 1 << j
				matched[n] = c
				n++
				break
			}
		}
	}
	if n == 0 {
		return 0
	}
	exchanged, k := 0, 0
	for j, c := range b {
		if used>>j&1 == 1 {
			if matched[k] != c {
				exchanged++
			}
			k++
		}
	}
	m := float64(n)
	return (m/float64(len(a)) + m/float64(len(b)) + (m-float64(exchanged/2))/m) / 3
}

// oneSlip says that the optimal string alignment distance is one.
func oneSlip[T byte | rune](a, b []T) bool {
	if len(b)-len(a) > 1 {
		return false
	}
	for len(a) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(b) == 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

package trial

import "slices"

// soundex gives the American Soundex code of a folded name. It is written apart
// from the matcher's, as the rules it serves are.
func soundex(name string) string {
	const digits = "01230120022455012623010202"
	code := []byte("0000")
	n, last := 0, byte('0')
	for i := 0; i < len(name) && n < len(code); i++ {
		c := name[i]
		if c < 'a' || c > 'z' {
			continue
		}
		d := digits[c-'a']
		switch {
		case n == 0:
			code[0], n = c-'a'+'A', 1
		case c == 'h' || c == 'w':
			continue
		case d != '0' && d != last:
			code[n] = d
			n++
		}
		last = d
	}
	return string(code)
}

// jaroWinkler gives the similarity of two names, 0 to 1 (Winkler 1990: a common
// start of up to four characters counts for more). Two empty names are alike.
func jaroWinkler(a, b string) float64 {
	const longest = 64
	a, b = a[:min(len(a), longest)], b[:min(len(b), longest)]
	if a == b {
		return 1
	}
	common, moved := jaroCounts(a, b)
	if common == 0 {
		return 0
	}
	c := float64(common)
	jaro := (c/float64(len(a)) + c/float64(len(b)) + (c-float64(moved)/2)/c) / 3
	return jaro + float64(min(4, commonStart(a, b)))*.1*(1-jaro)
}

// jaroCounts gives how many characters the two have in common at about the same
// place, and how many of these stand in another order.
func jaroCounts(a, b string) (common, moved int) {
	reach := max(len(a), len(b))/2 - 1
	var taken [64]bool
	var order []int // places in b of the common characters, in a's order
	for i := range len(a) {
		for j := max(0, i-reach); j < min(len(b), i+reach+1); j++ {
			if !taken[j] && a[i] == b[j] {
				taken[j], order = true, append(order, j)
				break
			}
		}
	}
	sorted := slices.Sorted(slices.Values(order))
	for i := range order {
		if b[order[i]] != b[sorted[i]] {
			moved++
		}
	}
	return len(order), moved
}

package nhs

import "slices"

// RepairNumber gives the valid NHS numbers that differ from ten digits which
// fail the Modulus 11 check by one wrong digit or by two neighbours exchanged,
// in ascending order and each once. There are at most nineteen. They are for
// look-ups alone: a number that was mistyped says where to look, and is no
// evidence of who somebody is. A valid number, and what has not ten digits,
// has none.
//
// Modulus 11 finds every such slip, so the number that was meant is among them
// when there was only one.
func RepairNumber(s string) []string {
	digits, ok := numberDigits(s)
	if !ok {
		return nil
	}
	if _, err := ParseNumber(s); err == nil {
		return nil
	}
	var found []string
	try := func(d [10]byte) {
		if n, err := ParseNumber(string(d[:])); err == nil {
			found = append(found, n)
		}
	}
	for i := range digits {
		for c := byte('0'); c <= '9'; c++ {
			d := digits
			d[i] = c
			try(d)
		}
		if i > 0 {
			d := digits
			d[i-1], d[i] = d[i], d[i-1]
			try(d)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

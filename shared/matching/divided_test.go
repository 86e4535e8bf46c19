package matching_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// resolvePolicy resolves so many records that all say the same, so that what
// two people know together speaks for one person, with the bits that are said to
// be those of the single pairs.
func resolvePolicy(policy matching.Policy, n int, bits func(a, b int) float64) []int {
	m := *matching.Default()
	m.Policy, m.GuardNames, m.LinkBits, m.ReviewBits, m.LeadBits = policy, nil, 0, -3.5, 0
	p := demographics.Clean(person("", "1950-05-21", "Rosalind", "Ardenwood", "LS1 4AP"))
	units := make([]matching.Unit, n)
	var pairs []matching.Scored
	for i := range units {
		units[i].Profile = &p
		for j := range i {
			pairs = append(pairs, matching.Scored{A: j, B: i, Score: matching.Score{Bits: bits(j, i)}})
		}
	}
	return matching.NewMatcher(&m).Resolve(units, pairs, nil).Person
}

// What single comparisons say against one person weighs by policy.
func TestDividedPeople(t *testing.T) {
	t.Parallel()
	// The last resembles the first well and two others of that person hardly.
	held := func(a, b int) float64 {
		switch {
		case b < 3:
			return 20
		case a == 0:
			return 12
		}
		return -9
	}
	// Three of one person, three of another, and the fourth resembles all.
	bridge := func(a, b int) float64 {
		if a == 3 || b == 3 || a < 3 == (b < 3) {
			return 20
		}
		return -15
	}
	for _, c := range []struct {
		name   string
		policy matching.Policy
		n      int
		bits   func(a, b int) float64
		want   []int
	}{
		{"balanced, held by one", matching.Balanced, 4, held, []int{0, 0, 0, 0}},
		{"careful, held by one", matching.Careful, 4, held, []int{0, 0, 0, 3}},
		{"balanced, a bridge", matching.Balanced, 7, bridge, []int{0, 0, 0, 0, 4, 4, 4}},
		{"careful, a bridge", matching.Careful, 7, bridge, []int{0, 0, 0, 0, 4, 4, 4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, resolvePolicy(c.policy, c.n, c.bits)); diff != "" {
				t.Errorf("people (-want +got):\n%s", diff)
			}
		})
	}
}

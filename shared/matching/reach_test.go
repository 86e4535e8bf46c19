package matching_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/matching"
)

// ScoreFrom leaves off only where Score would not come so far, and is Score
// where it does not.
func TestScoreFromIsScore(t *testing.T) {
	t.Parallel()
	m := matching.NewMatcher(matching.Default())
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyProfile(t, "a"), anyProfile(t, "b")
		if rapid.Bool().Draw(t, "alike") {
			b.Names, b.Births = a.Names, a.Births
		}
		want := m.Score(a, b)
		floor := want.Bits + rapid.SampledFrom([]float64{-30, -1, -0.001, 0, 0.001, 1, 30}).Draw(t, "floor")
		got, ok := m.ScoreFrom(a, b, floor)
		if ok != (want.Bits >= floor) {
			t.Fatalf("%v at %v bits, where the score is %v", ok, floor, want.Bits)
		}
		if ok && got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

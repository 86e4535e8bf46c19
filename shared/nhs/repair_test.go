package nhs_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/nhs"
)

func TestRepairNumberFindsWhatWasMeant(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		meant := number(t)
		wrong := []byte(meant)
		i := rapid.IntRange(0, 9).Draw(t, "place")
		if rapid.Bool().Draw(t, "exchanged") && i > 0 {
			wrong[i-1], wrong[i] = wrong[i], wrong[i-1]
		} else {
			wrong[i] = '0' + (wrong[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		}
		if string(wrong) == meant || strings.Trim(string(wrong), string(wrong[:1])) == "" {
			return // no slip, or a digit repeated, which the check does not find
		}
		repaired := nhs.RepairNumber(string(wrong))
		if !slices.Contains(repaired, meant) {
			t.Fatal("the number that was meant is not among the repaired ones")
		}
		if len(repaired) > 19 || !slices.IsSorted(repaired) || len(slices.Compact(slices.Clone(repaired))) != len(repaired) {
			t.Fatalf("%d repaired numbers, or not in order", len(repaired))
		}
	})
}

func TestRepairNumberLeavesAlone(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "943476591", "943 476 5919", "94347659A9", strings.Repeat("9", 5000)} {
		if got := nhs.RepairNumber(s); got != nil {
			t.Errorf("%.12q: repaired to %d numbers", s, len(got))
		}
	}
	for _, n := range nhs.RepairNumber("943 476 5918") {
		if _, err := nhs.ParseNumber(n); err != nil {
			t.Errorf("a repaired number is invalid: %v", err)
		}
	}
}

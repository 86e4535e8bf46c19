package linkage_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/linkage"
)

func TestMeasure(t *testing.T) {
	t.Parallel()
	// Truth: {1,2,3} {4,5} {6}. Found: {1,2} {3,4,5} {6}.
	records := []linkage.Labelled{
		{0, "a", "x"},
		{1, "a", "x"},
		{0, "b", "x"},
		{0, "b", "y"},
		{1, "b", "y"},
		{0, "c", "z"},
		{0, "a", ""}, // of whom it is, is not known
	}
	cases := []struct {
		name          string
		between       bool
		pairs, people linkage.Accuracy
	}{
		{"all", false, linkage.Accuracy{True: 4, Found: 4, Right: 2}, linkage.Accuracy{True: 3, Found: 3, Right: 1}},
		{"across files", true, linkage.Accuracy{True: 3, Found: 3, Right: 2}, linkage.Accuracy{True: 3, Found: 3, Right: 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pairs, people := linkage.Measure(records, c.between)
			if diff := cmp.Diff([2]linkage.Accuracy{c.pairs, c.people}, [2]linkage.Accuracy{pairs, people}); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestAccuracy(t *testing.T) {
	t.Parallel()
	a := linkage.Accuracy{True: 4, Found: 5, Right: 3}
	for name, got := range map[string][2]float64{
		"precision": {a.Precision(), 3.0 / 5}, "recall": {a.Recall(), 3.0 / 4}, "F1": {a.F1(), 2.0 / 3},
		"precision of nothing": {linkage.Accuracy{True: 1}.Precision(), 1}, "F1 of nothing found": {linkage.Accuracy{True: 1}.F1(), 0},
	} {
		if math.Abs(got[0]-got[1]) > 1e-12 {
			t.Errorf("%s %v, want %v", name, got[0], got[1])
		}
	}
}

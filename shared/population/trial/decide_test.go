package trial_test

import (
	"math"
	"testing"

	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/population/trial"
)

func TestDecide(t *testing.T) {
	t.Parallel()
	rule := trial.Rule{LinkBits: 10, ReviewBits: 0, LeadBits: 3}
	none := math.Inf(1)
	for _, c := range []struct {
		name    string
		finding trial.Finding
		want    matching.Outcome
	}{
		{"nobody", trial.Finding{Best: trial.Nobody, Bits: math.Inf(-1), Lead: none}, matching.New},
		{"at the threshold", trial.Finding{Bits: 10, Lead: none}, matching.Link},
		{"below it", trial.Finding{Bits: 9.9, Lead: none}, matching.Possible},
		{"at the threshold of review", trial.Finding{Bits: 0, Lead: none}, matching.Possible},
		{"below that", trial.Finding{Bits: -.1, Lead: none}, matching.New},
		{"enough of a lead", trial.Finding{Bits: 20, Lead: 3}, matching.Link},
		{"too little", trial.Finding{Bits: 20, Lead: 2.9}, matching.Possible},
		{"a guard", trial.Finding{Bits: 30, Lead: none, Guards: matching.GuardTwin}, matching.Possible},
		{"two verified numbers", trial.Finding{Bits: 30, Lead: none, Guards: matching.VetoNumber}, matching.Possible},
		{"and other names", trial.Finding{Bits: 30, Lead: none, Guards: matching.VetoNumber | matching.GuardGiven}, matching.New},
		{"settled by the number", trial.Finding{Number: true}, matching.Link},
	} {
		if got := rule.Decide(&c.finding); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	rule.Ignore = matching.GuardTwin
	if got := rule.Decide(&trial.Finding{Bits: 30, Lead: none, Guards: matching.GuardTwin}); got != matching.Link {
		t.Errorf("without the guard: %s, want a link", got)
	}
}

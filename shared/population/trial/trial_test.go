package trial_test

import (
	"bytes"
	"context"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/trial"
)

func settings(people int, numbers bool) trial.Settings {
	return trial.Settings{People: people, Queries: 20_000, Seed: 21, Numbers: numbers, Model: matching.Default()}
}

func measured(t testing.TB, s trial.Settings) *trial.Measured {
	t.Helper()
	tr, err := trial.New(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	m, err := tr.Search(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The regions that tests look at, each made once.
var (
	once     sync.Mutex
	finished = map[bool]*trial.Measured{}
)

func shared(t testing.TB, numbers bool) *trial.Measured {
	t.Helper()
	once.Lock()
	defer once.Unlock()
	if finished[numbers] == nil {
		finished[numbers] = measured(t, settings(30_000, numbers))
	}
	return finished[numbers]
}

func TestSettingsThatCannotBeMeasured(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*trial.Settings){
		"too few people":      func(s *trial.Settings) { s.People = 999 },
		"too many people":     func(s *trial.Settings) { s.People = population.MostPeople + 1 },
		"too few queries":     func(s *trial.Settings) { s.Queries = 99 },
		"not enough numbers":  func(s *trial.Settings) { s.Numbers, s.People = true, population.Numbers() },
		"fewer than no slips": func(s *trial.Settings) { s.Slips = -1 },
		"too many slips":      func(s *trial.Settings) { s.Slips = 4 },
		"no model":            func(s *trial.Settings) { s.Model = nil },
	} {
		s := settings(2_000, false)
		spoil(&s)
		if _, err := trial.New(t.Context(), s); !failure.Is(err, failure.Invalid) {
			t.Errorf("%s: %v, want invalid", name, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := trial.New(ctx, settings(2_000, false)); !failure.Is(err, failure.Unavailable) {
		t.Errorf("stopped: %v, want unavailable", err)
	}
}

// The make-up of the queries is the issue's: half in the index, and of the
// others 6% twins, 19% siblings, 2% namesakes.
func TestQueries(t *testing.T) {
	t.Parallel()
	m := shared(t, false)
	indexed, kin := 0, map[population.Kin]int{}
	for _, q := range m.Trial.Asked() {
		if q.Person != trial.Nobody {
			indexed++
			continue
		}
		kin[q.Kin]++
	}
	n := len(m.Trial.Asked())
	within(t, "in the index", indexed, n, .5)
	others := n - indexed
	within(t, "twins", kin[population.Twin], others, .06)
	within(t, "siblings", kin[population.Sibling], others, .19)
	within(t, "namesakes", kin[population.Namesake], others, .02)
}

func within(t *testing.T, what string, count, n int, share float64) {
	t.Helper()
	want := share * float64(n)
	if d := math.Abs(float64(count) - want); d > 4*math.Sqrt(want*(1-share))+1 {
		t.Errorf("%s: %d of %d, want about %.0f", what, count, n, want)
	}
}

func TestTheSameSeedFindsTheSame(t *testing.T) {
	t.Parallel()
	s := settings(5_000, false)
	s.Queries, s.Workers = 2_000, 1
	one := measured(t, s)
	s.Workers = 4
	four := measured(t, s)
	if diff := cmp.Diff(one.Findings, four.Findings); diff != "" {
		t.Errorf("with four workers (-want +got):\n%s", diff)
	}
}

// The hard region, small: what the project promises at a million people must
// hold here too. The bounds are the promise's, not what the code gave.
func TestTheHardRegion(t *testing.T) {
	t.Parallel()
	m := shared(t, false)
	got := m.Tally(trial.RuleOf(matching.Default()))
	if got.Precision() < .999 || got.Recall() < .960 || got.ReviewShare() > .08 {
		t.Errorf("precision %.4f, recall %.4f, review %.4f; want .9990, .960, .08", got.Precision(), got.Recall(), got.ReviewShare())
	}
}

// With NHS numbers nobody is linked to somebody of another verified number.
func TestTheRegionWithNumbers(t *testing.T) {
	t.Parallel()
	m := shared(t, true)
	rule := trial.RuleOf(matching.Default())
	got := m.Tally(rule)
	if got.Precision() < .999 || got.Recall() < .995 {
		t.Errorf("precision %.4f, recall %.4f; want .999, .995", got.Precision(), got.Recall())
	}
	settled := 0
	for i, q := range m.Trial.Asked() {
		f := &m.Findings[i]
		if f.Number {
			settled++
		}
		if rule.Decide(f) != matching.Link {
			continue
		}
		known := m.Trial.Known(f.Best)
		if len(q.Profile.Numbers) > 0 && len(known.Numbers) > 0 && q.Profile.Numbers[0].Verified && known.Numbers[0].Verified &&
			q.Profile.Numbers[0].Digits != known.Numbers[0].Digits {
			t.Fatalf("query %d: two verified numbers are linked", i)
		}
	}
	// In the index, a number on both sides and right on both: the cross-check
	// settles them, but for one wrong birth date in a hundred and fifty.
	within(t, "settled by the number", settled, got.Queries, .5*.97*.97*.995*.995)
}

// The rules of the Master Person Service came to precision .9725 and recall
// .9785 on another generator's region of a million people with the same make-up
// (docs/measuring.md). Written right, they come near to that here.
func TestTheRulesOfTheMasterPersonService(t *testing.T) {
	t.Parallel()
	got, err := shared(t, false).Trial.MPS(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.Precision()-.9725) > .012 || math.Abs(got.Recall()-.9785) > .012 {
		t.Errorf("precision %.4f, recall %.4f; want about .9725 and .9785", got.Precision(), got.Recall())
	}
}

// At most 7 key reads, and 13 units written for a new person.
func TestBudgets(t *testing.T) {
	t.Parallel()
	m := shared(t, false)
	for i := range m.Findings {
		c := m.Findings[i].Cost
		if c.Reads > 7 || c.Units < c.Reads {
			t.Fatalf("query %d: %d reads, %d units", i, c.Reads, c.Units)
		}
	}
	if m.Trial.MostPostings > 7 {
		t.Errorf("%d postings for one person", m.Trial.MostPostings)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	for _, numbers := range []bool{false, true} {
		var out bytes.Buffer
		if err := trial.Report(t.Context(), &out, shared(t, numbers).Trial); err != nil {
			t.Fatal(err)
		}
		want := []string{"Master Person Service", "without", "The curve", "key reads"}
		if numbers {
			want = []string{"0 links of two different verified numbers", "key reads"}
		}
		for _, part := range want {
			if !strings.Contains(out.String(), part) {
				t.Errorf("the report does not tell of %q:\n%s", part, out.String())
			}
		}
	}
}

func TestSpeed(t *testing.T) {
	t.Parallel()
	s := settings(2_000, false)
	s.Queries = 100
	tr, err := trial.New(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := trial.Speed(t.Context(), &out, tr, 1_000, 5_000); err != nil {
		t.Fatal(err)
	}
	for size, want := range map[string]bool{"  1000  ": true, "  2000  ": true, "  5000  ": false} {
		if strings.Contains(out.String(), size) != want {
			t.Errorf("sizes up to the trial's own, 2000: %s", out.String())
		}
	}
}

package trial

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/population/chance"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
	"github.com/carerecord/carerecord/shared/version"
)

// What is measured is what runs: the patient index itself, with the same people
// as source patients, says the same of the same queries and reads as much.
func TestThePatientIndexSaysTheSame(t *testing.T) {
	t.Parallel()
	for _, numbers := range []bool{false, true} {
		tr, err := New(t.Context(), Settings{People: 1_000, Queries: 400, Seed: 31, Numbers: numbers, Model: matching.Default()})
		if err != nil {
			t.Fatal(err)
		}
		m, err := tr.Search(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		x, people := asIndex(t, tr)
		links, counted := 0, 0
		for i := range tr.queries {
			outcome, person, used := inIndex(t, x, people, &tr.queries[i])
			want := RuleOf(tr.Model).Decide(&m.Findings[i])
			if outcome != want || want == matching.Link && person != m.Findings[i].Best {
				t.Errorf("query %d (numbers %v): the index says %s, the trial %s", i, numbers, outcome, want)
			}
			if want == matching.Link {
				links++
			}
			if used == nil || numbers {
				continue
			}
			counted++
			if c := m.Findings[i].Cost; used.ReadUnits != float64(c.Units) || used.BytesRead != int64(c.Bytes) || used.Requests != c.Reads {
				t.Errorf("query %d: the index reads %v, the trial counts %+v", i, used, c)
			}
		}
		if links < 150 || counted < 100 && !numbers {
			t.Errorf("%d links and %d costs to compare", links, counted)
		}
	}
}

// inIndex puts a query to the index: the outcome, the person of a link, and what
// was read, where it was keys alone.
func inIndex(t *testing.T, x *index.Index, people map[string]int, q *Query) (matching.Outcome, int, *table.Usage) {
	t.Helper()
	ctx, meter := table.WithMeter(t.Context())
	matches, err := x.Match(ctx, q.Account.Details(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(matches) == 0 {
		used := meter.Usage()
		return matching.New, Nobody, &used
	}
	outcome := matching.New
	for _, one := range matches {
		switch one.Decision.Outcome {
		case matching.Link:
			return matching.Link, people[one.Key], nil
		case matching.Possible, matching.Conflict:
			outcome = matching.Possible
		}
	}
	return outcome, Nobody, nil
}

// asIndex puts the trial's people into a patient index, and gives the person of
// each source patient.
func asIndex(t *testing.T, tr *Trial) (*index.Index, map[string]int) {
	t.Helper()
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	h, err := opaque.NewHasher(bytes.Repeat([]byte("k"), opaque.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	x, people := index.New(db.Table("index"), h, matching.NewMatcher(tr.Model)), map[string]int{}
	s := chance.New(tr.Seed, streamIndex, 0)
	var statements []index.Statement
	for _, p := range tr.region.Block(0, nil) {
		account := tr.entry(s, &p)
		d := account.Details()
		key := index.SourceKey(h, "NZZ10", "patients", strconv.Itoa(p.ID))
		people[key] = p.ID
		statements = append(statements, index.Statement{
			Key: key, Organisation: "NZZ10", System: "patients", Value: strconv.Itoa(p.ID), Details: &d,
			At: version.Instant{Time: time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)},
		})
	}
	for from := 0; from < len(statements); from += 100 {
		if err := x.Apply(t.Context(), time.Date(2025, 6, 2, 0, 0, 0, 0, time.UTC), statements[from:min(from+100, len(statements))]); err != nil {
			t.Fatal(err)
		}
	}
	return x, people
}

package resolution_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/resolution"
)

var now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// people plays an index in which every part has so many source patients, of
// which every tenth changes.
type people struct {
	each  int
	queue index.ReviewMetrics
	stuck bool
	fails error
	asked []index.Sweep
}

func (p *people) Sweep(_ context.Context, s index.Sweep) (index.Swept, error) {
	p.asked = append(p.asked, s)
	if p.fails != nil {
		return index.Swept{}, p.fails
	}
	from, most := 0, s.Most
	if s.After != "" {
		if _, err := fmt.Sscan(s.After, &from); err != nil {
			return index.Swept{}, err
		}
	}
	if most == 0 {
		most = 500
	}
	to := min(from+most, p.each)
	out := index.Swept{Part: s.Part, Looked: to - from, Changed: to/10 - from/10, Done: to == p.each}
	if !out.Done {
		out.After = fmt.Sprint(to)
	}
	if p.stuck {
		out.After, out.Done = s.After, false
	}
	return out, nil
}

func (p *people) Metrics(context.Context, ...string) (index.ReviewMetrics, error) {
	return p.queue, p.fails
}

func service(p *people) *resolution.Service {
	return &resolution.Service{Index: p, Now: func() time.Time { return now }}
}

// do gives the task its input as the state machine does, as JSON.
func do[Out any](t *testing.T, s *resolution.Service, in any) (out Out, err error) {
	t.Helper()
	input, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	output, err := s.Tasks()[resolution.TaskName](t.Context(), input)
	if err == nil {
		err = json.Unmarshal(output, &out)
	}
	return out, err
}

// A part that goes in as it came out ends with all of its source patients
// counted once, however long a stretch is.
func TestAPartGoesOnUntilItIsDone(t *testing.T) {
	t.Parallel()
	for _, most := range []int{0, 1, 7, 1000, 5000} {
		p := &people{each: 1234}
		s := service(p)
		told := 0
		s.Swept = func(_ context.Context, swept index.Swept) { told += swept.Looked }
		part := resolution.Part{Part: "k"}
		for stretches := 0; !part.Done; stretches++ {
			if stretches > 1234 {
				t.Fatalf("of %d: it does not end", most)
			}
			var err error
			if part, err = do[resolution.Part](t, s, resolution.Input{Part: part, Most: most}); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(resolution.Part{Part: "k", Done: true, Looked: 1234, Changed: 123}, part); diff != "" || told != 1234 {
			t.Errorf("of %d, told of %d (-want +got):\n%s", most, told, diff)
		}
	}
}

func TestPartsAreSummedUp(t *testing.T) {
	t.Parallel()
	p := &people{queue: index.ReviewMetrics{
		Open: map[index.ReviewKind]int{index.ReviewPossible: 40, index.ReviewOverlay: 2}, Waiting: 3, Oldest: now.Add(-49 * time.Hour),
	}}
	all := func(change func(i int, part *resolution.Part) bool) (list []resolution.Part) {
		for i, name := range index.SweepParts() {
			part := resolution.Part{Part: name, Done: true, Looked: 10, Changed: 1}
			if change(i, &part) {
				list = append(list, part)
			}
		}
		return list
	}
	for name, c := range map[string]struct {
		parts []resolution.Part
		want  resolution.Total
	}{
		"all done": {
			all(func(int, *resolution.Part) bool { return true }),
			resolution.Total{Parts: 32, Looked: 320, Changed: 32, Open: 42, Oldest: 2},
		},
		"one failed": {
			all(func(i int, part *resolution.Part) bool { part.Done = i != 5; return true }),
			resolution.Total{Parts: 31, Failed: 1, Looked: 320, Changed: 32, Open: 42, Oldest: 2},
		},
		"one is missing": {
			all(func(i int, _ *resolution.Part) bool { return i != 5 }),
			resolution.Total{Parts: 31, Failed: 1, Looked: 310, Changed: 31, Open: 42, Oldest: 2},
		},
		"one twice": {
			append(all(func(i int, _ *resolution.Part) bool { return i != 5 }), resolution.Part{Part: index.SweepParts()[0], Done: true, Looked: 10}),
			resolution.Total{Parts: 31, Failed: 1, Looked: 310, Changed: 31, Open: 42, Oldest: 2},
		},
		"none": {[]resolution.Part{}, resolution.Total{Failed: 32, Open: 42, Oldest: 2}},
	} {
		s := service(p)
		var told resolution.Total
		s.Summed = func(_ context.Context, total resolution.Total) { told = total }
		// As the state machine sends it: a list that is empty is there all the same.
		got, err := do[resolution.Total](t, s, map[string]any{"parts": c.parts})
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil || told != got {
			t.Errorf("%s: %v, told %+v (-want +got):\n%s", name, err, told, diff)
		}
	}
}

// An empty queue has no age, and a clock that is behind makes none below zero.
func TestAgeOfTheQueue(t *testing.T) {
	t.Parallel()
	for oldest, want := range map[time.Time]int{
		{}: 0, now.Add(time.Hour): 0, now.Add(-time.Hour): 0, now.Add(-24 * time.Hour): 1, now.AddDate(-1, 0, 0): 365,
	} {
		total, err := do[resolution.Total](t, service(&people{queue: index.ReviewMetrics{Oldest: oldest}}), map[string]any{"parts": []any{}})
		if err != nil || total.Oldest != want {
			t.Errorf("%s: %d days, %v; want %d", oldest, total.Oldest, err, want)
		}
	}
}

func TestTheTaskRefuses(t *testing.T) {
	t.Parallel()
	part := resolution.Input{Part: resolution.Part{Part: "k", After: "7"}}
	if _, err := do[resolution.Part](t, service(&people{each: 10, stuck: true}), part); !failure.Is(err, failure.Internal) {
		t.Errorf("a part that stands still: %v, want internal", err)
	}
	for _, kind := range []failure.Kind{failure.Invalid, failure.Throttled, failure.Unavailable} {
		s := service(&people{fails: failure.New(kind, "test", "scripted")})
		s.Swept = func(context.Context, index.Swept) { t.Error("told of what failed") }
		s.Summed = func(context.Context, resolution.Total) { t.Error("told of what failed") }
		for _, in := range []any{part, map[string]any{"parts": []any{}}} {
			if _, err := do[resolution.Part](t, s, in); !failure.Is(err, kind) {
				t.Errorf("error %v, want %s", err, kind)
			}
		}
	}
	_, err := service(&people{}).Tasks()[resolution.TaskName](t.Context(), json.RawMessage(`"CANARY"`))
	if !failure.Is(err, failure.Invalid) || err.Error() != "resolution.Task: invalid: the input is not what this task takes" {
		t.Errorf("error %v", err)
	}
}

package definition_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/statemachine"
	"github.com/carerecord/carerecord/tools/asl"
)

const (
	input     = `{"delivery":"01D"}`
	splitTen  = `{"delivery":"01D","outcome":"split","chunks":{"bucket":"work","key":"chunks.json"},"count":10}`
	duplicate = `{"delivery":"01D","outcome":"duplicate","chunks":{"bucket":"work","key":"chunks.json"},"count":0}`
	reported  = `{"delivery":"01D","status":"completed"}`
	aside     = `{"delivery":"01D","status":"quarantined"}`
)

// region plays the functions and notes how they were called.
type region struct {
	answers map[string]func() (string, error)

	mu    sync.Mutex
	calls map[string][]string
	trail []string
	slept []time.Duration
}

func answers(output string) func() (string, error) {
	return func() (string, error) { return output, nil }
}

func fails(kind failure.Kind) func() (string, error) {
	return func() (string, error) { return "", failure.New(kind, "test", "scripted") }
}

func newRegion() *region {
	return &region{calls: map[string][]string{}, answers: map[string]func() (string, error){
		"split-delivery": answers(splitTen), "match-patients": answers(`{"chunks":4}`), "load-entries": answers(`{"chunks":4}`),
		"report-delivery": answers(reported), "quarantine-delivery": answers(aside),
	}}
}

func (r *region) run(t *testing.T) (string, error) {
	t.Helper()
	machine, err := statemachine.Parse(delivery(t))
	if err != nil {
		t.Fatal(err)
	}
	env := statemachine.Env{
		Tasks: map[string]statemachine.Task{}, Parallel: 2, Open: open,
		Sleep: func(_ context.Context, d time.Duration) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.slept = append(r.slept, d)
			return nil
		},
		Jitter: func(limit time.Duration) time.Duration { return limit },
		Entered: func(state string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			if !strings.HasSuffix(state, "Batch") {
				r.trail = append(r.trail, state)
			}
		},
	}
	for name := range r.answers {
		env.Tasks[name] = func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.calls[name] = append(r.calls[name], string(input))
			output, err := r.answers[name]()
			return json.RawMessage(output), err
		}
	}
	output, err := machine.Run(t.Context(), json.RawMessage(input), env)
	return string(output), err
}

func open(_ context.Context, bucket, key string) (io.ReadCloser, error) {
	if bucket != "work" || key != "chunks.json" {
		return nil, failure.New(failure.NotFound, "test", "no such object")
	}
	return io.NopCloser(strings.NewReader(`[1,2,3,4,5,6,7,8,9,10]`)), nil
}

func TestDeliveryIsLoaded(t *testing.T) {
	t.Parallel()
	r := newRegion()
	output, err := r.run(t)
	if err != nil || output != reported {
		t.Fatalf("output %s, error %v", output, err)
	}
	batches := []string{
		`{"BatchInput":{"delivery":"01D"},"Items":[1,2,3,4]}`,
		`{"BatchInput":{"delivery":"01D"},"Items":[5,6,7,8]}`,
		`{"BatchInput":{"delivery":"01D"},"Items":[9,10]}`,
	}
	want := map[string][]string{
		"split-delivery": {input}, "report-delivery": {input}, "match-patients": batches, "load-entries": batches,
	}
	for _, list := range r.calls {
		slices.Sort(list) // children run at once, in any order
	}
	if diff := cmp.Diff(want, r.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
	trail := []string{"Split", "AnythingToLoad", "MatchPatients", "LoadEntries", "Report", "Reported"}
	if diff := cmp.Diff(trail, r.trail); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

func TestDeliveryWays(t *testing.T) {
	t.Parallel()
	throughQuarantine := func(states ...string) []string { return append(states, "Quarantine", "Quarantined") }
	for name, c := range map[string]struct {
		function string
		answer   func() (string, error)
		trail    []string
		reason   string // the error that quarantine-delivery is told
	}{
		"a duplicate is reported": {
			"split-delivery", answers(duplicate),
			[]string{"Split", "AnythingToLoad", "Report", "Reported"},
			"",
		},
		"no rows are reported": {
			"split-delivery", answers(strings.Replace(splitTen, `10`, `0`, 1)),
			[]string{"Split", "AnythingToLoad", "Report", "Reported"},
			"",
		},
		"a split that cannot be done": {
			"split-delivery", fails(failure.Invalid), throughQuarantine("Split"), "invalid",
		},
		"a store that stays away": {
			"split-delivery", fails(failure.Unavailable), throughQuarantine("Split"), "Retryable",
		},
		"a panic": {
			"split-delivery", func() (string, error) { panic("a value") }, throughQuarantine("Split"), "internal",
		},
		"no patients matched": {
			"match-patients", fails(failure.Internal),
			throughQuarantine("Split", "AnythingToLoad", "MatchPatients"), "States.ExceedToleratedFailureThreshold",
		},
		"no entries loaded": {
			"load-entries", fails(failure.Internal),
			throughQuarantine("Split", "AnythingToLoad", "MatchPatients", "LoadEntries"), "States.ExceedToleratedFailureThreshold",
		},
		"chunks that are not there": {
			"split-delivery", answers(strings.Replace(splitTen, `"work"`, `"elsewhere"`, 1)),
			throughQuarantine("Split", "AnythingToLoad", "MatchPatients"), "States.ItemReaderFailed",
		},
		"no report": {
			"report-delivery", fails(failure.Forbidden),
			throughQuarantine("Split", "AnythingToLoad", "MatchPatients", "LoadEntries", "Report"), "forbidden",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegion()
			r.answers[c.function] = c.answer
			output, err := r.run(t)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.trail, r.trail); diff != "" {
				t.Errorf("states (-want +got):\n%s", diff)
			}
			if c.reason == "" {
				return
			}
			if output != aside {
				t.Errorf("output %s", output)
			}
			want := []string{`{"delivery":"01D","error":"` + c.reason + `"}`}
			if diff := cmp.Diff(want, r.calls["quarantine-delivery"]); diff != "" {
				t.Errorf("quarantine (-want +got):\n%s", diff)
			}
		})
	}
}

// An execution whose quarantine fails must fail in that state, not in a Fail
// state behind it: only then can it be redriven from there.
func TestQuarantineThatFailsFailsTheExecution(t *testing.T) {
	t.Parallel()
	r := newRegion()
	r.answers["split-delivery"] = fails(failure.Invalid)
	r.answers["quarantine-delivery"] = fails(failure.Internal)
	_, err := r.run(t)
	var failed *statemachine.Error
	if !errors.As(err, &failed) || failed.Name != "internal" || failed.State != "Quarantine" {
		t.Fatalf("error %v, want that of Quarantine itself", err)
	}
}

// TestNoRoomIsWaitedFor throttles a task far longer than a failing store is
// tried: a burst of files must wait and not end in quarantine.
func TestNoRoomIsWaitedFor(t *testing.T) {
	t.Parallel()
	for function, times := range map[string]int{"split-delivery": 200, "match-patients": 25, "report-delivery": 200} {
		t.Run(function, func(t *testing.T) {
			t.Parallel()
			r := newRegion()
			done, left := r.answers[function], times
			r.answers[function] = func() (string, error) {
				if left--; left >= 0 {
					return "", noRoom{}
				}
				return done()
			}
			if output, err := r.run(t); err != nil || output != reported {
				t.Fatalf("output %s, error %v", output, err)
			}
		})
	}
}

type noRoom struct{}

func (noRoom) Error() string     { return "no room" }
func (noRoom) ErrorName() string { return "Lambda.TooManyRequestsException" }

// Six tries after the first, each wait twice the one before, 20 seconds at most.
func TestBusyStoreIsTriedAgainWithBackoff(t *testing.T) {
	t.Parallel()
	r := newRegion()
	left := 6
	r.answers["split-delivery"] = func() (string, error) {
		if left--; left >= 0 {
			return "", failure.New(failure.Throttled, "test", "scripted")
		}
		return duplicate, nil
	}
	if _, err := r.run(t); err != nil {
		t.Fatal(err)
	}
	var want []time.Duration
	for _, s := range []int{1, 2, 4, 8, 16, 20} {
		want = append(want, time.Duration(s)*time.Second)
	}
	if diff := cmp.Diff(want, r.slept); diff != "" {
		t.Errorf("waits (-want +got):\n%s", diff)
	}
}

// reduced is the definition as aws-local-stepfunctions can run it: that
// package knows no reader and no batcher, so the batches come from the split.
func reduced(t *testing.T) json.RawMessage {
	t.Helper()
	var machine map[string]any
	if err := json.Unmarshal(delivery(t), &machine); err != nil {
		t.Fatal(err)
	}
	all := machine["States"].(map[string]any)
	selector := all["Split"].(map[string]any)["ResultSelector"].(map[string]any)
	selector["batches.$"] = "$.Payload.batches"
	for _, name := range []string{"MatchPatients", "LoadEntries"} {
		m := all[name].(map[string]any)
		delete(m, "ItemReader")
		delete(m, "ItemBatcher")
		m["ItemsPath"] = "$.batches"
		m["MaxConcurrency"] = 1 // so that there is one order of calls
	}
	out, err := json.Marshal(machine)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDeliveryRunsAlikeInAWSLocalStepFunctions(t *testing.T) {
	t.Parallel()
	const split = `{"delivery":"01D","outcome":"split","chunks":{"bucket":"work","key":"k"},"count":3,
		"batches":[{"BatchInput":{"delivery":"01D"},"Items":[1,2]},{"BatchInput":{"delivery":"01D"},"Items":[3]}]}`
	ok := func(output string) []asl.Answer { return []asl.Answer{{Return: json.RawMessage(output)}} }
	bad := func(name string) []asl.Answer { return []asl.Answer{{Error: name}} }
	scripts := map[string]map[string][]asl.Answer{
		"loaded":           {},
		"duplicate":        {"split-delivery": ok(strings.Replace(strings.Replace(split, `"split"`, `"duplicate"`, 1), `3,`, `0,`, 1))},
		"refused":          {"split-delivery": ok(strings.Replace(split, `"split"`, `"refused"`, 1))},
		"split fails":      {"split-delivery": bad("invalid")},
		"split busy":       {"split-delivery": append(bad("Retryable"), ok(split)...)},
		"split stays busy": {"split-delivery": bad("Lambda.ServiceException")},
		"match busy":       {"match-patients": append(bad("Lambda.TooManyRequestsException"), ok(`{}`)...)},
		"report fails":     {"report-delivery": bad("internal")},
		"nothing works":    {"split-delivery": bad("internal"), "quarantine-delivery": bad("internal")},
	}
	var cases []asl.Case
	for name, script := range scripts {
		all := map[string][]asl.Answer{
			"split-delivery": ok(split), "match-patients": ok(`{}`), "load-entries": ok(`{}`),
			"report-delivery": ok(reported), "quarantine-delivery": ok(aside),
		}
		for function, list := range script {
			all[function] = list
		}
		cases = append(cases, asl.Case{Name: name, Definition: reduced(t), Input: json.RawMessage(input), Answers: all})
	}
	asl.Compare(t, cases)
}

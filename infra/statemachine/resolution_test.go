package definition_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	definition "github.com/carerecord/carerecord/infra/statemachine"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/resolution"
	"github.com/carerecord/carerecord/shared/statemachine"
	"github.com/carerecord/carerecord/tools/asl"
)

func resolved(t *testing.T) []byte {
	t.Helper()
	d, err := definition.Resolution(definition.ResolutionLocal())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestResolutionFillsItsFunction(t *testing.T) {
	t.Parallel()
	machine, err := statemachine.Parse(resolved(t))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{resolution.TaskName, statemachine.ListExecutions}, machine.Functions()); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(definition.ResolutionLocal())), definition.ResolutionFunctions()); diff != "" {
		t.Errorf("substitutions (-want +got):\n%s", diff)
	}
	for name, values := range map[string]map[string]string{
		"none": nil, "one of the other machine": definition.Local(), "an empty one": {"ResolvePatientsFunction": ""},
	} {
		if _, err := definition.Resolution(values); !failure.Is(err, failure.Invalid) {
			t.Errorf("%s: error %v, want invalid", name, err)
		}
	}
}

func TestResolutionIsValidForASLValidator(t *testing.T) {
	t.Parallel()
	broken := []byte(strings.Replace(string(resolved(t)), `"Next": "Sum"`, `"Next": "Nowhere"`, 1))
	opinions := asl.Validate(t, resolved(t), broken)
	if !opinions[0].Valid {
		t.Errorf("the definition: %s", opinions[0].Errors)
	}
	if opinions[1].Valid {
		t.Error("a transition to nowhere passed: the validator tells nothing")
	}
}

// A part that is not in the definition would never be done.
func TestThePartsAreThoseOfTheIndex(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, part := range states(t, resolved(t))["Parts"]["Result"].(map[string]any)["parts"].([]any) {
		listed = append(listed, part.(string))
	}
	want := index.SweepParts()
	slices.Sort(want)
	if diff := cmp.Diff(want, listed); diff != "" || len(want) != 32 {
		t.Errorf("(-index +definition):\n%s", diff)
	}
}

func TestEveryStateOfAResolutionIsGuarded(t *testing.T) {
	t.Parallel()
	all := states(t, resolved(t))
	for name, s := range all {
		if s["Comment"] == nil {
			t.Errorf("%s has no Comment", name)
		}
		if s["Type"] != "Task" {
			continue
		}
		// A Lambda function runs for fifteen minutes at most.
		if seconds, ok := s["TimeoutSeconds"].(float64); !ok || seconds > 900 {
			t.Errorf("%s has the time %v", name, s["TimeoutSeconds"])
		}
		want := retried
		if name == "ListRuns" {
			want = [][]any{{"States.TaskFailed", "States.Timeout"}}
		}
		checkRetries(t, name, s, want)
	}
	if n, ok := all["ResolveParts"]["MaxConcurrency"].(float64); !ok || n < 1 || n > 40 {
		t.Errorf("%v parts at once", all["ResolveParts"]["MaxConcurrency"])
	}
}

// sweeps plays the function and Step Functions.
type sweeps struct {
	stretches int                          // of each part
	runs      int                          // executions under way, this one included
	fails     map[string][]failure.Kind    // of a part's calls, one after the other
	counted   func(part string) (int, int) // looked and changed of a stretch

	mu     sync.Mutex
	calls  map[string][]resolution.Part // by part
	summed []resolution.Part
	lists  []string
	trail  []string
}

func (s *sweeps) resolve(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var in resolution.Input
	if err := json.Unmarshal(input, &in); err != nil {
		return nil, err
	}
	if in.Parts != nil {
		s.summed = in.Parts
		failed := slices.ContainsFunc(in.Parts, func(p resolution.Part) bool { return !p.Done })
		return json.RawMessage(map[bool]string{false: `{"failed":0}`, true: `{"failed":1}`}[failed]), nil
	}
	s.calls[in.Part.Part] = append(s.calls[in.Part.Part], in.Part)
	if list := s.fails[in.Part.Part]; len(list) > 0 {
		s.fails[in.Part.Part] = list[1:]
		return nil, failure.New(list[0], "test", "scripted")
	}
	looked, changed := s.counted(in.Part.Part)
	out := resolution.Part{Part: in.Part.Part, Looked: in.Looked + looked, Changed: in.Changed + changed, After: in.After + "x"}
	if len(out.After) == s.stretches {
		out.After, out.Done = "", true
	}
	return json.Marshal(out)
}

func (s *sweeps) run(t *testing.T) (string, error) {
	t.Helper()
	machine, err := statemachine.Parse(resolved(t))
	if err != nil {
		t.Fatal(err)
	}
	s.calls = map[string][]resolution.Part{}
	if s.counted == nil {
		s.counted = func(string) (int, int) { return 10, 1 }
	}
	output, err := machine.Run(t.Context(), json.RawMessage(`{}`), statemachine.Env{
		Parallel: 4, StateMachine: "arn:machine",
		Sleep: func(context.Context, time.Duration) error { return nil },
		Entered: func(state string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.trail = append(s.trail, state)
		},
		Tasks: map[string]statemachine.Task{
			resolution.TaskName: s.resolve,
			statemachine.ListExecutions: func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
				s.lists = append(s.lists, string(input))
				var all []string
				for i := range s.runs {
					all = append(all, fmt.Sprintf(`{"ExecutionArn":"arn:%d","Status":"RUNNING"}`, i))
				}
				return json.RawMessage(`{"Executions":[` + strings.Join(all, ",") + `]}`), nil
			},
		},
	})
	return string(output), err
}

// Every part is taken from its beginning to its end, each stretch from where
// the last one stopped, and the counts are carried along.
func TestEveryPartIsResolved(t *testing.T) {
	t.Parallel()
	s := &sweeps{stretches: 3, runs: 1}
	output, err := s.run(t)
	if err != nil || output != `{"failed":0}` {
		t.Fatalf("output %s, error %v", output, err)
	}
	for _, part := range index.SweepParts() {
		want := []resolution.Part{
			{Part: part}, {Part: part, After: "x", Looked: 10, Changed: 1}, {Part: part, After: "xx", Looked: 20, Changed: 2},
		}
		if diff := cmp.Diff(want, s.calls[part]); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if !slices.Contains(s.summed, resolution.Part{Part: part, Done: true, Looked: 30, Changed: 3}) {
			t.Errorf("part %s is not summed up as done: %+v", part, s.summed)
		}
	}
	if want := []string{`{"MaxResults":2,"StateMachineArn":"arn:machine","StatusFilter":"RUNNING"}`}; !slices.Equal(s.lists, want) {
		t.Errorf("asked for %v, want %v", s.lists, want)
	}
}

func TestResolutionsNeverRunSideBySide(t *testing.T) {
	t.Parallel()
	for runs, want := range map[int][]string{
		0: {"ListRuns", "AnyOther", "Parts"}, // a list that does not know of this run yet
		2: {"ListRuns", "AnyOther", "AnotherRuns"},
	} {
		s := &sweeps{stretches: 1, runs: runs}
		_, err := s.run(t)
		var failed *statemachine.Error
		if errors.As(err, &failed); (runs > 1) != (failed != nil && failed.Name == "AnotherRuns") {
			t.Errorf("%d runs: error %v", runs, err)
		}
		if diff := cmp.Diff(want, s.trail[:3]); diff != "" {
			t.Errorf("%d runs: states (-want +got):\n%s", runs, diff)
		}
		if runs > 1 && len(s.calls) > 0 {
			t.Errorf("%d runs: %d parts were begun", runs, len(s.calls))
		}
	}
}

// A part that cannot be done holds up no other, and fails the run at its end.
func TestAPartThatFailsFailsTheRunInTheEnd(t *testing.T) {
	t.Parallel()
	s := &sweeps{stretches: 2, runs: 1, fails: map[string][]failure.Kind{"7": {failure.Internal}, "c": slices.Repeat([]failure.Kind{failure.Throttled}, 7)}}
	_, err := s.run(t)
	var failed *statemachine.Error
	if !errors.As(err, &failed) || failed.Name != "PartsFailed" || failed.State != "PartsFailed" {
		t.Fatalf("error %v, want PartsFailed", err)
	}
	var left []resolution.Part
	for _, p := range s.summed {
		if !p.Done {
			left = append(left, p)
		}
	}
	want := []resolution.Part{{Part: "7", Error: "internal"}, {Part: "c", Error: statemachine.RetryableName}}
	if diff := cmp.Diff(want, left); diff != "" || len(s.summed) != 32 {
		t.Errorf("parts that failed, of %d (-want +got):\n%s", len(s.summed), diff)
	}
}

// Six tries after the first, as everywhere.
func TestABusyStoreHoldsAPartUpOnly(t *testing.T) {
	t.Parallel()
	s := &sweeps{stretches: 2, runs: 1, fails: map[string][]failure.Kind{"c": slices.Repeat([]failure.Kind{failure.Unavailable}, 6)}}
	if output, err := s.run(t); err != nil || output != `{"failed":0}` {
		t.Fatalf("output %s, error %v", output, err)
	}
	if n := len(s.calls["c"]); n != 8 {
		t.Errorf("%d calls of the part, want 8", n)
	}
}

// reducedResolution is the definition as aws-local-stepfunctions can run it:
// the list of runs is a function's, there are two parts, and one is done at a
// time so that there is one order of calls.
func reducedResolution(t *testing.T) json.RawMessage {
	t.Helper()
	var machine map[string]any
	if err := json.Unmarshal(resolved(t), &machine); err != nil {
		t.Fatal(err)
	}
	all := machine["States"].(map[string]any)
	list := all["ListRuns"].(map[string]any)
	list["Resource"] = "arn:aws:states:::lambda:invoke"
	list["Parameters"] = map[string]any{"FunctionName": "list-runs", "Payload": list["Parameters"].(map[string]any)["MaxResults"]}
	list["ResultSelector"] = map[string]any{"runs.$": "$.Payload.Executions"}
	all["Parts"].(map[string]any)["Result"] = map[string]any{"parts": []string{"0", "1"}}
	all["ResolveParts"].(map[string]any)["MaxConcurrency"] = 1
	out, err := json.Marshal(machine)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestResolutionRunsAlikeInAWSLocalStepFunctions(t *testing.T) {
	t.Parallel()
	one, two := `{"Executions":[{"ExecutionArn":"a"}]}`, `{"Executions":[{"ExecutionArn":"a"},{"ExecutionArn":"b"}]}`
	more, done := `{"part":"0","after":"k","done":false,"looked":5,"changed":1}`, `{"part":"0","after":"","done":true,"looked":9,"changed":1}`
	fine, bad := `{"parts":2,"failed":0,"looked":18,"changed":2}`, `{"parts":1,"failed":1,"looked":9,"changed":1}`
	answers := func(list ...string) []asl.Answer {
		var all []asl.Answer
		for _, text := range list {
			if strings.HasPrefix(text, "{") {
				all = append(all, asl.Answer{Return: json.RawMessage(text)})
			} else {
				all = append(all, asl.Answer{Error: text})
			}
		}
		return all
	}
	var cases []asl.Case
	for name, script := range map[string][2][]asl.Answer{
		"done at once":          {answers(one), answers(done, done, fine)},
		"in stretches":          {answers(one), answers(more, more, done, more, done, fine)},
		"another runs":          {answers(two), answers(done)},
		"no list":               {answers("Sfn.ThrottlingException", "Sfn.ThrottlingException", one), answers(done, done, fine)},
		"no list for long":      {answers("Sfn.ThrottlingException"), answers(done)},
		"a part is busy":        {answers(one), answers("Retryable", more, "Lambda.TooManyRequestsException", done, done, fine)},
		"a part fails":          {answers(one), answers("internal", done, bad)},
		"a part fails later on": {answers(one), answers(more, "invalid", done, bad)},
		"no sum":                {answers(one), answers(done, done, "internal")},
	} {
		cases = append(cases, asl.Case{
			Name: name, Definition: reducedResolution(t), Input: json.RawMessage(`{"a":1}`),
			Answers: map[string][]asl.Answer{"list-runs": script[0], resolution.TaskName: script[1]},
		})
	}
	asl.Compare(t, cases)
}

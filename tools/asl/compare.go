package asl

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/statemachine"
)

// Compare runs every case with shared/statemachine and with
// aws-local-stepfunctions and reports each difference between the two: in
// output or error, in the order of states, and in the calls of functions.
func Compare(t *testing.T, cases []Case) {
	t.Helper()
	for i, want := range Run(t, cases) {
		t.Run(cases[i].Name, func(t *testing.T) {
			got := Own(t, cases[i])
			if diff := cmp.Diff(plain(t, want), plain(t, got)); diff != "" {
				t.Errorf("aws-local-stepfunctions against shared/statemachine (-want +got):\n%s", diff)
			}
		})
	}
}

// Own runs a case with shared/statemachine, one child at a time.
func Own(t *testing.T, c Case) Outcome {
	t.Helper()
	machine, err := statemachine.Parse(c.Definition)
	if err != nil {
		t.Fatal(err)
	}
	p := &player{answers: c.Answers, next: map[string]int{}}
	env := statemachine.Env{
		Tasks: map[string]statemachine.Task{}, Parallel: 1,
		Sleep:   func(context.Context, time.Duration) error { return nil },
		Entered: func(state string) { p.outcome.States = append(p.outcome.States, state) },
	}
	for _, name := range machine.Functions() {
		env.Tasks[name] = func(_ context.Context, payload json.RawMessage) (json.RawMessage, error) {
			return p.play(name, payload)
		}
	}
	p.outcome.Output, err = machine.Run(t.Context(), c.Input, env)
	if err != nil {
		var failed *statemachine.Error
		if !errors.As(err, &failed) {
			t.Fatal(err)
		}
		p.outcome.Error = failed.Name
	}
	return p.outcome
}

// player gives the answers of a case.
type player struct {
	answers map[string][]Answer

	mu      sync.Mutex
	next    map[string]int
	outcome Outcome
}

// named is an error that says its own name.
type named string

func (e named) Error() string     { return "scripted" }
func (e named) ErrorName() string { return string(e) }

func (p *player) play(function string, payload json.RawMessage) (json.RawMessage, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outcome.Calls = append(p.outcome.Calls, Call{Function: function, Payload: payload})
	list := p.answers[function]
	answer := list[min(p.next[function], len(list)-1)]
	p.next[function]++
	if answer.Error != "" {
		return nil, named(answer.Error)
	}
	return answer.Return, nil
}

// plain makes an outcome comparable: as JSON values, without the causes of
// errors, whose wording differs.
func plain(t *testing.T, o Outcome) any {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return withoutCauses(v)
}

func withoutCauses(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v["Error"] != nil {
			delete(v, "Cause")
		}
		for name, inner := range v {
			v[name] = withoutCauses(inner)
		}
	case []any:
		for i := range v {
			v[i] = withoutCauses(v[i])
		}
	}
	return v
}

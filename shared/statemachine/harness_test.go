package statemachine_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/statemachine"
)

func parse(t testing.TB, definition string) *statemachine.Machine {
	t.Helper()
	machine, err := statemachine.Parse([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	return machine
}

// call is a Task state that calls the function f; more holds its other fields.
func call(payload, more string) string {
	return `{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f",` + payload + `}` + more + `}`
}

// one is a machine of one state named S.
func one(state string) string { return `{"StartAt":"S","States":{"S":` + state + `}}` }

// several is a machine that starts at S and has more states.
func several(states string) string { return `{"StartAt":"S","States":{` + states + `}}` }

// over is a Map with children of one state named C.
func over(child, more string) string {
	return `{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},` +
		`"StartAt":"C","States":{"C":` + child + `}}` + more + `}`
}

type named struct{ name string }

func (e named) Error() string     { return "scripted" }
func (e named) ErrorName() string { return e.name }

// echo gives back what it is given.
func echo(_ context.Context, input json.RawMessage) (json.RawMessage, error) { return input, nil }

// noWait makes retries follow at once.
func noWait(context.Context, time.Duration) error { return nil }

func env(f statemachine.Task) statemachine.Env {
	return statemachine.Env{Tasks: map[string]statemachine.Task{"f": f}, Sleep: noWait, Parallel: 4}
}

func objects(files map[string]string) func(context.Context, string, string) (io.ReadCloser, error) {
	return func(_ context.Context, bucket, key string) (io.ReadCloser, error) {
		body, ok := files[bucket+"/"+key]
		if !ok {
			return nil, errors.New("no such object")
		}
		return io.NopCloser(strings.NewReader(body)), nil
	}
}

// nameOf gives the name of the error that ended an execution; empty for none.
func nameOf(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var failed *statemachine.Error
	if !errors.As(err, &failed) {
		t.Fatalf("an error without a name: %v", err)
	}
	return failed.Name
}

// bounded stops an execution after some states and waits: a definition may go
// in circles, or try again for years.
func bounded(t testing.TB, e *statemachine.Env) (context.Context, context.CancelFunc) {
	ctx, stop := context.WithCancel(t.Context())
	var left atomic.Int64
	left.Store(1000)
	e.Entered = func(string) {
		if left.Add(-1) < 0 {
			stop()
		}
	}
	e.Sleep = func(ctx context.Context, _ time.Duration) error {
		e.Entered("")
		return ctx.Err()
	}
	return ctx, stop
}

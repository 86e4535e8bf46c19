// Package statemachine runs a state machine written in the Amazon States
// Language (states-language.net/spec.html) with JSONPath, so that the local
// region runs the very file that is deployed on AWS Step Functions.
//
// It implements the states and fields which the product's definition uses and
// refuses everything else when it reads a definition: what it accepts it runs
// as AWS does, names of errors and the limit of 256 KB on data included. It
// keeps no history of executions and stores nothing. A run that was stopped is
// started again from its input, which the tasks must allow.
//
// Implemented: Task (arn:aws:states:::lambda:invoke, and the list of a machine's
// executions), Choice, Map in mode DISTRIBUTED, Pass, Succeed and Fail;
// InputPath, Parameters, ResultSelector, ResultPath and OutputPath; Retry and
// Catch.
// Not implemented: Parallel, Wait, inline Map, JSONata, variables, intrinsic
// functions, and paths that select more than one value.
package statemachine

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
)

// Machine is a definition that was read and checked. It holds no state of its
// own and may run any number of executions at once.
type Machine struct {
	flow      *flow
	functions map[string]bool
}

// Functions are the Lambda functions which the definition names, in order, and
// ListExecutions where it asks for that.
func (m *Machine) Functions() []string { return slices.Sorted(maps.Keys(m.functions)) }

// Task is a Lambda function in this process. It must return soon after its
// context ends, and allow to be run again with the same input. How an error is
// named for Retry and Catch is told at ErrorName.
type Task func(ctx context.Context, input json.RawMessage) (json.RawMessage, error)

// Env is what surrounds an execution. Its functions must be safe for
// concurrent use.
type Env struct {
	// Tasks by FunctionName, as it stands in the definition, or ListExecutions.
	Tasks map[string]Task
	// StateMachine is the id of the machine itself, for $$.StateMachine.Id.
	StateMachine string
	// Open reads the object which an ItemReader names.
	Open func(ctx context.Context, bucket, key string) (io.ReadCloser, error)
	// Parallel is the most children of a Map to run at once; below 1 means 1.
	// A lower MaxConcurrency of the Map holds as well.
	Parallel int
	// Sleep waits before a retry; nil waits by the clock.
	Sleep func(ctx context.Context, d time.Duration) error
	// Jitter picks the wait of a retrier with JitterStrategy FULL, from 0 to
	// limit; nil picks at random.
	Jitter func(limit time.Duration) time.Duration
	// Entered is told the name of each state as it begins; nil when nobody asks.
	Entered func(state string)
}

// Run runs one execution from its input to its output. An execution that fails
// gives an error which holds an *Error with the error's name, and which has
// the kind of the task's error that caused it. When ctx ends the tasks are
// stopped and Run returns failure.Unavailable: no Retry and no Catch applies.
func (m *Machine) Run(ctx context.Context, input json.RawMessage, env Env) (json.RawMessage, error) {
	const op = "statemachine.Run"
	for _, name := range m.Functions() {
		if env.Tasks[name] == nil {
			return nil, failure.New(failure.Invalid, op, "no task for the function %q", name)
		}
	}
	value, err := decode(input)
	if err != nil {
		return nil, failure.New(failure.Invalid, op, "the input is not JSON")
	}
	output, err := m.flow.run(ctx, scope{env: &env, input: value}, value)
	switch {
	case err == nil:
		return encode(output), nil
	case ctx.Err() != nil:
		return nil, failure.Wrap(failure.Unavailable, op, ctx.Err())
	default:
		return nil, failure.Wrap(failure.KindOf(err), op, err)
	}
}

// scope is what a state can see of the execution it belongs to.
type scope struct {
	env   *Env
	input any            // of the execution, for $$.Execution.Input
	item  map[string]any // of a Map, for $$.Map.Item; nil elsewhere
}

// object is the context object ($$) as a state of this name sees it.
func (s scope) object(state string) any {
	o := map[string]any{
		"Execution":    map[string]any{"Input": s.input},
		"State":        map[string]any{"Name": state},
		"StateMachine": map[string]any{"Id": s.env.StateMachine},
	}
	if s.item != nil {
		o["Map"] = map[string]any{"Item": s.item}
	}
	return o
}

// flow is a set of states with its beginning: the machine's own, or that of a
// Map's children.
type flow struct {
	startAt string
	states  map[string]state
}

// state is one state, compiled. Enter gives its output and the name of the
// next state, which is empty at an end.
type state interface {
	enter(ctx context.Context, s scope, input any) (output any, next string, err error)
}

func (f *flow) run(ctx context.Context, s scope, input any) (any, error) {
	if err := limit(f.startAt, "input", input); err != nil {
		return nil, err
	}
	for name := f.startAt; ; {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if s.env.Entered != nil {
			s.env.Entered(name)
		}
		output, next, err := f.states[name].enter(ctx, s, input)
		if err == nil {
			err = limit(name, "output", output)
		}
		if err != nil || next == "" {
			return output, err
		}
		name, input = next, output
	}
}

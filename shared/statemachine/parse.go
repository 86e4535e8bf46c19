package statemachine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
)

// Parse reads and checks a definition. It refuses with failure.Invalid, naming
// the state and the field, what breaks the States Language and what this
// package does not implement: a region with such a definition must not start.
func Parse(definition []byte) (*Machine, error) {
	const op = "statemachine.Parse"
	var shape machineShape
	if err := unmarshal(definition, &shape); err != nil {
		return nil, failure.New(failure.Invalid, op, "%s", err)
	}
	if shape.Version != "" && shape.Version != "1.0" {
		return nil, failure.New(failure.Invalid, op, "field Version: only 1.0 is implemented")
	}
	if shape.QueryLanguage != "" && shape.QueryLanguage != "JSONPath" {
		return nil, failure.New(failure.Invalid, op, "field QueryLanguage: only JSONPath is implemented")
	}
	c := compiler{functions: map[string]bool{}, names: map[string]bool{}}
	flow, err := c.flow(shape.flowShape)
	if err != nil {
		return nil, failure.New(failure.Invalid, op, "%s", err)
	}
	return &Machine{flow: flow, functions: c.functions}, nil
}

// compiler turns shapes into states and gathers what they name.
type compiler struct {
	functions map[string]bool
	names     map[string]bool // of all states: each is unique in a definition
	inMap     bool            // among the states of a Map's children
}

// compiled is a state that knows where it may go, for the check of a flow.
type compiled interface {
	state
	targets() []string
}

func (c *compiler) flow(shape flowShape) (*flow, error) {
	f := &flow{startAt: shape.StartAt, states: map[string]state{}}
	next := map[string][]string{}
	for _, name := range slices.Sorted(maps.Keys(shape.States)) {
		if c.names[name] {
			return nil, fmt.Errorf("state %q: the name is used twice", name)
		}
		c.names[name] = true
		s, err := c.state(name, shape.States[name])
		if err != nil {
			return nil, fmt.Errorf("state %q: %w", name, err)
		}
		f.states[name], next[name] = s, s.targets()
	}
	return f, checkReach(shape.StartAt, next)
}

// checkReach follows every way from the start: each target exists, each state
// is reached. AWS refuses a definition for either.
func checkReach(start string, next map[string][]string) error {
	if _, ok := next[start]; !ok {
		return fmt.Errorf("field StartAt: there is no state %q", start)
	}
	reached := map[string]bool{start: true}
	for open := []string{start}; len(open) > 0; open = open[1:] {
		for _, target := range next[open[0]] {
			if _, ok := next[target]; !ok {
				return fmt.Errorf("state %q: there is no state %q to go to", open[0], target)
			}
			if !reached[target] {
				reached[target] = true
				open = append(open, target)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(next)) {
		if !reached[name] {
			return fmt.Errorf("state %q: no state leads to it", name)
		}
	}
	return nil
}

func (c *compiler) state(name string, raw jsontext.Value) (compiled, error) {
	switch kind := stateType(raw); kind {
	case "Task":
		return c.task(name, raw)
	case "Map":
		return c.distributed(name, raw)
	case "Choice":
		return compileChoice(name, raw)
	case "Pass":
		return compilePass(name, raw)
	case "Succeed":
		return compileSucceed(name, raw)
	case "Fail":
		return compileFail(name, raw)
	default:
		return nil, fmt.Errorf("field Type: %q is not implemented", kind)
	}
}

func stateType(raw jsontext.Value) string {
	object, err := decode(raw)
	if err != nil {
		return ""
	}
	fields, _ := object.(map[string]any)
	kind, _ := fields["Type"].(string)
	return kind
}

// frame compiles what every state but Fail has. A state that goes on has
// either Next or End.
func (shape *stateShape) frame(name string, goesOn bool) (frame, error) {
	f := frame{name: name, next: shape.Next}
	var err error
	if f.input, err = parseFilter(shape.InputPath); err != nil {
		return f, fmt.Errorf("field InputPath %w", err)
	}
	if f.output, err = parseFilter(shape.OutputPath); err != nil {
		return f, fmt.Errorf("field OutputPath %w", err)
	}
	switch {
	case goesOn && shape.End == (shape.Next != ""):
		return f, errors.New("needs either Next or End")
	case !goesOn && (shape.End || shape.Next != ""):
		return f, errors.New("can have neither Next nor End")
	}
	return f, nil
}

// parseFilter reads a path field: absent is the whole, null is nothing.
func parseFilter(raw jsontext.Value) (filter, error) {
	if raw == nil {
		return filter{}, nil
	}
	v, err := decode(raw)
	if err != nil {
		return filter{}, err
	}
	if v == nil {
		return filter{discard: true}, nil
	}
	text, ok := v.(string)
	if !ok {
		return filter{}, errors.New("is not a path")
	}
	p, err := parsePath(text)
	return filter{path: p}, err
}

// parsePlace reads a ResultPath: where a result goes in the state's input.
func parsePlace(raw jsontext.Value) (filter, error) {
	f, err := parseFilter(raw)
	if err != nil {
		return f, fmt.Errorf("field ResultPath %w", err)
	}
	if f.path.context || slices.ContainsFunc(f.path.steps, func(s step) bool { return s.array }) {
		return f, errors.New("field ResultPath: only names are implemented")
	}
	return f, nil
}

// parseField compiles a payload template; nil when the field is absent.
func parseField(field string, raw jsontext.Value) (template, error) {
	if raw == nil {
		return nil, nil
	}
	v, err := decode(raw)
	if err != nil {
		return nil, fmt.Errorf("field %s: %w", field, err)
	}
	t, err := parseTemplate(v)
	if err != nil {
		return nil, fmt.Errorf("field %s %w", field, err)
	}
	return t, nil
}

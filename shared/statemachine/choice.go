package statemachine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// choice goes on by the first of its rules that holds.
type choice struct {
	frame
	rules     []rule
	nexts     []string
	otherwise string
}

// rule says whether it holds for what the state sees.
type rule func(state string, input, context any) (bool, error)

func compileChoice(name string, raw jsontext.Value) (compiled, error) {
	var shape choiceShape
	if err := unmarshal(raw, &shape); err != nil {
		return nil, err
	}
	f, err := shape.frame(name, false)
	if err != nil {
		return nil, err
	}
	if len(shape.Choices) == 0 {
		return nil, errors.New("field Choices is empty")
	}
	c := &choice{frame: f, otherwise: shape.Default}
	for i, r := range shape.Choices {
		compiled, err := r.compile()
		if err == nil && r.Next == "" {
			err = errors.New("needs Next")
		}
		if err != nil {
			return nil, fmt.Errorf("field Choices: rule %d %w", i, err)
		}
		c.rules, c.nexts = append(c.rules, compiled), append(c.nexts, r.Next)
	}
	return c, nil
}

func (c *choice) targets() []string {
	if c.otherwise == "" {
		return c.nexts
	}
	return append([]string{c.otherwise}, c.nexts...)
}

func (c *choice) enter(_ context.Context, s scope, input any) (any, string, error) {
	object := s.object(c.name)
	seen, err := c.input.apply(c.name, "InputPath", input, object)
	if err != nil {
		return nil, "", err
	}
	output, err := c.output.apply(c.name, "OutputPath", seen, object)
	if err != nil {
		return nil, "", err
	}
	for i, holds := range c.rules {
		if ok, err := holds(c.name, seen, object); err != nil {
			return nil, "", err
		} else if ok {
			return output, c.nexts[i], nil
		}
	}
	if c.otherwise == "" {
		return nil, "", fail(noChoiceError, c.name, "no rule holds and there is no Default")
	}
	return output, c.otherwise, nil
}

// compile makes a rule of exactly one of And, Or, Not and a comparison.
func (r *ruleShape) compile() (rule, error) {
	comparisons := r.comparisons()
	kinds := len(comparisons)
	for _, set := range []bool{r.And != nil, r.Or != nil, r.Not != nil} {
		if set {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		return nil, errors.New("needs one comparison that is implemented, or one of And, Or and Not")
	case (r.Variable == "") == (len(comparisons) == 1):
		return nil, errors.New("needs a Variable for a comparison and for nothing else")
	case r.And != nil:
		return compileRules(r.And, false)
	case r.Or != nil:
		return compileRules(r.Or, true)
	case r.Not != nil:
		inner, err := compileInner(r.Not)
		return func(state string, input, context any) (bool, error) {
			ok, err := inner(state, input, context)
			return !ok, err
		}, err
	}
	return r.comparison(comparisons[0])
}

func compileInner(r *ruleShape) (rule, error) {
	if r.Next != "" {
		return nil, errors.New("has Next inside of another rule")
	}
	return r.compile()
}

// compileRules joins rules: until is the value of one that settles the whole.
func compileRules(shapes []ruleShape, until bool) (rule, error) {
	if len(shapes) == 0 {
		return nil, errors.New("has an empty And or Or")
	}
	inner := make([]rule, len(shapes))
	for i := range shapes {
		var err error
		if inner[i], err = compileInner(&shapes[i]); err != nil {
			return nil, err
		}
	}
	return func(state string, input, context any) (bool, error) {
		for _, holds := range inner {
			if ok, err := holds(state, input, context); err != nil || ok == until {
				return ok, err
			}
		}
		return !until, nil
	}, nil
}

// comparison tests the value of the variable. A value of another kind than the
// operator's is not an error: the comparison does not hold.
func (r *ruleShape) comparison(holds func(v any, present bool) bool) (rule, error) {
	p, err := parsePath(r.Variable)
	if err != nil {
		return nil, fmt.Errorf("has a Variable which %w", err)
	}
	presence := r.IsPresent != nil
	return func(state string, input, context any) (bool, error) {
		v, present := p.get(input, context)
		if !present && !presence {
			return false, fail(runtimeError, state, "the path %s of a choice is not in the input", p.text)
		}
		return holds(v, present), nil
	}, nil
}

func (r *ruleShape) comparisons() []func(v any, present bool) bool {
	var list []func(any, bool) bool
	if want := r.StringEquals; want != nil {
		list = append(list, func(v any, _ bool) bool { got, ok := v.(string); return ok && got == *want })
	}
	if want := r.BooleanEquals; want != nil {
		list = append(list, func(v any, _ bool) bool { got, ok := v.(bool); return ok && got == *want })
	}
	if want := r.IsPresent; want != nil {
		list = append(list, func(_ any, present bool) bool { return present == *want })
	}
	for _, n := range []struct {
		want  *float64
		holds func(got, want float64) bool
	}{
		{r.NumericEquals, func(got, want float64) bool { return got == want }},
		{r.NumericLessThan, func(got, want float64) bool { return got < want }},
		{r.NumericLessThanEquals, func(got, want float64) bool { return got <= want }},
		{r.NumericGreaterThan, func(got, want float64) bool { return got > want }},
		{r.NumericGreaterThanEquals, func(got, want float64) bool { return got >= want }},
	} {
		if n.want != nil {
			list = append(list, func(v any, _ bool) bool { got, ok := number(v); return ok && n.holds(got, *n.want) })
		}
	}
	return list
}

func number(v any) (float64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	f, err := n.Float64()
	return f, err == nil
}

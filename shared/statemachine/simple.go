package statemachine

import (
	"context"

	"github.com/go-json-experiment/json/jsontext"
)

// pass hands its input on, or a fixed result, or a payload.
type pass struct {
	frame
	parameters template // nil: none
	fixed      template // Result; nil: none
	result     filter   // ResultPath
}

func compilePass(name string, raw jsontext.Value) (compiled, error) {
	var shape passShape
	if err := unmarshal(raw, &shape); err != nil {
		return nil, err
	}
	f, err := shape.frame(name, true)
	if err != nil {
		return nil, err
	}
	p := &pass{frame: f}
	if p.parameters, err = parseField("Parameters", shape.Parameters); err != nil {
		return nil, err
	}
	if shape.Result != nil {
		v, err := decode(shape.Result)
		if err != nil {
			return nil, err
		}
		p.fixed = literal{v}
	}
	p.result, err = parsePlace(shape.ResultPath)
	return p, err
}

func (p *pass) enter(_ context.Context, s scope, input any) (any, string, error) {
	context := s.object(p.name)
	v, err := p.input.apply(p.name, "InputPath", input, context)
	for _, t := range []template{p.parameters, p.fixed} {
		if err == nil && t != nil {
			v, err = t.fill(p.name, v, context)
		}
	}
	if err == nil {
		v, err = p.result.place(p.name, input, v)
	}
	if err == nil {
		v, err = p.output.apply(p.name, "OutputPath", v, context)
	}
	return v, p.next, err
}

// succeed ends the flow well.
type succeed struct{ frame }

func compileSucceed(name string, raw jsontext.Value) (compiled, error) {
	var shape stateShape
	if err := unmarshal(raw, &shape); err != nil {
		return nil, err
	}
	f, err := shape.frame(name, false)
	return &succeed{f}, err
}

func (e *succeed) enter(_ context.Context, s scope, input any) (any, string, error) {
	context := s.object(e.name)
	v, err := e.input.apply(e.name, "InputPath", input, context)
	if err == nil {
		v, err = e.output.apply(e.name, "OutputPath", v, context)
	}
	return v, "", err
}

// stop is a Fail state: it ends the flow with an error of its own.
type stop struct{ name, err, cause string }

func compileFail(name string, raw jsontext.Value) (compiled, error) {
	var shape failShape
	if err := unmarshal(raw, &shape); err != nil {
		return nil, err
	}
	return &stop{name: name, err: shape.Error, cause: shape.Cause}, nil
}

func (e *stop) targets() []string { return nil }

func (e *stop) enter(context.Context, scope, any) (any, string, error) {
	return nil, "", &Error{Name: e.err, State: e.name, Cause: e.cause}
}

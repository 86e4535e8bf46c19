package statemachine

import (
	"errors"
	"strings"
)

// template is a payload template: JSON in which a field whose name ends in
// ".$" takes its value from a path (States Language, "Payload Template").
type template interface {
	fill(state string, input, context any) (any, error)
}

type (
	literal struct{ value any }
	lookup  struct {
		field string
		path  path
	}
	object map[string]template
	array  []template
)

// parseTemplate compiles a template. The error names the field.
func parseTemplate(v any) (template, error) {
	switch v := v.(type) {
	case map[string]any:
		return parseObject(v)
	case []any:
		list := make(array, len(v))
		for i := range v {
			var err error
			if list[i], err = parseTemplate(v[i]); err != nil {
				return nil, err
			}
		}
		return list, nil
	default:
		return literal{v}, nil
	}
}

func parseObject(v map[string]any) (template, error) {
	o := object{}
	for field, value := range v {
		name, dynamic := strings.CutSuffix(field, ".$")
		if _, twice := o[name]; twice {
			return nil, errors.New("names the field " + name + " twice")
		}
		inner, err := parseTemplate(value)
		if dynamic {
			inner, err = parseLookup(field, value)
		}
		if err != nil {
			return nil, err
		}
		o[name] = inner
	}
	return o, nil
}

func parseLookup(field string, value any) (template, error) {
	text, ok := value.(string)
	if !ok {
		return nil, errors.New("has a field " + field + " which is not a path")
	}
	p, err := parsePath(text)
	if err != nil {
		return nil, errors.New("has a field " + field + " which " + err.Error())
	}
	return lookup{field: field, path: p}, nil
}

func (l literal) fill(string, any, any) (any, error) { return l.value, nil }

func (l lookup) fill(state string, input, context any) (any, error) {
	v, ok := l.path.get(input, context)
	if !ok {
		return nil, fail(runtimeError, state, "the path %s of the field %s is not in the input", l.path.text, l.field)
	}
	return v, nil
}

func (o object) fill(state string, input, context any) (any, error) {
	filled := make(map[string]any, len(o))
	for name, t := range o {
		v, err := t.fill(state, input, context)
		if err != nil {
			return nil, err
		}
		filled[name] = v
	}
	return filled, nil
}

func (a array) fill(state string, input, context any) (any, error) {
	filled := make([]any, len(a))
	for i, t := range a {
		var err error
		if filled[i], err = t.fill(state, input, context); err != nil {
			return nil, err
		}
	}
	return filled, nil
}

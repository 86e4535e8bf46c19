package statemachine

import (
	"errors"
	"maps"
	"strconv"
	"strings"
)

// path is a reference path: it names one place and never selects several.
type path struct {
	text    string
	context bool   // begins with $$: looks into the context object
	steps   []step // none: the whole value
}

// step goes into an object by name, or into an array by index.
type step struct {
	name  string
	index int
	array bool
}

var (
	errPath = errors.New("is a path that is not implemented: only names and indexes, as in $.a['b'][0]")

	// contextPaths are the parts of the context object that do not differ from
	// one execution of the same input to the next.
	contextPaths = []string{"$$.Execution.Input", "$$.State.Name", "$$.StateMachine.Id", "$$.Map.Item.Index", "$$.Map.Item.Value"}
)

// parsePath reads $, $.name, $['name'] and $[0] in any depth, and the same
// after $$.
func parsePath(text string) (path, error) {
	rest, ok := strings.CutPrefix(text, "$")
	if !ok {
		return path{}, errPath
	}
	p := path{text: text}
	rest, p.context = strings.CutPrefix(rest, "$")
	for rest != "" {
		next, after, err := parseStep(rest)
		if err != nil {
			return path{}, err
		}
		p.steps, rest = append(p.steps, next), after
	}
	if p.context && !knownContext(text) {
		return path{}, errors.New("is a part of the context object that is not implemented")
	}
	return p, nil
}

func knownContext(text string) bool {
	for _, known := range contextPaths {
		if after, ok := strings.CutPrefix(text, known); ok && (after == "" || after[0] == '.' || after[0] == '[') {
			return true
		}
	}
	return false
}

func parseStep(text string) (s step, rest string, err error) {
	switch {
	case strings.HasPrefix(text, "['"):
		name, rest, ok := strings.Cut(text[2:], "']")
		if !ok || name == "" || strings.ContainsAny(name, `'\`) {
			return s, "", errPath
		}
		return step{name: name}, rest, nil
	case text[0] == '[':
		digits, rest, _ := strings.Cut(text[1:], "]")
		index, err := strconv.ParseUint(digits, 10, 31)
		if err != nil {
			return s, "", errPath
		}
		return step{index: int(index), array: true}, rest, nil
	case text[0] == '.':
		end := strings.IndexAny(text[1:], ".[") + 1
		if end == 0 {
			end = len(text)
		}
		if !plainName(text[1:end]) {
			return s, "", errPath
		}
		return step{name: text[1:end]}, text[end:], nil
	}
	return s, "", errPath
}

// plainName says whether a name may stand after a dot without quotes.
func plainName(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c == '_', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', i > 0 && (c == '-' || c >= '0' && c <= '9'):
		default:
			return false
		}
	}
	return name != ""
}

// get finds the place in the input, or in the context object.
func (p path) get(input, context any) (any, bool) {
	v := input
	if p.context {
		v = context
	}
	for _, s := range p.steps {
		var ok bool
		if v, ok = s.into(v); !ok {
			return nil, false
		}
	}
	return v, true
}

func (s step) into(v any) (any, bool) {
	if s.array {
		list, ok := v.([]any)
		if !ok || s.index >= len(list) {
			return nil, false
		}
		return list[s.index], true
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, false
	}
	v, ok = object[s.name]
	return v, ok
}

// put gives a copy of the input with the value at the place. Objects on the
// way are made where they are missing; the input is never changed, since the
// children of a Map share parts of it.
func (p path) put(input, value any) (any, bool) {
	if len(p.steps) == 0 {
		return value, true
	}
	object, ok := input.(map[string]any)
	if !ok {
		return nil, false
	}
	object = maps.Clone(object)
	inner, exists := object[p.steps[0].name]
	if !exists {
		inner = map[string]any{}
	}
	if inner, ok = (path{steps: p.steps[1:]}).put(inner, value); !ok {
		return nil, false
	}
	object[p.steps[0].name] = inner
	return object, true
}

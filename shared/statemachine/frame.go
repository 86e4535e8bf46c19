package statemachine

// frame is what all states have: a name, what they see of their input, what
// they let out, and where they go.
type frame struct {
	name   string
	input  filter // InputPath
	output filter // OutputPath
	next   string // empty at an end
}

func (f *frame) targets() []string {
	if f.next == "" {
		return nil
	}
	return []string{f.next}
}

// filter is a path field. Its zero value lets everything through; discard is
// the path null.
type filter struct {
	path    path
	discard bool
}

// apply gives the selected part, and {} for the path null (States Language,
// "Input and Output Processing").
func (f filter) apply(state, field string, v, context any) (any, error) {
	if f.discard {
		return map[string]any{}, nil
	}
	part, ok := f.path.get(v, context)
	if !ok {
		return nil, fail(runtimeError, state, "%s: the path %s is not in the data", field, f.path.text)
	}
	return part, nil
}

// place puts a result into the state's raw input; the path null drops it.
func (f filter) place(state string, input, result any) (any, error) {
	if f.discard {
		return input, nil
	}
	placed, ok := f.path.put(input, result)
	if !ok {
		return nil, fail(resultPathError, state, "ResultPath: %s cannot be set in the input", f.path.text)
	}
	return placed, nil
}

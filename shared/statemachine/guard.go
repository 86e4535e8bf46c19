package statemachine

import (
	"errors"
	"fmt"
	"strings"
)

// compile reads the fields which Task and Map share. The defaults are those of
// the States Language ("Retrying after error").
func (shape *effectShape) compile(f frame) (effect, error) {
	e := effect{frame: f}
	var err error
	if e.selector, err = parseField("ResultSelector", shape.ResultSelector); err != nil {
		return e, err
	}
	if e.result, err = parsePlace(shape.ResultPath); err != nil {
		return e, err
	}
	for i, r := range shape.Retry {
		if err := checkErrors(r.ErrorEquals, i == len(shape.Retry)-1); err != nil {
			return e, fmt.Errorf("field Retry: %w", err)
		}
		compiled, err := r.compile()
		if err != nil {
			return e, fmt.Errorf("field Retry: %w", err)
		}
		e.retry = append(e.retry, compiled)
	}
	for i, c := range shape.Catch {
		if err := checkErrors(c.ErrorEquals, i == len(shape.Catch)-1); err != nil {
			return e, fmt.Errorf("field Catch: %w", err)
		}
		place, err := parsePlace(c.ResultPath)
		if err != nil {
			return e, fmt.Errorf("field Catch: %w", err)
		}
		e.catch = append(e.catch, catcher{errors: c.ErrorEquals, result: place, next: c.Next})
	}
	return e, nil
}

// checkErrors holds the rules of ErrorEquals: not empty, States.ALL alone and
// last, and no name that AWS would never match.
func checkErrors(names []string, last bool) error {
	for _, name := range names {
		switch {
		case name == anyError && (len(names) > 1 || !last):
			return errors.New("the name States.ALL must stand alone and last")
		case (&Error{Name: name}).terminal():
			return fmt.Errorf("%s ends an execution and is never caught", name)
		case name == "" || strings.TrimSpace(name) != name:
			return errors.New("ErrorEquals holds an empty name")
		}
	}
	if len(names) == 0 {
		return errors.New("ErrorEquals is empty")
	}
	return nil
}

func value[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

package statemachine

import (
	"context"
	"errors"
	"slices"
)

// effect is what Task and Map share: they do something that can fail, be tried
// again and be caught, and they place a result.
type effect struct {
	frame
	selector template // ResultSelector; nil: the result as it is
	result   filter   // ResultPath
	retry    []retrier
	catch    []catcher
}

type catcher struct {
	errors []string
	result filter
	next   string
}

func (e *effect) targets() []string {
	targets := e.frame.targets()
	for _, c := range e.catch {
		targets = append(targets, c.next)
	}
	return targets
}

// around runs an attempt on what the state sees of its input, again as Retry
// says, and gives the state's output or that of the Catch that took the error.
func (e *effect) around(ctx context.Context, s scope, input any, attempt func(input any) (any, error)) (output any, next string, err error) {
	tries := make([]int64, len(e.retry))
	for {
		output, err := e.once(s, input, attempt)
		if err == nil {
			return output, e.next, nil
		}
		if ctx.Err() != nil {
			return nil, "", ctx.Err()
		}
		var failed *Error
		if !errors.As(err, &failed) {
			return nil, "", err
		}
		delay, again := e.delay(failed, tries, s.env)
		if !again {
			return e.caught(failed, input)
		}
		if err := s.env.sleep(ctx, delay); err != nil {
			return nil, "", err
		}
	}
}

func (e *effect) once(s scope, input any, attempt func(input any) (any, error)) (any, error) {
	context := s.object(e.name)
	v, err := e.input.apply(e.name, "InputPath", input, context)
	if err != nil {
		return nil, err
	}
	if v, err = attempt(v); err != nil {
		return nil, err
	}
	if e.selector != nil {
		if v, err = e.selector.fill(e.name, v, context); err != nil {
			return nil, err
		}
	}
	if v, err = e.result.place(e.name, input, v); err != nil {
		return nil, err
	}
	return e.output.apply(e.name, "OutputPath", v, context)
}

func (e *effect) caught(failed *Error, input any) (any, string, error) {
	for _, c := range e.catch {
		if !slices.ContainsFunc(c.errors, failed.matches) {
			continue
		}
		output, err := c.result.place(e.name, input, map[string]any{"Error": failed.Name, "Cause": failed.Cause})
		return output, c.next, err
	}
	return nil, "", failed
}

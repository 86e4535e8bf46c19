package statemachine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/sync/errgroup"
)

// expressLimit is the longest that an Express child may run (developer guide,
// "Service quotas").
const expressLimit = 5 * time.Minute

// distributed is a Map in mode DISTRIBUTED: a child execution for every item,
// or for every batch of items (States Language, "Map State"; developer guide,
// "Using Map state in Distributed mode"). Standard children may run for as long
// as they need.
type distributed struct {
	effect
	reader     *itemReader // nil: the items lie in the input
	itemsPath  filter
	selector   template // ItemSelector; nil: the item as it is
	batcher    *itemBatcher
	processor  *flow
	express    bool
	most       int // MaxConcurrency; 0: no bound
	failures   *int
	percentage *float64
}

func (c *compiler) distributed(name string, raw jsontext.Value) (compiled, error) {
	var shape mapShape
	if err := unmarshal(raw, &shape); err != nil {
		return nil, err
	}
	if err := shape.check(c.inMap); err != nil {
		return nil, err
	}
	f, err := shape.frame(name, true)
	if err != nil {
		return nil, err
	}
	m := &distributed{
		express: shape.ItemProcessor.ProcessorConfig.ExecutionType == "EXPRESS",
		most:    shape.MaxConcurrency, failures: shape.ToleratedFailureCount, percentage: shape.ToleratedFailurePercentage,
	}
	if m.effect, err = shape.effectShape.compile(f); err != nil {
		return nil, err
	}
	if err := m.compileItems(&shape); err != nil {
		return nil, err
	}
	inner := compiler{functions: c.functions, names: c.names, inMap: true}
	if m.processor, err = inner.flow(shape.ItemProcessor.flowShape); err != nil {
		return nil, fmt.Errorf("field ItemProcessor: %w", err)
	}
	return m, nil
}

func (shape *mapShape) check(inMap bool) error {
	mode := shape.ItemProcessor.ProcessorConfig
	switch {
	case inMap:
		return errors.New("field Type: a Map inside of a Map is not implemented")
	case mode.Mode != "DISTRIBUTED" || mode.ExecutionType != "EXPRESS" && mode.ExecutionType != "STANDARD":
		return errors.New("field ItemProcessor/ProcessorConfig: only Mode DISTRIBUTED with ExecutionType EXPRESS or STANDARD is implemented")
	case shape.MaxConcurrency < 0:
		return errors.New("field MaxConcurrency must not be negative")
	case shape.ToleratedFailureCount != nil && *shape.ToleratedFailureCount < 0:
		return errors.New("field ToleratedFailureCount must not be negative")
	case shape.ToleratedFailurePercentage != nil && (*shape.ToleratedFailurePercentage < 0 || *shape.ToleratedFailurePercentage > 100):
		return errors.New("field ToleratedFailurePercentage must be from 0 to 100")
	case shape.ItemReader != nil && shape.ItemsPath != nil:
		return errors.New("fields ItemReader and ItemsPath: only one of them is implemented at a time")
	}
	return nil
}

func (m *distributed) enter(ctx context.Context, s scope, input any) (any, string, error) {
	return m.around(ctx, s, input, func(seen any) (any, error) {
		items, err := m.items(ctx, s, seen)
		if err != nil {
			return nil, err
		}
		batches, err := m.batches(s, seen, items)
		if err != nil {
			return nil, err
		}
		results, err := m.run(ctx, s, batches, len(items))
		if err != nil {
			return nil, err
		}
		return results, limit(m.name, "result", results)
	})
}

// run runs a child for each batch and gathers the outputs of those that
// succeed, in the order of the items. Once more has failed than is tolerated
// no child is started, and those that run are stopped.
func (m *distributed) run(ctx context.Context, s scope, batches []batch, items int) (any, error) {
	group, children := errgroup.WithContext(ctx)
	group.SetLimit(m.parallel(s.env))
	outputs := make([]any, len(batches))
	done := make([]bool, len(batches))
	tally := tally{of: m, items: items}
	for i, b := range batches {
		if children.Err() != nil {
			break
		}
		group.Go(func() error {
			output, err := m.child(children, s, b.input)
			if err != nil && children.Err() == nil {
				return tally.add(b.items, err)
			}
			outputs[i], done[i] = output, err == nil
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	results := make([]any, 0, len(batches))
	for i, output := range outputs {
		if done[i] {
			results = append(results, output)
		}
	}
	return results, ctx.Err()
}

func (m *distributed) parallel(env *Env) int {
	n := max(env.Parallel, 1)
	if m.most > 0 {
		n = min(n, m.most)
	}
	return n
}

// child runs one child execution: a machine of its own, with its own input.
func (m *distributed) child(ctx context.Context, s scope, input any) (any, error) {
	own := ctx
	if m.express {
		var cancel context.CancelFunc
		own, cancel = context.WithTimeout(ctx, expressLimit)
		defer cancel()
	}
	output, err := m.processor.run(own, scope{env: s.env, input: input}, input)
	if err != nil && ctx.Err() == nil && own.Err() != nil {
		err = fail(timeoutError, m.name, "a child ran longer than %s", expressLimit)
	}
	return output, err
}

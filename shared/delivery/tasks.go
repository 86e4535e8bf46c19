package delivery

import (
	"context"
	"encoding/json"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/statemachine"
)

// Tasks gives the steps by the names of their functions, in the form in which
// a state machine calls them.
func (s *Service) Tasks() map[string]statemachine.Task {
	return map[string]statemachine.Task{
		"split-delivery":      task(s.Split),
		"match-patients":      task(s.Match),
		"load-entries":        task(s.Load),
		"report-delivery":     task(s.Report),
		"quarantine-delivery": task(s.Quarantine),
	}
}

// task puts JSON around a step. A panic in it (a defect) becomes an error: the
// delivery goes to quarantine and the partner's next file goes on.
func task[In, Out any](step func(context.Context, In) (Out, error)) statemachine.Task {
	return func(ctx context.Context, input json.RawMessage) (output json.RawMessage, err error) {
		defer func() {
			if recover() != nil { // what it says may quote a row, so it is not passed on
				err = failure.New(failure.Internal, "delivery.task", "a defect in this step")
			}
		}()
		var in In
		if err := json.Unmarshal(input, &in); err != nil {
			return nil, failure.Wrap(failure.Invalid, "delivery.task", err)
		}
		out, err := step(ctx, in)
		if err != nil {
			return nil, err
		}
		return encode(out), nil
	}
}

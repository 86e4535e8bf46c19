package region

import (
	"context"
	"encoding/json"
	"runtime"
	"time"

	definition "github.com/carerecord/carerecord/infra/statemachine"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/resolution"
	runner "github.com/carerecord/carerecord/shared/statemachine"
)

// resolve is one run of the re-resolution by the state machine's own definition.
// This process runs one at a time, so no other is ever listed.
func resolve(ctx context.Context, x *index.Index) (total resolution.Total, err error) {
	const op = "region.resolve"
	text, err := definition.Resolution(definition.ResolutionLocal())
	if err != nil {
		return total, err
	}
	machine, err := runner.Parse(text)
	if err != nil {
		return total, err
	}
	s := resolution.Service{Index: x, Now: time.Now, Summed: func(_ context.Context, t resolution.Total) { total = t }}
	tasks := s.Tasks()
	tasks[runner.ListExecutions] = func(context.Context, json.RawMessage) (json.RawMessage, error) {
		return json.RawMessage(`{"Executions":[{}]}`), nil
	}
	_, err = machine.Run(ctx, json.RawMessage(`{}`), runner.Env{Tasks: tasks, StateMachine: "resolution", Parallel: runtime.GOMAXPROCS(0)})
	return total, failure.Wrap(failure.KindOf(err), op, err)
}

// The hour of the nightly run, in London.
const nightHour, nightMinute = 3, 30

// resolveNightly decides again each night until ctx ends, so that the order in
// which deliveries arrived does not decide.
func (r *Region) resolveNightly(ctx context.Context) {
	nightly(ctx, func() {
		total, err := resolve(ctx, r.Index)
		if err != nil && ctx.Err() == nil {
			r.settings.Log.ErrorContext(ctx, "RESOLUTION_FAILED", "failed", total.Failed, "kind", failure.KindOf(err).String())
			return
		}
		r.settings.Log.InfoContext(ctx, "RESOLUTION_ENDED", "looked", total.Looked, "changed", total.Changed, "open", total.Open, "days", total.Oldest)
	})
}

func nightly(ctx context.Context, run func()) {
	for {
		timer := time.NewTimer(time.Until(nextNight(time.Now())))
		select {
		case <-timer.C:
			run()
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// nextNight gives the next time of the nightly run. Where the clocks of London
// change, it is still once a night: no change touches the hour.
func nextNight(now time.Time) time.Time {
	at := now.In(nhs.London)
	next := time.Date(at.Year(), at.Month(), at.Day(), nightHour, nightMinute, 0, 0, nhs.London)
	if !next.After(now) {
		next = time.Date(at.Year(), at.Month(), at.Day()+1, nightHour, nightMinute, 0, 0, nhs.London)
	}
	return next
}

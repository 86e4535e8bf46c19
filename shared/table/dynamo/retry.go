package dynamo

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// attemptTime ends a request on a connection that went dead; the slowest good
// answer, a batch of 16 MB, takes far less.
const attemptTime = 15 * time.Second

// retry bounds the attempts of one request.
type retry struct {
	attempts   int
	base, most time.Duration
}

// do makes a request until it succeeds, fails for good, or the attempts or the
// context end. send is given the meter's usage to fill in; each attempt counts
// as one request.
func (t *Table) do(ctx context.Context, op string, send func(ctx context.Context, u *table.Usage) error) error {
	for attempt := 0; ; attempt++ {
		if err := ctx.Err(); err != nil {
			return failure.Wrap(failure.Unavailable, op, err)
		}
		usage := table.Usage{Requests: 1}
		err := attemptOnce(ctx, &usage, send)
		table.MeterOf(ctx).Add(usage)
		if err == nil {
			return nil
		}
		kind, again := classify(err)
		if !again || attempt+1 >= t.retry.attempts {
			return failure.Wrap(kind, op, err)
		}
		if err := t.retry.wait(ctx, attempt); err != nil {
			return failure.Wrap(failure.Unavailable, op, err)
		}
	}
}

func attemptOnce(ctx context.Context, u *table.Usage, send func(context.Context, *table.Usage) error) error {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	return send(ctx, u)
}

// wait sleeps a random part of the attempt's backoff: full jitter keeps the
// writers that were refused together from coming back together.
func (r retry) wait(ctx context.Context, attempt int) error {
	timer := time.NewTimer(r.backoff(attempt))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (r retry) backoff(attempt int) time.Duration {
	ceiling := r.most
	if attempt < 16 { // beyond, the doubling would overflow
		ceiling = min(r.most, r.base<<attempt)
	}
	return time.Duration(rand.Int64N(int64(ceiling) + 1))
}

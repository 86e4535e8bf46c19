package statemachine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// retrier is one entry of Retry (States Language, "Retrying after error").
type retrier struct {
	errors   []string
	interval time.Duration
	attempts int64
	rate     float64
	most     time.Duration // MaxDelaySeconds; 0: no bound
	jitter   bool          // JitterStrategy FULL
}

// delay gives the wait before the next try by the first retrier that knows the
// error. A retrier that is used up ends the tries: later ones are not asked.
func (e *effect) delay(failed *Error, tries []int64, env *Env) (time.Duration, bool) {
	i := slices.IndexFunc(e.retry, func(r retrier) bool { return slices.ContainsFunc(r.errors, failed.matches) })
	if i < 0 || tries[i] >= e.retry[i].attempts {
		return 0, false
	}
	r := e.retry[i]
	wait := float64(r.interval) * math.Pow(r.rate, float64(tries[i]))
	tries[i]++
	if r.most > 0 {
		wait = min(wait, float64(r.most))
	}
	delay := time.Duration(min(wait, math.MaxInt64/2))
	if r.jitter {
		delay = env.jitter(delay)
	}
	return delay, true
}

// mostSeconds bounds seconds and attempts (developer guide, "Retry": the
// greatest value of MaxAttempts and of TimeoutSeconds).
const mostSeconds = 99_999_999

// compile fills in the defaults of the States Language.
func (shape *retrierShape) compile() (r retrier, err error) {
	r = retrier{
		errors: shape.ErrorEquals, rate: value(shape.BackoffRate, 2), attempts: value(shape.MaxAttempts, 3),
		jitter: shape.JitterStrategy == "FULL",
	}
	if r.interval, err = duration("IntervalSeconds", shape.IntervalSeconds, time.Second); err != nil {
		return r, err
	}
	if r.most, err = duration("MaxDelaySeconds", shape.MaxDelaySeconds, 0); err != nil {
		return r, err
	}
	switch {
	case r.attempts < 0 || r.attempts > mostSeconds:
		return r, fmt.Errorf("MaxAttempts must be from 0 to %d", mostSeconds)
	case r.rate < 1:
		return r, errors.New("the BackoffRate must be 1 or more")
	case !r.jitter && shape.JitterStrategy != "" && shape.JitterStrategy != "NONE":
		return r, errors.New("the JitterStrategy must be FULL or NONE")
	}
	return r, nil
}

// duration reads a field of whole seconds.
func duration(field string, seconds *int64, otherwise time.Duration) (time.Duration, error) {
	if seconds == nil {
		return otherwise, nil
	}
	if *seconds < 1 || *seconds > mostSeconds {
		return 0, fmt.Errorf("field %s must be from 1 to %d", field, mostSeconds)
	}
	return time.Duration(*seconds) * time.Second, nil
}

func (env *Env) sleep(ctx context.Context, d time.Duration) error {
	if env.Sleep != nil {
		return env.Sleep(ctx, d)
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

func (env *Env) jitter(limit time.Duration) time.Duration {
	if env.Jitter != nil {
		return env.Jitter(limit)
	}
	return rand.N(limit + 1)
}

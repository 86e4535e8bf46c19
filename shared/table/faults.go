package table

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// Mode says what happens at the chosen call.
type Mode uint8

const (
	Fail Mode = iota // that call is not made and fails; later calls work
	Lose             // that call is made and its answer lost; later calls work
	Stop             // a killed process: that call and all later ones fail and are not made
	Tear             // like Stop, but when that call is an Each, every second write of it was made
)

// ErrStopped is what every call gives from the moment of a Stop or Tear. It is
// no failure that may be retried: to the code under test it is the end.
var ErrStopped = errors.New("table: stopped by a planned fault")

// Faults is a planned fault at one call of many. Tables wrapped by the same
// Faults share its counter, and so may other ports through Do. It is for tests
// and safe for concurrent use.
type Faults struct {
	mode Mode
	at   int
	err  error

	mu      sync.Mutex
	calls   int
	stopped bool
}

// NewFaults plans a fault at the n-th call, counted from 1. err is what a
// failed or lost call gives; Stop and Tear give ErrStopped whatever it is.
func NewFaults(mode Mode, n int, err error) *Faults {
	if mode == Stop || mode == Tear {
		err = ErrStopped
	}
	return &Faults{mode: mode, at: n, err: err}
}

// EveryCall plans a fault at the first call, then at the second, and so on,
// until a run has ended without reaching its fault. Each plan is for one run:
//
//	for f := range table.EveryCall(table.Stop, nil) {
//		store := fresh()
//		_ = run(f.Wrap(store)) // stopped at call f.At()
//		err := run(store)      // starts again and must end the same
//	}
func EveryCall(mode Mode, err error) iter.Seq[*Faults] {
	return func(yield func(*Faults) bool) {
		for n := 1; ; n++ {
			f := NewFaults(mode, n, err)
			if !yield(f) || !f.Hit() {
				return
			}
		}
	}
}

// At gives the number of the call at which the fault is planned.
func (f *Faults) At() int { return f.at }

// Calls gives how many calls were begun.
func (f *Faults) Calls() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

// Hit says whether the planned call was reached.
func (f *Faults) Hit() bool { return f.Calls() >= f.at }

// Do makes a call of any port under the plan: it counts it, and fails it, loses
// its answer or stops as planned.
func (f *Faults) Do(call func() error) error {
	hit, err := f.begin()
	if err != nil {
		return err
	}
	err = call()
	if hit { // Lose: made, and its answer lost
		return f.err
	}
	return f.end(err)
}

// begin counts a call. err is set when the call must not be made, hit when its
// answer must be lost.
func (f *Faults) begin() (hit bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.stopped {
		return false, ErrStopped
	}
	if f.calls != f.at {
		return false, nil
	}
	f.stopped = f.mode == Stop || f.mode == Tear
	if f.mode == Lose {
		return true, nil
	}
	return true, f.err
}

// end gives the answer of a call that was in flight: none when the process was
// stopped in the meantime.
func (f *Faults) end(err error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopped {
		return ErrStopped
	}
	return err
}

// Wrap gives the table with its calls under the plan.
func (f *Faults) Wrap(t Table) Table { return &faulty{next: t, plan: f} }

type faulty struct {
	next Table
	plan *Faults
}

func (t *faulty) Get(ctx context.Context, keys ...Key) (items []Item, err error) {
	err = t.plan.Do(func() (err error) { items, err = t.next.Get(ctx, keys...); return err })
	if err != nil {
		return nil, err
	}
	return items, nil
}

func (t *faulty) Commit(ctx context.Context, writes ...Write) error {
	return t.plan.Do(func() error { return t.next.Commit(ctx, writes...) })
}

func (t *faulty) Each(ctx context.Context, writes ...Write) []error {
	var errs []error
	hit, err := t.plan.begin()
	switch {
	case err == nil:
		errs = t.next.Each(ctx, writes...)
		if err = t.plan.end(nil); err == nil && hit {
			err = t.plan.err
		}
	case hit && t.plan.mode == Tear:
		t.next.Each(ctx, everySecond(writes)...)
	}
	if err == nil {
		return errs
	}
	errs = make([]error, len(writes))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

func everySecond(writes []Write) []Write {
	var half []Write
	for i := 0; i < len(writes); i += 2 {
		half = append(half, writes[i])
	}
	return half
}

// Query counts as one call when it starts; a stop also ends it midway.
func (t *faulty) Query(ctx context.Context, r Range) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		hit, err := t.plan.begin()
		if err == nil && hit {
			err = t.plan.err
		}
		if err != nil {
			yield(Item{}, err)
			return
		}
		for item, err := range t.next.Query(ctx, r) {
			if stop := t.plan.end(nil); stop != nil {
				yield(Item{}, stop)
				return
			}
			if !yield(item, err) {
				return
			}
		}
	}
}

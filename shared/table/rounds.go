package table

import (
	"context"
	"iter"
	"sync"
	"time"
)

// roundLatency is how long the calls of a round are held back after the latest
// of them was begun, so that calls meant to be parallel are in flight together
// even on a fast engine and a busy machine.
const roundLatency = 20 * time.Millisecond

// Rounds counts sequential round trips: a call that starts after another has
// ended is a round later than that one; calls in flight together share a round.
// Every further page of a Query is a round of its own. It is for tests.
type Rounds struct {
	mu    sync.Mutex
	done  int               // the latest round of which a call has ended
	begun map[int]time.Time // when the latest call of a round was begun
}

// CountRounds wraps a table so that its calls are counted; Wrap adds others to
// the same count.
func CountRounds(t Table) (Table, *Rounds) {
	r := &Rounds{begun: map[int]time.Time{}}
	return r.Wrap(t), r
}

// Wrap gives the table with its calls counted in r.
func (r *Rounds) Wrap(t Table) Table { return &counted{next: t, rounds: r} }

// N gives the number of rounds so far.
func (r *Rounds) N() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.done
}

// Reset starts the count again from 0. No call may be in flight.
func (r *Rounds) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = 0
	clear(r.begun)
}

// Do counts a call of another port in the same rounds.
func (r *Rounds) Do(ctx context.Context, call func()) {
	round := r.start(ctx)
	call()
	r.end(round)
}

// start gives the round of a call and comes back when it may be made.
func (r *Rounds) start(ctx context.Context) int {
	r.mu.Lock()
	round := r.done + 1
	r.begun[round] = time.Now()
	r.mu.Unlock()
	for wait := roundLatency; wait > 0 && ctx.Err() == nil; wait = r.left(round) {
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return round
}

// left gives how much longer the calls of a round are held back.
func (r *Rounds) left(round int) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	return roundLatency - time.Since(r.begun[round])
}

func (r *Rounds) end(round int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = max(r.done, round)
}

type counted struct {
	next   Table
	rounds *Rounds
}

func (c *counted) Get(ctx context.Context, keys ...Key) (items []Item, err error) {
	c.rounds.Do(ctx, func() { items, err = c.next.Get(ctx, keys...) })
	return items, err
}

func (c *counted) Commit(ctx context.Context, writes ...Write) (err error) {
	c.rounds.Do(ctx, func() { err = c.next.Commit(ctx, writes...) })
	return err
}

func (c *counted) Each(ctx context.Context, writes ...Write) (errs []error) {
	c.rounds.Do(ctx, func() { errs = c.next.Each(ctx, writes...) })
	return errs
}

func (c *counted) Query(ctx context.Context, r Range) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		round := c.rounds.start(ctx)
		// The engine's requests are its pages; only they are waited for.
		ctx, pages := WithMeter(ctx)
		reached := func() int { return round + max(0, pages.Usage().Requests-1) }
		defer func() { c.rounds.end(reached()) }()
		for item, err := range c.next.Query(ctx, r) {
			c.rounds.end(reached())
			if !yield(item, err) {
				return
			}
		}
	}
}

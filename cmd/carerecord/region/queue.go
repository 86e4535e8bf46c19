package region

import (
	"context"
	"strings"
	"sync"

	"github.com/carerecord/carerecord/shared/object"
)

// queue runs deliveries: those of one feed one after the other in the order in
// which they came, those of different feeds side by side, so that no file of
// one partner holds up another's. It stands for SQS and the start of a state
// machine; what it forgets at a stop is found again in the drop bucket.
type queue struct {
	run func(context.Context, object.Ref)

	mu      sync.Mutex
	waiting map[string][]object.Ref // by feed; a feed with an entry has a drain running
	left    int                     // deliveries waiting or running
	idle    chan struct{}           // closed while nothing is left
	slots   chan struct{}
}

func newQueue(parallel int, run func(context.Context, object.Ref)) *queue {
	q := &queue{run: run, waiting: map[string][]object.Ref{}, slots: make(chan struct{}, parallel), idle: make(chan struct{})}
	close(q.idle)
	return q
}

// add puts a delivery at the end of its feed's line.
func (q *queue) add(ctx context.Context, ref object.Ref) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.left == 0 {
		q.idle = make(chan struct{})
	}
	q.left++
	feed := feedOf(ref.Key)
	line, draining := q.waiting[feed]
	q.waiting[feed] = append(line, ref)
	if !draining {
		go q.drain(ctx, feed)
	}
}

func (q *queue) drain(ctx context.Context, feed string) {
	for {
		ref, ok := q.next(feed)
		if !ok {
			return
		}
		select {
		case q.slots <- struct{}{}:
			q.run(ctx, ref)
			<-q.slots
		case <-ctx.Done():
		}
		q.done()
	}
}

func (q *queue) next(feed string) (object.Ref, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	line := q.waiting[feed]
	if len(line) == 0 {
		delete(q.waiting, feed)
		return object.Ref{}, false
	}
	q.waiting[feed] = line[1:]
	return line[0], true
}

func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.left--; q.left == 0 {
		close(q.idle)
	}
}

// wait returns when nothing is left to run, or with ctx.
func (q *queue) wait(ctx context.Context) error {
	q.mu.Lock()
	idle := q.idle
	q.mu.Unlock()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func feedOf(key string) string {
	parts := strings.SplitN(key, "/", 3)
	if len(parts) < 3 {
		return key
	}
	return parts[0] + "/" + parts[1]
}

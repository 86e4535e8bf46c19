package audit

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

const (
	opRecord     = "audit.Record"
	maxBatch     = 50              // links in one commit; well below table.MaxCommit and 4 MB
	writeTimeout = 8 * time.Second // a view that cannot be audited in this time is not shown
)

// Config of a Chain.
type Config struct {
	Writer string           // what writes, such as serve-fhir; coded, nothing personal
	Now    func() time.Time // nil: time.Now
}

// Chain writes the events of one process. It opens a stored chain with the
// first event and another one each day (UTC), so that no partition grows or
// heats without bound. It is safe for concurrent use: events that wait at the
// same time are stored in one commit, in the order in which Record was called.
type Chain struct {
	table  table.Table
	config Config

	mu      sync.Mutex // guards waiting and busy
	waiting []*pending
	busy    bool // a writer goroutine is at work

	writer writer // touched only by the goroutine at work
}

// pending is an event that waits to be stored.
type pending struct {
	content []byte
	at      time.Time
	done    chan error // gets exactly one value; has room for it
}

// New makes a chain on the table. Nothing is stored before the first event.
func New(t table.Table, c Config) *Chain {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Chain{table: t, config: c, writer: writer{table: t, name: c.Writer}}
}

// Record stores the event and returns once it is durable; only then may the
// answer leave. An error (Invalid for an event without interaction, outcome or
// caller; else Unavailable or Throttled) means that no answer may leave: the
// event may then still have been stored, which is a look recorded that did not
// happen and never the reverse. The chain stays whole either way.
func (c *Chain) Record(ctx context.Context, e Event) error {
	if err := e.check(); err != nil {
		return err
	}
	if e.Recorded.IsZero() {
		e.Recorded = c.config.Now()
	}
	content, err := e.Resource(ulid.MustNew(ulid.Timestamp(e.Recorded), rand.Reader).String())
	if err != nil {
		return failure.Wrap(failure.Internal, opRecord, err)
	}
	p := &pending{content: content, at: e.Recorded, done: make(chan error, 1)}
	c.enqueue(ctx, p)
	select {
	case err := <-p.done:
		return failure.Wrap(kindOf(err), opRecord, err)
	case <-ctx.Done():
		return failure.Wrap(failure.Unavailable, opRecord, ctx.Err())
	}
}

// enqueue starts a writer when none is at work. The writer outlives the
// request that started it, as it may store the events of others.
func (c *Chain) enqueue(ctx context.Context, p *pending) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, p)
	if !c.busy {
		c.busy = true
		go c.drain(context.WithoutCancel(ctx))
	}
}

func (c *Chain) drain(ctx context.Context) {
	for {
		batch := c.next()
		if batch == nil {
			return
		}
		limited, cancel := context.WithTimeout(ctx, writeTimeout)
		err := c.writer.store(limited, batch)
		cancel()
		for _, p := range batch {
			p.done <- err
		}
	}
}

// next takes the events of one day that wait, up to a batch; nil ends the writer.
func (c *Chain) next() []*pending {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := 0
	for n < len(c.waiting) && n < maxBatch && day(c.waiting[n].at) == day(c.waiting[0].at) {
		n++
	}
	if n == 0 {
		c.busy = false
		return nil
	}
	batch := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	return batch
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// kindOf keeps what a caller can act on; anything else of storage is Unavailable here.
func kindOf(err error) failure.Kind {
	switch kind := failure.KindOf(err); kind {
	case failure.Throttled, failure.Internal, failure.Invalid, failure.TooLarge:
		return kind
	}
	return failure.Unavailable
}

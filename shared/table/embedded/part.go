package embedded

import (
	"context"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// part is a number of independent writes that go to the disk together.
type part struct {
	writes []*write
	at     []int // where each stands among the caller's writes
	bytes  int
	flush  *flush
	seen   []*stripe // stripes whose pending writes an answer rests on
}

func (p *part) add(at int, w *write) {
	p.writes = append(p.writes, w)
	p.at = append(p.at, at)
	p.bytes += len(w.raw) + len(w.form)
}

func (p *part) full() bool { return len(p.writes) >= partWrites || p.bytes >= partBytes }

// applyPart applies those writes of the part whose conditions hold.
func (t *Table) applyPart(op string, p *part, errs []error) {
	if len(p.writes) == 0 {
		return
	}
	held := t.lock(p.writes)
	defer unlock(held)
	batch := t.db.pebble.NewBatch()
	for i, w := range p.writes {
		err := t.check(op, w)
		if err == nil {
			err = failure.Wrap(failure.Internal, op, w.into(batch))
		}
		if failure.Is(err, failure.Conflict) || w.Action == table.Check {
			p.seen = append(p.seen, t.stripe(w.Partition))
		}
		errs[p.at[i]] = err
	}
	if batch.Empty() {
		_ = batch.Close() // nothing in it
		return
	}
	f, err := t.apply(held, batch)
	p.flush = f
	p.fail(errs, failure.Wrap(failure.Unavailable, op, err))
}

// fail gives err to every write of the part that has none.
func (p *part) fail(errs []error, err error) {
	for _, at := range p.at {
		if errs[at] == nil {
			errs[at] = err
		}
	}
}

// sync waits until the part's own writes are on disk. It waits for no write of
// anybody else's: those may be waiting for this one.
func (p *part) sync(op string, errs []error) {
	if p.flush != nil {
		p.fail(errs, failure.Wrap(failure.Unavailable, op, p.flush.finish()))
	}
}

// settle waits until what the part's answers rest on is on disk too. All parts
// of the call must be synced: a later one may have written what this one saw.
func (p *part) settle(ctx context.Context, op string, errs []error) {
	p.fail(errs, settled(op, p.seen))
	meterPart(ctx, p, errs)
}

// settled waits for the pending writes of several stripes.
func settled(op string, stripes []*stripe) error {
	for _, s := range stripes {
		if err := s.settled(op); err != nil {
			return err
		}
	}
	return nil
}

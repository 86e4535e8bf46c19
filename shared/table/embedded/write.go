package embedded

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/internal/stored"
)

// Each works in parts, so that no lock is held long and memory stays small.
const (
	partWrites = 256
	partBytes  = 4 << 20
	partsAhead = 4 // parts that may wait for the disk while the next is applied
)

// write is a Write made ready before any lock is taken.
type write struct {
	*table.Write
	raw  []byte // the key in the store
	form []byte // the stored body of a Put
	size int    // of the item there before, 0 for none; set by check
	v    uint64 // the version there before; set by check
}

func (t *Table) ready(op string, w *table.Write) (*write, error) {
	out := &write{Write: w, raw: t.appendKey(nil, w.Key)}
	if w.Action != table.Put {
		return out, nil
	}
	var err error
	out.form, err = stored.Encode(op, w.Body)
	return out, err
}

// after is the size of the item when the write is made.
func (w *write) after() int {
	switch w.Action {
	case table.Put:
		return stored.Size(w.Key, w.v+1, len(w.form))
	case table.Check:
		return w.size
	}
	return 0
}

// Commit implements table.Table.
func (t *Table) Commit(ctx context.Context, writes ...table.Write) error {
	const op = "embedded.Commit"
	if err := table.CheckCommit(op, writes); err != nil || len(writes) == 0 {
		return err
	}
	if err := t.enter(ctx, op); err != nil {
		return err
	}
	defer t.db.leave()
	ready, err := t.readyAll(op, writes)
	if err != nil || len(ready) == 0 {
		return err
	}
	f, err := t.commit(op, ready)
	if f != nil {
		err = failure.Wrap(failure.Unavailable, op, f.finish())
	}
	meterCommit(ctx, ready, err)
	return err
}

// readyAll makes the writes of a Commit ready, leaving out the idle ones.
func (t *Table) readyAll(op string, writes []table.Write) ([]*write, error) {
	ready, total := make([]*write, 0, len(writes)), 0
	for i := range writes {
		if writes[i].Idle() {
			continue
		}
		w, err := t.ready(op, &writes[i])
		if err != nil {
			return nil, err
		}
		ready = append(ready, w)
		total += stored.CommitSize(w.Key, w.form)
	}
	return ready, stored.CheckCommitSize(op, total)
}

// commit checks all conditions and applies all writes, or none. A flush that
// comes back must be finished; without one, nothing was written.
func (t *Table) commit(op string, writes []*write) (*flush, error) {
	held := t.lock(writes)
	defer func() { unlock(held) }()
	for _, w := range writes {
		err := t.check(op, w)
		if err != nil {
			// What spoke against the write must be as durable as an answer.
			waiting := held
			unlock(held)
			held = nil
			if unsettled := settled(op, waiting); unsettled != nil {
				return nil, unsettled
			}
			return nil, err
		}
	}
	batch := t.db.pebble.NewBatch()
	for _, w := range writes {
		if err := w.into(batch); err != nil {
			return nil, failure.Wrap(failure.Internal, op, err)
		}
	}
	if batch.Empty() {
		_ = batch.Close()
		waiting := held
		unlock(held)
		held = nil
		return nil, settled(op, waiting)
	}
	f, err := t.apply(held, batch)
	return f, failure.Wrap(failure.Unavailable, op, err)
}

// Each implements table.Table.
func (t *Table) Each(ctx context.Context, writes ...table.Write) []error {
	const op = "embedded.Each"
	errs := table.CheckEach(op, writes)
	if len(writes) == 0 {
		return errs
	}
	if err := t.enter(ctx, op); err != nil {
		for i := range errs {
			errs[i] = err
		}
		return errs
	}
	defer t.db.leave()
	var parts []*part
	synced := 0 // parts that are on disk
	p := new(part)
	for i := range writes {
		if errs[i] == nil {
			errs[i] = ctxFailure(ctx, op)
		}
		if errs[i] == nil && !writes[i].Idle() {
			var w *write
			if w, errs[i] = t.ready(op, &writes[i]); errs[i] == nil {
				p.add(i, w)
			}
		}
		if p.full() || i == len(writes)-1 {
			t.applyPart(op, p, errs)
			parts = append(parts, p)
			p = new(part)
		}
		if len(parts)-synced > partsAhead {
			parts[synced].sync(op, errs)
			synced++
		}
	}
	for _, p := range parts[synced:] {
		p.sync(op, errs)
	}
	for _, p := range parts {
		p.settle(ctx, op, errs)
	}
	return errs
}

// check reads what is there and holds the write's condition against it. The
// stripe must be held.
func (t *Table) check(op string, w *write) error {
	value, closer, err := t.db.pebble.Get(w.raw)
	switch {
	case errors.Is(err, pebble.ErrNotFound):
		w.v, w.size = 0, 0
	case err != nil:
		return failure.Wrap(failure.Unavailable, op, err)
	default:
		version, n := binary.Uvarint(value)
		w.v, w.size = version, stored.Size(w.Key, version, len(value)-n)
		_ = closer.Close() // only returns a buffer
		if n <= 0 {
			return failure.New(failure.Internal, op, "a stored item has no version")
		}
	}
	if want, any := w.If.Demands(); any && want != w.v {
		return failure.New(failure.Conflict, op, "the item has version %d, not %d", w.v, want)
	}
	return nil
}

// into adds the checked write to a batch.
func (w *write) into(batch *pebble.Batch) error {
	switch w.Action {
	case table.Put:
		var version [binary.MaxVarintLen64]byte
		n := binary.PutUvarint(version[:], w.v+1)
		op := batch.SetDeferred(len(w.raw), n+len(w.form))
		copy(op.Key, w.raw)
		copy(op.Value[copy(op.Value, version[:n]):], w.form)
		return op.Finish()
	case table.Delete:
		if w.v == 0 {
			return nil
		}
		return batch.Delete(w.raw, nil)
	}
	return nil
}

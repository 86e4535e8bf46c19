package audit

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

const (
	attempts     = 4 // of one commit, each after reading what is really there
	openAttempts = 16
)

// writer appends to one stored chain at a time. It is the chain's only writer,
// so any head that it did not write is someone else's hand.
type writer struct {
	table table.Table
	name  string

	chain string // ULID; empty before the first event
	day   string
	head  head
	// version is the head item's, which the next commit demands.
	version uint64
	// doubts are the heads of commits whose outcome is unknown: one of them
	// may be what is stored. Empty when head is certain.
	doubts []head
}

func (w *writer) partition() string { return chainPrefix + w.chain }

// store appends the batch in one commit. After a failure the same numbers are
// used again, so no gap can arise; a commit that was made although it seemed
// to fail is found by reading the head.
func (w *writer) store(ctx context.Context, batch []*pending) error {
	var err error
	for range attempts {
		if err = w.ready(ctx, batch[0].at); err != nil {
			if failure.Retryable(err) && ctx.Err() == nil {
				continue
			}
			return err
		}
		end, writes := w.links(batch)
		err = w.table.Commit(ctx, writes...)
		if err == nil {
			w.settle(end, w.version+1)
			return nil
		}
		w.doubts = append(w.doubts, end)
		if made, _ := w.resolve(ctx, end); made {
			return nil
		}
		if ctx.Err() != nil || !retry(err) {
			return err
		}
	}
	return err
}

func retry(err error) bool { return failure.Retryable(err) || failure.Is(err, failure.Conflict) }

// ready gives a chain of the event's day with a certain head.
func (w *writer) ready(ctx context.Context, at time.Time) error {
	if len(w.doubts) > 0 {
		if _, err := w.resolve(ctx, head{}); err != nil {
			return err
		}
	}
	// An earlier day stays on the chain: a late event is no reason to go back.
	if w.chain != "" && day(at) <= w.day {
		return nil
	}
	return w.open(ctx, at)
}

// resolve reads the head and says whether it is the wanted one. A head that
// this writer never wrote means that the chain was tampered with: it is left
// as it is, for Verify to find, and the next event opens another.
func (w *writer) resolve(ctx context.Context, wanted head) (made bool, err error) {
	items, err := w.table.Get(ctx, headKey(w.partition()))
	if err != nil {
		return false, err
	}
	var stored head
	if items[0].Version == 0 || decode(opRecord, items[0].Body, &stored) != nil {
		w.abandon()
		return false, nil
	}
	for _, known := range append(w.doubts, w.head) {
		if stored == known {
			// An older commit of ours may still be on its way: it demands the
			// version before, so it can no longer be made once the head moved.
			if stored != w.head {
				w.settle(stored, items[0].Version)
			}
			w.version = items[0].Version
			return stored == wanted, nil
		}
	}
	w.abandon()
	return false, nil
}

func (w *writer) settle(h head, version uint64) { w.head, w.version, w.doubts = h, version, nil }

func (w *writer) abandon() { w.chain, w.day, w.doubts = "", "", nil }

func (w *writer) links(batch []*pending) (end head, writes []table.Write) {
	end = w.head
	for _, p := range batch {
		l := follow(w.partition(), end, p.content)
		end = head{l.Seq, l.Hash}
		writes = append(writes, table.Write{Key: linkKey(w.partition(), l.Seq), Body: encode(l), If: table.Absent})
	}
	return end, append(writes, table.Write{Key: headKey(w.partition()), Body: encode(end), If: table.AtVersion(w.version)})
}

// open lists a new chain in its registry and gives it an empty head, in one
// commit: a chain that was opened and has no head was tampered with.
func (w *writer) open(ctx context.Context, at time.Time) error {
	id := ulid.MustNew(ulid.Timestamp(at), rand.Reader).String()
	o := opening{Chain: id, Opened: at.UTC().Format(time.RFC3339), Writer: w.name}
	if w.chain != "" {
		o.Continues = &tail{w.chain, w.head.Seq, w.head.Hash}
	}
	registry, content := registryOf(id), encode(o)
	start := head{Hash: originHash(chainPrefix + id)}
	var err error
	for range openAttempts {
		if err = w.list(ctx, registry, content, id, start); err == nil {
			w.chain, w.day = id, day(at)
			w.settle(start, 1)
			return nil
		}
		if ctx.Err() != nil || !retry(err) {
			break
		}
	}
	return err
}

// list makes one attempt to append to the registry. Other processes append to
// it too, so its head is read each time. An attempt that was made although it
// seemed to fail is recognised by the new chain's own head.
func (w *writer) list(ctx context.Context, registry string, content []byte, id string, start head) error {
	items, err := w.table.Get(ctx, headKey(registry), headKey(chainPrefix+id))
	if err != nil {
		return err
	}
	if items[1].Version > 0 {
		return nil
	}
	end := head{Hash: originHash(registry)}
	if items[0].Version > 0 {
		if err := decode(opRecord, items[0].Body, &end); err != nil {
			return err
		}
	}
	l := follow(registry, end, content)
	return w.table.Commit(ctx,
		table.Write{Key: linkKey(registry, l.Seq), Body: encode(l), If: table.Absent},
		table.Write{Key: headKey(registry), Body: encode(head{l.Seq, l.Hash}), If: table.AtVersion(items[0].Version)},
		table.Write{Key: headKey(chainPrefix + id), Body: encode(start), If: table.Absent},
	)
}

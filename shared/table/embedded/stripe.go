package embedded

import (
	"hash/maphash"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carerecord/carerecord/shared/failure"
)

// stripeCount is far above the number of writers at once, so that two
// partitions rarely share a stripe. A power of two.
const stripeCount = 1024

// stripe guards the partitions that hash to it. A writer holds its lock from
// the check of its conditions until its batch is applied; the wait for the disk
// comes after. pending is the latest write to the stripe that was applied: the
// log is written in the order of applying, so when that one is on disk, all
// earlier ones of the stripe are.
type stripe struct {
	mu      sync.Mutex
	pending atomic.Pointer[flush]
}

// flush is one applied batch on its way to the disk.
type flush struct {
	batch *pebble.Batch
	done  chan struct{} // closed when it is on disk, or failed
	err   error         // set before done is closed
}

// finish waits for the batch's own sync and tells those who wait for it.
func (f *flush) finish() error {
	f.err = f.batch.SyncWait()
	close(f.done)
	_ = f.batch.Close() // gives the memory back; the batch is stored already
	return f.err
}

// settled waits until all that a reader of the stripe may have seen is on disk.
// It must be called after the read: a write is pending before it can be seen.
func (s *stripe) settled(op string) error {
	f := s.pending.Load()
	if f == nil {
		return nil
	}
	<-f.done
	return failure.Wrap(failure.Unavailable, op, f.err)
}

func (t *Table) stripe(partition string) *stripe {
	return &t.db.stripes[t.stripeIndex(partition)]
}

func (t *Table) stripeIndex(partition string) int {
	return int((maphash.String(t.db.seed, partition) ^ t.salt) % stripeCount)
}

// lock takes the stripes of the writes, each once and always in the same
// order, so that two writers cannot wait for each other.
func (t *Table) lock(writes []*write) []*stripe {
	indexes := make([]int, len(writes))
	for i, w := range writes {
		indexes[i] = t.stripeIndex(w.Partition)
	}
	slices.Sort(indexes)
	indexes = slices.Compact(indexes)
	held := make([]*stripe, len(indexes))
	for i, index := range indexes {
		held[i] = &t.db.stripes[index]
		held[i].mu.Lock()
	}
	return held
}

func unlock(held []*stripe) {
	for _, s := range held {
		s.mu.Unlock()
	}
}

// apply makes a batch visible while the stripes are held and starts its way to
// the disk. Each flush that comes back must be finished once.
func (t *Table) apply(held []*stripe, batch *pebble.Batch) (*flush, error) {
	f := &flush{batch: batch, done: make(chan struct{})}
	before := make([]*flush, len(held))
	for i, s := range held {
		before[i] = s.pending.Swap(f)
	}
	err := t.db.pebble.ApplyNoSyncWait(batch, pebble.Sync)
	if err == nil {
		return f, nil
	}
	for i, s := range held {
		s.pending.Store(before[i])
	}
	f.err = err
	close(f.done) // a reader may have picked it up already
	return nil, err
}

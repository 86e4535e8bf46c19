package embedded

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/internal/stored"
)

// Table is one table of a store. It is a table.Table and a table.Scanner.
type Table struct {
	db     *DB
	prefix []byte // of all its keys
	salt   uint64 // keeps the partitions of different tables apart when hashed
}

var (
	_ table.Table   = (*Table)(nil)
	_ table.Scanner = (*Table)(nil)
)

func (t *Table) enter(ctx context.Context, op string) error {
	if err := ctxFailure(ctx, op); err != nil {
		return err
	}
	return t.db.enter(op)
}

// ctxFailure is Unavailable once the context has ended; its cause stays visible to errors.Is.
func ctxFailure(ctx context.Context, op string) error {
	return failure.Wrap(failure.Unavailable, op, ctx.Err())
}

// Get implements table.Table.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	const op = "embedded.Get"
	for _, key := range keys {
		if err := key.Check(op); err != nil {
			return nil, err
		}
	}
	if err := t.enter(ctx, op); err != nil {
		return nil, err
	}
	defer t.db.leave()
	items := make([]table.Item, len(keys))
	sizes := make([]int, len(keys))
	var raw []byte
	for i, key := range keys {
		var err error
		raw = t.appendKey(raw[:0], key)
		if items[i], sizes[i], err = t.get(op, key, raw); err != nil {
			return nil, err
		}
		if err := ctxFailure(ctx, op); err != nil {
			return nil, err
		}
	}
	for _, key := range keys {
		if err := t.stripe(key.Partition).settled(op); err != nil {
			return nil, err
		}
	}
	meterGet(ctx, keys, sizes)
	return items, nil
}

func (t *Table) get(op string, key table.Key, raw []byte) (table.Item, int, error) {
	value, closer, err := t.db.pebble.Get(raw)
	if errors.Is(err, pebble.ErrNotFound) {
		return table.Item{Key: key}, 0, nil
	}
	if err != nil {
		return table.Item{}, 0, failure.Wrap(failure.Unavailable, op, err)
	}
	item, size, err := decode(op, key, value)
	_ = closer.Close() // only returns a buffer
	return item, size, err
}

// decode makes an item of a stored value and gives its size. The value may be
// reused afterwards.
func decode(op string, key table.Key, value []byte) (table.Item, int, error) {
	version, n := binary.Uvarint(value)
	if n <= 0 {
		return table.Item{}, 0, failure.New(failure.Internal, op, "a stored item has no version")
	}
	body, err := stored.Decode(op, value[n:])
	return table.Item{Key: key, Version: version, Body: body}, stored.Size(key, version, len(value)-n), err
}

// Query implements table.Table. It reads the partition as it is when the loop
// begins, one item at a time.
func (t *Table) Query(ctx context.Context, r table.Range) iter.Seq2[table.Item, error] {
	return func(yield func(table.Item, error) bool) {
		const op = "embedded.Query"
		if err := r.Check(op); err != nil {
			yield(table.Item{}, err)
			return
		}
		low, high, ok := r.Bounds()
		if !ok {
			return
		}
		if err := t.enter(ctx, op); err != nil {
			yield(table.Item{}, err)
			return
		}
		defer t.db.leave()
		partition := t.appendPartition(nil, r.Partition)
		bounds := &pebble.IterOptions{LowerBound: append(partition[:len(partition):len(partition)], low...), UpperBound: past(partition)}
		if high != "" {
			bounds.UpperBound = append(partition[:len(partition):len(partition)], high...)
		}
		it, err := t.iterator(ctx, op, bounds, t.stripe(r.Partition))
		if err != nil {
			yield(table.Item{}, err)
			return
		}
		w := walk{op: op, it: it, reverse: r.Reverse, limit: r.Limit}
		w.key = func(raw []byte) (table.Key, error) {
			return table.Key{Partition: r.Partition, Sort: string(raw[len(partition):])}, nil
		}
		w.run(ctx, yield)
	}
}

// Scan implements table.Scanner, in the order of partition and sort key.
func (t *Table) Scan(ctx context.Context) iter.Seq2[table.Item, error] {
	return func(yield func(table.Item, error) bool) {
		const op = "embedded.Scan"
		if err := t.enter(ctx, op); err != nil {
			yield(table.Item{}, err)
			return
		}
		defer t.db.leave()
		all := make([]*stripe, stripeCount)
		for i := range all {
			all[i] = &t.db.stripes[i]
		}
		it, err := t.iterator(ctx, op, &pebble.IterOptions{LowerBound: t.prefix, UpperBound: past(t.prefix)}, all...)
		if err != nil {
			yield(table.Item{}, err)
			return
		}
		w := walk{op: op, it: it, key: t.splitKey}
		w.run(ctx, yield)
	}
}

// iterator opens a view of the store and waits until all in it is on disk.
func (t *Table) iterator(ctx context.Context, op string, bounds *pebble.IterOptions, seen ...*stripe) (*pebble.Iterator, error) {
	it, err := t.db.pebble.NewIterWithContext(ctx, bounds)
	if err != nil {
		return nil, failure.Wrap(failure.Unavailable, op, err)
	}
	if err := settled(op, seen); err != nil {
		_ = it.Close() // the failure of the disk is what counts
		return nil, err
	}
	return it, nil
}

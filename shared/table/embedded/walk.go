package embedded

import (
	"context"

	"github.com/cockroachdb/pebble/v2"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/internal/stored"
)

// pageBytes is how much DynamoDB reads for one answer of a Query (Developer
// Guide, "Paginating table query results"); a metered walk counts by it.
const pageBytes = 1 << 20

// walk runs through an iterator, which it closes.
type walk struct {
	op      string
	it      *pebble.Iterator
	key     func(raw []byte) (table.Key, error)
	reverse bool
	limit   int // 0: none
	given   int
}

func (w *walk) run(ctx context.Context, yield func(table.Item, error) bool) {
	valid := w.first()
	more := true
	if m := table.MeterOf(ctx); m != nil {
		more = w.pages(ctx, m, valid, yield)
	} else {
		for ; valid && more; valid = w.next() {
			item, _, err := w.item(ctx)
			more = yield(item, err) && err == nil && !w.last()
		}
	}
	err := w.it.Error()
	if closed := w.it.Close(); err == nil {
		err = closed
	}
	if err != nil && more {
		yield(table.Item{}, failure.Wrap(failure.Unavailable, w.op, err))
	}
}

func (w *walk) first() bool {
	if w.reverse {
		return w.it.Last()
	}
	return w.it.First()
}

func (w *walk) next() bool {
	if w.reverse {
		return w.it.Prev()
	}
	return w.it.Next()
}

// last counts an item given and says whether it was the last one wanted.
func (w *walk) last() bool {
	w.given++
	return w.limit > 0 && w.given >= w.limit
}

func (w *walk) item(ctx context.Context) (table.Item, int, error) {
	if err := ctxFailure(ctx, w.op); err != nil {
		return table.Item{}, 0, err
	}
	key, err := w.key(w.it.Key())
	if err != nil {
		return table.Item{}, 0, err
	}
	value, err := w.it.ValueAndErr()
	if err != nil {
		return table.Item{}, 0, failure.Wrap(failure.Unavailable, w.op, err)
	}
	return decode(w.op, key, value)
}

// pages walks as DynamoDB does: it reads a page, counts it whole, and only then
// gives its items. It says whether the caller still listens.
func (w *walk) pages(ctx context.Context, m *table.Meter, valid bool, yield func(table.Item, error) bool) bool {
	for {
		var page []table.Item
		var failed error
		bytes, done, full := 0, false, false
		for ; valid && !done && !full && failed == nil; valid = w.next() {
			item, size, err := w.item(ctx)
			if failed = err; err == nil {
				page = append(page, item)
				bytes += size
				done, full = w.last(), bytes >= pageBytes
			}
		}
		m.Add(table.Usage{Requests: 1, ReadUnits: stored.ReadUnits(bytes), ItemsRead: len(page), BytesRead: int64(bytes)})
		for _, item := range page {
			if !yield(item, nil) {
				return false
			}
		}
		if failed != nil {
			yield(table.Item{}, failed)
			return false
		}
		if done || !full {
			return true
		}
	}
}

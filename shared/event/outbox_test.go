package event_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// watched is a table whose changes are seen as a stream sees them.
type watched struct {
	*embedded.Table
	of    event.Outbox
	known map[table.Key]table.Item
	count int
}

func watch(t *testing.T, of event.Outbox) *watched {
	t.Helper()
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &watched{Table: db.Table("watched"), of: of, known: map[table.Key]table.Item{}}
}

var changed = time.Date(2026, 11, 23, 15, 2, 10, 0, time.UTC)

// changes gives what changed since the last time, in the order of keys.
func (w *watched) changes(t *testing.T) (list []event.Change) {
	t.Helper()
	items, err := table.Dump(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	now := map[table.Key]table.Item{}
	for _, item := range items {
		now[item.Key] = item
	}
	keys := slices.Collect(maps.Keys(now))
	for key := range w.known {
		if now[key].Version == 0 {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b table.Key) int {
		return strings.Compare(a.Partition+"\x00"+a.Sort, b.Partition+"\x00"+b.Sort)
	})
	for _, key := range keys {
		if now[key].Version != w.known[key].Version {
			w.count++
			list = append(list, event.Change{ID: fmt.Sprintf("%032x", w.count), At: changed, Of: w.of, Old: w.known[key], New: now[key]})
		}
	}
	w.known = now
	return list
}

func hasher(t *testing.T) *opaque.Hasher {
	t.Helper()
	h, err := opaque.NewHasher([]byte(strings.Repeat("k", opaque.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// bus takes events and keeps their details; refuse chooses those of a call that
// it does not take.
type bus struct {
	calls  [][]event.Event
	refuse func(call int, events []event.Event) ([]int, error)
}

func (b *bus) Put(_ context.Context, events []event.Event) ([]int, error) {
	b.calls = append(b.calls, slices.Clone(events))
	if b.refuse == nil {
		return nil, nil
	}
	return b.refuse(len(b.calls)-1, events)
}

func (b *bus) events() []event.Event { return slices.Concat(b.calls...) }

// published gives the events of changes, all of which must be done.
func published(t *testing.T, changes []event.Change) []event.Event {
	t.Helper()
	var b bus
	done, n, err := event.Publish(t.Context(), &b, changes)
	if err != nil || done != len(changes) || n != len(b.events()) {
		t.Fatalf("%d of %d done, %d published: %v", done, len(changes), n, err)
	}
	return b.events()
}

package audit_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// trail stores two days of one process and one of another, and gives all items.
func trail(t *testing.T) []table.Item {
	t.Helper()
	tb := memory(t)
	at := start
	now := func() time.Time { return at }
	first, second := audit.New(tb, audit.Config{Now: now}), audit.New(tb, audit.Config{Now: now})
	for n := range 12 {
		at = start.AddDate(0, 0, n/6)
		chain := first
		if n%3 == 2 {
			chain = second
		}
		if err := chain.Record(t.Context(), event(n)); err != nil {
			t.Fatal(err)
		}
	}
	items, err := table.Dump(t.Context(), tb)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// restore writes items into a new store with the versions they had, as someone
// would who changes the storage below the port.
func restore(t *rapid.T, tb table.Table, items []table.Item) {
	for round := uint64(1); ; round++ {
		var writes []table.Write
		for _, item := range items {
			if item.Version >= round {
				writes = append(writes, table.Write{Key: item.Key, Body: item.Body})
			}
		}
		if len(writes) == 0 {
			return
		}
		if err := errors.Join(tb.Each(t.Context(), writes...)...); err != nil {
			t.Fatal(err)
		}
	}
}

func copied(items []table.Item) []table.Item {
	out := slices.Clone(items)
	for i := range out {
		out[i].Body = bytes.Clone(out[i].Body)
	}
	return out
}

// tampering is one change by a hostile hand; it says what it did, or nothing
// when it left the store as it was.
var tampering = map[string]func(t *rapid.T, items []table.Item) ([]table.Item, bool){
	"nothing": func(_ *rapid.T, items []table.Item) ([]table.Item, bool) { return items, false },
	"change a byte": func(t *rapid.T, items []table.Item) ([]table.Item, bool) {
		body := items[index(t, items)].Body
		at, to := rapid.IntRange(0, len(body)-1).Draw(t, "byte"), rapid.Byte().Draw(t, "value")
		was := body[at]
		body[at] = to
		return items, to != was
	},
	"delete an item": func(t *rapid.T, items []table.Item) ([]table.Item, bool) {
		i := index(t, items)
		return slices.Delete(items, i, i+1), true
	},
	"delete the last event": func(t *rapid.T, items []table.Item) ([]table.Item, bool) {
		for i := range items {
			last := i+1 < len(items) && items[i+1].Sort == "head" && items[i].Sort != "head"
			if last && strings.HasPrefix(items[i].Partition, "chain/") {
				return slices.Delete(items, i, i+1), true
			}
		}
		return items, false
	},
	"delete a whole chain": func(t *rapid.T, items []table.Item) ([]table.Item, bool) {
		p := items[index(t, items)].Partition
		if !strings.HasPrefix(p, "chain/") {
			return items, false
		}
		return slices.DeleteFunc(items, func(i table.Item) bool { return i.Partition == p }), true
	},
	"swap two bodies": func(t *rapid.T, items []table.Item) ([]table.Item, bool) {
		i, j := index(t, items), index(t, items)
		items[i].Body, items[j].Body = items[j].Body, items[i].Body
		return items, !bytes.Equal(items[i].Body, items[j].Body)
	},
	"repeat an event under the next number": func(t *rapid.T, items []table.Item) ([]table.Item, bool) {
		i := index(t, items)
		extra := items[i]
		if extra.Sort == "head" {
			return items, false
		}
		extra.Sort = fmt.Sprintf("%016d", 99)
		return append(items, extra), true
	},
	"write an item of one's own": func(t *rapid.T, items []table.Item) ([]table.Item, bool) {
		extra := items[index(t, items)]
		extra.Sort = "note"
		return append(items, extra), true
	},
	"write an event again": func(t *rapid.T, items []table.Item) ([]table.Item, bool) {
		i := index(t, items)
		items[i].Version++
		return items, items[i].Sort != "head"
	},
}

func index(t *rapid.T, items []table.Item) int {
	return rapid.IntRange(0, len(items)-1).Draw(t, "item")
}

// TestPromise7NoLookWithoutATrace: whatever is changed, removed, exchanged or
// added in the stored trail, Verify finds it; and an untouched trail is whole.
func TestPromise7NoLookWithoutATrace(t *testing.T) {
	t.Parallel()
	items := trail(t)
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	var stores atomic.Int64
	for name, tamper := range tampering {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				changed, did := tamper(t, copied(items))
				tb := db.Table(fmt.Sprintf("audit-%d", stores.Add(1)))
				restore(t, tb, changed)
				s, err := audit.Verify(t.Context(), tb)
				if err != nil {
					t.Fatal(err)
				}
				if did == s.Whole() {
					t.Fatalf("tampered: %v, found: %v", did, s.Findings)
				}
			})
		})
	}
}

// TestVerifyNamesThePlace: a finding leads to the event.
func TestVerifyNamesThePlace(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	c := audit.New(tb, audit.Config{Now: clock})
	for n := range 6 {
		if err := c.Record(t.Context(), event(n)); err != nil {
			t.Fatal(err)
		}
	}
	items, err := table.Dump(t.Context(), tb)
	if err != nil {
		t.Fatal(err)
	}
	var chain string
	for _, i := range items {
		if strings.HasPrefix(i.Partition, "chain/") {
			chain = i.Partition
		}
	}
	for _, seq := range []int{3, 4} {
		key := table.Key{Partition: chain, Sort: fmt.Sprintf("%016d", seq)}
		if err := tb.Commit(t.Context(), table.Write{Key: key, Action: table.Delete}); err != nil {
			t.Fatal(err)
		}
	}
	s := verify(t, tb)
	want := audit.Finding{Chain: chain, Seq: 3, Last: 4, Breach: audit.Missing}
	if !slices.Equal(s.Findings, []audit.Finding{want}) {
		t.Errorf("findings %v, want %v", s.Findings, want)
	}
}

// TestVerifyWhileEventsAreWritten finds nothing in a trail that grows.
func TestVerifyWhileEventsAreWritten(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	done := make(chan error, 1)
	go func() {
		c := audit.New(tb, audit.Config{Now: clock})
		for n := range 200 {
			if err := c.Record(t.Context(), event(n)); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		if s := verify(t, tb); !s.Whole() {
			t.Fatalf("findings %v", s.Findings)
		}
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
	}
}

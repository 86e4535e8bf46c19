// Package tabletest is the contract of the storage port as tests. An engine is
// one when Run passes on it. Expected values come from the words of
// shared/table and from the rules of DynamoDB, never from an engine.
package tabletest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// Open gives an empty table that lives until the test ends.
type Open func(t *testing.T) table.Table

// Run runs the whole contract as subtests, each on a table of its own.
func Run(t *testing.T, open Open) {
	for _, group := range []struct {
		name  string
		tests []contract
	}{
		{"get", gets},
		{"query", queries},
		{"commit", commits},
		{"each", eachs},
		{"limits", limits},
		{"concurrency", concurrencies},
		{"model", models},
		{"meter", meters},
		{"scan", scans},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, c := range group.tests {
				t.Run(c.name, func(t *testing.T) {
					t.Parallel()
					c.test(t, open(t))
				})
			}
		})
	}
}

// contract is one promise of the port.
type contract struct {
	name string
	test func(t *testing.T, s table.Table)
}

func key(partition, sort string) table.Key { return table.Key{Partition: partition, Sort: sort} }

func put(k table.Key, body string, when table.Condition) table.Write {
	return table.Write{Key: k, Body: []byte(body), If: when}
}

func remove(k table.Key, when table.Condition) table.Write {
	return table.Write{Key: k, Action: table.Delete, If: when}
}

func check(k table.Key, when table.Condition) table.Write {
	return table.Write{Key: k, Action: table.Check, If: when}
}

// stored is an item as tests compare it: the body as text.
type stored struct {
	Partition, Sort string
	Version         uint64
	Body            string
}

func show(items []table.Item) []stored {
	out := make([]stored, len(items))
	for i, item := range items {
		out[i] = stored{item.Partition, item.Sort, item.Version, string(item.Body)}
	}
	return out
}

func commit(t *testing.T, s table.Table, writes ...table.Write) {
	t.Helper()
	if err := s.Commit(t.Context(), writes...); err != nil {
		t.Fatalf("Commit: %v", err)
	}
}

func fill(t *testing.T, s table.Table, writes ...table.Write) {
	t.Helper()
	for i, err := range s.Each(t.Context(), writes...) {
		if err != nil {
			t.Fatalf("Each: write %d: %v", i, err)
		}
	}
}

func get(t *testing.T, s table.Table, keys ...table.Key) []table.Item {
	t.Helper()
	items, err := s.Get(t.Context(), keys...)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	return items
}

func query(ctx context.Context, s table.Table, r table.Range) ([]table.Item, error) {
	var items []table.Item
	for item, err := range s.Query(ctx, r) {
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

// sorts gives the sort keys of a range.
func sorts(t *testing.T, s table.Table, r table.Range) []string {
	t.Helper()
	items, err := query(t.Context(), s, r)
	if err != nil {
		t.Fatalf("Query(%+v): %v", r, err)
	}
	var out []string
	for _, item := range items {
		out = append(out, item.Sort)
	}
	return out
}

func want(t *testing.T, s table.Table, items ...stored) {
	t.Helper()
	keys := make([]table.Key, len(items))
	for i, item := range items {
		keys[i] = key(item.Partition, item.Sort)
	}
	if diff := cmp.Diff(items, show(get(t, s, keys...))); diff != "" {
		t.Errorf("stored items (-want +got):\n%s", diff)
	}
}

func wantKind(t *testing.T, err error, kind failure.Kind) {
	t.Helper()
	if !failure.Is(err, kind) {
		t.Errorf("error is %v, want kind %v", err, kind)
	}
}

func same(t *testing.T, what string, wanted, got any) {
	t.Helper()
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// noise gives bytes that no compression makes smaller, the same for a seed.
func noise(seed uint64, n int) []byte {
	from := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), 1})
	out := make([]byte, n)
	_, _ = from.Read(out) // never fails
	return out
}

func numbered(n int) []table.Key {
	keys := make([]table.Key, n)
	for i := range keys {
		keys[i] = key(fmt.Sprintf("p%d", i%7), fmt.Sprintf("s%04d", i))
	}
	return keys
}

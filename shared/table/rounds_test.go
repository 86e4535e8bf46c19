package table_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

func TestRounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		want int
		run  func(ctx context.Context, a, b table.Table)
	}{
		{"nothing", 0, func(context.Context, table.Table, table.Table) {}},
		{"one call", 1, func(ctx context.Context, a, _ table.Table) { _, _ = a.Get(ctx, key("p", "s")) }},
		{"one after the other", 4, func(ctx context.Context, a, b table.Table) {
			_, _ = a.Get(ctx, key("p", "s"))
			_ = b.Commit(ctx, table.Write{Key: key("p", "s")})
			b.Each(ctx, many(3)...)
			list(ctx, a, "p")
		}},
		{"at the same time", 1, func(ctx context.Context, a, b table.Table) {
			var group sync.WaitGroup
			for i := range 20 {
				group.Go(func() { _, _ = a.Get(ctx, key("p", fmt.Sprint(i))) })
				group.Go(func() { list(ctx, b, "q") })
			}
			group.Wait()
		}},
		{"one, then many, each with a second", 3, func(ctx context.Context, a, b table.Table) {
			list(ctx, a, "p")
			var group sync.WaitGroup
			for i := range 10 {
				group.Go(func() {
					_, _ = b.Get(ctx, key("p", fmt.Sprint(i)))
					list(ctx, b, "p")
				})
			}
			group.Wait()
		}},
		{"a query of three pages", 3, func(ctx context.Context, a, _ table.Table) { list(ctx, a, "large") }},
		{"a query left on its first page", 1, func(ctx context.Context, a, _ table.Table) {
			for range a.Query(ctx, table.Range{Partition: "large"}) {
				break
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tables := engines.Embedded(t)("a", "b")
			fillLarge(t, tables[0])
			a, rounds := table.CountRounds(tables[0])
			c.run(t.Context(), a, rounds.Wrap(tables[1]))
			if rounds.N() != c.want {
				t.Errorf("%d rounds, want %d", rounds.N(), c.want)
			}
			rounds.Reset()
			rounds.Do(t.Context(), func() {})
			if rounds.N() != 1 {
				t.Errorf("%d rounds after a reset and one call, want 1", rounds.N())
			}
		})
	}
}

func list(ctx context.Context, s table.Table, partition string) {
	for range s.Query(ctx, table.Range{Partition: partition}) {
	}
}

// fillLarge stores 30 items of 100 KB that do not compress: three pages of 1 MB.
func fillLarge(t *testing.T, s table.Table) {
	t.Helper()
	for i := range 30 {
		body := make([]byte, 100<<10)
		state := uint32(i + 1)
		for j := range body { // a xorshift generator
			state ^= state << 13
			state ^= state >> 17
			state ^= state << 5
			body[j] = byte(state)
		}
		if err := s.Commit(t.Context(), table.Write{Key: key("large", fmt.Sprintf("%02d", i)), Body: body}); err != nil {
			t.Fatal(err)
		}
	}
}

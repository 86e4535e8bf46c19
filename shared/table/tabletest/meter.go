package tabletest

import (
	"context"
	"fmt"
	"testing"

	"github.com/carerecord/carerecord/shared/table"
)

// The sizes here are those of the published rules: pk and sk and v and b are 6
// bytes of names, a version below 100 has 2 bytes, a stored body one more than
// its bytes when it cannot be compressed.
const overhead = 6 + 2 + 1

// sized gives a write whose item has exactly that many bytes.
func sized(k table.Key, bytes int) table.Write {
	return table.Write{Key: k, Body: noise(uint64(bytes), bytes-overhead-len(k.Partition)-len(k.Sort))}
}

var meters = []contract{
	{"units by the published rules", testUnits},
	{"a query counts its pages", func(t *testing.T, s table.Table) {
		var writes []table.Write
		for i := range 30 {
			writes = append(writes, sized(key("p", fmt.Sprintf("%02d", i)), 100<<10))
		}
		fill(t, s, writes...)
		// 1 MB is 10.24 items of 100 KB: pages of 11, 11 and 8.
		ctx, meter := table.WithMeter(t.Context())
		if _, err := query(ctx, s, table.Range{Partition: "p"}); err != nil {
			t.Fatal(err)
		}
		same(t, "usage", table.Usage{Requests: 3, ReadUnits: 30 * 25, ItemsRead: 30, BytesRead: 30 * 100 << 10}, meter.Usage())
	}},
	{"meters nest and do not mix", func(t *testing.T, s table.Table) {
		outer, all := table.WithMeter(t.Context())
		_ = s.Commit(outer, put(key("p", "a"), "", table.Always))
		inner, some := table.WithMeter(outer)
		_, _ = s.Get(inner, key("p", "a"))
		_, _ = s.Get(t.Context(), key("p", "a"))
		same(t, "inner requests", 1, some.Usage().Requests)
		same(t, "outer requests", 2, all.Usage().Requests)
	}},
}

func testUnits(t *testing.T, s table.Table) {
	a, b, c := key("p", "a"), key("p", "b"), key("p", "c")
	absent := key("q", "absent")
	at := func(w table.Write, when table.Condition) table.Write { w.If = when; return w }
	must := func(call func(context.Context) error) func(context.Context) {
		return func(ctx context.Context) {
			if err := call(ctx); err != nil {
				t.Error(err)
			}
		}
	}
	commit := func(writes ...table.Write) func(context.Context) {
		return must(func(ctx context.Context) error { return s.Commit(ctx, writes...) })
	}
	get := func(keys ...table.Key) func(context.Context) {
		return must(func(ctx context.Context) error { _, err := s.Get(ctx, keys...); return err })
	}
	list := func(r table.Range) func(context.Context) {
		return must(func(ctx context.Context) error { _, err := query(ctx, s, r); return err })
	}
	for _, step := range []struct {
		name string
		call func(context.Context)
		want table.Usage
	}{
		{"put of exactly 1 KB", commit(sized(a, 1024)), table.Usage{Requests: 1, WriteUnits: 1, ItemsWritten: 1, BytesWritten: 1024}},
		{"put of one byte more", commit(at(sized(b, 1025), table.Absent)), table.Usage{Requests: 1, WriteUnits: 2, ItemsWritten: 1, BytesWritten: 1025}},
		{"put over a larger item", commit(at(sized(b, 100), table.AtVersion(1))), table.Usage{Requests: 1, WriteUnits: 2, ItemsWritten: 1, BytesWritten: 100}},
		{"refused put", func(ctx context.Context) { _ = s.Commit(ctx, at(sized(b, 100), table.Absent)) }, table.Usage{Requests: 1, WriteUnits: 1}},
		{"transaction", commit(at(sized(a, 1024), table.Always), at(sized(c, 4097), table.Absent)), table.Usage{Requests: 1, WriteUnits: 2 * (1 + 5), ItemsWritten: 2, BytesWritten: 1024 + 4097}},
		{"transaction of small items", commit(at(sized(a, 200), table.AtVersion(2)), at(sized(key("q", "d"), 200), table.Absent), check(absent, table.Absent)), table.Usage{Requests: 1, WriteUnits: 2 * (1 + 1 + 1), ItemsWritten: 2, BytesWritten: 400}},
		{"transaction with a check, which reads", commit(check(c, table.AtVersion(1)), sized(a, 1024)), table.Usage{Requests: 1, WriteUnits: 2 * (2 + 1), ItemsWritten: 1, BytesWritten: 1024}},
		{"refused transaction", func(ctx context.Context) { _ = s.Commit(ctx, check(c, table.Absent), sized(a, 1024)) }, table.Usage{Requests: 1, WriteUnits: 4}},
		{"check alone is a read", commit(check(c, table.AtVersion(1))), table.Usage{Requests: 1, ReadUnits: 2, ItemsRead: 1, BytesRead: 4097}},
		{"idle check", commit(check(c, table.Always)), table.Usage{}},
		{"get of one", get(a), table.Usage{Requests: 1, ReadUnits: 1, ItemsRead: 1, BytesRead: 1024}},
		{"get of one above 4 KB", get(c), table.Usage{Requests: 1, ReadUnits: 2, ItemsRead: 1, BytesRead: 4097}},
		{"get of one absent", get(absent), table.Usage{Requests: 1, ReadUnits: 1}},
		{"batch rounds each item up", get(a, b, c, a), table.Usage{Requests: 1, ReadUnits: 1 + 1 + 2, ItemsRead: 3, BytesRead: 1024 + 100 + 4097}},
		{"query rounds the sum up", list(table.Range{Partition: "p"}), table.Usage{Requests: 1, ReadUnits: 2, ItemsRead: 3, BytesRead: 1024 + 100 + 4097}},
		{"query with a limit reads no more", list(table.Range{Partition: "p", Limit: 2}), table.Usage{Requests: 1, ReadUnits: 1, ItemsRead: 2, BytesRead: 1124}},
		{"query of nothing", list(table.Range{Partition: "nothing"}), table.Usage{Requests: 1, ReadUnits: 1}},
		{"query of an impossible range", list(table.Range{Partition: "p", From: "b", To: "a"}), table.Usage{}},
		{"delete", commit(remove(c, table.AtVersion(1))), table.Usage{Requests: 1, WriteUnits: 5, ItemsWritten: 1}},
		{"delete of what is absent", commit(remove(c, table.Always)), table.Usage{Requests: 1, WriteUnits: 1, ItemsWritten: 1}},
		{"each", func(ctx context.Context) {
			s.Each(ctx, sized(a, 1024), sized(b, 1025), at(sized(c, 50), table.AtVersion(7)))
		}, table.Usage{Requests: 3, WriteUnits: 1 + 2 + 1, ItemsWritten: 2, BytesWritten: 1024 + 1025}},
	} {
		ctx, meter := table.WithMeter(t.Context())
		step.call(ctx)
		same(t, step.name, step.want, meter.Usage())
	}
}

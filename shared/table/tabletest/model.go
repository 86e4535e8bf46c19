package tabletest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

var models = []contract{
	{"any run of calls gives what a plain map gives", func(t *testing.T, s table.Table) {
		runs := 0
		rapid.Check(t, func(rt *rapid.T) {
			runs++ // a fresh set of partitions makes a fresh table
			m := &model{t: rt, table: s, ctx: t.Context(), run: fmt.Sprintf("run%d/", runs), items: map[table.Key]stored{}}
			for range rapid.IntRange(1, 12).Draw(rt, "calls") {
				rapid.OneOf(rapid.Just(m.commit), rapid.Just(m.each), rapid.Just(m.get), rapid.Just(m.query)).Draw(rt, "call")()
			}
			m.all()
		})
	}},
}

// model is the table as a plain map, and the real one beside it.
type model struct {
	t     *rapid.T
	table table.Table
	ctx   context.Context
	run   string
	items map[table.Key]stored
}

// Few and awkward sort keys meet each other often.
var (
	partitions = rapid.SampledFrom([]string{"p", "p\x00", "q"})
	sortKeys   = rapid.OneOf(
		rapid.SampledFrom([]string{"a", "a#", "a#1", "a#2", "a\x00", "a\x00b", "b", "é", "\U0010ffff"}),
		rapid.StringOfN(rapid.SampledFrom([]rune{0, 1, 'a', 'b', 0x7f, 0x80, 0xff, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff}), 1, 3, -1),
	)
	bounds = rapid.OneOf(rapid.Just(""), sortKeys)
	bodies = rapid.OneOf(
		rapid.StringN(0, 20, -1),
		rapid.Map(rapid.IntRange(250, 3000), func(n int) string { return strings.Repeat("text ", n/5) }),
	)
)

func (m *model) key() table.Key {
	return table.Key{Partition: m.run + partitions.Draw(m.t, "partition"), Sort: sortKeys.Draw(m.t, "sort")}
}

// writes draws writes of different keys, most of whose conditions hold.
func (m *model) writes() []table.Write {
	keys := rapid.SliceOfNDistinct(rapid.Custom(func(*rapid.T) table.Key { return m.key() }), 1, 6, rapid.ID[table.Key]).Draw(m.t, "keys")
	writes := make([]table.Write, len(keys))
	for i, k := range keys {
		w := table.Write{Key: k, Action: rapid.SampledFrom([]table.Action{table.Put, table.Put, table.Put, table.Delete, table.Check}).Draw(m.t, "action")}
		if w.Action == table.Put {
			w.Body = []byte(bodies.Draw(m.t, "body"))
		}
		switch rapid.IntRange(0, 9).Draw(m.t, "condition") {
		case 0:
			w.If = table.Absent
		case 1:
			w.If = table.AtVersion(uint64(rapid.IntRange(0, 3).Draw(m.t, "version")))
		case 2, 3, 4, 5:
			w.If = table.AtVersion(m.items[k].Version)
		}
		writes[i] = w
	}
	return writes
}

func (m *model) holds(w table.Write) bool {
	version, any := w.If.Demands()
	return !any || version == m.items[w.Key].Version
}

func (m *model) make(w table.Write) {
	switch w.Action {
	case table.Put:
		m.items[w.Key] = stored{w.Partition, w.Sort, m.items[w.Key].Version + 1, string(w.Body)}
	case table.Delete:
		delete(m.items, w.Key)
	}
}

func (m *model) commit() {
	writes := m.writes()
	err := m.table.Commit(m.ctx, writes...)
	if slices.ContainsFunc(writes, func(w table.Write) bool { return !m.holds(w) }) {
		if !failure.Is(err, failure.Conflict) {
			m.t.Fatalf("Commit(%v) gives %v, want a conflict", writes, err)
		}
		return
	}
	if err != nil {
		m.t.Fatalf("Commit(%v): %v", writes, err)
	}
	for _, w := range writes {
		m.make(w)
	}
}

func (m *model) each() {
	writes := m.writes()
	for i, err := range m.table.Each(m.ctx, writes...) {
		switch {
		case !m.holds(writes[i]):
			if !failure.Is(err, failure.Conflict) {
				m.t.Fatalf("Each: write %v gives %v, want a conflict", writes[i], err)
			}
		case err != nil:
			m.t.Fatalf("Each: write %v: %v", writes[i], err)
		default:
			m.make(writes[i])
		}
	}
}

func (m *model) get() {
	keys := rapid.SliceOfN(rapid.Custom(func(*rapid.T) table.Key { return m.key() }), 1, 5).Draw(m.t, "keys")
	items, err := m.table.Get(m.ctx, keys...)
	if err != nil {
		m.t.Fatalf("Get: %v", err)
	}
	wanted := make([]stored, len(keys))
	for i, k := range keys {
		wanted[i] = m.items[k]
		wanted[i].Partition, wanted[i].Sort = k.Partition, k.Sort
	}
	if diff := cmp.Diff(wanted, show(items)); diff != "" {
		m.t.Fatalf("Get (-want +got):\n%s", diff)
	}
}

func (m *model) query() {
	m.compare(table.Range{
		Partition: m.run + partitions.Draw(m.t, "partition"),
		Prefix:    bounds.Draw(m.t, "prefix"),
		From:      bounds.Draw(m.t, "from"),
		To:        bounds.Draw(m.t, "to"),
		Reverse:   rapid.Bool().Draw(m.t, "reverse"),
		Limit:     rapid.IntRange(0, 4).Draw(m.t, "limit"),
	})
}

// all compares everything at the end of a run.
func (m *model) all() {
	for _, p := range []string{"p", "p\x00", "q"} {
		m.compare(table.Range{Partition: m.run + p})
	}
}

func (m *model) compare(r table.Range) {
	var wanted []stored
	for k, item := range m.items {
		if k.Partition == r.Partition && strings.HasPrefix(k.Sort, r.Prefix) && k.Sort >= r.From && (r.To == "" || k.Sort < r.To) {
			wanted = append(wanted, item)
		}
	}
	slices.SortFunc(wanted, func(a, b stored) int {
		if r.Reverse {
			a, b = b, a
		}
		return strings.Compare(a.Sort, b.Sort)
	})
	if r.Limit > 0 && len(wanted) > r.Limit {
		wanted = wanted[:r.Limit]
	}
	items, err := query(m.ctx, m.table, r)
	if err != nil {
		m.t.Fatalf("Query(%+v): %v", r, err)
	}
	got := show(items)
	if len(got) == 0 {
		got = nil
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		m.t.Fatalf("Query(%+v) (-want +got):\n%s", r, diff)
	}
}

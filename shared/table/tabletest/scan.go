package tabletest

import (
	"testing"

	"github.com/carerecord/carerecord/shared/table"
)

var scans = []contract{
	{"a dump has every item in order", func(t *testing.T, s table.Table) {
		scanner, ok := s.(table.Scanner)
		if !ok {
			t.Skip("a wrapped table is no Scanner")
		}
		commit(t, s, put(key("q", "b"), "4", table.Always), put(key("p", "z"), "2", table.Always), put(key("p\x00", "a"), "3", table.Always))
		commit(t, s, put(key("p", "a\x00"), "0", table.Always), put(key("p", "b"), "gone", table.Always))
		commit(t, s, put(key("p", "a\x00"), "1", table.Always), remove(key("p", "b"), table.Always))
		items, err := table.Dump(t.Context(), scanner)
		if err != nil {
			t.Fatal(err)
		}
		same(t, "dump", []stored{{"p", "a\x00", 2, "1"}, {"p", "z", 1, "2"}, {"p\x00", "a", 1, "3"}, {"q", "b", 1, "4"}}, show(items))
	}},
	{"a dump goes over pages", func(t *testing.T, s table.Table) {
		scanner, ok := s.(table.Scanner)
		if !ok {
			t.Skip("a wrapped table is no Scanner")
		}
		var writes []table.Write
		for i, k := range numbered(40) {
			writes = append(writes, table.Write{Key: k, Body: noise(uint64(i), 60_000)})
		}
		fill(t, s, writes...)
		items, err := table.Dump(t.Context(), scanner)
		if err != nil || len(items) != 40 {
			t.Errorf("%d items, %v, want 40", len(items), err)
		}
	}},
}

package engines

import (
	"context"

	"github.com/carerecord/carerecord/shared/table"
)

// TB is what these helpers need of *testing.T and of *rapid.T.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Bodies gives every item of a table as "partition sort" -> body.
func Bodies(t TB, s table.Table) map[string]string {
	t.Helper()
	return dump(t, s, func(item table.Item) string { return string(item.Body) })
}

// Versions gives every item's version: how often it was written.
func Versions(t TB, s table.Table) map[string]uint64 {
	t.Helper()
	return dump(t, s, func(item table.Item) uint64 { return item.Version })
}

func dump[V any](t TB, s table.Table, value func(table.Item) V) map[string]V {
	t.Helper()
	scanner, ok := s.(table.Scanner)
	if !ok {
		t.Fatal("a wrapped table is no Scanner")
	}
	items, err := table.Dump(context.Background(), scanner)
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]V, len(items))
	for _, item := range items {
		out[item.Partition+" "+item.Sort] = value(item)
	}
	return out
}

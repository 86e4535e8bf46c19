// Package engines runs a test on both engines of the storage port: what works
// on one works on the other. It is imported by tests only.
//
//	engines.Run(t, func(t *testing.T, open engines.Open) {
//		tables := open("index", "record")
//		x := index.New(tables[0], hasher)
//		...
//	})
package engines

import (
	"testing"

	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/dynamo/dynamolocal"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// Table is a table of either engine, with nothing wrapped around it.
type Table interface {
	table.Table
	table.Scanner
}

// Open gives fresh and empty tables that live until the test ends, in the order
// of their names. Every call gives new ones.
type Open func(names ...string) []Table

// Run runs the test as the subtests "embedded" and "dynamodb". The latter is
// skipped where DynamoDB Local is not installed; see package dynamolocal.
func Run(t *testing.T, test func(t *testing.T, open Open)) {
	t.Helper()
	t.Run("embedded", func(t *testing.T) { test(t, Embedded(t)) })
	t.Run("dynamodb", func(t *testing.T) { test(t, DynamoDB(t)) })
}

// Bench is Run for benchmarks.
func Bench(b *testing.B, bench func(b *testing.B, open Open)) {
	b.Helper()
	b.Run("embedded", func(b *testing.B) { bench(b, Embedded(b)) })
	b.Run("dynamodb", func(b *testing.B) { bench(b, DynamoDB(b)) })
}

// Embedded opens tables of embedded stores in memory.
func Embedded(tb testing.TB) Open {
	return func(names ...string) []Table {
		tb.Helper()
		db, err := embedded.Memory()
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() {
			if err := db.Close(); err != nil {
				tb.Error(err)
			}
		})
		tables := make([]Table, len(names))
		for i, name := range names {
			tables[i] = db.Table(name)
		}
		return tables
	}
}

// DynamoDB opens tables of DynamoDB Local; it skips or fails the test where
// there is none.
func DynamoDB(tb testing.TB) Open {
	tb.Helper()
	dynamolocal.Start(tb)
	return func(names ...string) []Table {
		tb.Helper()
		tables := make([]Table, len(names))
		for i, name := range names {
			tables[i] = dynamolocal.Table(tb, name)
		}
		return tables
	}
}

package record_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// BenchmarkLoad stores new entries of a kilobyte, durably, a chunk at a time.
func BenchmarkLoad(b *testing.B) {
	db, err := embedded.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	s := record.New(db.Table("record"))
	next := 0
	const chunk = 500
	for b.Loop() {
		list := make([]record.Entry, chunk)
		for i := range list {
			list[i] = stated(fmt.Sprintf("e%08d", next), "A", 1, "d1", next)
			list[i].Owner = fmt.Sprintf("patient%d", next/50)
			list[i].Resource = append(list[i].Resource, make([]byte, 900)...)
			next++
		}
		if _, err := s.Load(context.Background(), list); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "entries/s")
}

// BenchmarkRead reads an owner of a thousand entries.
func BenchmarkRead(b *testing.B) {
	db, err := embedded.Memory()
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	s := record.New(db.Table("record"))
	var list []record.Entry
	for i := range 1000 {
		e := stated(fmt.Sprintf("e%08d", i), "A", 1, "d1", i)
		e.Resource = append(e.Resource, make([]byte, 900)...)
		list = append(list, e)
	}
	if _, err := s.Load(context.Background(), list); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, err := range s.Read(context.Background(), "patient1", record.Selection{}) {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}

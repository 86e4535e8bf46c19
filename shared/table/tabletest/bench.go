package tabletest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/carerecord/carerecord/shared/table"
)

// Bench runs the benchmarks of the port: time, and beside it the requests and
// units that DynamoDB would count for one operation.
func Bench(b *testing.B, open func(b *testing.B) table.Table) {
	b.Run("Commit", func(b *testing.B) { benchCommit(b, open(b)) })
	b.Run("Each", func(b *testing.B) { benchEach(b, open(b)) })
	b.Run("Query", func(b *testing.B) { benchQuery(b, open(b)) })
	b.Run("Get", func(b *testing.B) { benchGet(b, open(b)) })
}

// resource is a body like those of the product: JSON of a good kilobyte.
func resource(n int) []byte {
	return fmt.Appendf(nil, `{"resourceType":"Observation","id":"%026d","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}]}],"code":{"coding":[{"system":"http://snomed.info/sct","code":"%d"}]},"subject":{"reference":"Patient/@"},"effectiveDateTime":"2024-05-%02dT10:00:00Z","valueQuantity":{"value":%d.%d,"unit":"mmol/L","system":"http://unitsofmeasure.org"},"meta":{"source":"%x"}}`, n, 1000000+n%900000, n%28+1, n%50, n%10, noise(uint64(n), 250))
}

// report adds what one operation costs to the benchmark's line.
func report(b *testing.B, m *table.Meter, operations, items int) {
	u := m.Usage()
	b.ReportMetric(float64(u.Requests)/float64(operations), "requests/op")
	b.ReportMetric(u.ReadUnits/float64(operations), "read-units/op")
	b.ReportMetric(u.WriteUnits/float64(operations), "write-units/op")
	if s := b.Elapsed().Seconds(); s > 0 {
		b.ReportMetric(float64(operations*items)/s, "items/s")
	}
}

// benchCommit makes commits of a new item, a changed one and a check, from many writers.
func benchCommit(b *testing.B, s table.Table) {
	ctx, meter := table.WithMeter(b.Context())
	var n atomic.Int64
	b.SetParallelism(16)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			p := fmt.Sprintf("owner%d", i%5000)
			err := s.Commit(ctx,
				table.Write{Key: key(p, fmt.Sprintf("entry%d", i)), Body: resource(i), If: table.Absent},
				table.Write{Key: key(p, fmt.Sprintf("version%d", i)), Body: resource(i)},
				table.Write{Key: key("absent", fmt.Sprint(i)), Action: table.Check, If: table.Absent})
			if err != nil {
				b.Error(err)
			}
		}
	})
	report(b, meter, b.N, 2)
}

// benchEach writes a hundred new items at a time, from many writers.
func benchEach(b *testing.B, s table.Table) {
	ctx, meter := table.WithMeter(b.Context())
	var n atomic.Int64
	b.SetParallelism(4)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := int(n.Add(1))
			writes := make([]table.Write, 100)
			for j := range writes {
				writes[j] = table.Write{Key: key(fmt.Sprintf("owner%d", i%5000), fmt.Sprintf("%d.%d", i, j)), Body: resource(i*100 + j), If: table.Absent}
			}
			for _, err := range s.Each(ctx, writes...) {
				if err != nil {
					b.Error(err)
				}
			}
		}
	})
	report(b, meter, b.N, 100)
}

func fillBench(b *testing.B, s table.Table, n int) {
	writes := make([]table.Write, n)
	for i := range writes {
		writes[i] = table.Write{Key: key("p", fmt.Sprintf("%06d", i)), Body: resource(i)}
	}
	for _, err := range s.Each(b.Context(), writes...) {
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
}

// benchQuery reads a partition of a thousand items; it counts units in one run
// of its own, because a metered query reads page by page.
func benchQuery(b *testing.B, s table.Table) {
	fillBench(b, s, 1000)
	b.ReportAllocs()
	for b.Loop() {
		if items, err := query(b.Context(), s, table.Range{Partition: "p"}); err != nil || len(items) != 1000 {
			b.Fatalf("%d items, %v", len(items), err)
		}
	}
	elapsed := b.Elapsed().Seconds()
	ctx, meter := table.WithMeter(context.Background())
	_, _ = query(ctx, s, table.Range{Partition: "p"})
	report(b, meter, 1, 1000)
	b.ReportMetric(float64(b.N)*1000/elapsed, "items/s")
}

// benchGet reads a hundred keys at once.
func benchGet(b *testing.B, s table.Table) {
	fillBench(b, s, 1000)
	keys := make([]table.Key, 100)
	for i := range keys {
		keys[i] = key("p", fmt.Sprintf("%06d", i*10))
	}
	ctx, meter := table.WithMeter(b.Context())
	for b.Loop() {
		if _, err := s.Get(ctx, keys...); err != nil {
			b.Fatal(err)
		}
	}
	report(b, meter, b.N, 100)
}

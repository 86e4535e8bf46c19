package delivery_test

import (
	"context"
	"io/fs"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/sample"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

// sampleMessages gives the first n messages of the sample hospital.
func sampleMessages(t testing.TB, n int) string {
	t.Helper()
	all, err := fs.ReadFile(sample.FS, "hl7/simhospital.hl7")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Split(string(all), "\n\n")[:n], "\n\n") + "\n\n"
}

// load takes a file to its report and gives what that cost in storage.
func (s store) load(t testing.TB, key, content string) (delivery.Delivery, table.Usage) {
	t.Helper()
	s.put(t, key, strings.NewReader(content))
	ctx, meter := table.WithMeter(context.Background())
	d, err := run(ctx, t, s.service(t, nil), key)
	if err != nil {
		t.Fatal(err)
	}
	return d, meter.Usage()
}

// TestWhatADeliveryCosts holds the budgets of storage, counted by DynamoDB's
// rules on both engines: at most 2.5 write units for a new entry with all that
// a delivery writes beside it, and for rows that are known none but the
// delivery's own.
func TestWhatADeliveryCosts(t *testing.T) {
	t.Parallel()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		s := newStore(t, open)
		messages := sampleMessages(t, 100)
		d, first := s.load(t, hl7Key, messages)
		report, err := s.service(t, nil).ReadReport(context.Background(), d.ID)
		if err != nil {
			t.Fatal(err)
		}
		entries := 0
		for _, stored := range report.Entries {
			entries += stored.Accepted
		}
		t.Logf("%d rows, %d entries: %v; %.2f write units an entry", d.Counts.Read, entries, first, first.WriteUnits/float64(entries))
		if perEntry := first.WriteUnits / float64(entries); entries < 200 || perEntry > 2.5 {
			t.Errorf("%.2f write units an entry, %d entries; the budget is 2.5", perEntry, entries)
		}
		d, again := s.load(t, hl7Key+".again", "\r\n"+messages)
		t.Logf("the same rows again: %v", again)
		const ownWrites = 12 // the delivery, its chunk, its content, the feed
		if again.WriteUnits > ownWrites || d.Counts.Unchanged != d.Counts.Read {
			t.Errorf("the same rows again cost %g write units, counts %+v; the budget is %d", again.WriteUnits, d.Counts, ownWrites)
		}
	})
}

// BenchmarkDelivery takes the sample hospital to its report, on new tables each
// time, and counts beside the time.
func BenchmarkDelivery(b *testing.B) {
	messages := sampleMessages(b, 1013)
	engines.Bench(b, func(b *testing.B, open engines.Open) {
		var total table.Usage
		b.SetBytes(int64(len(messages)))
		for b.Loop() {
			_, used := newStore(b, open).load(b, hl7Key, messages)
			total.Requests += used.Requests
			total.ReadUnits += used.ReadUnits
			total.WriteUnits += used.WriteUnits
		}
		b.ReportMetric(float64(total.Requests)/float64(b.N), "requests/op")
		b.ReportMetric(total.ReadUnits/float64(b.N), "RCU/op")
		b.ReportMetric(total.WriteUnits/float64(b.N), "WCU/op")
	})
}

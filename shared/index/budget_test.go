package index_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

func cost(t *testing.T, call func(ctx context.Context) error) table.Usage {
	t.Helper()
	ctx, meter := table.WithMeter(context.Background())
	if err := call(ctx); err != nil {
		t.Fatal(err)
	}
	return meter.Usage()
}

// What a patient costs does not depend on the size of the region.
func TestBudgets(t *testing.T) {
	t.Parallel()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		t.Parallel()
		x := newIndex(open("index")[0])
		cases := []struct {
			name   string
			said   index.Statement
			writes float64 // units
			reads  float64 // units
		}{
			{"a new person with an NHS number", says("a", 1, anna(numberA)), 10, 6},
			{"the very same again", says("a", 1, anna(numberA)), 0, 2},
			{"the same later", says("a", 2, anna(numberA)), 1, 2},
			{"a second source of the person", says("b", 3, anna(numberA)), 10, 3}, // the number settles it: no key is read
			{"a new person without a number", says("c", 4, bob("")), 8, 5},
			{"a new address", says("c", 5, moved(bob(""))), 8, 8},
			{"a late older statement", says("c", 3, born(moved(bob("")), "1954-07-31")), 8, 8},
		}
		for _, c := range cases {
			c.said.At.Row = 0
			u := cost(t, func(ctx context.Context) error { return x.Apply(ctx, received, []index.Statement{c.said}) })
			if u.WriteUnits > c.writes || u.ReadUnits > c.reads {
				t.Errorf("%s: %v; the most is %g write units and %g read units", c.name, u, c.writes, c.reads)
			}
		}
		id := link(t, x, "a")
		if u := cost(t, func(ctx context.Context) error { _, err := x.Person(ctx, id); return err }); u.Requests != 1 {
			t.Errorf("a person: %v; want one request", u)
		}
	})
}

func moved(d demographics.Details) demographics.Details {
	d.Addresses = []demographics.Address{{Lines: []string{"1 New Street"}, City: "Leeds", Postcode: "LS2 9JT"}}
	return d
}

func TestABatchSharesItsReads(t *testing.T) {
	t.Parallel()
	x := newIndex(fresh(t))
	var list []index.Statement
	for i := range 90 {
		list = append(list, says(fmt.Sprintf("p%02d", i), 1, anna("")))
	}
	apply(t, x, list...)
	if u := cost(t, func(ctx context.Context) error { return x.Apply(ctx, received, list) }); u.Requests != 1 || u.WriteUnits != 0 {
		t.Errorf("90 patients that are known: %v; want one request and no write", u)
	}
}

// number gives the i-th of many numbers that pass the Modulus 11 check.
func number(i int) string {
	for n := 900_000_00 + i*7; ; n++ {
		s := fmt.Sprintf("9%08d", n)[:9]
		sum := 0
		for k := range 9 {
			sum += int(s[k]-'0') * (10 - k)
		}
		if check := (11 - sum%11) % 11; check < 10 {
			return s + string(rune('0'+check))
		}
	}
}

func BenchmarkApply(b *testing.B) {
	engines.Bench(b, func(b *testing.B, open engines.Open) {
		if strings.Contains(b.Name(), "dynamodb") {
			b.Skip("DynamoDB Local says nothing about speed")
		}
		x := newIndex(open("index")[0])
		next := 0
		const batch = 500
		for b.Loop() {
			list := make([]index.Statement, batch)
			for i := range list {
				list[i] = says(fmt.Sprintf("p%08d", next), 1, anna(number(next)))
				next++
			}
			if err := x.Apply(context.Background(), time.Unix(0, 0), list); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "patients/s")
	})
}

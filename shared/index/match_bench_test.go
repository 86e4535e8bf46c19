package index_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/trial"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

// people of the benchmark's region: CARERECORD_PEOPLE, or a few.
func peopleToMatch() int {
	if n, err := strconv.Atoi(os.Getenv("CARERECORD_PEOPLE")); err == nil {
		return n
	}
	return 2000
}

// BenchmarkMatch looks the hard region's queries up in an index of all its
// people, and counts what that costs on each engine. Half of the queries are of
// nobody in the index, and none has an NHS number.
func BenchmarkMatch(b *testing.B) {
	engines.Bench(b, func(b *testing.B, open engines.Open) {
		n := peopleToMatch()
		ctx := context.Background()
		region, err := trial.New(ctx, trial.Settings{People: n, Queries: min(n, 20_000), Seed: 11, Model: matching.Default()})
		if err != nil {
			b.Fatal(err)
		}
		x := byDetails(open("index")[0])
		ids, written := fillRegion(b, x, n)
		asked := region.Asked()
		var reads, requests []float64
		right, wrong, known, next := 0, 0, 0, 0
		for b.Loop() {
			q := &asked[next%len(asked)]
			next++
			ctx, meter := table.WithMeter(ctx)
			found, err := x.Match(ctx, q.Account.Details(), 0)
			if err != nil {
				b.Fatal(err)
			}
			u := meter.Usage()
			reads, requests = append(reads, u.ReadUnits), append(requests, float64(u.Requests))
			if q.Person != trial.Nobody {
				known++
			}
			if len(found) > 0 && found[0].Decision.Outcome == matching.Link {
				if q.Person != trial.Nobody && found[0].Person == ids[q.Person] {
					right++
				} else {
					wrong++
				}
			}
		}
		slices.Sort(reads)
		slices.Sort(requests)
		b.ReportMetric(mean(reads), "read-units/match")
		b.ReportMetric(reads[len(reads)*99/100], "p99-read-units")
		b.ReportMetric(mean(requests), "requests/match")
		b.ReportMetric(requests[len(requests)-1], "most-requests")
		b.ReportMetric(written/float64(n), "write-units/person")
		b.ReportMetric(float64(right)/float64(max(1, right+wrong)), "precision")
		b.ReportMetric(float64(right)/float64(max(1, known)), "recall")
	})
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(len(list))
}

// fillRegion tells the index of every person of the region, as one register
// has them. It gives their ids and the write units that all of them took.
func fillRegion(b *testing.B, x *index.Index, n int) (ids []string, units float64) {
	b.Helper()
	region, err := population.New(n, 11)
	if err != nil {
		b.Fatal(err)
	}
	ctx, meter := table.WithMeter(context.Background())
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(4)
	for block := range region.Blocks() {
		for some := range slices.Chunk(region.Block(block, nil), 256) {
			all.Go(func() error {
				var list []index.Statement
				for _, p := range some {
					list = append(list, says(fmt.Sprintf("p%08d", p.ID), 1, registered(&p)))
				}
				return x.Apply(ctx, received, list)
			})
		}
	}
	if err := all.Wait(); err != nil {
		b.Fatal(err)
	}
	units = meter.Usage().WriteUnits
	keys := make([]string, n)
	for i := range keys {
		keys[i] = key(fmt.Sprintf("p%08d", i))
	}
	for some := range slices.Chunk(keys, 1000) {
		links, err := x.Links(context.Background(), some...)
		if err != nil {
			b.Fatal(err)
		}
		for _, k := range some {
			ids = append(ids, links[k])
		}
	}
	return ids, units
}

// registered gives what a register knows of a person: no NHS number, telephone
// or address line.
func registered(p *population.Person) demographics.Details {
	a := p.Account()
	d := a.Details()
	d.NHSNumber, d.NHSStatus, d.Contacts = "", "", nil
	d.Addresses = slices.Clone(d.Addresses)
	for i := range d.Addresses {
		d.Addresses[i].Lines = nil
	}
	return d
}

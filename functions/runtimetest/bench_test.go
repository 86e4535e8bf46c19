package runtimetest_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/sample"
	"github.com/carerecord/carerecord/shared/table"
)

// BenchmarkSize gives the size of each binary as it is deployed.
func BenchmarkSize(b *testing.B) {
	for _, f := range catalogue.Functions() {
		b.Run(f.Name, func(b *testing.B) {
			info, err := os.Stat(filepath.Join(runtimetest.Build(b, "arm64", f.Name), runtimetest.Bootstrap))
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(info.Size()), "bytes")
		})
	}
}

// BenchmarkStart gives the time from exec to the first request for an event,
// of 20 starts, with the read of the region's key from a service at hand.
func BenchmarkStart(b *testing.B) {
	r := bare(b)
	for _, name := range []string{"serve-fhir", "receive-delivery", "authorize-request"} {
		b.Run(name, func(b *testing.B) {
			var took []time.Duration
			for range 20 {
				p := r.Start(b, name)
				took = append(took, p.Started)
				p.Stop(b)
			}
			report(b, took)
		})
	}
}

// report gives the median and the 95th percentile instead of a mean.
func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	at := func(share float64) float64 {
		return float64(took[int(share*float64(len(took)-1))].Microseconds()) / 1000
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.95), "p95-ms")
}

// loaded is a region with one delivery, taken through its steps in this
// process, and what each step cost.
type loaded struct {
	region  *runtimetest.Region
	service *delivery.Service
	entries int
	report  delivery.Report
	steps   map[string]table.Usage
}

var steps = []string{"receive", "split", "match", "load", "report"}

const largest = "fhir/synthea/b3e8d121-f742-438c-92e3-02135e4543d5.json"

func load(b *testing.B, key, file string) loaded {
	b.Helper()
	r := bare(b)
	r.OpenTables(b)
	h := hasher(b, r)
	s := &delivery.Service{
		Partners: partners(b), Objects: r.Store(), Table: r.Table(catalogue.TableDelivery), Hasher: h, Now: time.Now,
		Index: index.New(r.Table(catalogue.TableIndex), h, matching.NewMatcher(matching.Default())), Record: record.New(r.Table(catalogue.TableRecord)),
		Buckets: delivery.Buckets{Drop: r.Value(catalogue.BucketDrop), Work: r.Value(catalogue.BucketWork), Reports: r.Value(catalogue.BucketReports)},
	}
	content, err := sample.FS.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	info, err := r.Store().Put(b.Context(), s.Buckets.Drop, key, "", bytes.NewReader(content))
	if err != nil {
		b.Fatal(err)
	}
	l := loaded{region: r, service: s, steps: stepByStep(b, s, info)}
	if l.report, err = s.ReadReport(b.Context(), s.ID(info)); err != nil {
		b.Fatal(err)
	}
	for _, e := range l.report.Entries {
		l.entries += e.Accepted + e.Unchanged + e.Held
	}
	return l
}

// stepByStep runs the steps of a delivery and gives what each cost.
func stepByStep(b *testing.B, s *delivery.Service, info object.Info) map[string]table.Usage {
	b.Helper()
	var split delivery.SplitOutput
	in, batch := delivery.Input{Delivery: s.ID(info)}, delivery.BatchInput{}
	batch.BatchInput.Delivery = in.Delivery
	usage := map[string]table.Usage{}
	for i, step := range []func(context.Context) error{
		func(ctx context.Context) error { _, _, err := s.Receive(ctx, info.Ref); return err },
		func(ctx context.Context) (err error) { split, err = s.Split(ctx, in); return err },
		func(ctx context.Context) error {
			for n := range split.Count {
				batch.Items = append(batch.Items, n+1)
			}
			_, err := s.Match(ctx, batch)
			return err
		},
		func(ctx context.Context) error { _, err := s.Load(ctx, batch); return err },
		func(ctx context.Context) error { _, err := s.Report(ctx, in); return err },
	} {
		ctx, meter := table.WithMeter(b.Context())
		if err := step(ctx); err != nil {
			b.Fatal(err)
		}
		usage[steps[i]] = meter.Usage()
	}
	return usage
}

// BenchmarkDelivery gives what a delivery costs on DynamoDB for 1,000 entries,
// by the meter around the tables: a whole life as one Bundle, a day of a
// hospital's messages, and a practice's list.
func BenchmarkDelivery(b *testing.B) {
	for _, c := range []struct{ name, key, file string }{
		{"fhir", "NZZ99/bundles/largest.json", largest},
		{"hl7v2", "RZZ/adt/simhospital.hl7", "hl7/simhospital.hl7"},
		{"csv", "Z99901/patients/list.csv", "gp/practice-list.csv"},
	} {
		l := load(b, c.key, c.file)
		b.Logf("%s: %d rows, %d entries", c.name, l.report.Counts.Read, l.entries)
		for _, name := range steps {
			b.Run(c.name+"/"+name, func(b *testing.B) {
				u, k := l.steps[name], float64(l.entries)/1000
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(u.Requests)/k, "requests/1000")
				b.ReportMetric(u.ReadUnits/k, "RCU/1000")
				b.ReportMetric(u.WriteUnits/k, "WCU/1000")
			})
		}
	}
}

// BenchmarkEverything gives the time of a view through the real binary: event
// in, answer out, over the Runtime API and DynamoDB Local.
func BenchmarkEverything(b *testing.B) {
	l := load(b, "NZZ99/bundles/largest.json", largest)
	person, err := l.service.Index.FindSource(b.Context(), index.SourceKey(l.service.Hasher, sample.Community, "bundles", sample.LargestPatient))
	if err != nil {
		b.Fatal(err)
	}
	for name, count := range map[string]int{"page of 50": 50, "page of 1000": 1000} {
		b.Run(name, func(b *testing.B) {
			p := l.region.Start(b, "serve-fhir", runtimetest.With("AWS_ENDPOINT_URL_DYNAMODB", l.region.Endpoint()))
			event := everythingEvent(b, person, count, true)
			first := time.Now()
			answer := p.Invoke(b, event)
			cold := time.Since(first)
			entries := len(proxied(b, answer.Payload).resource["entry"].([]any))
			for range 20 {
				p.Invoke(b, event)
			}
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				p.Invoke(b, event)
				took = append(took, time.Since(began))
			}
			report(b, took)
			b.ReportMetric(float64(cold.Microseconds())/1000, "first-ms")
			b.ReportMetric(float64(entries), "entries")
			b.ReportMetric(float64(len(answer.Payload)), "bytes")
		})
	}
}

package trial_test

import (
	"context"
	"testing"

	"github.com/carerecord/carerecord/shared/population/trial"
)

// One record is made, cleaned and posted.
func BenchmarkFill(b *testing.B) {
	s := settings(40_000, false)
	s.Workers, s.Queries = 1, 100
	for b.Loop() {
		if _, err := trial.New(context.Background(), s); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*s.People), "ns/person")
}

// One query is looked up and decided.
func BenchmarkSearch(b *testing.B) {
	tr := shared(b, false).Trial
	tr.Workers = 1
	for b.Loop() {
		if _, err := tr.Search(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(tr.Asked())), "ns/look-up")
}

package registers_test

import (
	"io"
	"testing"

	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/registers"
)

type nowhere struct{ io.Writer }

func (nowhere) Close() error { return nil }

func BenchmarkWrite(b *testing.B) {
	const people = 50_000
	region, err := population.New(people, 1)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := registers.Write(b.Context(), region, func(string) (io.WriteCloser, error) { return nowhere{io.Discard}, nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(people*b.N)/b.Elapsed().Seconds(), "people/s")
}

package matching_test

import (
	"testing"

	"github.com/carerecord/carerecord/shared/matching"
)

func BenchmarkScore(b *testing.B) {
	m := matching.NewMatcher(matching.Default())
	for _, c := range []struct{ name, a, b string }{
		{"same", "Margaret/Robinson/1960-01-02/f/LS1 4AP", "Margaret/Robinson/1960-01-02/f/LS1 4AP"},
		{"alike", "Margaret/Robinson/1960-01-02/f/LS1 4AP", "Margret/Robison/1960-02-01/f/LS1 4AQ"},
		{"different", "Margaret/Robinson/1960-01-02/f/LS1 4AP", "Christopher/Thompson/1980-11-12/m/M1 1AE"},
		{"address", "Margaret/Robinson/1960-01-02/f/LS1 4AP/12 Acacia Avenue", "Christopher/Thompson/1980-11-12/m/M1 1AE/Flat 3 112 Queens Road"},
	} {
		b.Run(c.name, func(b *testing.B) {
			x, y := who(b, c.a), who(b, c.b)
			b.ReportAllocs()
			for b.Loop() {
				m.Score(x, y)
			}
		})
	}
}

func BenchmarkTrain(b *testing.B) {
	profiles, _ := register{people: 20_000, twice: 10_000, slips: slips{given: 0.05, family: 0.05, birth: 0.02, postcode: 0.3}}.make(1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := matching.Train(profiles, matching.TrainOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBulkKeys(b *testing.B) {
	p := who(b, "Margaret Anne/Robinson/1960-01-02/f/LS1 4AP/12 Acacia Avenue/0113 222 3344")
	var keys []matching.BulkKey
	b.ReportAllocs()
	for b.Loop() {
		keys = matching.AppendBulkKeys(keys[:0], p)
	}
}

func BenchmarkReadDefaultModel(b *testing.B) {
	file := matching.Default().Write()
	b.ReportAllocs()
	for b.Loop() {
		m, err := matching.ReadModel(file)
		if err != nil {
			b.Fatal(err)
		}
		matching.NewMatcher(m)
	}
}

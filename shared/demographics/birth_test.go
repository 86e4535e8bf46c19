package demographics_test

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
)

func TestCompareBirthDates(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, a, b string
		want       demographics.Agreement
	}{
		{"the same", "1989-01-18", "1989-01-18", demographics.Exact},
		{"another day", "1989-01-18", "1989-01-27", demographics.Partial},
		{"another month", "1989-01-18", "1989-07-18", demographics.Partial},
		{"another year", "1989-01-18", "1954-01-18", demographics.Partial},
		{"day and month exchanged", "1989-03-07", "1989-07-03", demographics.Partial},
		{"exchanged, another year", "1989-03-07", "1991-07-03", demographics.Differs},
		{"digits of the day swapped, another year", "1989-03-12", "1990-03-21", demographics.Partial},
		{"digits of the month swapped, another day", "1989-01-12", "1989-10-25", demographics.Partial},
		{"last digits of the year swapped, another month", "1987-03-12", "1978-05-12", demographics.Partial},
		{"two swaps, nothing else", "1987-03-12", "1978-05-21", demographics.Differs},
		{"year alone the same", "1989-03-12", "1989-05-25", demographics.Differs},
		{"nothing the same", "1989-03-12", "1954-05-25", demographics.Differs},
		{"month known to both", "1989-03", "1989-03-12", demographics.Partial},
		{"two months", "1989-03", "1989-03", demographics.Partial},
		{"years only", "1989", "1989", demographics.Differs},
		{"unknown", "", "1989-03-12", demographics.Absent},
		{"no date", "12/03/1989", "1989-03-12", demographics.Absent},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := demographics.CompareBirthDates(c.a, c.b); got != c.want {
				t.Errorf("agreement %d, want %d", got, c.want)
			}
			if got := demographics.CompareBirthDates(c.b, c.a); got != c.want {
				t.Errorf("the other way round %d, want %d", got, c.want)
			}
		})
	}
}

func date(t *rapid.T, label string) string {
	full := fmt.Sprintf("%04d-%02d-%02d", rapid.IntRange(1985, 1992).Draw(t, label+" year"), rapid.IntRange(1, 12).Draw(t, label+" month"), rapid.IntRange(1, 28).Draw(t, label+" day"))
	return full[:rapid.SampledFrom([]int{4, 7, 10, 10, 10}).Draw(t, label+" length")]
}

func TestBirthDatesCompareBothWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := date(t, "a"), date(t, "b")
		got := demographics.CompareBirthDates(a, b)
		if back := demographics.CompareBirthDates(b, a); back != got {
			t.Fatalf("one way %d, the other %d", got, back)
		}
		if (got == demographics.Exact) != (a == b && len(a) == 10) {
			t.Fatalf("agreement %d for equal=%v", got, a == b)
		}
	})
}

func FuzzCompareBirthDates(f *testing.F) {
	f.Add("1989-01-18", "1989-18-01")
	f.Add("198", "-------")
	f.Fuzz(func(t *testing.T, a, b string) {
		if demographics.CompareBirthDates(a, b) != demographics.CompareBirthDates(b, a) {
			t.Fatal("not the same both ways")
		}
	})
}

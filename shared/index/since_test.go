package index_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/version"
)

// since is the slow oracle: the first statement after which the source never
// said anything else.
func since(list []index.Statement) (at version.Instant, family string) {
	list = slices.SortedFunc(slices.Values(list), func(a, b index.Statement) int { return a.At.Compare(b.At) })
	for i, s := range list {
		if i == 0 || s.Details.Names[0].Family != family {
			at, family = s.At, s.Details.Names[0].Family
		}
	}
	return at, family
}

// Details that come back after others are of the statement that brought them
// back, whatever the order in which the statements came.
func TestDetailsAreDatedFromTheirCurrentRun(t *testing.T) {
	t.Parallel()
	for _, story := range []string{"AB", "AAB", "ABA", "ABAA", "ABAB", "AABBA", "ABCA", "ACBAA"} {
		t.Run(story, func(t *testing.T) {
			t.Parallel()
			x := newIndex(fresh(t))
			var list []index.Statement
			for i, family := range story {
				d := anna(numberA)
				d.Names[0].Family = string(family)
				list = append(list, says("", i+1, d))
			}
			at, family := since(list)
			n := 0
			permutations(list, func(order []index.Statement) {
				n++
				name := fmt.Sprintf("p%03d", n)
				for i := range order {
					d := *order[i].Details
					d.NHSNumber = "" // they are not to meet
					order[i].Key, order[i].Value, order[i].Details = key(name), name, &d
					apply(t, x, order[i])
				}
				p, err := x.Person(context.Background(), link(t, x, name))
				if err != nil {
					t.Fatal(err)
				}
				if s := p.Sources[0]; s.At.Compare(at) != 0 || s.Details.Names[0].Family != family {
					t.Fatalf("details of %v, want those of %v", s.At, at)
				}
			})
		})
	}
}

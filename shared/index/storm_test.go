package index_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

func story() []index.Statement {
	return []index.Statement{
		says("a", 1, anna(numberA)), says("b", 2, anna(numberA)), says("c", 3, bob(numberA)), says("d", 4, bob(numberB)),
		merged("d", "e", 5), says("a", 6, anna(numberA)), merged("b", "c", 7), says("e", 8, bob("")), says("f", 9, anna("")),
		says("g", 10, anna(numberC)), merged("g", "a", 11), // two numbers meet in a merge
	}
}

// Stopped at any call and run again, the index ends byte for byte as if it had
// never been stopped.
func TestStopAtEveryCall(t *testing.T) {
	t.Parallel()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		t.Parallel()
		list := story()
		run := func(tab table.Table) error {
			x := newIndex(tab)
			for _, batch := range [][]index.Statement{list[:3], list[3:6], list[6:]} {
				if err := x.Apply(context.Background(), received, batch); err != nil {
					return err
				}
			}
			return nil
		}
		calm := open("index")[0]
		if err := run(calm); err != nil {
			t.Fatal(err)
		}
		want := engines.Bodies(t, calm)
		modes := []table.Mode{table.Stop, table.Tear, table.Lose, table.Fail}
		if strings.Contains(t.Name(), "dynamodb") {
			modes = modes[:1]
		}
		for _, mode := range modes {
			for f := range table.EveryCall(mode, failure.New(failure.Unavailable, "test", "planned")) {
				tab := open("index")[0]
				if err := run(f.Wrap(tab)); f.Hit() && err == nil {
					t.Errorf("mode %d call %d: the fault was not told", mode, f.At())
				}
				if err := run(tab); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(want, engines.Bodies(t, tab)); diff != "" {
					t.Errorf("mode %d call %d (-want +got):\n%s", mode, f.At(), diff)
				}
			}
		}
	})
}

// However many write at once: who states one number is one person.
func TestConcurrentWriters(t *testing.T) {
	t.Parallel()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		t.Parallel()
		for round := range 3 {
			tab := open("index")[0]
			var all sync.WaitGroup
			errs := make(chan error, len(names))
			for i, n := range names {
				all.Go(func() {
					list := []index.Statement{says(n, 1, anna(numberA)), says(n, 2, anna(numberA)), says(names[(i+1)%len(names)], 1, anna(numberA))}
					rand.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
					errs <- errors.Join(newIndex(tab).Apply(context.Background(), received, list[:2]), newIndex(tab).Apply(context.Background(), received, list[2:]))
				})
			}
			all.Wait()
			close(errs)
			for err := range errs {
				if err != nil {
					t.Fatal(err)
				}
			}
			if got := people(t, newIndex(tab), names...); got != "a+b+c+d+e" {
				t.Errorf("round %d: people %q, want one", round, got)
			}
		}
	})
}

// Many writers with statements of all kinds end in the people that follow.
func TestConcurrentStories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := distinct(rapid.SliceOfN(rapid.Custom(statement), 4, 16).Draw(t, "statements"))
		want := oracle(slices.Clone(list))
		tab := fresh(t)
		var all sync.WaitGroup
		errs := make([]error, 4)
		for w := range errs {
			all.Go(func() {
				for i := w; i < len(list) && errs[w] == nil; i += len(errs) {
					errs[w] = newIndex(tab).Apply(context.Background(), received, list[i:i+1])
				}
			})
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if got := people(t, newIndex(tab), names...); got != want {
			t.Fatalf("people %q, want %q", got, want)
		}
		numbersFind(t, newIndex(tab), list)
	})
}

// A number that a whole feed states is no evidence, and nothing grows with it.
func TestACrowdedNumber(t *testing.T) {
	t.Parallel()
	tab := fresh(t)
	x := newIndex(tab)
	var list []index.Statement
	for i := range 120 {
		d := anna(numberA)
		d.BirthDate = fmt.Sprintf("%d-%02d-%02d", 1930+i/2, 1+i%12, 1+i%28)
		d.Names = []demographics.Name{{Family: string(rune('A'+i%26)) + "xy", Given: []string{string(rune('A' + i/5))}}}
		list = append(list, says(fmt.Sprintf("p%03d", i), i, d))
	}
	apply(t, x, list...)
	if crowded := len(reviews(t, x, index.ReviewCrowded)); crowded != 120-24 {
		t.Errorf("%d reviews of a crowded number, want %d", crowded, 120-24)
	}
	for k, body := range engines.Bodies(t, tab) {
		if strings.HasPrefix(k, "N#") && len(body) > 16<<10 {
			t.Errorf("the claim has grown to %d bytes", len(body))
		}
	}
}

// A person of many sources moves whole, in more than one commit.
func TestALargePersonMoves(t *testing.T) {
	t.Parallel()
	x := newIndex(fresh(t))
	list := []index.Statement{says("hub", 1, anna("")), says("z", 2, anna(numberA)), says("y", 3, anna(numberA))}
	var want []string
	for i := range 60 {
		name := fmt.Sprintf("m%02d", i)
		want = append(want, name)
		list = append(list, says(name, 4, anna("")), merged(name, "hub", 5+i))
	}
	apply(t, x, list...)
	apply(t, x, says("hub", 90, anna(numberA)))
	want = append(want, "hub", "y", "z")
	slices.Sort(want)
	if got := people(t, x, want...); got != strings.Join(want, "+") {
		t.Errorf("people %q", got)
	}
}

func TestPromise8KeysHoldNothingPersonal(t *testing.T) {
	t.Parallel()
	tab := fresh(t)
	apply(t, newIndex(tab), story()...)
	for k := range engines.Bodies(t, tab) {
		for _, personal := range []string{numberA, numberB, "Esterkin", "1989", "LS1", "Juice"} {
			if strings.Contains(k, personal) {
				t.Errorf("key %q holds %q", k, personal)
			}
		}
	}
}

package index_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
)

func all(t tester, x *index.Index, number string) []string {
	t.Helper()
	ids, err := x.FindAllByNHSNumber(context.Background(), number)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// permutations calls do with every order of the statements.
func permutations(list []index.Statement, do func(order []index.Statement)) {
	var walk func(k int)
	walk = func(k int) {
		if k == len(list) {
			do(slices.Clone(list))
			return
		}
		for i := k; i < len(list); i++ {
			list[k], list[i] = list[i], list[k]
			walk(k + 1)
			list[k], list[i] = list[i], list[k]
		}
	}
	walk(0)
}

// A number that a merge superseded still finds the person, and links nobody.
func TestASupersededNumberFindsThePerson(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	story := []index.Statement{says("a", 1, anna(numberA)), says("b", 2, anna(numberB)), merged("a", "b", 3), says("b", 4, anna(numberB))}
	permutations(story, func(order []index.Statement) {
		x := newIndex(fresh(t))
		for range 2 {
			for _, s := range order {
				apply(t, x, s)
			}
		}
		for _, number := range []string{numberA, numberB} {
			if got, err := x.FindNHSNumber(ctx, number); err != nil || got != link(t, x, "b") {
				t.Fatalf("one of the two numbers does not find the person: %v", err)
			}
			if diff := cmp.Diff([]string{link(t, x, "b")}, all(t, x, number)); diff != "" {
				t.Fatalf("people of a number (-want +got):\n%s", diff)
			}
		}
		apply(t, x, says("c", 9, anna(numberA)))
		if got := people(t, x, names...); got != "a+b c" {
			t.Fatalf("people %q: the superseded number linked, want %q", got, "a+b c")
		}
		if diff := cmp.Diff([]string{link(t, x, "c"), link(t, x, "b")}, all(t, x, numberA)); diff != "" {
			t.Fatalf("who states the number stands before who knows it from a merge (-want +got):\n%s", diff)
		}
		apply(t, x, merged("b", "d", 10), says("d", 11, bob(numberC))) // the whole unit moves on
		if diff := cmp.Diff([]string{link(t, x, "c"), link(t, x, "d")}, all(t, x, numberA)); diff != "" {
			t.Fatalf("after a second merge (-want +got):\n%s", diff)
		}
		apply(t, x, says("a", 12, anna(numberC))) // the prior corrects itself
		if diff := cmp.Diff([]string{link(t, x, "c")}, all(t, x, numberA)); diff != "" {
			t.Fatalf("after the prior gave the number up (-want +got):\n%s", diff)
		}
		apply(t, x, says("c", 13, anna(numberB))) // nobody states it any more: it still finds who did
		if got := all(t, x, numberA); len(got) == 0 || !slices.Contains(got, link(t, x, "c")) {
			t.Fatalf("a number that was given up finds %q", got)
		}
	})
}

func TestASourceSaysWhereItWasMerged(t *testing.T) {
	t.Parallel()
	x := newIndex(fresh(t))
	apply(t, x, says("a", 1, anna("")), says("b", 2, anna("")))
	apply(t, x, merged("a", "b", 3))
	p, err := x.Person(context.Background(), link(t, x, "b"))
	if err != nil || len(p.Sources) != 2 {
		t.Fatalf("%d sources, %v", len(p.Sources), err)
	}
	if got := []string{p.Sources[0].MergedInto, p.Sources[1].MergedInto}; !slices.Equal(got, []string{key("b"), ""}) {
		t.Errorf("merged into %q, want the survivor and nobody", got)
	}
}

// Several people who state one number are all found, in an order that does not
// follow from who came first.
func TestAConflictShowsAll(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name       string
		statements []index.Statement
		want       []string // a source of each person
	}{
		{"the least key", []index.Statement{says("a", 3, anna(numberA)), says("b", 2, bob(numberA))}, []string{"a", "b"}},
		{"more sources", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, bob(numberA)), says("c", 3, bob(numberA))}, []string{"b", "a"}},
		{"verified", []index.Statement{says("a", 1, anna(numberA)), says("c", 2, anna(numberA)), says("d", 3, status(bob(numberA), "01"))}, []string{"d", "a"}},
		{"three", []index.Statement{says("c", 1, anna(numberA)), says("b", 2, bob(numberA)), says("a", 3, born(bob(numberA), "2001-12-24"))}, []string{"a", "b", "c"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			permutations(c.statements, func(order []index.Statement) {
				x := newIndex(fresh(t))
				for _, s := range order {
					apply(t, x, s)
				}
				var want []string
				for _, n := range c.want {
					want = append(want, link(t, x, n))
				}
				if diff := cmp.Diff(want, all(t, x, numberA)); diff != "" {
					t.Fatalf("people (-want +got):\n%s", diff)
				}
				if holder, err := x.FindNHSNumber(context.Background(), numberA); err != nil || holder != want[0] {
					t.Fatalf("the holder is not the first: %v", err)
				}
				open := reviews(t, x, index.ReviewConflict)
				if len(open) == 0 || slices.ContainsFunc(open, func(r index.Review) bool { return r.Person == want[0] }) {
					t.Fatalf("nobody is told of the conflict, or the holder is: %+v", open)
				}
			})
		})
	}
}

// Whoever states a number that may be used is found by it, and nobody else is.
func TestPromise3ANumberFindsWhoStatesIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := distinct(rapid.SliceOfN(rapid.Custom(statement), 1, 20).Draw(t, "statements"))
		x := newIndex(fresh(t))
		for given := rapid.Permutation(list).Draw(t, "order"); len(given) > 0; {
			n := rapid.IntRange(1, len(given)).Draw(t, "batch")
			apply(t, x, given[:n]...)
			given = given[n:]
		}
		numbersFind(t, x, list)
	})
}

// numbersFind holds that each number finds the people of those who state it by
// their newest statement with a number; where there are none, of those who
// stated it before; and nobody else.
func numbersFind(t tester, x *index.Index, list []index.Statement) {
	t.Helper()
	now, before := map[string][]string{}, map[string][]string{} // by number, keys
	for _, k := range names {
		numbers := numbersOf(list, key(k))
		if len(numbers) == 0 {
			continue
		}
		last := numbers[len(numbers)-1]
		now[last] = append(now[last], key(k))
		for _, n := range numbers[:len(numbers)-1] {
			before[n] = append(before[n], key(k))
		}
	}
	for _, number := range []string{numberA, numberB} {
		keys := now[number]
		if len(keys) == 0 {
			keys = before[number]
		}
		var want []string
		for _, k := range keys {
			id, err := x.FindSource(context.Background(), k)
			if err != nil {
				t.Fatal(err)
			}
			want = append(want, id)
		}
		got := all(t, x, number)
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(slices.Compact(want), got); diff != "" {
			t.Fatalf("people of a number (-want +got):\n%s", diff)
		}
	}
}

// numbersOf gives the numbers by which a source patient may be matched, each
// where it was stated last; "" at the end for one that may not be used.
func numbersOf(list []index.Statement, key string) (numbers []string) {
	list = slices.SortedFunc(slices.Values(list), func(a, b index.Statement) int { return a.At.Compare(b.At) })
	var digits []string
	for _, s := range list {
		if s.Key != key || s.Details == nil || s.Details.NHSNumber == "" {
			continue
		}
		usable, _ := matching.UsableNumber(*s.Details)
		if i := slices.Index(digits, s.Details.NHSNumber); i >= 0 {
			digits, numbers = slices.Delete(digits, i, i+1), slices.Delete(numbers, i, i+1)
		}
		digits, numbers = append(digits, s.Details.NHSNumber), append(numbers, usable)
	}
	return numbers
}

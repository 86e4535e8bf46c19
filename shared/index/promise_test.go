package index_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/table/engines"
)

var names = []string{"a", "b", "c", "d", "e"}

// statement draws from few patients, numbers and birth dates, so that they meet.
func statement(t *rapid.T) index.Statement {
	name := rapid.SampledFrom(names).Draw(t, "name")
	second := rapid.IntRange(1, 40).Draw(t, "second")
	if rapid.IntRange(0, 4).Draw(t, "kind") == 0 {
		return merged(name, rapid.SampledFrom(names).Draw(t, "survivor"), second)
	}
	// Nobody turns into somebody else: that is an overlay, and tested by itself.
	who, births := anna, []string{"1989-01-18", "1989-01-30", "1989-01-13", ""}
	if name == "b" || name == "d" {
		who, births = bob, []string{"1954-07-30", "1954-07-18", "1954-07-13", ""}
	}
	if name == "e" { // another birth date on the same name
		births = []string{"1989-06-18", "1989-06-30", "1989-06-13", ""}
	}
	d := who(rapid.SampledFrom([]string{numberA, numberA, numberB, ""}).Draw(t, "number"))
	d.BirthDate = rapid.SampledFrom(births).Draw(t, "birth")
	d.NHSStatus = rapid.SampledFrom([]string{"", "01", "05"}).Draw(t, "status")
	return says(name, second, d)
}

// distinct leaves one statement for each patient and second: two at once are
// ordered by their content, which is tested by itself.
func distinct(list []index.Statement) []index.Statement {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(s index.Statement) bool {
		k := fmt.Sprint(s.Key, s.At.Row)
		defer func() { seen[k] = true }()
		return seen[k]
	})
}

// oracle tells who is one person from all statements at once: slowly, plainly,
// and without the code under test.
func oracle(statements []index.Statement) string {
	slices.SortFunc(statements, func(a, b index.Statement) int { return a.At.Compare(b.At) })
	into, numbered, known := map[string]string{}, map[string]index.Statement{}, map[string]bool{}
	for _, s := range statements {
		name := strings.TrimPrefix(s.Key, key(""))
		if s.MergedInto != "" && s.MergedInto != s.Key {
			into[name] = strings.TrimPrefix(s.MergedInto, key(""))
		}
		if s.Details != nil {
			known[name] = true
			if s.Details.NHSNumber != "" {
				numbered[name] = s
			}
		}
	}
	set := map[string]string{}
	for _, n := range names {
		set[n] = n
	}
	join := func(a, b string) {
		a, b = set[a], set[b]
		for n, s := range set {
			if s == b {
				set[n] = a
			}
		}
	}
	for prior, survivor := range into {
		join(prior, survivor)
	}
	unit := map[string]string{}
	number := map[string]string{} // of a unit
	for n, s := range set {
		unit[n] = s
	}
	usable := func(n string) string {
		if s, ok := numbered[n]; ok {
			number, _ := matching.UsableNumber(*s.Details)
			return number
		}
		return ""
	}
	for u := range set {
		best := ""
		for _, n := range names {
			if unit[n] != u || usable(n) == "" {
				continue
			}
			if best == "" || into[n] == "" && into[best] != "" || (into[n] == "") == (into[best] == "") && numbered[n].At.Compare(numbered[best].At) > 0 {
				best = n
			}
		}
		if best != "" {
			number[u] = usable(best)
		}
	}
	for _, a := range names {
		for _, b := range names {
			same := a != b && usable(a) != "" && usable(a) == usable(b) && number[unit[a]] == usable(a) && number[unit[b]] == usable(b)
			if same && matching.CrossCheck(*numbered[a].Details, *numbered[b].Details).Outcome == matching.Link {
				join(a, b)
			}
		}
	}
	var list []string
	for root := range set {
		var members []string
		detailed := false
		for _, n := range names {
			if set[n] == root {
				members, detailed = append(members, n), detailed || known[n]
			}
		}
		if detailed {
			list = append(list, strings.Join(members, "+"))
		}
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// Whatever is said in whatever order, in whatever pieces and however often, the
// people are those that follow from all of it.
func TestPromise3OrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := distinct(rapid.SliceOfN(rapid.Custom(statement), 1, 20).Draw(t, "statements"))
		want := oracle(slices.Clone(list))
		x := newIndex(fresh(t))
		given := append(rapid.Permutation(list).Draw(t, "order"), rapid.SliceOfN(rapid.SampledFrom(list), 0, 5).Draw(t, "again")...)
		for len(given) > 0 {
			n := rapid.IntRange(1, len(given)).Draw(t, "batch")
			apply(t, x, given[:n]...)
			given = given[n:]
		}
		if got := people(t, x, names...); got != want {
			t.Fatalf("people %q, want %q", got, want)
		}
	})
}

func TestPromise2NothingIsStoredTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		tab := fresh(t)
		x := newIndex(tab)
		list := distinct(rapid.SliceOfN(rapid.Custom(statement), 1, 20).Draw(t, "statements"))
		apply(t, x, list...)
		want, wantVersions := engines.Bodies(t, tab), engines.Versions(t, tab)
		apply(t, x, rapid.Permutation(list).Draw(t, "order")...)
		for _, s := range list {
			apply(t, x, s)
		}
		if diff := cmp.Diff(want, engines.Bodies(t, tab)); diff != "" {
			t.Fatalf("a replay changed the store (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(wantVersions, engines.Versions(t, tab)); diff != "" {
			t.Fatalf("a replay wrote (-want +got):\n%s", diff)
		}
	})
}

func TestPromise4NoLinkWithoutEvidence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		x := newIndex(fresh(t))
		list := distinct(rapid.SliceOfN(rapid.Custom(statement), 1, 20).Draw(t, "statements"))
		for _, s := range list {
			apply(t, x, s)
		}
		for _, n := range names {
			id, err := x.FindSource(context.Background(), key(n))
			if err != nil {
				continue
			}
			events, err := x.Decisions(context.Background(), key(n))
			if err != nil {
				t.Fatal(err)
			}
			person := ""
			for i, e := range events {
				if e.Number != i || e.Former != person || e.Decision.Version != matching.Version || e.Decision.Rule == "" || e.Origin.Delivery == "" {
					t.Fatalf("event %d does not follow or explain itself: %+v", i, e)
				}
				person = e.Person
			}
			if person != id {
				t.Fatalf("the events lead to another person than the link")
			}
			p, err := x.Person(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			linked := 0
			for _, s := range p.Sources {
				if s.Linked.Decision.Outcome == matching.Link {
					linked++
				}
			}
			if len(p.Sources) > 1 && linked == 0 {
				t.Fatal("a person of several sources with no decision to link")
			}
		}
	})
}

// Two people who share a number by error stay two, and it is told.
func TestPromise4TwoBirthDatesOnOneNumberNeverJoin(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := newIndex(fresh(t))
	apply(t, x, says("a", 1, anna(numberA)), says("b", 2, anna(numberA)))
	apply(t, x, says("c", 3, bob(numberA)))
	if got := people(t, x, names...); got != "a+b c" {
		t.Fatalf("people %q, want %q", got, "a+b c")
	}
	if id, err := x.FindNHSNumber(ctx, numberA); err != nil || id != link(t, x, "a") {
		t.Errorf("the number left its first holder: %v", err)
	}
	open := reviews(t, x, index.ReviewConflict)
	if len(open) != 1 || open[0].Key != key("c") || open[0].Decision.Outcome != matching.Conflict || open[0].Person != link(t, x, "c") {
		t.Errorf("reviews %+v, want one of the conflict", open)
	}
	apply(t, x, says("c", 4, bob(numberB)))
	if open := reviews(t, x, index.ReviewConflict); len(open) > 0 {
		t.Errorf("still open after the number was corrected: %+v", open)
	}
}

func TestMergedNumbersAreReviewed(t *testing.T) {
	t.Parallel()
	x := newIndex(fresh(t))
	apply(t, x, says("a", 1, anna(numberA)), says("b", 2, anna(numberB)), merged("a", "b", 3))
	if open := reviews(t, x, index.ReviewMerged); len(open) != 1 || open[0].Key != key("a") {
		t.Errorf("reviews %+v, want one of the patient merged away", open)
	}
}

// The log of a link: made alone, joined by number, moved by a merge.
func TestPromise5TheLogSufficesToUndo(t *testing.T) {
	t.Parallel()
	x := newIndex(fresh(t))
	apply(t, x, says("a", 1, anna(numberA)))
	apply(t, x, says("b", 2, anna("")))
	apply(t, x, says("c", 3, anna("")))
	first, other := link(t, x, "b"), link(t, x, "c")
	apply(t, x, says("b", 4, born(anna(numberA), "1989-01-19")))
	apply(t, x, merged("b", "c", 5))
	events, err := x.Decisions(context.Background(), key("b"))
	if err != nil {
		t.Fatal(err)
	}
	type step struct{ person, former, rule, with, delivery string }
	var got []step
	for _, e := range events {
		got = append(got, step{e.Person, e.Former, e.Decision.Rule, e.With, e.Origin.Delivery})
	}
	person := link(t, x, "b")
	want := []step{
		{first, "", matching.RuleNone, "", "d02"},
		{link(t, x, "a"), first, matching.RuleName, key("a"), "d04"},
		{person, person, matching.RuleMerge, key("c"), "d05"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if p, err := x.Person(context.Background(), other); err != nil || p.ID != person {
		t.Errorf("the id given up does not lead to the person: %v", err)
	}
}

func TestManyDecisionsAreAllKept(t *testing.T) {
	t.Parallel()
	x := newIndex(fresh(t))
	apply(t, x, says("a", 1, anna(numberA)), says("b", 1, anna(numberB)))
	for i := range 10 { // to and fro between two people
		d := anna(numberA)
		if i%2 == 1 {
			d = anna(numberB)
		}
		apply(t, x, says("c", 2+i, d))
	}
	events, err := x.Decisions(context.Background(), key("c"))
	if err != nil || len(events) != 10 {
		t.Fatalf("%d events, %v; want 10", len(events), err)
	}
	for i, e := range events {
		if e.Number != i {
			t.Errorf("event %d has number %d", i, e.Number)
		}
	}
}

package index_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

func act(by string, second int) index.Act {
	return index.Act{By: by, Organisation: "RX1", Role: "R8013", Reason: "checked with the patient", At: time.Unix(1_700_000_000+int64(second), 0).UTC()}
}

func decide(t tester, x *index.Index, id string, answer index.Answer, by string) {
	t.Helper()
	r, err := x.Decide(context.Background(), id, answer, act(by, 10))
	if err != nil {
		t.Fatal(err)
	}
	if r.State != index.ReviewDecided || r.Answer != answer || r.Act == nil || r.Act.By != by {
		t.Fatalf("decided review %+v", r)
	}
}

func noError(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Unlinking takes one out, the others stay, and no replay of what was said
// brings it back. Linking again does.
func TestPromise5ADecisionOutlivesEveryReplay(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := byDetails(fresh(t))
	list := []index.Statement{says("a", 1, verified(zofia[0], numberA)), says("b", 2, verified(zofia[0], numberA)), says("c", 3, zofia[1]), says("d", 4, zofia[2])}
	apply(t, x, list...)
	if got := people(t, x, names...); got != "a+b+c+d" {
		t.Fatalf("people %q", got)
	}
	id := link(t, x, "a")
	noError(t, x.Unlink(ctx, key("b"), act("u1", 1)))
	for _, later := range [][]index.Statement{list, {says("b", 9, verified(zofia[1], numberA))}, {says("e", 10, verified(zofia[0], numberA))}} {
		apply(t, x, later...)
		got := strings.Replace(people(t, x, names...), "+e", "", 1)
		if got != "a+c+d b" {
			t.Fatalf("people %q, want %q", got, "a+c+d b")
		}
	}
	if link(t, x, "a") != id {
		t.Error("those who stayed have another id")
	}
	events, err := x.Decisions(ctx, key("b"))
	noError(t, err)
	if !slices.ContainsFunc(events, func(e index.Event) bool { return e.Decision.By == "u1" && e.Decision.Reason != "" && e.Former == id }) {
		t.Errorf("nobody is said to have unlinked: %+v", events)
	}
	noError(t, x.Link(ctx, key("b"), key("a"), act("u2", 2)))
	if got := people(t, x, names...); strings.Contains(got, "b+c") || strings.Contains(got, "b+d") {
		t.Errorf("people %q: b is pinned apart from c and d still", got)
	}
	noError(t, x.Link(ctx, key("b"), key("c"), act("u2", 3)))
	noError(t, x.Link(ctx, key("b"), key("d"), act("u2", 4)))
	if got := people(t, x, names...); got != "a+b+c+d+e" {
		t.Errorf("people %q, want one", got)
	}
}

// A merge by hand keeps the survivor's id; the other one answers with it. Taken
// back, everything is as it was, with what came in between.
func TestPromise5UnmergeRestoresWhatWas(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		t.Parallel()
		x := byDetails(open("index")[0])
		apply(t, x, says("a", 1, elder), says("b", 2, son), says("c", 3, son))
		survivor, other := link(t, x, "a"), link(t, x, "b")
		noError(t, x.Merge(ctx, survivor, other, act("u1", 1)))
		p, err := x.Person(ctx, other)
		if err != nil || p.ID != survivor || len(p.Sources) != 3 {
			t.Fatalf("the old id answers with %d sources of another person, %v", len(p.Sources), err)
		}
		if err := x.Merge(ctx, survivor, other, act("u1", 2)); !failure.Is(err, failure.Conflict) {
			t.Errorf("merged twice: %v", err)
		}
		apply(t, x, says("d", 4, son), says("a", 5, moved(elder))) // both go on
		if got := people(t, x, "a", "b", "c", "d"); got != "a+b+c+d" {
			t.Fatalf("people %q, want one", got)
		}
		done, err := x.Unmerge(ctx, other, act("u2", 6))
		if err != nil || !done {
			t.Fatalf("not done: %v", err)
		}
		if got := people(t, x, "a", "b", "c", "d"); got != "a b+c+d" {
			t.Errorf("people %q, want %q", got, "a b+c+d")
		}
		if link(t, x, "a") != survivor || link(t, x, "b") != other {
			t.Error("the ids are not those from before")
		}
		if p, err := x.Person(ctx, other); err != nil || p.ID != other {
			t.Errorf("the id that was given up is not a person's again: %v", err)
		}
		if _, err := x.Unmerge(ctx, other, act("u3", 7)); !failure.Is(err, failure.NotFound) {
			t.Errorf("unmerged twice: %v", err)
		}
	})
}

// Merging and unmerging is the identity on the people, whoever says what in
// between.
func TestPromise5MergeAndUnmergeIsTheIdentity(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		list := distinct(rapid.SliceOfN(rapid.Custom(statement), 2, 10).Draw(t, "before"))
		later := distinct(rapid.SliceOfN(rapid.Custom(statement), 0, 5).Draw(t, "between"))
		for i := range later { // it comes in later deliveries, whose ids sort later
			later[i].Origin.Delivery = fmt.Sprintf("e%02d", i)
		}
		plain, merged := newIndex(fresh(t)), newIndex(fresh(t))
		apply(t, plain, list...)
		apply(t, merged, list...)
		var ids []string
		for _, n := range names {
			if id, err := merged.FindSource(ctx, key(n)); err == nil && !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
		if len(ids) < 2 {
			t.Skip("one person only")
		}
		noError(t, merged.Merge(ctx, ids[0], ids[1], act("u1", 1)))
		apply(t, plain, later...)
		apply(t, merged, later...)
		for i, by := range []string{"u2", "u3"} {
			done, err := merged.Unmerge(ctx, ids[1], act(by, 2+i))
			if failure.Is(err, failure.NotFound) {
				t.Skip("what was said in between has parted or joined them")
			}
			noError(t, err)
			if done {
				break
			}
		}
		if diff := cmp.Diff(people(t, plain, names...), people(t, merged, names...)); diff != "" {
			// The two may have become one by what was said in between; the human's word then parts them.
			together := false
			for _, n := range names {
				for _, m := range names {
					a, err1 := plain.FindSource(ctx, key(n))
					b, err2 := plain.FindSource(ctx, key(m))
					c, err3 := merged.FindSource(ctx, key(n))
					d, err4 := merged.FindSource(ctx, key(m))
					together = together || errors.Join(err1, err2, err3, err4) == nil && a == b && c != d
				}
			}
			if !together {
				t.Fatalf("people (-never merged +merged and unmerged):\n%s", diff)
			}
		}
	})
}

// Two people must ask to part a person whom several organisations know.
func TestUnmergeTakesTwo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := byDetails(fresh(t))
	a, b := says("a", 1, elder), says("b", 2, son)
	b.Organisation = "RX2"
	apply(t, x, a, b)
	survivor, other := link(t, x, "a"), link(t, x, "b")
	noError(t, x.Merge(ctx, survivor, other, act("u1", 1)))
	if done, err := x.Unmerge(ctx, other, act("u1", 2)); done || err != nil {
		t.Fatalf("done %v by one alone, %v", done, err)
	}
	if _, err := x.Unmerge(ctx, other, act("u1", 3)); !failure.Is(err, failure.Forbidden) {
		t.Errorf("the same person twice: %v", err)
	}
	if got := people(t, x, "a", "b"); got != "a+b" {
		t.Errorf("people %q after one request", got)
	}
	if done, err := x.Unmerge(ctx, other, act("u2", 4)); !done || err != nil {
		t.Fatalf("not done: %v", err)
	}
	if got := people(t, x, "a", "b"); got != "a b" {
		t.Errorf("people %q", got)
	}
}

func TestActsAreChecked(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := byDetails(fresh(t))
	apply(t, x, says("a", 1, elder), says("b", 2, son))
	good := act("u1", 1)
	for name, spoil := range map[string]func(*index.Act){
		"nobody": func(a *index.Act) { a.By = "" }, "no reason": func(a *index.Act) { a.Reason = "" },
		"no time": func(a *index.Act) { a.At = time.Time{} }, "an endless reason": func(a *index.Act) { a.Reason = fmt.Sprintf("%3000d", 1) },
	} {
		bad := good
		spoil(&bad)
		_, errDecide := x.Decide(ctx, "0", index.AnswerSame, bad)
		_, errUnmerge := x.Unmerge(ctx, "x", bad)
		for _, err := range []error{x.Link(ctx, key("a"), key("b"), bad), x.Unlink(ctx, key("a"), bad), x.Merge(ctx, "x", "y", bad), errDecide, errUnmerge} {
			wantKind(t, name, err, failure.Invalid)
		}
	}
	wantKind(t, "one twice", x.Link(ctx, key("a"), key("a"), good), failure.Invalid)
	wantKind(t, "nobody known", x.Link(ctx, key("a"), key("zz"), good), failure.NotFound)
	wantKind(t, "the only one", x.Unlink(ctx, key("a"), good), failure.Conflict)
	_, err := x.Decide(ctx, "nosuch", index.AnswerSame, good)
	wantKind(t, "no review", err, failure.NotFound)
	_, err = x.Decide(ctx, "nosuch", "perhaps", good)
	wantKind(t, "no answer", err, failure.Invalid)
	_, err = x.Unmerge(ctx, link(t, x, "a"), good)
	wantKind(t, "never given up", err, failure.NotFound)
}

// A review is decided once, also by two at the same moment; what was decided is
// obeyed and counted.
func TestAReviewIsDecidedOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		t.Parallel()
		x := byDetails(open("index")[0])
		apply(t, x, says("a", 1, verified(zofia[0], numberA)), says("b", 2, verified(zofia[0], numberB)))
		review := reviews(t, x, index.ReviewConflict)[0]
		r, err := x.Decide(ctx, review.ID, index.AnswerWait, act("u0", 1))
		if err != nil || r.State != index.ReviewWaiting || len(reviews(t, x, index.ReviewConflict)) != 1 {
			t.Fatalf("waiting: %+v, %v", r, err)
		}
		var all sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			all.Go(func() {
				answer := []index.Answer{index.AnswerSame, index.AnswerDifferent}[i%2]
				_, errs[i] = x.Decide(ctx, review.ID, answer, act(fmt.Sprint("u", i), 10+i))
			})
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else {
				wantKind(t, "decided by another", err, failure.Conflict)
			}
		}
		if won != 1 {
			t.Errorf("%d decisions stand, want one", won)
		}
		c, err := x.Review(ctx, review.ID)
		noError(t, err)
		want := map[index.Answer]string{index.AnswerSame: "a+b", index.AnswerDifferent: "a b"}[c.Answer]
		if got := people(t, x, "a", "b"); got != want || c.State != index.ReviewDecided {
			t.Errorf("people %q after %q, want %q", got, c.Answer, want)
		}
		m, err := x.Metrics(ctx, "2023-11-14")
		if err != nil || m.Open[index.ReviewConflict] != 0 || m.Decisions["2023-11-14"] != 1 {
			t.Errorf("metrics %+v, %v", m, err)
		}
	})
}

var families = []string{"Akinfenwa", "Bystrom", "Czernin", "Dalgliesh", "Etxeberria", "Fothergill", "Gwynedd", "Hussain", "Iqbal", "Jankauskas", "Kowalczyk", "Lindqvist"}

func TestTheQueueIsListedInPages(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := byDetails(fresh(t))
	for i := range 12 { // twelve pairs who differ in a verified number, one a day
		d := person("Maryam", families[i], fmt.Sprintf("%d-%02d-%02d", 2001+i, 1+i, 28-2*i), "female", fmt.Sprintf("LA%d 4DT", i+1))
		s := []index.Statement{says(fmt.Sprintf("a%02d", i), 1, verified(d, number(2*i))), says(fmt.Sprintf("b%02d", i), 2, verified(d, number(2*i+1)))}
		noError(t, x.Apply(ctx, received.AddDate(0, 0, (i*5)%12), s))
	}
	for _, order := range []index.ReviewOrder{index.ByAge, index.ByScore} {
		var got []index.Review
		q := index.ReviewQuery{Order: order, Limit: 5}
		for pages := 0; ; pages++ {
			page, err := x.Reviews(ctx, q)
			noError(t, err)
			got = append(got, page.Reviews...)
			if q.After = page.Next; q.After == "" {
				if pages != 2 {
					t.Errorf("%s: %d pages, want 3", order, pages+1)
				}
				break
			}
		}
		seen := map[string]bool{}
		for i, r := range got {
			if seen[r.ID] = true; i > 0 && order == index.ByAge && r.Opened.Before(got[i-1].Opened) ||
				i > 0 && order == index.ByScore && r.Decision.Bits > got[i-1].Decision.Bits {
				t.Errorf("%s: entry %d is out of order", order, i)
			}
		}
		if len(seen) != 12 || len(got) != 12 {
			t.Errorf("%s: %d reviews, %d different, want 12", order, len(got), len(seen))
		}
	}
	for name, q := range map[string]index.ReviewQuery{
		"kind": {Kinds: []index.ReviewKind{"none"}}, "order": {Order: "name"}, "limit": {Limit: 1000}, "cursor": {After: "x"},
	} {
		_, err := x.Reviews(ctx, q)
		wantKind(t, name, err, failure.Invalid)
	}
}

// Looking everything up again changes nothing where nothing is to be changed.
func TestASweepChangesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		t.Parallel()
		tab := open("index")[0]
		x := byDetails(tab)
		apply(t, x, says("a", 1, twinA), says("b", 2, twinA), says("c", 3, elder), says("d", 4, verified(zofia[0], numberA)), says("e", 5, verified(zofia[0], numberB)))
		want := engines.Bodies(t, tab)
		looked, most := 0, 1
		if strings.Contains(t.Name(), "dynamodb") {
			most = 100
		}
		for _, part := range index.SweepParts() {
			for s := (index.Sweep{Part: part, Most: most}); ; {
				out, err := x.Sweep(ctx, s)
				noError(t, err)
				looked += out.Looked
				if s.After = out.After; out.Done {
					break
				}
			}
		}
		if looked != 2 {
			t.Errorf("%d source patients looked at, want the two of the conflict", looked)
		}
		if diff := cmp.Diff(want, engines.Bodies(t, tab)); diff != "" {
			t.Errorf("a sweep changed the store (-want +got):\n%s", diff)
		}
		_, err := x.Sweep(ctx, index.Sweep{Part: "all"})
		wantKind(t, "no part", err, failure.Invalid)
	})
}

// A decision that was stopped at any call and made again stands once.
func TestADecisionStoppedAtEveryCall(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	run := func(tab table.Table) error {
		x := byDetails(tab)
		if err := x.Apply(ctx, received, []index.Statement{says("a", 1, elder), says("b", 2, son)}); err != nil {
			return err
		}
		a, err := x.FindSource(ctx, key("a"))
		if err != nil {
			return err
		}
		b, err := x.FindSource(ctx, key("b"))
		if err != nil || a == b {
			return err
		}
		return x.Merge(ctx, a, b, act("u1", 1))
	}
	calm := fresh(t)
	noError(t, run(calm))
	want := engines.Bodies(t, calm)
	for _, mode := range []table.Mode{table.Stop, table.Tear, table.Lose, table.Fail} {
		for f := range table.EveryCall(mode, failure.New(failure.Unavailable, "test", "planned")) {
			tab := fresh(t)
			_ = run(f.Wrap(tab))
			noError(t, run(tab))
			if diff := cmp.Diff(want, engines.Bodies(t, tab)); diff != "" {
				t.Fatalf("mode %d call %d (-want +got):\n%s", mode, f.At(), diff)
			}
		}
	}
}

package index_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/table"
)

// region is an index whose keys are made of the names of source patients, as
// those of a region are.
type region struct {
	*index.Index
	hasher *opaque.Hasher
	table  table.Table
}

func newRegion(t tester, secret string, open func(table.Table, *opaque.Hasher) *index.Index) region {
	t.Helper()
	h, err := opaque.NewHasher([]byte(strings.Repeat(secret, opaque.KeySize)))
	noError(t, err)
	tab := fresh(t)
	return region{open(tab, h), h, tab}
}

func withModel(t table.Table, h *opaque.Hasher) *index.Index {
	return index.New(t, h, matching.NewMatcher(matching.Default()))
}

// certainOnly links by the certain rules alone, as newIndex does.
func certainOnly(t table.Table, h *opaque.Hasher) *index.Index {
	m := *matching.Default()
	m.LinkBits, m.ReviewBits = 1e6, 1e6
	return index.New(t, h, matching.NewMatcher(&m))
}

func (r region) key(name string) string {
	s := at(name, 0)
	return index.SourceKey(r.hasher, s.Organisation, s.System, s.Value)
}

// say applies statements that were made with names for keys.
func (r region) say(t tester, list ...index.Statement) {
	t.Helper()
	list = slices.Clone(list)
	for i := range list {
		s := &list[i]
		s.Key = r.key(strings.TrimPrefix(s.Key, key("")))
		if s.MergedInto != "" {
			s.MergedInto = r.key(strings.TrimPrefix(s.MergedInto, key("")))
		}
	}
	apply(t, r.Index, list...)
}

// ids gives the person of each.
func (r region) ids(t tester) map[string]string {
	t.Helper()
	ids := map[string]string{}
	for _, n := range names {
		links, err := r.Links(context.Background(), r.key(n))
		noError(t, err)
		ids[n] = links[r.key(n)]
	}
	return ids
}

// together gives the partition of those of whom something was said, whatever
// the ids of people are.
func (r region) together(t tester, said []index.Statement) string {
	t.Helper()
	sets := map[string][]string{}
	for n, id := range r.ids(t) {
		if id != "" && slices.ContainsFunc(said, func(s index.Statement) bool { return s.Key == key(n) }) {
			sets[id] = append(sets[id], n)
		}
	}
	var list []string
	for _, set := range sets {
		slices.Sort(set)
		list = append(list, strings.Join(set, "+"))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func (r region) pins(t tester) (list []index.PinRecord) {
	t.Helper()
	for record, err := range r.Pins(context.Background(), r.table.(table.Scanner)) {
		noError(t, err)
		list = append(list, record)
	}
	return list
}

func (r region) pin(t tester, list []index.PinRecord) index.PinsApplied {
	t.Helper()
	sum, err := r.ApplyPins(context.Background(), list...)
	noError(t, err)
	return sum
}

// worked gives a region in which humans have decided all that can be decided,
// and what was said there: two with one NHS number who are not one person, an
// update that is somebody else's, an unlink, a merge and an unmerge.
func worked(t tester) (region, []index.Statement) {
	t.Helper()
	ctx := context.Background()
	r := newRegion(t, "k", withModel)
	said := []index.Statement{
		says("a", 1, anna(numberA)), says("b", 2, bob(numberA)), says("c", 3, zofia[0]), says("d", 4, zofia[0]), says("e", 5, elder), says("e", 6, twinA),
	}
	r.say(t, said...)
	for i, review := range reviews(t, r.Index, index.ReviewOverlay) {
		_, err := r.Decide(ctx, review.ID, index.AnswerDifferent, act("u1", 1+i))
		noError(t, err)
	}
	for i, review := range reviews(t, r.Index, index.ReviewConflict) {
		_, err := r.Decide(ctx, review.ID, index.AnswerDifferent, act("u1", 5+i))
		noError(t, err)
	}
	noError(t, r.Unlink(ctx, r.key("d"), act("u2", 10)))
	ids := r.ids(t)
	noError(t, r.Merge(ctx, ids["a"], ids["e"], act("u2", 20)))
	done, err := r.Unmerge(ctx, ids["e"], act("u3", 30))
	if err != nil || !done {
		t.Fatalf("not unmerged: %v", err)
	}
	noError(t, r.Merge(ctx, ids["c"], ids["e"], act("u3", 40)))
	return r, said
}

// A region made anew from the raw files and the humans' decisions has the same
// people under the same ids, the same answers to reviews, and the same counts.
func TestPromise5PinsOutliveARebuild(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	was, said := worked(t)
	if got := was.together(t, said); got != "a b c+e d" {
		t.Fatalf("people %q: the region is not what the test is about", got)
	}
	records := was.pins(t)
	again := newRegion(t, "k", withModel)
	again.say(t, said...)
	if sum := again.pin(t, records); sum != (index.PinsApplied{Applied: len(records)}) {
		t.Errorf("%+v, want all %d applied", sum, len(records))
	}
	if diff := cmp.Diff(was.ids(t), again.ids(t)); diff != "" {
		t.Errorf("people (-was +again):\n%s", diff)
	}
	if diff := cmp.Diff(records, again.pins(t)); diff != "" {
		t.Errorf("decisions (-was +again):\n%s", diff)
	}
	for _, kind := range index.ReviewKinds() {
		if diff := cmp.Diff(reviews(t, was.Index, kind), reviews(t, again.Index, kind)); diff != "" {
			t.Errorf("open reviews (-was +again):\n%s", diff)
		}
	}
	day := act("", 0).At.Format(time.DateOnly)
	before, err := was.Metrics(ctx, day)
	noError(t, err)
	now, err := again.Metrics(ctx, day)
	noError(t, err)
	if diff := cmp.Diff(before, now); diff != "" || before.Decisions[day] < 2 {
		t.Errorf("metrics with %d decisions (-was +again):\n%s", before.Decisions[day], diff)
	}
}

// Taken in twice, decisions change nothing, not even the version of an item.
func TestPinsTwiceChangeNothing(t *testing.T) {
	t.Parallel()
	was, said := worked(t)
	records := was.pins(t)
	again := newRegion(t, "k", withModel)
	again.say(t, said...)
	again.pin(t, records)
	for _, r := range []region{was, again} {
		want, err := table.Dump(context.Background(), r.table.(table.Scanner))
		noError(t, err)
		if sum := r.pin(t, records); sum != (index.PinsApplied{Known: len(records)}) {
			t.Errorf("%+v, want all %d known", sum, len(records))
		}
		got, err := table.Dump(context.Background(), r.table.(table.Scanner))
		noError(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the store changed (-want +got):\n%s", diff)
		}
	}
}

// Decisions that come before their source patients are kept and wait for them,
// in a region with another secret key too.
func TestPinsMayComeFirst(t *testing.T) {
	t.Parallel()
	was, said := worked(t)
	records := was.pins(t)
	for _, secret := range []string{"k", "q"} {
		again := newRegion(t, secret, withModel)
		if sum := again.pin(t, records); sum != (index.PinsApplied{Applied: len(records), Ahead: len(records)}) {
			t.Errorf("%+v, want all %d ahead", sum, len(records))
		}
		if n, people, err := index.Count(context.Background(), again.table.(table.Scanner)); n != 0 || people != 0 || err != nil {
			t.Errorf("%d source patients and %d people of whom nothing was said, %v", n, people, err)
		}
		again.say(t, said...)
		if got, want := again.together(t, said), was.together(t, said); got != want {
			t.Errorf("people %q, want %q", got, want)
		}
		if diff := cmp.Diff(records, again.pins(t)); diff != "" {
			t.Errorf("decisions (-was +again):\n%s", diff)
		}
		if sum := again.pin(t, records); sum != (index.PinsApplied{Known: len(records)}) {
			t.Errorf("%+v, want all %d known and none ahead", sum, len(records))
		}
	}
}

// Whatever was said and decided, and in whichever order it is said and taken in
// again: the people are the same, and every pin is obeyed.
func TestPromise5AnyRebuildObeysEveryPin(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		said := distinct(rapid.SliceOfN(rapid.Custom(statement), 2, 8).Draw(t, "said"))
		was := newRegion(t, "k", certainOnly)
		was.say(t, said...)
		for i := range rapid.IntRange(1, 4).Draw(t, "acts") {
			was.actAtRandom(t, act(fmt.Sprint("u", i), 10*i))
		}
		records := was.pins(t)
		again := newRegion(t, "k", certainOnly)
		left, pins := rapid.Permutation(said).Draw(t, "said again"), rapid.Permutation(records).Draw(t, "taken in")
		for len(left)+len(pins) > 0 {
			if n := rapid.IntRange(0, len(left)).Draw(t, "rows"); n > 0 {
				again.say(t, left[:n]...)
				left = left[n:]
			}
			if n := rapid.IntRange(0, len(pins)).Draw(t, "pins"); n > 0 {
				again.pin(t, pins[:n])
				pins = pins[n:]
			}
		}
		got := again.together(t, said)
		if want := was.together(t, said); got != want {
			t.Fatalf("people %q, want %q", got, want)
		}
		again.obeys(t, records)
	})
}

// actAtRandom does something by hand. What cannot be done is no matter here.
func (r region) actAtRandom(t *rapid.T, by index.Act) {
	ctx := context.Background()
	a, b := rapid.SampledFrom(names).Draw(t, "one"), rapid.SampledFrom(names).Draw(t, "other")
	ids := r.ids(t)
	var err error
	switch rapid.SampledFrom([]string{"link", "unlink", "merge", "unmerge"}).Draw(t, "act") {
	case "link":
		err = r.Link(ctx, r.key(a), r.key(b), by)
	case "unlink":
		err = r.Unlink(ctx, r.key(a), by)
	case "merge":
		err = r.Merge(ctx, ids[a], ids[b], by)
	case "unmerge":
		if err = r.Merge(ctx, ids[a], ids[b], by); err == nil {
			by.By, by.At = by.By+"x", by.At.Add(time.Second)
			_, err = r.Unmerge(ctx, ids[b], by)
		}
	}
	if k := failure.KindOf(err); err != nil && k != failure.NotFound && k != failure.Conflict && k != failure.Invalid {
		t.Fatal(err)
	}
}

// obeys fails when who is pinned apart is one person.
func (r region) obeys(t *rapid.T, records []index.PinRecord) {
	ids := r.ids(t)
	for _, n := range names {
		ids[r.key(n)] = ids[n]
	}
	for _, record := range records {
		a, b := ids[record.Left.Value+record.Left.Key], ids[record.Right.Value+record.Right.Key]
		if record.Pin == index.PinNever && a == b && a != "" {
			t.Fatalf("%+v is not obeyed", record)
		}
	}
}

// Stopped at any call and taken in again, decisions stand as if nothing had been.
func TestPinsStoppedAtEveryCall(t *testing.T) {
	t.Parallel()
	was, said := worked(t)
	records := was.pins(t)
	calm := newRegion(t, "k", withModel)
	calm.say(t, said...)
	calm.pin(t, records)
	want := calm.ids(t)
	for _, mode := range []table.Mode{table.Stop, table.Lose} {
		for f := range table.EveryCall(mode, failure.New(failure.Unavailable, "test", "planned")) {
			r := newRegion(t, "k", withModel)
			r.say(t, said...)
			_, _ = withModel(f.Wrap(r.table), r.hasher).ApplyPins(context.Background(), records...)
			r.pin(t, records)
			if diff := cmp.Diff(want, r.ids(t)); diff != "" {
				t.Fatalf("mode %d call %d (-want +got):\n%s", mode, f.At(), diff)
			}
			if diff := cmp.Diff(records, r.pins(t)); diff != "" {
				t.Fatalf("mode %d call %d (-want +got):\n%s", mode, f.At(), diff)
			}
		}
	}
}

func TestPinRecordsAreChecked(t *testing.T) {
	t.Parallel()
	r := newRegion(t, "k", withModel)
	good := index.PinRecord{
		Left: index.SourceName{Organisation: "RX1", Value: "1"}, Right: index.SourceName{Organisation: "RX2", Value: "1"},
		Pin: index.PinMust, Act: act("u1", 1),
	}
	answered := func(kind index.ReviewKind, answer index.Answer) *index.ReviewAnswer {
		return &index.ReviewAnswer{Kind: kind, Answer: answer}
	}
	for name, spoil := range map[string]func(*index.PinRecord){
		"nobody did it":  func(p *index.PinRecord) { p.Act.By = "" },
		"nobody named":   func(p *index.PinRecord) { p.Left = index.SourceName{} },
		"half a name":    func(p *index.PinRecord) { p.Right.Value = "" },
		"one twice":      func(p *index.PinRecord) { p.Right = p.Left },
		"a pin of one":   func(p *index.PinRecord) { p.Right = index.SourceName{} },
		"no such pin":    func(p *index.PinRecord) { p.Pin = "perhaps" },
		"nothing at all": func(p *index.PinRecord) { p.Pin = "" },
		"both":           func(p *index.PinRecord) { p.Review = answered(index.ReviewPossible, index.AnswerSame) },
		"no such kind":   func(p *index.PinRecord) { p.Pin, p.Review = "", answered("odd", index.AnswerSame) },
		"no decision":    func(p *index.PinRecord) { p.Pin, p.Review = "", answered(index.ReviewPossible, index.AnswerWait) },
	} {
		bad := good
		spoil(&bad)
		_, err := r.ApplyPins(context.Background(), good, bad)
		wantKind(t, name, err, failure.Invalid)
	}
	if got := r.pins(t); len(got) != 0 {
		t.Errorf("%d decisions stand though one of them was none", len(got))
	}
}

// A review that was decided keeps the evidence that the human looked at.
func TestADecidedReviewKeepsItsEvidence(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := newRegion(t, "k", withModel)
	r.say(t, says("a", 1, elder), says("a", 2, twinA), says("b", 3, anna(numberA)), says("c", 4, bob(numberA)))
	page, err := r.Reviews(ctx, index.ReviewQuery{})
	noError(t, err)
	if len(page.Reviews) != 2 {
		t.Fatalf("%d reviews, want an overlay and a conflict", len(page.Reviews))
	}
	for i, open := range page.Reviews {
		decided, err := r.Decide(ctx, open.ID, index.AnswerDifferent, act("u1", i))
		noError(t, err)
		if diff := cmp.Diff(open.Decision, decided.Decision); diff != "" || open.Origin != decided.Origin {
			t.Errorf("%s: after %+v, was %+v (-was +now):\n%s", open.Kind, decided.Origin, open.Origin, diff)
		}
	}
}

// What a human said of an update that was held is obeyed in the new region too,
// whether it comes before the update or after.
func TestAnswersToOverlaysOutliveARebuild(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	said := []index.Statement{says("a", 1, elder), says("a", 2, twinA)}
	for answer, family := range map[index.Answer]string{index.AnswerSame: "Akinfenwa", index.AnswerDifferent: "Ravenscroft"} {
		was := newRegion(t, "k", withModel)
		was.say(t, said...)
		_, err := was.Decide(ctx, reviews(t, was.Index, index.ReviewOverlay)[0].ID, answer, act("u1", 1))
		noError(t, err)
		for _, first := range []bool{true, false} {
			again := newRegion(t, "q", withModel)
			if first {
				again.pin(t, was.pins(t))
			}
			again.say(t, said...)
			if !first {
				again.pin(t, was.pins(t))
			}
			p, err := again.Person(ctx, again.ids(t)["a"])
			noError(t, err)
			if got := p.Sources[0]; got.Details.Names[0].Family != family || got.Held {
				t.Errorf("%s, pins first: %v: the details are of %s (held: %v), want %s", answer, first, got.Details.Names[0].Family, got.Held, family)
			}
			if open := reviews(t, again.Index, index.ReviewOverlay); len(open) > 0 {
				t.Errorf("%s, pins first: %v: the review is open again", answer, first)
			}
		}
	}
}

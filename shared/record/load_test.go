package record_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

const (
	accepted  = record.Accepted
	unchanged = record.Unchanged
)

func TestFates(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name          string
		before, given []record.Entry
		want          []record.Fate
	}{
		{"new", nil, []record.Entry{stated("e1", "A", 1, "d1", 1)}, []record.Fate{accepted}},
		{"the very same row again", []record.Entry{stated("e1", "A", 1, "d1", 1)}, []record.Entry{stated("e1", "A", 1, "d1", 1)}, []record.Fate{accepted}},
		{"the same statement of another delivery", []record.Entry{stated("e1", "A", 1, "d1", 1)}, []record.Entry{stated("e1", "A", 1, "d2", 1)}, []record.Fate{unchanged}},
		{"the same content later", []record.Entry{stated("e1", "A", 1, "d1", 1)}, []record.Entry{stated("e1", "A", 2, "d2", 1)}, []record.Fate{unchanged}},
		{"a change", []record.Entry{stated("e1", "A", 1, "d1", 1)}, []record.Entry{stated("e1", "B", 2, "d2", 1)}, []record.Fate{accepted}},
		{"an older version, late", []record.Entry{stated("e1", "B", 2, "d1", 1)}, []record.Entry{stated("e1", "A", 1, "d2", 1)}, []record.Fate{accepted}},
		{
			"several of one entry in one load", nil,
			[]record.Entry{stated("e1", "A", 1, "d1", 1), stated("e1", "A", 1, "d1", 2), stated("e1", "B", 2, "d1", 3), stated("e1", "A", 3, "d1", 4), stated("e2", "A", 1, "d1", 5)},
			[]record.Fate{accepted, unchanged, accepted, accepted, accepted},
		},
		{"the same row twice in one load", nil, []record.Entry{stated("e1", "A", 1, "d1", 1), stated("e1", "A", 1, "d1", 1)}, []record.Fate{accepted, accepted}},
		{"nothing", nil, nil, nil},
	}
	engines.Run(t, func(t *testing.T, open engines.Open) {
		for _, c := range cases {
			s := record.New(open("record")[0])
			load(t, s, c.before...)
			for range 2 { // and once more: a fate is the same again
				if diff := cmp.Diff(c.want, load(t, s, c.given...), cmp.Transformer("empty", func(f []record.Fate) []record.Fate { return append([]record.Fate{}, f...) })); diff != "" {
					t.Fatalf("%s: fates (-want +got):\n%s", c.name, diff)
				}
			}
		}
	})
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		spoil func(*record.Entry)
		want  failure.Kind
	}{
		{"no owner", func(e *record.Entry) { e.Owner = "" }, failure.Invalid},
		{"no hash", func(e *record.Entry) { e.Hash = "" }, failure.Invalid},
		{"a separator in the id", func(e *record.Entry) { e.ID = "a#b" }, failure.Invalid},
		{"a resource over the limit", func(e *record.Entry) { e.Resource = make([]byte, record.MaxResourceBytes+1) }, failure.TooLarge},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			tab := fresh(t)
			bad := stated("e2", "A", 1, "d1", 2)
			c.spoil(&bad)
			_, err := record.New(tab).Load(context.Background(), []record.Entry{stated("e1", "A", 1, "d1", 1), bad})
			if !failure.Is(err, c.want) {
				t.Errorf("error %v, want kind %v", err, c.want)
			}
			if n := len(engines.Bodies(t, tab)); n != 0 {
				t.Errorf("%d items written", n)
			}
		})
	}
}

// A new entry costs one write unit, a known one no write, whatever came before.
func TestLoadKeepsItsBudget(t *testing.T) {
	t.Parallel()
	engines.Run(t, budget)
}

func budget(t *testing.T, open engines.Open) {
	s := record.New(open("record")[0])
	cost := func(entries ...record.Entry) table.Usage {
		ctx, meter := table.WithMeter(context.Background())
		if _, err := s.Load(ctx, entries); err != nil {
			t.Fatal(err)
		}
		return meter.Usage()
	}
	var many []record.Entry
	for i := range 50 {
		many = append(many, stated(fmt.Sprintf("e%02d", i), "A", 1, "d1", i))
	}
	if u := cost(many...); u.WriteUnits != 50 || u.ItemsWritten != 50 {
		t.Errorf("50 new entries: %v; want 50 write units", u)
	}
	if u := cost(many...); u.WriteUnits != 0 {
		t.Errorf("50 known entries: %v; want no write", u)
	}
	if u := cost(stated("e00", "A", 9, "d2", 1)); u.WriteUnits != 1 {
		t.Errorf("one confirmed: %v; want 1 write unit", u)
	}
	if u := cost(stated("e01", "B", 9, "d2", 2)); u.WriteUnits != 3 {
		t.Errorf("the first change: %v; want 3 write units", u)
	}
	if u := cost(stated("e01", "C", 10, "d3", 2)); u.WriteUnits != 2 {
		t.Errorf("a further change: %v; want 2 write units", u)
	}
}

// alphabet for the properties: three entries, three contents, few instants, and
// now and then a content that lies in parts.
func anyEntry(large bool) func(*rapid.T) record.Entry {
	return func(t *rapid.T) record.Entry {
		contents := []string{"A", "B", "C"}
		e := stated(
			rapid.SampledFrom([]string{"e1", "e2"}).Draw(t, "id"), rapid.SampledFrom(contents).Draw(t, "content"),
			rapid.IntRange(1, 6).Draw(t, "second"), rapid.SampledFrom([]string{"d1", "d2", "d3"}).Draw(t, "delivery"), rapid.IntRange(1, 3).Draw(t, "row"),
		)
		if large && e.Hash == "hB" {
			e.Resource = append(e.Resource, strings.Repeat("0123456789abcdef", 25_000)...)
		}
		return e
	}
}

func batches(t *rapid.T, list []record.Entry, label string) [][]record.Entry {
	var out [][]record.Entry
	for rest := list; len(rest) > 0; {
		n := rapid.IntRange(1, len(rest)).Draw(t, label)
		out, rest = append(out, rest[:n]), rest[n:]
	}
	return out
}

func orderProperty(large bool, most int) func(t *rapid.T) {
	return func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(anyEntry(large)), 1, most).Draw(t, "statements")
		first, second := fresh(t), fresh(t)
		load(t, record.New(first), list...)
		shuffled := append(rapid.Permutation(list).Draw(t, "order"), rapid.SliceOfN(rapid.SampledFrom(list), 0, 4).Draw(t, "again")...)
		for _, batch := range batches(t, shuffled, "batch") {
			load(t, record.New(second), batch...)
		}
		if diff := cmp.Diff(engines.Bodies(t, first), engines.Bodies(t, second)); diff != "" {
			t.Fatalf("another order ends in another store (-one load +others):\n%s", short(diff))
		}
	}
}

func short(s string) string { return s[:min(len(s), 3000)] }

func TestPromise3OrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	t.Run("small", func(t *testing.T) { t.Parallel(); rapid.Check(t, orderProperty(false, 14)) })
	t.Run("in parts", func(t *testing.T) { t.Parallel(); rapid.Check(t, orderProperty(true, 6)) })
}

func TestPromise3ALateOlderVersionNeverOverwrites(t *testing.T) {
	t.Parallel()
	s := record.New(fresh(t))
	load(t, s, stated("e1", "new", 5, "d1", 1))
	load(t, s, stated("e1", "old", 1, "d2", 1))
	got := read(t, s, "patient1", record.Selection{})
	if diff := cmp.Diff([]record.Entry{stated("e1", "new", 5, "d1", 1)}, got); diff != "" {
		t.Errorf("current (-want +got):\n%s", diff)
	}
}

func TestPromise2NothingIsStoredTwice(t *testing.T) {
	t.Parallel()
	tab := fresh(t)
	s := record.New(tab)
	list := []record.Entry{stated("e1", "A", 1, "d1", 1), stated("e1", "B", 2, "d1", 2), stated("e2", "A", 1, "d1", 3), stated("e1", "A", 3, "d1", 4)}
	load(t, s, list...)
	want, wantVersions := engines.Bodies(t, tab), engines.Versions(t, tab)
	load(t, s, list...)
	for i := range list {
		load(t, s, list[len(list)-1-i])
	}
	if diff := cmp.Diff(want, engines.Bodies(t, tab)); diff != "" {
		t.Errorf("a replay changed the store (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(wantVersions, engines.Versions(t, tab)); diff != "" {
		t.Errorf("a replay wrote (-want +got):\n%s", diff)
	}
}

// A load stopped at any call, or half through one, and run again ends in the
// same store and the same fates as one that was never stopped.
func TestStopAtEveryCall(t *testing.T) {
	t.Parallel()
	engines.Run(t, stopAtEveryCall)
}

func stopAtEveryCall(t *testing.T, open engines.Open) {
	t.Parallel()
	big := stated("e4", "big", 2, "d2", 6)
	big.Resource = append(big.Resource, strings.Repeat("x", 1<<20)...)
	first := []record.Entry{stated("e1", "A", 1, "d1", 1), stated("e2", "A", 1, "d1", 2)}
	second := []record.Entry{
		stated("e1", "B", 2, "d2", 1), stated("e2", "A", 2, "d2", 2), stated("e3", "A", 1, "d2", 3),
		stated("e1", "A", 3, "d2", 4), stated("e3", "B", 2, "d2", 5), big, stated("e4", "small", 3, "d2", 7),
	}
	calm := open("record")[0]
	load(t, record.New(calm), first...)
	wantFates := load(t, record.New(calm), second...)
	want := engines.Bodies(t, calm)
	modes := []table.Mode{table.Stop, table.Tear, table.Lose, table.Fail}
	if strings.Contains(t.Name(), "dynamodb") {
		modes = modes[:1] // the others say nothing more of the engine
	}
	for _, mode := range modes {
		for f := range table.EveryCall(mode, failure.New(failure.Unavailable, "test", "planned")) {
			tab := open("record")[0]
			load(t, record.New(tab), first...)
			_, err := record.New(f.Wrap(tab)).Load(context.Background(), second)
			if f.Hit() && err == nil {
				t.Errorf("mode %d call %d: the fault was not told", mode, f.At())
			}
			got := load(t, record.New(tab), second...)
			if diff := cmp.Diff(wantFates, got); diff != "" {
				t.Errorf("mode %d call %d: fates (-want +got):\n%s", mode, f.At(), diff)
			}
			if diff := cmp.Diff(want, engines.Bodies(t, tab)); diff != "" {
				t.Errorf("mode %d call %d: store (-want +got):\n%s", mode, f.At(), short(diff))
			}
		}
	}
}

func TestConcurrentLoaders(t *testing.T) {
	t.Parallel()
	engines.Run(t, concurrentLoaders)
}

func concurrentLoaders(t *testing.T, open engines.Open) {
	t.Parallel()
	var list []record.Entry
	for i := range 120 {
		list = append(list, stated(fmt.Sprintf("e%d", i%4), string(rune('A'+i%5)), i%17, fmt.Sprintf("d%d", i%6), i))
	}
	calm := open("record")[0]
	load(t, record.New(calm), list...)
	tab := open("record")[0]
	var all sync.WaitGroup
	errs := make(chan error, 8)
	for worker := range 8 {
		all.Go(func() {
			mine := append([]record.Entry(nil), list...)
			rand.New(rand.NewPCG(uint64(worker), 1)).Shuffle(len(mine), func(i, j int) { mine[i], mine[j] = mine[j], mine[i] })
			for len(mine) > 0 {
				n := min(15, len(mine))
				if _, err := record.New(tab).Load(context.Background(), mine[:n]); err != nil {
					errs <- err
				}
				mine = mine[n:]
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	if diff := cmp.Diff(engines.Bodies(t, calm), engines.Bodies(t, tab)); diff != "" {
		t.Errorf("eight loaders at once end in another store (-want +got):\n%s", short(diff))
	}
}

func TestLoadObeysCancellation(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := record.New(fresh(t)).Load(ctx, []record.Entry{stated("e1", "A", 1, "d1", 1)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want cancellation", err)
	}
}

func TestPromise8KeysHoldNothingPersonal(t *testing.T) {
	t.Parallel()
	tab := fresh(t)
	load(t, record.New(tab), stated("e1", "PERSONAL", 1, "d1", 1))
	e := stated("e1", "A", 1, "d1", 1)
	e.Date, e.Resource = "1999-09-09", []byte(`{"x":"PERSONAL"}`)
	load(t, record.New(tab), e)
	for key := range maps.Keys(engines.Bodies(t, tab)) {
		key = strings.ReplaceAll(key, "#hPERSONAL", "") // the digest is given by the caller, who keys it
		if strings.Contains(key, "PERSONAL") || strings.Contains(key, "1999") {
			t.Errorf("key %q", key)
		}
	}
}

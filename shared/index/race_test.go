package index_test

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

// plain is a table in a map, for tests that make very many of them. The contract
// of tables is tested elsewhere; what is needed of it here is that a call is one step.
type plain struct {
	mu    sync.Mutex
	items map[table.Key]table.Item
}

func (p *plain) Get(_ context.Context, keys ...table.Key) ([]table.Item, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var items []table.Item
	for _, k := range keys {
		item := p.items[k]
		item.Key = k
		items = append(items, item)
	}
	return items, nil
}

func (p *plain) Query(_ context.Context, r table.Range) iter.Seq2[table.Item, error] {
	p.mu.Lock()
	defer p.mu.Unlock()
	var items []table.Item
	for k, item := range p.items {
		if k.Partition == r.Partition && strings.HasPrefix(k.Sort, r.Prefix) && k.Sort >= r.From && (r.To == "" || k.Sort < r.To) {
			items = append(items, item)
		}
	}
	slices.SortFunc(items, func(a, b table.Item) int { return strings.Compare(a.Sort, b.Sort) })
	if r.Limit > 0 {
		items = items[:min(r.Limit, len(items))]
	}
	return func(yield func(table.Item, error) bool) {
		for _, item := range items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func (p *plain) Commit(_ context.Context, writes ...table.Write) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range writes {
		if v, any := w.If.Demands(); any && p.items[w.Key].Version != v {
			return failure.New(failure.Conflict, "plain.Commit", "condition")
		}
	}
	for _, w := range writes {
		switch w.Action {
		case table.Put:
			p.items[w.Key] = table.Item{Key: w.Key, Version: p.items[w.Key].Version + 1, Body: w.Body}
		case table.Delete:
			delete(p.items, w.Key)
		}
	}
	return nil
}

func (p *plain) Each(ctx context.Context, writes ...table.Write) (errs []error) {
	for _, w := range writes {
		errs = append(errs, p.Commit(ctx, w))
	}
	return errs
}

// turns lets several writers make their calls one step at a time, in an order
// that a schedule gives. The calls that one writer has under way together are one step.
type turns struct {
	mu      sync.Mutex
	waiting map[int][]chan struct{} // by writer
}

// stepped is a table as one of the writers sees it.
type stepped struct {
	table.Table
	turns  *turns
	writer int
}

func (s stepped) step() {
	granted := make(chan struct{})
	s.turns.mu.Lock()
	s.turns.waiting[s.writer] = append(s.turns.waiting[s.writer], granted)
	s.turns.mu.Unlock()
	<-granted
}

func (s stepped) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	s.step()
	return s.Table.Get(ctx, keys...)
}

func (s stepped) Query(ctx context.Context, r table.Range) iter.Seq2[table.Item, error] {
	s.step()
	return s.Table.Query(ctx, r)
}

func (s stepped) Commit(ctx context.Context, writes ...table.Write) error {
	s.step()
	return s.Table.Commit(ctx, writes...)
}

func (s stepped) Each(ctx context.Context, writes ...table.Write) []error {
	s.step()
	return s.Table.Each(ctx, writes...)
}

// interleave runs the writers, each with an index that open gives, on one table. schedule says at each step which of
// those that wait goes on; beyond its end it is the first. It gives how many there
// were to choose from at each step.
func interleave(t *testing.T, open func(table.Table) *index.Index, tab table.Table, writers [][]index.Statement, schedule []int) (choices []int) {
	synctest.Test(t, func(t *testing.T) {
		turns := &turns{waiting: map[int][]chan struct{}{}}
		done := make([]error, len(writers))
		left := len(writers)
		var mu sync.Mutex
		for w, said := range writers {
			go func() {
				err := open(stepped{tab, turns, w}).Apply(context.Background(), received, said)
				mu.Lock()
				defer mu.Unlock()
				done[w], left = err, left-1
			}()
		}
		for {
			synctest.Wait()
			mu.Lock()
			ended := left == 0
			mu.Unlock()
			if ended {
				break
			}
			turns.mu.Lock()
			var ready []int
			for w := range writers {
				if len(turns.waiting[w]) > 0 {
					ready = append(ready, w)
				}
			}
			if len(ready) == 0 { // all pause before another attempt
				turns.mu.Unlock()
				time.Sleep(time.Second)
				continue
			}
			next := 0
			if len(choices) < len(schedule) {
				next = min(schedule[len(choices)], len(ready)-1)
			}
			choices = append(choices, len(ready))
			for _, granted := range turns.waiting[ready[next]] {
				close(granted)
			}
			turns.waiting[ready[next]] = nil
			turns.mu.Unlock()
		}
		if err := errors.Join(done...); err != nil {
			t.Error(err)
		}
	})
	return choices
}

// nextSchedule gives the schedule after one that was run, in depth-first order;
// nil after the last one.
func nextSchedule(schedule, choices []int) []int {
	full := make([]int, len(choices))
	copy(full, schedule)
	for i := len(full) - 1; i >= 0; i-- {
		if full[i]+1 < choices[i] {
			full[i]++
			return full[:i+1]
		}
	}
	return nil
}

// Two deliveries bring one person at the same moment. Whatever the order of
// their calls, of all there are, they end as one person; so do the other stories as
// if one had come after the other.
func TestEveryInterleavingEndsAlike(t *testing.T) {
	t.Parallel()
	stories := []struct {
		name   string
		before []index.Statement
		a, b   []index.Statement
		want   string
	}{
		{"one new person, told alike", nil, []index.Statement{says("a", 1, zofia[0])}, []index.Statement{says("b", 2, zofia[0])}, "a+b"},
		{"one new person, with a slip in the birth date", nil, []index.Statement{says("a", 1, zofia[0])}, []index.Statement{says("b", 2, zofia[3])}, "a+b"},
		{"one with an NHS number and one without", nil, []index.Statement{says("a", 1, verified(zofia[0], numberA))}, []index.Statement{says("b", 2, zofia[1])}, "a+b"},
		{"two sources of somebody known", []index.Statement{says("c", 1, zofia[0])}, []index.Statement{says("a", 2, zofia[1])}, []index.Statement{says("b", 3, zofia[2])}, "a+b+c"},
		{"one corrects itself while the other comes", []index.Statement{says("a", 1, person("Zofia", "Wojciechowska", "1975-11-23", "female", "CA1 1AA"))}, []index.Statement{says("a", 2, zofia[0])}, []index.Statement{says("b", 3, zofia[0])}, "a+b"},
		{"twins", nil, []index.Statement{says("a", 1, twinA)}, []index.Statement{says("b", 2, twinB)}, "a b"},
	}
	for _, s := range stories {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			runs := 0
			for schedule := []int{}; schedule != nil; runs++ {
				tab := &plain{items: map[table.Key]table.Item{}}
				if len(s.before) > 0 {
					apply(t, byDetails(tab), s.before...)
				}
				choices := interleave(t, byDetails, tab, [][]index.Statement{s.a, s.b}, schedule)
				if got := people(t, byDetails(tab), names...); got != s.want {
					t.Fatalf("schedule %v: people %q, want %q", schedule, got, s.want)
				}
				schedule = nextSchedule(schedule, choices)
			}
			t.Logf("%d interleavings", runs)
			if runs < 50 {
				t.Errorf("only %d interleavings: the calls were not held", runs)
			}
		})
	}
}

// random gives a schedule of a seed.
func random(r *rand.Rand, writers int) []int {
	schedule := make([]int, 200)
	for i := range schedule {
		schedule[i] = r.IntN(writers)
	}
	return schedule
}

// A patient is merged twice, and told, by three at once: whoever reads one of
// them before the others write must not decide by that.
func TestNobodyDecidesByWhatHasChanged(t *testing.T) {
	t.Parallel()
	writers := [][]index.Statement{{merged("a", "c", 38)}, {merged("a", "d", 2)}, {says("a", 10, anna(""))}}
	for seed := range uint64(1200) {
		tab := &plain{items: map[table.Key]table.Item{}}
		interleave(t, newIndex, tab, writers, random(rand.New(rand.NewPCG(seed, 1)), len(writers)))
		if got := people(t, newIndex(tab), names...); got != "a+c" {
			t.Fatalf("seed %d: people %q, want %q", seed, got, "a+c")
		}
	}
}

// Stories of all kinds, told by several at once in orders drawn by chance, end in
// the people that follow from all that was said.
func TestRandomInterleavings(t *testing.T) {
	t.Parallel()
	cast := append(slices.Clone(zofia), twinA, twinB, elder, son, verified(zofia[0], numberA), verified(zofia[2], numberB), verified(twinA, numberB))
	certain := rapid.SliceOfN(rapid.Custom(statement), 3, 9)
	for seed := range 400 {
		r := rand.New(rand.NewPCG(uint64(seed), 2))
		open, list, want := newIndex, distinct(certain.Example(seed)), ""
		if seed%2 == 0 {
			want = oracle(slices.Clone(list))
		} else {
			open, list = byDetails, nil
			for k := range 2 + r.IntN(6) {
				list = append(list, says(names[k%len(names)], k+1, cast[r.IntN(len(cast))]))
			}
			calm := &plain{items: map[table.Key]table.Item{}}
			apply(t, byDetails(calm), list...)
			want = people(t, byDetails(calm), names...)
		}
		writers := make([][]index.Statement, 3)
		for i, s := range list {
			writers[i%3] = append(writers[i%3], s)
		}
		tab := &plain{items: map[table.Key]table.Item{}}
		interleave(t, open, tab, writers, random(r, len(writers)))
		if got := people(t, open(tab), names...); got != want {
			t.Fatalf("seed %d: people %q, want %q", seed, got, want)
		}
	}
}

// Many at once, with and without an NHS number, on both engines.
func TestConcurrentWritersByDetails(t *testing.T) {
	t.Parallel()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		t.Parallel()
		for range 3 {
			tab := open("index")[0]
			said := []index.Statement{says("a", 1, zofia[0]), says("b", 2, zofia[1]), says("c", 3, zofia[2]), says("d", 4, zofia[3]), says("e", 5, verified(zofia[0], numberA))}
			rand.Shuffle(len(said), func(i, j int) { said[i], said[j] = said[j], said[i] })
			errs := make([]error, len(said))
			var all sync.WaitGroup
			for i := range said {
				all.Go(func() { errs[i] = byDetails(tab).Apply(context.Background(), received, said[i:i+1]) })
			}
			all.Wait()
			noError(t, errors.Join(errs...))
			if got := people(t, byDetails(tab), names...); got != "a+b+c+d+e" {
				t.Errorf("people %q, want one", got)
			}
			var ids []string
			for _, n := range names {
				ids = append(ids, link(t, byDetails(tab), n))
			}
			if slices.Sort(ids); len(slices.Compact(ids)) != 1 {
				t.Errorf("%d ids", len(ids))
			}
		}
	})
}

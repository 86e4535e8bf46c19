package table_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
	"github.com/carerecord/carerecord/shared/table/tabletest"
)

var errLost = failure.New(failure.Unavailable, "test", "lost")

// steps is a small process over two tables: it reads where it is and goes on.
func steps(t *testing.T, a, b table.Table) error {
	ctx := t.Context()
	for _, err := range a.Query(ctx, table.Range{Partition: "p"}) {
		if err != nil {
			return err
		}
	}
	items, err := a.Get(ctx, key("p", "first"))
	if err != nil {
		return err
	}
	if items[0].Version == 0 {
		if err := a.Commit(ctx, table.Write{Key: key("p", "first"), Body: []byte("1"), If: table.Absent}); err != nil && !failure.Is(err, failure.Conflict) {
			return err
		}
	}
	for _, err := range b.Each(ctx, many(6)...) {
		if err != nil && !failure.Is(err, failure.Conflict) {
			return err
		}
	}
	return nil
}

func many(n int) []table.Write {
	var writes []table.Write
	for i := range n {
		writes = append(writes, table.Write{Key: key("q", fmt.Sprint(i)), Body: []byte("each"), If: table.Absent})
	}
	return writes
}

func key(partition, sort string) table.Key { return table.Key{Partition: partition, Sort: sort} }

func dump(t *testing.T, tables ...engines.Table) []table.Item {
	t.Helper()
	var all []table.Item
	for _, s := range tables {
		items, err := table.Dump(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, items...)
	}
	return all
}

// Whatever is stopped at whichever call and started again ends in the same store.
func TestEveryCall(t *testing.T) {
	t.Parallel()
	open := engines.Embedded(t)
	whole := open("a", "b")
	if err := steps(t, whole[0], whole[1]); err != nil {
		t.Fatal(err)
	}
	want := dump(t, whole...)
	for _, c := range []struct {
		mode table.Mode
		err  error
	}{{table.Fail, errLost}, {table.Lose, errLost}, {table.Stop, table.ErrStopped}, {table.Tear, table.ErrStopped}} {
		runs := 0
		for f := range table.EveryCall(c.mode, errLost) {
			runs++
			s := open("a", "b")
			err := steps(t, f.Wrap(s[0]), f.Wrap(s[1]))
			if f.Hit() != (err != nil) || f.Hit() && !errors.Is(err, c.err) {
				t.Errorf("mode %d, call %d: %v, hit %v", c.mode, f.At(), err, f.Hit())
			}
			if err := steps(t, s[0], s[1]); err != nil {
				t.Errorf("mode %d, call %d: started again: %v", c.mode, f.At(), err)
			}
			if diff := cmp.Diff(want, dump(t, s...)); diff != "" {
				t.Errorf("mode %d, call %d (-want +got):\n%s", c.mode, f.At(), diff)
			}
		}
		if runs != 5 { // 4 calls, and one run without a fault
			t.Errorf("mode %d: %d runs, want 5", c.mode, runs)
		}
	}
}

func TestModesLeaveWhatTheySay(t *testing.T) {
	t.Parallel()
	open := engines.Embedded(t)
	for _, c := range []struct {
		name      string
		mode      table.Mode
		each      int // items an Each of 6 leaves when it is hit
		commit    int // items a Commit of 6 leaves
		nextFails bool
	}{
		{"fail", table.Fail, 0, 0, false},
		{"lose", table.Lose, 6, 6, false},
		{"stop", table.Stop, 0, 0, true},
		{"tear", table.Tear, 3, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := open("a", "b")
			f := table.NewFaults(c.mode, 1, errLost)
			for i, err := range f.Wrap(s[0]).Each(t.Context(), many(6)...) {
				if err == nil {
					t.Errorf("Each: write %d has no error", i)
				}
			}
			if got := len(dump(t, s[0])); got != c.each {
				t.Errorf("Each left %d items, want %d", got, c.each)
			}
			if err := f.Wrap(s[0]).Commit(t.Context()); (err != nil) != c.nextFails {
				t.Errorf("the next call: %v", err)
			}
			if err := table.NewFaults(c.mode, 1, errLost).Wrap(s[1]).Commit(t.Context(), many(6)...); err == nil {
				t.Error("Commit has no error")
			}
			if got := len(dump(t, s[1])); got != c.commit {
				t.Errorf("Commit left %d items, want %d", got, c.commit)
			}
		})
	}
}

func TestAStopEndsAQueryMidway(t *testing.T) {
	t.Parallel()
	s := engines.Embedded(t)("a")[0]
	s.Each(t.Context(), many(6)...)
	f := table.NewFaults(table.Stop, 2, nil)
	n := 0
	var last error
	for _, err := range f.Wrap(s).Query(t.Context(), table.Range{Partition: "q"}) {
		if n++; n == 2 {
			_ = f.Do(func() error { t.Error("a stopped call was made"); return nil })
		}
		last = err
	}
	if n != 3 || !errors.Is(last, table.ErrStopped) {
		t.Errorf("%d answers, the last %v", n, last)
	}
	if f.Calls() != 2 {
		t.Errorf("%d calls, want 2", f.Calls())
	}
}

func TestConcurrentCallsAreCountedOnce(t *testing.T) {
	t.Parallel()
	s := engines.Embedded(t)("a")[0]
	f := table.NewFaults(table.Fail, 50, errLost)
	var failed sync.Map
	var group sync.WaitGroup
	for g := range 10 {
		group.Go(func() {
			for i := range 10 {
				if _, err := f.Wrap(s).Get(t.Context(), key("p", "s")); err != nil {
					failed.Store(g*10+i, err)
				}
			}
		})
	}
	group.Wait()
	n := 0
	failed.Range(func(_, _ any) bool { n++; return true })
	if n != 1 || f.Calls() != 100 {
		t.Errorf("%d of %d calls failed, want 1 of 100", n, f.Calls())
	}
}

// A plan that is never reached changes nothing of the contract.
func TestFaultsKeepTheContract(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, func(t *testing.T) table.Table {
		return table.NewFaults(table.Stop, 1<<40, nil).Wrap(engines.Embedded(t)("t")[0])
	})
}

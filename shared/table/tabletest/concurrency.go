package tabletest

import (
	"context"
	"fmt"
	"strconv"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

var concurrencies = []contract{
	{"no increment of a counter is lost", testCounter},
	{"money moves and none is made or lost", testTransfers},
	{"many refused writes of a few partitions end", testRefusedEach},
	{"one of many claims is made", func(t *testing.T, s table.Table) {
		made := make([]bool, 16)
		var group errgroup.Group
		for i := range made {
			group.Go(func() error {
				err := tryAgain(func() error {
					return s.Commit(t.Context(), put(key("claim", "number"), fmt.Sprint(i), table.Absent), put(key("person", fmt.Sprint(i)), "", table.Absent))
				})
				made[i] = err == nil
				if err != nil && !failure.Is(err, failure.Conflict) {
					return err
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		winners := 0
		for i, ok := range made {
			item := get(t, s, key("person", fmt.Sprint(i)))[0]
			if ok != (item.Version == 1) {
				t.Errorf("claim %d: made is %v, its person has version %d", i, ok, item.Version)
			}
			if ok {
				winners++
				same(t, "the claim's body", fmt.Sprint(i), string(get(t, s, key("claim", "number"))[0].Body))
			}
		}
		same(t, "winners", 1, winners)
	}},
	{"overlapping writes in any order end", func(t *testing.T, s table.Table) {
		keys := numbered(20)
		var group errgroup.Group
		for _, step := range []int{1, 3, 7, 9, 11, 13} { // none shares a divisor with 20
			group.Go(func() error {
				for n := range 5 {
					writes := make([]table.Write, len(keys))
					for i := range keys { // every writer takes the keys in another order
						writes[i] = put(keys[(i*step+n)%len(keys)], "x", table.Always)
					}
					if err := tryAgain(func() error { return s.Commit(t.Context(), writes...) }); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		for _, item := range get(t, s, keys...) {
			if item.Version < 30 {
				t.Errorf("after 30 commits the version is %d", item.Version)
			}
		}
	}},
}

// tryAgain repeats a call while the engine is merely busy.
func tryAgain(call func() error) error {
	for {
		if err := call(); !failure.Is(err, failure.Throttled) {
			return err
		}
	}
}

func testCounter(t *testing.T, s table.Table) {
	const writers, increments = 8, 15
	k := key("p", "counter")
	increment := func(ctx context.Context, write func(table.Write) error) error {
		for {
			items, err := s.Get(ctx, k)
			if err != nil {
				return err
			}
			n, _ := strconv.Atoi(string(items[0].Body))
			err = write(put(k, strconv.Itoa(n+1), table.AtVersion(items[0].Version)))
			if err == nil || !failure.Is(err, failure.Conflict) && !failure.Is(err, failure.Throttled) {
				return err
			}
		}
	}
	group, ctx := errgroup.WithContext(t.Context())
	for g := range writers {
		group.Go(func() error {
			for n := range increments {
				write := func(w table.Write) error { return s.Commit(ctx, w) }
				if (g+n)%3 == 1 {
					write = func(w table.Write) error { return s.Each(ctx, w)[0] }
				} else if (g+n)%3 == 2 {
					write = func(w table.Write) error {
						return s.Commit(ctx, w, put(key("q", fmt.Sprintf("%d.%d", g, n)), "", table.Always))
					}
				}
				if err := increment(ctx, write); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	want(t, s, stored{"p", "counter", writers * increments, strconv.Itoa(writers * increments)})
}

// testTransfers moves units between accounts of different partitions, each time
// by a commit of two; the sum must stay.
func testTransfers(t *testing.T, s table.Table) {
	const accounts, start = 5, 100
	account := func(i int) table.Key { return key(fmt.Sprintf("account%d", i), "balance") }
	for i := range accounts {
		commit(t, s, put(account(i), strconv.Itoa(start), table.Absent))
	}
	group, ctx := errgroup.WithContext(t.Context())
	for g := range 6 {
		group.Go(func() error {
			for n := range 12 {
				from, to := account((g+n)%accounts), account((g+2*n+1)%accounts)
				if from == to {
					continue
				}
				if err := transfer(ctx, s, from, to); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	sum := 0
	for i := range accounts {
		n, _ := strconv.Atoi(string(get(t, s, account(i))[0].Body))
		sum += n
	}
	same(t, "sum", accounts*start, sum)
}

func transfer(ctx context.Context, s table.Table, from, to table.Key) error {
	for {
		items, err := s.Get(ctx, from, to)
		if err != nil {
			return err
		}
		a, _ := strconv.Atoi(string(items[0].Body))
		b, _ := strconv.Atoi(string(items[1].Body))
		err = s.Commit(ctx, put(from, strconv.Itoa(a-1), table.AtVersion(items[0].Version)), put(to, strconv.Itoa(b+1), table.AtVersion(items[1].Version)))
		if err == nil || !failure.Is(err, failure.Conflict) && !failure.Is(err, failure.Throttled) {
			return err
		}
	}
}

// testRefusedEach has several writers send the same long lists, in other
// orders, with every other write refused. Each answers for what others wrote,
// and none may wait for one who waits for it.
func testRefusedEach(t *testing.T, s table.Table) {
	const writes, partitions = 600, 3
	list := func(step int) []table.Write {
		out := make([]table.Write, writes)
		for i := range out {
			n := i * step % writes
			out[i] = put(key(strconv.Itoa(n%partitions), fmt.Sprintf("%04d", n)), "x", table.Absent)
			if n%2 == 0 {
				out[i].If = table.AtVersion(99)
			}
		}
		return out
	}
	var group errgroup.Group
	for _, step := range []int{1, 7, 11, 13} { // none shares a divisor with 600
		group.Go(func() error {
			for _, err := range s.Each(t.Context(), list(step)...) {
				if err != nil && !failure.Is(err, failure.Conflict) {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, item := range get(t, s, key("0", "0003"), key("1", "0001"), key("0", "0000")) {
		same(t, "version", []uint64{1, 1, 0}[i], item.Version)
	}
}

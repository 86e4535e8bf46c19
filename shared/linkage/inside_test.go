package linkage

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
)

func TestBucketsGiveBackWhatTheyTook(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "buckets")
		b := newBuckets[edge](n, edgeSize, rapid.SampledFrom([]int64{0, 1 << 17, 1 << 30}).Draw(t, "limit"), folder)
		defer b.close()
		want := make([][]edge, n)
		of := func(e edge) int { return int(e.group) % n }
		for range rapid.IntRange(0, 6).Draw(t, "times") {
			var list []edge
			for range rapid.IntRange(0, 40).Draw(t, "items") {
				e := edge{rapid.Uint32().Draw(t, "group"), pair(rapid.Uint64().Draw(t, "pair")), rapid.Float64().Draw(t, "bits"), edgeKind(rapid.IntRange(0, 2).Draw(t, "kind"))}
				list = append(list, e)
				want[of(e)] = append(want[of(e)], e)
			}
			if err := b.add(list, of); err != nil {
				t.Fatal(err)
			}
		}
		for i := range n {
			got, err := b.load(i)
			if err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(got, edge.compare)
			slices.SortFunc(want[i], edge.compare)
			if diff := cmp.Diff(want[i], got, cmp.AllowUnexported(edge{}), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("bucket %d (-want +got):\n%s", i, diff)
			}
		}
	})
}

func TestItemsKeepTheirBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := posting{rapid.Uint64().Draw(t, "hash"), rapid.Uint32().Draw(t, "narrow"), rapid.Uint32().Draw(t, "record")}
		b := make([]byte, postingSize)
		if p.put(b); p.get(b) != p {
			t.Fatalf("posting %+v came back as %+v", p, p.get(b))
		}
		one, other := rapid.Uint32().Draw(t, "one"), rapid.Uint32().Draw(t, "other")
		q := pairOf(one, other)
		b = make([]byte, pairSize)
		if q.put(b); q.get(b) != q || q != pairOf(other, one) {
			t.Fatalf("pair %d came back as %d", q, q.get(b))
		}
		if x, y := q.records(); x != min(one, other) || y != max(one, other) {
			t.Fatalf("pair of %d and %d is of %d and %d", one, other, x, y)
		}
	})
}

// Every record of the store is there again, in memory and in a file, one by one
// and in their order.
func TestStoreKeepsRecords(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]int64{"in memory": 1 << 30, "in a file": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(limit, t.TempDir())
			defer s.close()
			long := strings.Repeat("x", 3<<19)
			var want []demographics.Profile
			for i := range 20000 {
				p := demographics.Profile{IDs: []string{fmt.Sprint("id", i)}, Sex: byte(i)}
				if i%5000 == 77 {
					p.Emails = []string{long}
				}
				want = append(want, p)
				if err := s.add(fmt.Sprint("source", i%3), encodeRecord(nil, fmt.Sprint("r", i), &p)); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.seal(); err != nil {
				t.Fatal(err)
			}
			got, err := s.profiles(0, s.len())
			if err != nil || !cmp.Equal(want, got) {
				t.Fatalf("not the same profiles: %v", err)
			}
			for i := 0; i < s.len(); i += 431 {
				id, source, err := s.name(uint32(i))
				p, err2 := s.profile(i)
				if err != nil || err2 != nil || id != fmt.Sprint("r", i) || source != fmt.Sprint("source", i%3) || !cmp.Equal(want[i], *p) {
					t.Fatalf("record %d is %q of %q: %v, %v", i, id, source, err, err2)
				}
			}
		})
	}
}

// Every pair has a cell, whose two stretches hold its records.
func TestCellsHoldEveryPair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 1<<31).Draw(t, "records")
		c := newCells(n, rapid.Int64Range(1, 5000).Draw(t, "each"), rapid.Int64Range(1, 4<<30).Draw(t, "budget"))
		a := rapid.IntRange(0, n-2).Draw(t, "a")
		b := rapid.IntRange(a+1, n-1).Draw(t, "b")
		cell := c.of(pairOf(uint32(a), uint32(b)))
		if cell < 0 || cell >= c.len() {
			t.Fatalf("cell %d of %d", cell, c.len())
		}
		left, right := cell/c.fine/c.stretches(), cell/c.fine%c.stretches()
		for record, stretch := range map[int]int{a: left, b: right} {
			if from, to := c.bounds(stretch); record < from || record >= to {
				t.Fatalf("record %d is not in stretch %d, %d to %d", record, stretch, from, to)
			}
		}
	})
}

// widest is the most records that a block of a telling key should have: its hash
// is even.
const (
	telling = 2
	widest  = 400
)

// block gives the pairs that the postings of one key make.
func block(t *testing.T, list []posting, file func(uint32) int) (pairs []pair, b *blocker) {
	t.Helper()
	b = &blocker{pairs: newBuckets[pair](1, pairSize, 1<<30, t.TempDir()), place: func(pair) int { return 0 }, between: file}
	b.postings = newBuckets[posting](1, postingSize, 1<<30, t.TempDir())
	if err := b.postings.add(list, func(posting) int { return 0 }); err != nil {
		t.Fatal(err)
	}
	if err := b.run(0); err != nil {
		t.Fatal(err)
	}
	pairs, err := b.pairs.load(0)
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(pairs)
	return slices.Compact(pairs), b
}

func postings(hash uint64, narrow uint32, from, to int) (list []posting) {
	for i := from; i < to; i++ {
		list = append(list, posting{hash, narrow, uint32(i)})
	}
	return list
}

func TestBlocksStayNarrow(t *testing.T) {
	t.Parallel()
	all := func(n int) int { return n * (n - 1) / 2 }
	cases := []struct {
		name   string
		list   []posting
		pairs  int
		passed int64
	}{
		{"two records", postings(telling, 0, 0, 2), 1, 0},
		{"a record alone", postings(telling, 0, 0, 1), 0, 0},
		{"one record by one key twice", append(postings(telling, 4, 0, 1), postings(telling, 5, 0, 1)...), 0, 0},
		{"two keys", append(postings(telling, 0, 0, 2), postings(4, 0, 1, 3)...), 2, 0},
		{"the widest", postings(telling, 7, 0, widest), all(widest), 0},
		{"wider, not to be parted", postings(telling, 7, 0, widest+1), 0, 1},
		{"wider, and nothing to part it by", postings(telling, 0, 0, widest+1), 0, 1},
		{"wider, in two parts", append(postings(telling, 7, 0, 300), postings(telling, 8, 300, 600)...), 2 * all(300), 0},
		{"wider, one part too wide", append(postings(telling, 7, 0, 300), postings(telling, 8, 300, 1000)...), all(300), 1},
		{"of unknown part, with each", slices.Concat(postings(telling, 0, 0, 10), postings(telling, 7, 10, 310), postings(telling, 8, 310, 610)), 2*all(310) - all(10), 0},
		{"a key that finds little", postings(telling+1, 7, 0, 41), 0, 1},
		{"too many of unknown part", slices.Concat(postings(telling, 0, 0, 390), postings(telling, 7, 390, 690)), all(300), 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pairs, b := block(t, c.list, nil)
			if len(pairs) != c.pairs || b.passed.Load() != c.passed {
				t.Errorf("%d pairs, %d passed over; want %d and %d", len(pairs), b.passed.Load(), c.pairs, c.passed)
			}
		})
	}
}

func TestBlocksAcrossFiles(t *testing.T) {
	t.Parallel()
	pairs, _ := block(t, postings(telling, 0, 0, 5), func(record uint32) int { return int(record) / 3 })
	want := []pair{pairOf(0, 3), pairOf(0, 4), pairOf(1, 3), pairOf(1, 4), pairOf(2, 3), pairOf(2, 4)}
	if diff := cmp.Diff(want, pairs); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func joined(t *testing.T, n int, bits float64, edges []edge) ([]uint32, []float32) {
	t.Helper()
	b := newBuckets[edge](1, edgeSize, 1<<30, t.TempDir())
	if err := b.add(edges, func(edge) int { return 0 }); err != nil {
		t.Fatal(err)
	}
	f, from, err := components(context.Background(), b, n, bits)
	if err != nil {
		t.Fatal(err)
	}
	roots := make([]uint32, n)
	for i := range roots {
		roots[i] = f.find(uint32(i))
	}
	return roots, from
}

func TestComponents(t *testing.T) {
	t.Parallel()
	roots, _ := joined(t, 8, 0, []edge{{0, pairOf(4, 1), 3, likely}, {0, pairOf(1, 2), 0, likely}, {0, pairOf(3, 5), -1, likely}, {0, pairOf(0, 5), 9, told}, {0, pairOf(6, 7), -20, settled}})
	if diff := cmp.Diff([]uint32{0, 1, 1, 3, 1, 5, 6, 6}, roots); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A chain of more records than are resolved together is cut at its weak edges
// and nowhere else.
func TestComponentsAreCutWhereWeak(t *testing.T) {
	t.Parallel()
	const n = 2 * mostTogether
	var edges []edge
	for i := range uint32(n - 1) {
		bits := 9.5
		if i == n/2-1 {
			bits = 4.5
		}
		if i < 2 { // not part of the chain
			bits = -5
		}
		edges = append(edges, edge{0, pairOf(i, i+1), bits, likely})
	}
	edges = append(edges, edge{0, pairOf(0, 1), 0.5, likely})
	roots, from := joined(t, n, 0, edges)
	sizes := map[uint32]int{}
	for _, r := range roots {
		sizes[r]++
	}
	if diff := cmp.Diff(map[uint32]int{0: 2, 2: n/2 - 2, n / 2: n / 2}, sizes); diff != "" {
		t.Errorf("sizes by root (-want +got):\n%s", diff)
	}
	if from[0] != 0 || from[2] <= 4.5 || from[2] > 9.5 || from[n-1] != from[2] {
		t.Errorf("edges count from %v, %v and %v bits", from[0], from[2], from[n-1])
	}
}

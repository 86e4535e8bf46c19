package linkage

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/carerecord/carerecord/shared/matching"
)

// blocker finds the pairs that are to be compared: those of records that share
// a key. A block that is wider than its kind of key deserves is parted by what
// its keys say to narrow it; a part that is still too wide is passed over and
// counted. So the work grows with the number of records and never with its
// square.
type blocker struct {
	postings *buckets[posting]
	pairs    *buckets[pair]
	place    func(pair) int
	order    *arrangement
	between  func(record uint32) int // the file of a record; nil: compare within files too
	found    atomic.Int64            // pairs found, the same one by several keys counted again
	passed   atomic.Int64            // blocks passed over
	records  atomic.Int64            // records in them
}

// run finds the pairs of one bucket of postings.
func (b *blocker) run(bucket int) error {
	list, err := b.postings.load(bucket)
	if err != nil {
		return err
	}
	b.postings.free(bucket)
	slices.SortFunc(list, posting.compare)
	w := &pairing{blocker: b, out: make([]pair, 0, pairBatch)}
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].hash == list[0].hash {
			n++
		}
		w.block(list[:n])
		list = list[n:]
	}
	w.flush()
	return w.err
}

// pairBatch is how many pairs are handed over together.
const pairBatch = 1 << 13

// pairing finds pairs for one goroutine.
type pairing struct {
	*blocker
	out    []pair
	err    error
	places []uint32 // of a block
}

// block takes all postings of one key.
func (w *pairing) block(list []posting) {
	if len(list) < 2 || w.all(nil, list) {
		return
	}
	slices.SortFunc(list, func(p, q posting) int {
		return cmp.Or(cmp.Compare(p.narrow, q.narrow), p.compare(q))
	})
	// Where the part is not known, a record belongs to every one.
	unknown := list[:starts(list, 1)]
	if list = list[len(unknown):]; len(list) == 0 {
		w.pass(unknown)
	}
	for len(list) > 0 {
		part := list[:starts(list, list[0].narrow+1)]
		if !w.all(unknown, part) && !w.all(nil, part) {
			w.pass(part)
		}
		list = list[len(part):]
	}
}

// starts gives the place of the first posting of a part, or the end.
func starts(list []posting, narrow uint32) int {
	n, _ := slices.BinarySearchFunc(list, narrow, func(p posting, narrow uint32) int { return cmp.Compare(p.narrow, narrow) })
	return n
}

// pass counts records that are too many to be compared.
func (w *pairing) pass(part []posting) {
	w.passed.Add(1)
	w.records.Add(int64(len(part)))
}

// all pairs everyone with everyone; false when they are too many. A record
// that has the key in two forms counts once.
func (w *pairing) all(unknown, part []posting) bool {
	w.places = w.places[:0]
	for _, list := range [2][]posting{unknown, part} {
		for _, p := range list {
			w.places = append(w.places, w.order.placeOf(p.record))
		}
	}
	slices.Sort(w.places)
	w.places = slices.Compact(w.places)
	if len(w.places) > matching.WidestOf(part[0].hash) {
		return false
	}
	for i, a := range w.places {
		for _, c := range w.places[i+1:] {
			if w.between == nil || w.between(w.order.recordAt(a)) != w.between(w.order.recordAt(c)) {
				w.emit(pairOf(a, c))
			}
		}
	}
	return true
}

func (w *pairing) emit(p pair) {
	if w.out = append(w.out, p); len(w.out) == cap(w.out) {
		w.flush()
	}
}

func (w *pairing) flush() {
	if w.err == nil {
		w.err = w.pairs.add(w.out, w.place)
	}
	w.found.Add(int64(len(w.out)))
	w.out = w.out[:0]
}

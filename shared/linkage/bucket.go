package linkage

import (
	"os"
	"sync"
	"sync/atomic"

	"github.com/carerecord/carerecord/shared/failure"
)

// item is what buckets hold: of fixed size, and in one order only, so that
// equal items are the same.
type item[T any] interface {
	comparable
	compare(T) int
	put(b []byte)
	get(b []byte) T
}

// buckets hold any number of items, each in the bucket that its adder names:
// in memory up to a limit, and in a temporary file from there on. Items are
// given back bucket by bucket, in no order, so what is made of them must not
// depend on one.
type buckets[T item[T]] struct {
	size   int // bytes of an item in the file
	limit  int64
	folder string

	mu      sync.Mutex
	list    []bucket[T]
	held    int64
	file    *os.File
	written int64
	spilled atomic.Int64 // items that went to the file
}

type bucket[T any] struct {
	chunks   [][]T
	segments []segment
	count    int
}

// segment is where in the file some of a bucket's items lie.
type segment struct {
	offset int64
	count  int
}

// chunkItems is how many items of a bucket are allocated together.
const chunkItems = 1 << 11

func newBuckets[T item[T]](n, size int, limit int64, folder string) *buckets[T] {
	return &buckets[T]{size: size, limit: limit, folder: folder, list: make([]bucket[T], n)}
}

// add puts items into their buckets. It may be called from several goroutines.
func (s *buckets[T]) add(items []T, of func(T) int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, v := range items {
		b := &s.list[of(v)]
		last := len(b.chunks) - 1
		if last < 0 || len(b.chunks[last]) == cap(b.chunks[last]) {
			b.chunks = append(b.chunks, make([]T, 0, chunkItems))
			last++
			s.held += int64(chunkItems * s.size)
		}
		b.chunks[last] = append(b.chunks[last], v)
		b.count++
	}
	if s.held > s.limit {
		return s.spill()
	}
	return nil
}

// spill writes everything in memory to the file.
func (s *buckets[T]) spill() (err error) {
	if s.file == nil {
		if s.file, err = temporary(s.folder); err != nil {
			return err
		}
	}
	s.held = 0
	for i := range s.list {
		b := &s.list[i]
		n := 0
		var out []byte
		for _, chunk := range b.chunks {
			n += len(chunk)
			for _, v := range chunk {
				out = append(out, make([]byte, s.size)...)
				v.put(out[len(out)-s.size:])
			}
		}
		if n == 0 {
			continue
		}
		if _, err := s.file.WriteAt(out, s.written); err != nil {
			return failure.Wrap(failure.Unavailable, "linkage.spill", err)
		}
		b.segments = append(b.segments, segment{s.written, n})
		b.chunks = nil
		s.written += int64(len(out))
		s.spilled.Add(int64(n))
	}
	return nil
}

// load gives the items of a bucket. Nothing may be added while it runs.
func (s *buckets[T]) load(i int) ([]T, error) {
	b := &s.list[i]
	items := make([]T, 0, b.count)
	var zero T
	for _, at := range b.segments {
		raw := make([]byte, at.count*s.size)
		if _, err := s.file.ReadAt(raw, at.offset); err != nil {
			return nil, failure.Wrap(failure.Unavailable, "linkage.load", err)
		}
		for ; len(raw) > 0; raw = raw[s.size:] {
			items = append(items, zero.get(raw))
		}
	}
	for _, chunk := range b.chunks {
		items = append(items, chunk...)
	}
	return items, nil
}

// free gives up the items of a bucket that are in memory.
func (s *buckets[T]) free(i int) { s.list[i] = bucket[T]{} }

// close may be called of buckets that were never made.
func (s *buckets[T]) close() {
	if s != nil && s.file != nil {
		s.file.Close()
	}
}

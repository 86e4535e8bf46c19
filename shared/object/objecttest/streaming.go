package objecttest

import (
	"errors"
	"io"
	"runtime"
	"testing"

	"github.com/carerecord/carerecord/shared/object"
)

const (
	// streamed is the size of the object that Streaming moves.
	streamed = 100 << 20
	// heapBound is how far the heap may grow meanwhile, client and server of
	// an in-process test together: a few buffers of 8 MiB and garbage.
	heapBound = 64 << 20
)

// Streaming checks that an object of 100 MB goes in and comes out whole while
// the heap stays bounded. The engine must keep bodies outside this process's
// heap. It does not run in parallel with other tests.
func Streaming(t *testing.T, open func(t *testing.T) object.Store) {
	s := open(t)
	peak := newPeak()
	source := &noise{left: streamed, each: peak.sample}
	info, err := s.Put(t.Context(), Bucket, "large.bin", "", source)
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	peak.check(t, "Put")
	if info.Size != streamed {
		t.Errorf("size %d, want %d", info.Size, streamed)
	}

	peak = newPeak()
	checkNoise(t, s, info.Ref, 0, peak)
	peak.check(t, "Open")
	checkNoise(t, s, info.Ref, streamed-3<<20-5, newPeak())
}

// checkNoise reads from an offset to the end.
func checkNoise(t *testing.T, s object.Store, ref object.Ref, offset int64, peak *heapPeak) {
	t.Helper()
	body, _, err := s.Open(t.Context(), ref, offset)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer body.Close()
	buf := make([]byte, 64<<10)
	for at := offset; ; {
		n, err := io.ReadFull(body, buf)
		if !noiseAt(buf[:n], at) {
			t.Fatalf("the bytes at %d are not those that were put", at)
		}
		at += int64(n)
		peak.sample(at)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			if at != streamed {
				t.Errorf("the stream ends at %d, want %d", at, streamed)
			}
			return
		}
		if err != nil {
			t.Fatalf("reading at %d: %v", at, err)
		}
	}
}

// heapPeak follows the growth of the heap.
type heapPeak struct {
	base, peak uint64
	sampled    int64
}

func newPeak() *heapPeak {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return &heapPeak{base: m.HeapInuse}
}

// sample looks at the heap about every 4 MiB of a stream.
func (h *heapPeak) sample(at int64) {
	if at < h.sampled {
		return
	}
	h.sampled = at + 4<<20
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	h.peak = max(h.peak, m.HeapInuse)
}

func (h *heapPeak) check(t *testing.T, call string) {
	t.Helper()
	growth := int64(h.peak) - int64(h.base)
	t.Logf("%s: the heap grew by %d MiB at most", call, growth>>20)
	if growth > heapBound {
		t.Errorf("%s: the heap grew by %d bytes, more than %d", call, growth, heapBound)
	}
}

package s3_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/objecttest"
	"github.com/carerecord/carerecord/shared/object/s3"
)

// wire counts requests by method and sub-resource, and can break the body of
// a GET after a number of bytes.
type wire struct {
	next http.Handler

	mu       sync.Mutex
	requests map[string]int
	breaks   []int // bytes to let through, one for each GET
}

func (w *wire) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	name := r.Method
	for _, q := range []string{"uploads", "uploadId", "list-type"} {
		if r.URL.Query().Has(q) {
			name += " " + q
		}
	}
	w.mu.Lock()
	if w.requests == nil {
		w.requests = map[string]int{}
	}
	w.requests[name]++
	if r.Method == http.MethodGet && len(w.breaks) > 0 {
		rw = &breaking{ResponseWriter: rw, left: w.breaks[0]}
		w.breaks = w.breaks[1:]
	}
	w.mu.Unlock()
	w.next.ServeHTTP(rw, r)
}

// breaking cuts the connection after some bytes.
type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	n, _ := b.ResponseWriter.Write(p[:min(len(p), b.left)])
	if b.left -= n; b.left == 0 {
		_ = http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return n, nil
}

func TestRequests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		size int
		want map[string]int
	}{
		{"empty", 0, map[string]int{"PUT": 1, "HEAD": 1}},
		{"small", 1000, map[string]int{"PUT": 1, "HEAD": 1}},
		{"just below a part", s3.PartSize - 1, map[string]int{"PUT": 1, "HEAD": 1}},
		{"two parts", s3.PartSize + 1, map[string]int{"POST uploads": 1, "PUT uploadId": 2, "POST uploadId": 1, "HEAD": 1}},
		{"exactly two parts", 2 * s3.PartSize, map[string]int{"POST uploads": 1, "PUT uploadId": 2, "POST uploadId": 1, "HEAD": 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := &wire{next: local(t)}
			if _, err := s3.New(client(serve(t, w))).Put(t.Context(), objecttest.Bucket, "k", "", strings.NewReader(strings.Repeat("x", c.size))); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, w.requests); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

var errSource = errors.New("the source broke off")

type brokenReader struct{ cancel func() }

func (b brokenReader) Read([]byte) (int, error) {
	if b.cancel != nil {
		b.cancel()
		return 1, nil
	}
	return 0, errSource
}

// A failed upload is aborted, so that no parts lie about and cost.
func TestFailedUploadIsAborted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		cancel bool
	}{{"the body fails", false}, {"the context ends", true}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			broken := brokenReader{}
			if c.cancel {
				broken.cancel = cancel
			}
			w := &wire{next: local(t)}
			_, err := s3.New(client(serve(t, w))).Put(ctx, objecttest.Bucket, "k", "", io.MultiReader(strings.NewReader(strings.Repeat("x", s3.PartSize+5)), broken))
			if err == nil || !c.cancel && !errors.Is(err, errSource) {
				t.Errorf("Put = %v", err)
			}
			want := map[string]int{"POST uploads": 1, "PUT uploadId": 1, "DELETE uploadId": 1}
			if diff := cmp.Diff(want, w.requests); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
		})
	}
}

// A connection that breaks is taken up again at the byte it broke at, of the
// version that was opened, though a newer one has come.
func TestStreamResumes(t *testing.T) {
	t.Parallel()
	w := &wire{next: local(t)}
	s := s3.New(client(serve(t, w)))
	text := strings.Repeat("0123456789", 30_000)
	if _, err := s.Put(t.Context(), objecttest.Bucket, "k", "", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	w.breaks = []int{100_001, 5, 150_000}
	body, _, err := s.Open(t.Context(), object.Ref{Bucket: objecttest.Bucket, Key: "k"}, 7)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if _, err := s.Put(t.Context(), objecttest.Bucket, "k", "", strings.NewReader("newer")); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(body)
	if err != nil || string(got) != text[7:] {
		t.Errorf("%d bytes of %d, %v", len(got), len(text)-7, err)
	}
	if w.requests["GET"] != 4 {
		t.Errorf("%d GETs, want 4", w.requests["GET"])
	}
}

func TestStreamGivesUp(t *testing.T) {
	t.Parallel()
	w := &wire{next: local(t)}
	s := s3.New(once(serve(t, w)))
	if _, err := s.Put(t.Context(), objecttest.Bucket, "k", "", strings.NewReader(strings.Repeat("x", 10_000))); err != nil {
		t.Fatal(err)
	}
	w.breaks = []int{10, 0, 0, 0, 0, 0}
	body, _, err := s.Open(t.Context(), object.Ref{Bucket: objecttest.Bucket, Key: "k"}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if got, err := io.ReadAll(body); !failure.Is(err, failure.Unavailable) {
		t.Errorf("%d bytes, %v; want unavailable", len(got), err)
	}
}

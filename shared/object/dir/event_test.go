package dir_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/objecttest"
)

// recorder is a hook that counts and can be told to fail.
type recorder struct {
	mu    sync.Mutex
	store *dir.Store
	told  map[object.Ref]int
	order []string
	fail  error
}

func (r *recorder) hook(ctx context.Context, info object.Info) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	if _, err := r.store.Head(ctx, info.Ref); err != nil {
		return fmt.Errorf("the version is not visible: %w", err)
	}
	if r.told == nil {
		r.told = map[object.Ref]int{}
	}
	r.told[info.Ref]++
	r.order = append(r.order, info.Key)
	return nil
}

func TestOnPutOnceForEachVersion(t *testing.T) {
	t.Parallel()
	s := open(t)
	r := &recorder{store: s}
	if err := s.OnPut(t.Context(), objecttest.Bucket, r.hook); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for w := range 8 {
		wg.Go(func() {
			for range 5 {
				_, err := s.Put(t.Context(), objecttest.Bucket, fmt.Sprint("k", w%3), "", strings.NewReader("x"))
				if err = errors.Join(err, s.Redeliver(t.Context())); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if len(r.told) != 40 {
		t.Errorf("%d versions were told, want 40", len(r.told))
	}
	for ref, n := range r.told {
		if n != 1 {
			t.Errorf("version %s was told %d times", ref.Version, n)
		}
	}
}

func TestOnPutOfAnotherBucketAndOfDeletes(t *testing.T) {
	t.Parallel()
	s, err := dir.Open(t.TempDir(), objecttest.Bucket, "work")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := &recorder{store: s}
	if err := s.OnPut(t.Context(), objecttest.Bucket, r.hook); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), "work", "k", "", strings.NewReader("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Delete(t.Context(), objecttest.Bucket, "k"); err != nil {
		t.Fatal(err)
	}
	if len(r.told) != 0 {
		t.Errorf("%d versions were told, want none", len(r.told))
	}
	if err := s.OnPut(t.Context(), "missing", r.hook); !failure.Is(err, failure.NotFound) {
		t.Errorf("OnPut of no bucket = %v, want not-found", err)
	}
}

// What a hook did not take is told again: at Redeliver, and after a restart
// also when there was no hook at the time of the put.
func TestEventsSurvive(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s, err := dir.Open(root, objecttest.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	r := &recorder{store: s, fail: errors.New("the queue is full")}
	if err := s.OnPut(t.Context(), objecttest.Bucket, r.hook); err != nil {
		t.Fatal(err)
	}
	put(t, s, "first", "x") // accepted although the hook fails
	if err := s.Redeliver(t.Context()); !errors.Is(err, r.fail) {
		t.Errorf("Redeliver = %v, want the hook's error", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s, err = dir.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	put(t, s, "second", "x") // by a process that sets no hook
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = reopen(t, root)
	r = &recorder{store: s}
	for range 2 {
		if err := s.OnPut(t.Context(), objecttest.Bucket, r.hook); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"first", "second"}, r.order); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestPutIf(t *testing.T) {
	t.Parallel()
	s := open(t)
	errNo := failure.New(failure.Conflict, "test", "no")
	absent := func(newest *object.Info) error {
		if newest != nil {
			return errNo
		}
		return nil
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted := 0
	for range 8 {
		wg.Go(func() {
			_, err := s.PutIf(t.Context(), objecttest.Bucket, "once", "", strings.NewReader("x"), absent)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				accepted++
			case !failure.Is(err, failure.Conflict):
				t.Errorf("PutIf = %v, want conflict", err)
			}
		})
	}
	wg.Wait()
	if accepted != 1 {
		t.Errorf("%d puts were accepted, want 1", accepted)
	}
	if _, err := s.Delete(t.Context(), objecttest.Bucket, "once"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutIf(t.Context(), objecttest.Bucket, "once", "", strings.NewReader("x"), absent); err != nil {
		t.Errorf("PutIf after a delete = %v", err)
	}
}

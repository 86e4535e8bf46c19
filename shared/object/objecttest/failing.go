package objecttest

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

var errBody = errors.New("the source broke off")

// failingBody breaks a body at several points; the last lies beyond any buffer
// of an engine, so bytes have already been stored.
func failingBody(t *testing.T, s object.Store) {
	for _, c := range []struct {
		name string
		size int64
	}{{"at once", 0}, {"after a byte", 1}, {"after 1 MiB", 1 << 20}, {"after 20 MiB", 20 << 20}} {
		t.Run(c.name, func(t *testing.T) {
			key := "broken/" + c.name
			body := io.MultiReader(&noise{left: c.size}, brokenReader{errBody})
			_, err := s.Put(t.Context(), Bucket, key, "", body)
			if !errors.Is(err, errBody) {
				t.Errorf("Put = %v, want the body's error in its chain", err)
			}
			absent(t, s, key)
		})
	}
	t.Run("the body's kind is kept", func(t *testing.T) {
		_, err := s.Put(t.Context(), Bucket, "broken/kind", "", brokenReader{failure.New(failure.TooLarge, "test.Read", "too large")})
		wantKind(t, "Put", err, failure.TooLarge, "")
	})
	t.Run("an earlier version stays", func(t *testing.T) {
		info := put(t, s, "broken/again", "good")
		_, err := s.Put(t.Context(), Bucket, info.Key, "", io.MultiReader(strings.NewReader("bad"), brokenReader{errBody}))
		if !errors.Is(err, errBody) {
			t.Errorf("Put = %v", err)
		}
		if got := read(t, s, object.Ref{Bucket: Bucket, Key: info.Key}, info); got != "good" {
			t.Errorf("newest reads %q", got)
		}
	})
}

type brokenReader struct{ err error }

func (b brokenReader) Read([]byte) (int, error) { return 0, b.err }

func cancelled(t *testing.T, s object.Store) {
	info := put(t, s, "here", "x")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	check := func(call string, err error) {
		t.Helper()
		wantKind(t, call, err, failure.Unavailable, "here")
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s = %v, want context.Canceled in its chain", call, err)
		}
	}
	_, err := s.Head(ctx, info.Ref)
	check("Head", err)
	_, _, err = s.Open(ctx, info.Ref, 0)
	check("Open", err)
	_, err = s.Put(ctx, Bucket, "not-here", "", strings.NewReader("x"))
	check("Put", err)
	for _, err := range s.List(ctx, Bucket, "") {
		check("List", err)
	}
	absent(t, s, "not-here")
}

func cancelledMidway(t *testing.T, s object.Store) {
	t.Run("put", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		body := io.MultiReader(&noise{left: 10 << 20}, callReader(cancel), &noise{left: 10 << 20})
		_, err := s.Put(ctx, Bucket, "midway", "", body)
		wantKind(t, "Put", err, failure.Unavailable, "midway")
		absent(t, s, "midway")
	})
	t.Run("open", func(t *testing.T) {
		info, err := s.Put(t.Context(), Bucket, "large", "", &noise{left: 20 << 20})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		body, _, err := s.Open(ctx, info.Ref, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		if _, err := io.ReadFull(body, make([]byte, 1<<10)); err != nil {
			t.Fatal(err)
		}
		cancel()
		_, err = io.Copy(io.Discard, body)
		wantKind(t, "Read", err, failure.Unavailable, "large")
	})
}

// callReader makes a call and is at its end.
type callReader func()

func (c callReader) Read([]byte) (int, error) {
	c()
	return 0, io.EOF
}

package dir_test

import (
	"crypto/md5"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/objecttest"
)

var large = object.Ref{Bucket: objecttest.Bucket, Key: "large"}

func begin(t *testing.T, s *dir.Store) string {
	t.Helper()
	id, err := s.CreateUpload(t.Context(), large.Bucket, large.Key, "text/csv")
	if err != nil {
		t.Fatalf("CreateUpload: %v", err)
	}
	return id
}

func part(t *testing.T, s *dir.Store, id string, n int, text string) dir.Part {
	t.Helper()
	p, err := s.PutPart(t.Context(), large, id, n, strings.NewReader(text))
	if err != nil {
		t.Fatalf("PutPart: %v", err)
	}
	return p
}

// checkOffsets reads a version from every offset and beyond its end.
func checkOffsets(t *testing.T, s *dir.Store, ref object.Ref, want string) {
	t.Helper()
	for offset := range len(want) + 2 {
		r, _, err := s.Open(t.Context(), ref, int64(offset))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || string(text) != want[min(offset, len(want)):] {
			t.Errorf("at %d reads %q, %v", offset, text, err)
		}
		_ = r.Close()
	}
}

func TestUploadInParts(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := begin(t, s)
	third := part(t, s, id, 30, "ghi!")
	part(t, s, id, 1, "old")
	part(t, s, id, 7, "dropped")
	first := part(t, s, id, 1, "abc")
	second := part(t, s, id, 2, "def")
	if _, err := s.Head(t.Context(), large); !failure.Is(err, failure.NotFound) {
		t.Errorf("Head before completion = %v, want not-found", err)
	}
	chosen := []dir.Part{first, second, third}
	info, err := s.Complete(t.Context(), large, id, chosen, nil)
	if err != nil {
		t.Fatalf("Complete: %v", err)
	}
	// S3's rule for the ETag of a multipart object, worked out from the texts.
	var sums []byte
	for _, text := range []string{"abc", "def", "ghi!"} {
		sum := md5.Sum([]byte(text))
		sums = append(sums, sum[:]...)
	}
	want := object.Info{
		Ref: object.Ref{Bucket: large.Bucket, Key: large.Key, Version: info.Version}, Size: 10,
		ETag: fmt.Sprintf(`"%x-3"`, md5.Sum(sums)), ContentType: "text/csv", Modified: info.Modified,
	}
	if info != want {
		t.Errorf("Complete = %+v, want %+v", info, want)
	}
	checkOffsets(t, s, info.Ref, "abcdefghi!")
	again, err := s.Complete(t.Context(), large, id, chosen, nil)
	if err != nil || again != info {
		t.Errorf("Complete again = %+v, %v", again, err)
	}
	if n := len(history(t, s, "", dir.After{})); n != 1 {
		t.Errorf("%d versions, want 1", n)
	}
}

func TestUploadSurvivesRestartOnceComplete(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s, err := dir.Open(root, objecttest.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	id := begin(t, s)
	parts := []dir.Part{part(t, s, id, 1, "abc"), part(t, s, id, 2, "def")}
	info, err := s.Complete(t.Context(), large, id, parts, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, root)
	r, got, err := s.Open(t.Context(), large, 0)
	if err != nil || got != info {
		t.Fatalf("Open = %+v, %v", got, err)
	}
	defer r.Close()
	if text, err := io.ReadAll(r); err != nil || string(text) != "abcdef" {
		t.Errorf("reads %q, %v", text, err)
	}
}

func TestUploadRefusals(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := begin(t, s)
	p := part(t, s, id, 1, "abc")
	other := object.Ref{Bucket: large.Bucket, Key: "other"}
	errOf := func(_ object.Info, err error) error { return err }
	put := func(ref object.Ref, id string, n int) error {
		_, err := s.PutPart(t.Context(), ref, id, n, strings.NewReader("x"))
		return err
	}
	for _, c := range []struct {
		name string
		err  error
		kind failure.Kind
	}{
		{"part 0", put(large, id, 0), failure.Invalid},
		{"part 10001", put(large, id, 10001), failure.Invalid},
		{"part of no upload", put(large, "01AAAAAAAAAAAAAAAAAAAAAAAA", 1), failure.NotFound},
		{"part of another key's upload", put(other, id, 1), failure.NotFound},
		{"no parts", errOf(s.Complete(t.Context(), large, id, nil, nil)), failure.Invalid},
		{"part that is not there", errOf(s.Complete(t.Context(), large, id, []dir.Part{{Number: 2, ETag: p.ETag}}, nil)), failure.Invalid},
		{"wrong ETag", errOf(s.Complete(t.Context(), large, id, []dir.Part{{Number: 1, ETag: `"00"`}}, nil)), failure.Invalid},
		{"condition", errOf(s.Complete(t.Context(), large, id, []dir.Part{p}, func(*object.Info) error { return failure.New(failure.Conflict, "test", "no") })), failure.Conflict},
		{"abort of another key's upload", s.Abort(t.Context(), other, id), failure.NotFound},
		{"no bucket", func() error { _, err := s.CreateUpload(t.Context(), objecttest.Missing, "k", ""); return err }(), failure.NotFound},
	} {
		if !failure.Is(c.err, c.kind) {
			t.Errorf("%s: %v, want the kind %v", c.name, c.err, c.kind)
		}
	}
	if info, err := s.Complete(t.Context(), large, id, []dir.Part{p}, nil); err != nil || info.Size != 3 {
		t.Errorf("Complete after the refusals = %+v, %v", info, err)
	}
}

func TestAbort(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s := reopen(t, root)
	id := begin(t, s)
	p := part(t, s, id, 1, "abc")
	if open, err := s.Uploads(t.Context(), large.Bucket, "la"); err != nil || len(open) != 1 || open[0].ID != id {
		t.Errorf("Uploads = %+v, %v", open, err)
	}
	if parts, err := s.Parts(t.Context(), large, id); err != nil || len(parts) != 1 || parts[0] != p {
		t.Errorf("Parts = %+v, %v", parts, err)
	}
	if err := s.Abort(t.Context(), large, id); err != nil {
		t.Fatalf("Abort: %v", err)
	}
	if _, err := s.Complete(t.Context(), large, id, []dir.Part{p}, nil); !failure.Is(err, failure.NotFound) {
		t.Errorf("Complete = %v, want not-found", err)
	}
	if n := files(t, root, "staging"); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

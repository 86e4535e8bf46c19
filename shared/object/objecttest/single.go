package objecttest

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

func roundTrip(t *testing.T, s object.Store) {
	for _, c := range []struct {
		name string
		size int
	}{{"empty", 0}, {"a byte", 1}, {"64 KiB", 64 << 10}, {"8 MiB less one", 8<<20 - 1}, {"8 MiB", 8 << 20}, {"16 MiB and one", 16<<20 + 1}} {
		t.Run(c.name, func(t *testing.T) {
			text := pattern(c.size)
			info := put(t, s, "size/"+c.name, text)
			if got := read(t, s, object.Ref{Bucket: Bucket, Key: info.Key}, info); got != text {
				t.Errorf("read %d bytes that differ from the %d put", len(got), len(text))
			}
		})
	}
	t.Run("default content type", func(t *testing.T) {
		info, err := s.Put(t.Context(), Bucket, "plain", "", onlyReader{strings.NewReader("x")})
		if err != nil {
			t.Fatal(err)
		}
		if info.ContentType != object.DefaultContentType {
			t.Errorf("content type %q, want %q", info.ContentType, object.DefaultContentType)
		}
	})
}

// onlyReader hides what else a reader can do, so its length is unknown.
type onlyReader struct{ io.Reader }

// pattern gives n bytes in which no two blocks are alike.
func pattern(n int) string {
	b := make([]byte, n)
	_, _ = io.ReadFull(&noise{left: int64(n)}, b) // noise has n bytes
	return string(b)
}

func awkwardKeys(t *testing.T, s object.Store) {
	all := []string{
		"a", "a/b", "a/b/c", "a//b", "/a", "a/", "//", "..", "../..", "../../etc/passwd", ".", "./a", "a/./b", "a/../b", "~",
		"with space", "a+b", "a%2Bb", "a%20b", "100%", "q?x=1&y=2", "hash#mark", "semi;colon", "com,ma", "quo\"te", "apo's", "<tag>&amp;",
		"back\\slash", "C:\\x", "con", "NUL.txt", "trailing.", "trailing ", " leading", "Zoë", "Zoe\u0308", "東京/カルテ", "emoji-🩺", "*", "a:b|c",
		strings.Repeat("k", object.MaxKey), strings.Repeat("é", object.MaxKey/2), strings.Repeat("x/", object.MaxKey/2), strings.Repeat("~", 300), "case", "CASE",
	}
	infos := map[string]object.Info{}
	for i, k := range all {
		infos[k] = put(t, s, k, strings.Repeat("v", i+1))
	}
	for i, k := range all {
		if got := read(t, s, object.Ref{Bucket: Bucket, Key: k}, infos[k]); len(got) != i+1 {
			t.Errorf("key %q reads %d bytes, want %d", k, len(got), i+1)
		}
	}
	if diff := cmp.Diff(sorted(all), keys(t, s, "")); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

func versionsStay(t *testing.T, s object.Store) {
	const key = "RR8/adt/monday.hl7"
	texts := []string{"first", "second, longer", "", "first"}
	var infos []object.Info
	for _, text := range texts {
		infos = append(infos, put(t, s, key, text))
	}
	for i, info := range infos {
		if got := read(t, s, info.Ref, info); got != texts[i] {
			t.Errorf("version %d reads %q, want %q", i, got, texts[i])
		}
		for _, other := range infos[:i] {
			if other.Version == info.Version {
				t.Errorf("version %d has the id of an earlier one", i)
			}
			if other.Modified.After(info.Modified) {
				t.Errorf("version %d is modified before an earlier one", i)
			}
		}
	}
	last := infos[len(infos)-1]
	if got := read(t, s, object.Ref{Bucket: Bucket, Key: key}, last); got != "first" {
		t.Errorf("newest reads %q", got)
	}
}

func offsets(t *testing.T, s object.Store) {
	const text = "0123456789"
	info := put(t, s, "ranged", text)
	put(t, s, "ranged", "a newer version")
	empty := put(t, s, "empty", "")
	for _, c := range []struct {
		name   string
		info   object.Info
		offset int64
		want   string
	}{
		{"beginning", info, 0, text},
		{"middle", info, 4, "456789"},
		{"last byte", info, 9, "9"},
		{"end", info, 10, ""},
		{"past the end", info, 1 << 40, ""},
		{"empty object", empty, 0, ""},
		{"past an empty object", empty, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			body, got, err := s.Open(t.Context(), c.info.Ref, c.offset)
			if err != nil {
				t.Fatalf("Open: %v", err)
			}
			if diff := cmp.Diff(c.info, got); diff != "" {
				t.Errorf("Open's info (-want +got):\n%s", diff)
			}
			if text := drain(t, body); text != c.want {
				t.Errorf("reads %q, want %q", text, c.want)
			}
		})
	}
}

func notFound(t *testing.T, s object.Store) {
	const key = "Surname-Forename.csv"
	here, other := put(t, s, "here", "x"), put(t, s, "other", "y")
	for _, c := range []struct {
		name string
		ref  object.Ref
	}{
		{"bucket", object.Ref{Bucket: Missing, Key: key}},
		{"key", object.Ref{Bucket: Bucket, Key: key}},
		{"part of a key", object.Ref{Bucket: Bucket, Key: "her"}},
		{"key below a key", object.Ref{Bucket: Bucket, Key: "here/below"}},
		{"version of another key", object.Ref{Bucket: Bucket, Key: here.Key, Version: other.Version}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := s.Head(t.Context(), c.ref)
			wantKind(t, "Head", err, failure.NotFound, key)
			_, _, err = s.Open(t.Context(), c.ref, 0)
			wantKind(t, "Open", err, failure.NotFound, key)
			_, _, err = s.Open(t.Context(), c.ref, 5)
			wantKind(t, "Open at 5", err, failure.NotFound, key)
		})
	}
	_, err := s.Put(t.Context(), Missing, key, "", strings.NewReader("x"))
	wantKind(t, "Put", err, failure.NotFound, key)
	calls := 0
	for _, err := range s.List(t.Context(), Missing, "") {
		wantKind(t, "List", err, failure.NotFound, "")
		calls++
	}
	if calls != 1 {
		t.Errorf("List of a missing bucket yields %d times, want one error", calls)
	}
}

func refused(t *testing.T, s object.Store) {
	info := put(t, s, "here", "x")
	for _, key := range []string{"", strings.Repeat("k", object.MaxKey+1), "not UTF-8 \xff"} {
		ref := object.Ref{Bucket: Bucket, Key: key}
		_, err := s.Put(t.Context(), Bucket, key, "", strings.NewReader("x"))
		wantKind(t, "Put", err, failure.Invalid, key)
		_, err = s.Head(t.Context(), ref)
		wantKind(t, "Head", err, failure.Invalid, key)
		_, _, err = s.Open(t.Context(), ref, 0)
		wantKind(t, "Open", err, failure.Invalid, key)
	}
	_, _, err := s.Open(t.Context(), info.Ref, -1)
	wantKind(t, "Open at -1", err, failure.Invalid, "")
}

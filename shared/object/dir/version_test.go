package dir_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/objecttest"
)

func put(t *testing.T, s *dir.Store, key, text string) object.Info {
	t.Helper()
	info, err := s.Put(t.Context(), objecttest.Bucket, key, "", strings.NewReader(text))
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	return info
}

// history gives key, version, latest and deleted of a bucket's versions.
func history(t *testing.T, s *dir.Store, prefix string, after dir.After) []dir.Version {
	t.Helper()
	var out []dir.Version
	for v, err := range s.Versions(t.Context(), objecttest.Bucket, prefix, after) {
		if err != nil {
			t.Fatalf("Versions: %v", err)
		}
		out = append(out, dir.Version{Info: object.Info{Ref: v.Ref, Size: v.Size}, Latest: v.Latest, Deleted: v.Deleted})
	}
	return out
}

var ignoreBody = cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".body" }, cmp.Ignore())

func TestVersionIDsSortByOrderOfPut(t *testing.T) {
	t.Parallel()
	s := open(t)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		at   time.Time
	}{
		{"first", start},
		{"same millisecond", start},
		{"and again", start},
		{"clock put back", start.Add(-time.Hour)},
		{"later", start.Add(time.Millisecond)},
	} {
		s.SetNow(func() time.Time { return c.at })
		put(t, s, "k", c.name)
	}
	var ids []string
	for _, v := range history(t, s, "", dir.After{}) {
		ids = append(ids, v.Version)
	}
	slices.Reverse(ids)
	if len(ids) != 5 || !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != 5 {
		t.Errorf("ids in order of put are %v", ids)
	}
	head, err := s.Head(t.Context(), object.Ref{Bucket: objecttest.Bucket, Key: "k"})
	if err != nil || head.Version != ids[4] {
		t.Errorf("newest is %q, %v; want %q", head.Version, err, ids[4])
	}
}

func TestOrderSurvivesAClockPutBackOverARestart(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	s, err := dir.Open(root, objecttest.Bucket)
	if err != nil {
		t.Fatal(err)
	}
	first := put(t, s, "k", "first")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, root)
	s.SetNow(func() time.Time { return first.Modified.Add(-24 * time.Hour) })
	if second := put(t, s, "k", "second"); second.Version <= first.Version {
		t.Errorf("version %s is not after %s", second.Version, first.Version)
	}
}

func TestVersionsAndDeleteMarkers(t *testing.T) {
	t.Parallel()
	s := open(t)
	a1, b1, a2 := put(t, s, "a", "1"), put(t, s, "a/b", "22"), put(t, s, "a", "333")
	marker, err := s.Delete(t.Context(), objecttest.Bucket, "a")
	if err != nil {
		t.Fatalf("Delete: %v", err)
	}
	version := func(i object.Info, latest, deleted bool) dir.Version {
		return dir.Version{Info: object.Info{Ref: i.Ref, Size: i.Size}, Latest: latest, Deleted: deleted}
	}
	all := []dir.Version{version(marker, true, true), version(a2, false, false), version(a1, false, false), version(b1, true, false)}
	for _, c := range []struct {
		name, prefix string
		after        dir.After
		want         []dir.Version
	}{
		{"all", "", dir.After{}, all},
		{"prefix", "a/", dir.After{}, all[3:]},
		{"behind a version", "", dir.After{Key: "a", Version: marker.Version}, all[1:]},
		{"behind a key", "", dir.After{Key: "a"}, all[3:]},
		{"behind all", "", dir.After{Key: "b"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, history(t, s, c.prefix, c.after), ignoreBody); diff != "" {
				t.Errorf("Versions (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeleteHidesAndKeeps(t *testing.T) {
	t.Parallel()
	s := open(t)
	stored := put(t, s, "a", "333")
	marker, err := s.Delete(t.Context(), objecttest.Bucket, "a")
	if err != nil {
		t.Fatalf("Delete: %v", err)
	}
	t.Run("the object is hidden", func(t *testing.T) {
		for _, ref := range []object.Ref{{Bucket: objecttest.Bucket, Key: "a"}, marker.Ref} {
			if _, err := s.Head(t.Context(), ref); !failure.Is(err, failure.NotFound) {
				t.Errorf("Head = %v, want not-found", err)
			}
		}
	})
	t.Run("its versions stay", func(t *testing.T) {
		body, info, err := s.Open(t.Context(), stored.Ref, 1)
		if err != nil || info.Size != 3 {
			t.Fatalf("Open = %+v, %v", info, err)
		}
		_ = body.Close()
	})
	t.Run("a put brings it back", func(t *testing.T) {
		put(t, s, "a", "4")
		if _, err := s.Head(t.Context(), object.Ref{Bucket: objecttest.Bucket, Key: "a"}); err != nil {
			t.Errorf("Head = %v", err)
		}
	})
}

// Keys that end or hold NUL would meet the index's own separators.
func TestKeysWithNUL(t *testing.T) {
	t.Parallel()
	s := open(t)
	keys := []string{"a", "a\x00", "a\x00\x00", "a\x00\x01", "a\x00\x02", "a\x00b", "a\x01", "b\x00\u00ff"}
	for i, k := range slices.Backward(keys) {
		put(t, s, k, strings.Repeat("x", i))
		put(t, s, k, strings.Repeat("x", i))
	}
	var got []string
	for info, err := range s.List(t.Context(), objecttest.Bucket, "") {
		if err != nil {
			t.Fatal(err)
		}
		if info.Key != keys[info.Size] {
			t.Errorf("key %q has the size of key %q", info.Key, keys[info.Size])
		}
		got = append(got, info.Key)
	}
	if diff := cmp.Diff(keys, got); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

func TestExpire(t *testing.T) {
	t.Parallel()
	s := open(t)
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const old = 300 // more than one batch
	s.SetNow(func() time.Time { return start })
	for range old {
		put(t, s, "chunk", "x")
	}
	s.SetNow(func() time.Time { return start.Add(time.Hour) })
	kept := put(t, s, "chunk", "new")
	n, err := s.Expire(t.Context(), objecttest.Bucket, start.Add(time.Minute))
	if err != nil || n != old {
		t.Errorf("Expire = %d, %v; want %d", n, err, old)
	}
	if got := history(t, s, "", dir.After{}); len(got) != 1 || got[0].Version != kept.Version {
		t.Errorf("%d versions are left, want the new one", len(got))
	}
}

package objecttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/object"
)

func sorted(keys []string) []string { return slices.Sorted(slices.Values(keys)) }

func listOrder(t *testing.T, s object.Store) {
	// '.' and '+' sort before '/', '0' after it: a walk of folders gets this wrong.
	all := []string{"a", "a.b", "a+b", "a/b", "a/b/c", "a/bc", "a0", "b", "b/", "é", "z"}
	for _, k := range slices.Backward(all) {
		put(t, s, k, "old")
		put(t, s, k, "newer text")
	}
	for _, prefix := range []string{"", "a", "a/", "a/b", "a/b/", "b", "é", "zz", "a."} {
		var want []string
		for _, k := range sorted(all) {
			if strings.HasPrefix(k, prefix) {
				want = append(want, k)
			}
		}
		if diff := cmp.Diff(want, keys(t, s, prefix)); diff != "" {
			t.Errorf("prefix %q (-want +got):\n%s", prefix, diff)
		}
	}
}

// listManyPages has more objects than one answer of S3 (1,000) or one batch
// of any engine holds.
func listManyPages(t *testing.T, s object.Store) {
	const n = 1100
	var group errgroup.Group
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error {
			_, err := s.Put(t.Context(), Bucket, fmt.Sprintf("page/%05d", i), "", strings.NewReader("x"))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatalf("Put: %v", err)
	}
	at := 0
	for info, err := range s.List(t.Context(), Bucket, "page/") {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		if want := fmt.Sprintf("page/%05d", at); info.Key != want {
			t.Fatalf("object %d has the key %q, want %q", at, info.Key, want)
		}
		at++
	}
	if at != n {
		t.Errorf("List gives %d objects, want %d", at, n)
	}
}

func listWhilePutting(t *testing.T, s object.Store) {
	put(t, s, "in/1", "x")
	put(t, s, "in/2", "x")
	for info, err := range s.List(t.Context(), Bucket, "in/") {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		put(t, s, "out/"+info.Key, "y")
	}
	if diff := cmp.Diff([]string{"out/in/1", "out/in/2"}, keys(t, s, "out/")); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
}

func listStopsEarly(t *testing.T, s object.Store) {
	put(t, s, "1", "x")
	put(t, s, "2", "x")
	for info, err := range s.List(t.Context(), Bucket, "") {
		if err != nil || info.Key != "1" {
			t.Fatalf("List begins with %q, %v", info.Key, err)
		}
		break
	}
	if diff := cmp.Diff([]string{"1", "2"}, keys(t, s, "")); diff != "" {
		t.Errorf("List afterwards (-want +got):\n%s", diff)
	}
}

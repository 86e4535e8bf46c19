// Package objecttest is the contract of object.Store: what every engine must
// do, told as tests. Each engine runs Run, and Streaming when it keeps bodies
// outside the memory of the test. It must not know any engine, and asks for
// nothing that the port does not promise.
package objecttest

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// Bucket must exist, empty and versioned, in the store that Run is given;
// Missing must not exist.
const (
	Bucket  = "carerecord-drop"
	Missing = "carerecord-missing"
)

// Run holds a store to the contract. Open gives a store of its own to each
// part of the contract and cleans up through the test.
func Run(t *testing.T, open func(t *testing.T) object.Store) {
	for _, part := range []struct {
		name string
		test func(*testing.T, object.Store)
	}{
		{"RoundTrip", roundTrip},
		{"AwkwardKeys", awkwardKeys},
		{"VersionsStay", versionsStay},
		{"Offsets", offsets},
		{"NotFound", notFound},
		{"Refused", refused},
		{"ListOrderAndPrefix", listOrder},
		{"ListManyPages", listManyPages},
		{"ListWhilePutting", listWhilePutting},
		{"ListStopsEarly", listStopsEarly},
		{"FailingBodyLeavesNothing", failingBody},
		{"Cancelled", cancelled},
		{"CancelledMidway", cancelledMidway},
		{"ConcurrentPuts", concurrentPuts},
		{"Model", model},
	} {
		t.Run(part.name, func(t *testing.T) {
			t.Parallel()
			part.test(t, open(t))
		})
	}
}

// put stores text and checks what Put tells of it.
func put(t *testing.T, s object.Store, key, text string) object.Info {
	t.Helper()
	info, err := s.Put(t.Context(), Bucket, key, "text/plain", strings.NewReader(text))
	if err != nil {
		t.Fatalf("Put: %v", err)
	}
	want := object.Info{Ref: object.Ref{Bucket: Bucket, Key: key, Version: info.Version}, Size: int64(len(text)), ETag: info.ETag, ContentType: "text/plain", Modified: info.Modified}
	if diff := cmp.Diff(want, info); diff != "" {
		t.Errorf("Put's info (-want +got):\n%s", diff)
	}
	if info.Version == "" || info.ETag == "" || info.Modified.IsZero() {
		t.Errorf("Put's info is not complete: %+v", info)
	}
	return info
}

// read opens an object, reads all of it and checks that Head, Open and want
// tell the same.
func read(t *testing.T, s object.Store, ref object.Ref, want object.Info) string {
	t.Helper()
	head, err := s.Head(t.Context(), ref)
	if err != nil {
		t.Fatalf("Head: %v", err)
	}
	body, opened, err := s.Open(t.Context(), ref, 0)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if diff := cmp.Diff(want, head); diff != "" {
		t.Errorf("Head (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, opened); diff != "" {
		t.Errorf("Open (-want +got):\n%s", diff)
	}
	return drain(t, body)
}

func drain(t *testing.T, body io.ReadCloser) string {
	t.Helper()
	b, err := io.ReadAll(body)
	if err != nil {
		t.Fatalf("reading: %v", err)
	}
	if err := body.Close(); err != nil {
		t.Fatalf("closing: %v", err)
	}
	return string(b)
}

// keys lists a prefix and checks that a listing tells what Head tells, less
// the version and content type.
func keys(t *testing.T, s object.Store, prefix string) []string {
	t.Helper()
	var out []string
	for info, err := range s.List(t.Context(), Bucket, prefix) {
		if err != nil {
			t.Fatalf("List: %v", err)
		}
		head, err := s.Head(t.Context(), info.Ref)
		if err != nil {
			t.Fatalf("Head of a listed object: %v", err)
		}
		head.Version, head.ContentType = "", ""
		if diff := cmp.Diff(head, info); diff != "" {
			t.Errorf("List (-want +got):\n%s", diff)
		}
		out = append(out, info.Key)
	}
	return out
}

// wantKind checks an error's kind, and that it does not name the key.
func wantKind(t *testing.T, call string, err error, kind failure.Kind, key string) {
	t.Helper()
	if !failure.Is(err, kind) {
		t.Errorf("%s = %v, want the kind %v", call, err, kind)
	}
	if err != nil && key != "" && strings.Contains(err.Error(), key) {
		t.Errorf("%s: the error names the key: %v", call, err)
	}
}

// absent checks that nothing can be seen under a key.
func absent(t *testing.T, s object.Store, key string) {
	t.Helper()
	_, err := s.Head(context.WithoutCancel(t.Context()), object.Ref{Bucket: Bucket, Key: key})
	wantKind(t, "Head", err, failure.NotFound, key)
	if got := keys(t, s, key); len(got) != 0 {
		t.Errorf("List gives %d objects, want none", len(got))
	}
}

package dir_test

import (
	"testing"

	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/object/objecttest"
)

// open gives a store in a folder of its own, with the contract's bucket.
func open(t *testing.T) *dir.Store {
	t.Helper()
	return reopen(t, t.TempDir())
}

func reopen(t *testing.T, root string) *dir.Store {
	t.Helper()
	s, err := dir.Open(root, objecttest.Bucket)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return s
}

func TestContract(t *testing.T) {
	objecttest.Run(t, func(t *testing.T) object.Store { return open(t) })
}

func TestStreaming(t *testing.T) {
	objecttest.Streaming(t, func(t *testing.T) object.Store { return open(t) })
}

package objecttest

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/object"
)

// concurrentPuts puts many versions of few keys at once, while others read:
// every version is whole, and the newest is one of them.
func concurrentPuts(t *testing.T, s object.Store) {
	const writers, rounds = 8, 10
	var mu sync.Mutex
	stored := map[object.Ref]string{}
	var group errgroup.Group
	for w := range writers {
		group.Go(func() error {
			for r := range rounds {
				key := fmt.Sprintf("shared/%d", r%3)
				text := strings.Repeat(fmt.Sprintf("%d-%d;", w, r), 1+w*100)
				info, err := s.Put(t.Context(), Bucket, key, "", strings.NewReader(text))
				if err != nil {
					return err
				}
				mu.Lock()
				stored[info.Ref] = text
				mu.Unlock()
				if err := whole(t, s, key); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(stored) != writers*rounds {
		t.Errorf("%d versions are distinct, want %d", len(stored), writers*rounds)
	}
	for ref, want := range stored {
		body, _, err := s.Open(t.Context(), ref, 0)
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		if got := drain(t, body); got != want {
			t.Errorf("a version reads %d bytes that are not its own", len(got))
		}
	}
}

// whole reads the newest version of a key, which is one put by one writer.
func whole(t *testing.T, s object.Store, key string) error {
	body, info, err := s.Open(t.Context(), object.Ref{Bucket: Bucket, Key: key}, 0)
	if err != nil {
		return err
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(b), ";")
	if int64(len(b)) != info.Size || strings.Repeat(first+";", len(b)/(len(first)+1)) != string(b) {
		return fmt.Errorf("the newest version is a mixture of %d bytes", len(b))
	}
	return nil
}

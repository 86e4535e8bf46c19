package region

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/carerecord/carerecord/shared/object"
)

// TestQueueKeepsOrderWithinAFeed lets feeds pass each other and no file pass
// another of its feed.
func TestQueueKeepsOrderWithinAFeed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		ran := map[string][]string{}
		q := newQueue(2, func(_ context.Context, ref object.Ref) {
			if feedOf(ref.Key) == "A/slow" {
				time.Sleep(time.Hour)
			}
			mu.Lock()
			ran[feedOf(ref.Key)] = append(ran[feedOf(ref.Key)], ref.Key)
			mu.Unlock()
		})
		want := map[string][]string{}
		for i := range 5 {
			for _, feed := range []string{"A/slow", "B/fast"} {
				key := fmt.Sprintf("%s/%d", feed, i)
				want[feed] = append(want[feed], key)
				q.add(t.Context(), object.Ref{Key: key})
			}
		}
		time.Sleep(time.Minute)
		mu.Lock()
		if !slices.Equal(ran["B/fast"], want["B/fast"]) || len(ran["A/slow"]) != 0 {
			t.Errorf("after a minute there ran %v", ran)
		}
		mu.Unlock()
		if err := q.wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(ran["A/slow"], want["A/slow"]) {
			t.Errorf("the slow feed ran %v, want %v", ran["A/slow"], want["A/slow"])
		}
	})
}

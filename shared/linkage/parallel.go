package linkage

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// parallel does the tasks from 0 to before n on so many workers, and ends at the
// first error or when the context does. What the tasks make must not depend on
// who does which.
func parallel(ctx context.Context, workers, n int, task func(i int) error) error {
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range max(1, min(workers, n)) {
		group.Go(func() error {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return nil
				}
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := task(i); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// meter tells the progress of tasks that run beside each other.
type meter struct {
	mu   sync.Mutex
	at   Progress
	tell func(Progress)
}

func (m *meter) add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at.Done += int64(n)
	m.tell(m.at)
}

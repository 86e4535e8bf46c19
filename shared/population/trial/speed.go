package trial

import (
	"context"
	"fmt"
	"io"
	"runtime"

	"github.com/carerecord/carerecord/shared/failure"
)

func workers(n int) int {
	if n < 1 {
		return runtime.GOMAXPROCS(0)
	}
	return n
}

// Speed writes how many look-ups one processor does in a second as the region
// grows, up to the trial's own size. Without NHS numbers each look-up is a match
// by details.
func Speed(ctx context.Context, out io.Writer, whole *Trial, sizes ...int) error {
	fmt.Fprintf(out, "\nLook-ups a second on one processor, by people in the index.\n")
	for _, people := range sizes {
		if people >= whole.People {
			continue
		}
		s := whole.Settings
		s.People = people
		t, err := New(ctx, s)
		if err != nil {
			return err
		}
		if err := t.speed(ctx, out); err != nil {
			return err
		}
	}
	return whole.speed(ctx, out)
}

// speed takes the best of three runs: other work on the machine slows one down,
// nothing speeds one up.
func (t *Trial) speed(ctx context.Context, out io.Writer) error {
	one, best := *t, 0.0
	one.Workers = 1
	for range 3 {
		m, err := one.Search(ctx)
		if err != nil {
			return err
		}
		best = max(best, float64(len(t.queries))/m.Took.Seconds())
	}
	_, err := fmt.Fprintf(out, "%12d  %8.0f\n", t.People, best)
	return failure.Wrap(failure.Unavailable, "trial.Speed", err)
}

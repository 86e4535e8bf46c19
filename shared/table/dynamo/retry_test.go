package dynamo

import (
	"testing"
	"time"
)

// Full jitter: anywhere from nothing to the doubled base, never over the most.
func TestBackoff(t *testing.T) {
	t.Parallel()
	r := retry{attempts: 8, base: 25 * time.Millisecond, most: 2 * time.Second}
	for attempt, ceiling := range map[int]time.Duration{
		0: 25 * time.Millisecond, 1: 50 * time.Millisecond, 5: 800 * time.Millisecond,
		6: 1600 * time.Millisecond, 7: 2 * time.Second, 40: 2 * time.Second, 1000: 2 * time.Second,
	} {
		var least, most time.Duration = time.Hour, 0
		for range 2000 {
			wait := r.backoff(attempt)
			least, most = min(least, wait), max(most, wait)
		}
		if least < 0 || least > ceiling/20 || most > ceiling || most < ceiling*9/10 {
			t.Errorf("attempt %d waits from %s to %s, want all of 0 to %s", attempt, least, most, ceiling)
		}
	}
}

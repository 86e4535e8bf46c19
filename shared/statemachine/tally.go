package statemachine

import (
	"fmt"
	"sync"
)

// tally counts the items whose child failed. A failed batch counts with all of
// its items (developer guide, "Failure thresholds for Distributed Map").
type tally struct {
	of    *distributed
	items int

	mu     sync.Mutex
	failed int
}

// add counts a failure and gives the Map's error once the threshold is passed.
func (t *tally) add(items int, err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed += items
	if !t.exceeded() {
		return nil
	}
	cause := fmt.Sprintf("%d of %d items failed, the last with: %s", t.failed, t.items, err)
	return &Error{Name: toleratedErrorsError, State: t.of.name, Cause: cause, Err: err}
}

// exceeded holds the count and the percentage, each when it is given; a Map
// that gives neither tolerates nothing.
func (t *tally) exceeded() bool {
	count, percentage := t.of.failures, t.of.percentage
	if count == nil && percentage == nil {
		return t.failed > 0
	}
	return count != nil && t.failed > *count ||
		percentage != nil && float64(t.failed)*100 > *percentage*float64(t.items)
}

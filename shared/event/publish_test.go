package event_test

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/record"
)

// loaded gives the changes that entries of some patients make: change i is of
// patient owners[i].
func loaded(t *testing.T, owners ...int) []event.Change {
	t.Helper()
	var list []event.Change
	for i, n := range owners {
		w := watch(t, event.Record)
		e := entry(fmt.Sprintf("%026d", n), "Condition", fmt.Sprintf("c%d", i), "h", 1)
		e.Origin.Delivery = fmt.Sprintf("delivery-%d", i%3) // so that only neighbours of three join
		if _, err := record.New(w).Load(t.Context(), []record.Entry{e}); err != nil {
			t.Fatal(err)
		}
		c := w.changes(t)[0]
		c.ID = fmt.Sprintf("%032d", i)
		list = append(list, c)
	}
	return list
}

func TestCallsAreOfTen(t *testing.T) {
	t.Parallel()
	var owners []int
	for i := range 25 {
		owners = append(owners, i)
	}
	var b bus
	if _, _, err := event.Publish(t.Context(), &b, loaded(t, owners...)); err != nil {
		t.Fatal(err)
	}
	if len(b.calls) != 3 || len(b.calls[0]) != 10 || len(b.calls[2]) != 5 {
		t.Errorf("%d calls", len(b.calls))
	}
}

// What the bus does not take, and all behind it, is told again.
func TestRefusals(t *testing.T) {
	t.Parallel()
	changes := loaded(t, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	down := errors.New("CANARY")
	for _, c := range []struct {
		name      string
		refuse    func(int, []event.Event) ([]int, error)
		done, out int
	}{
		{"all of the first call", func(int, []event.Event) ([]int, error) { return nil, down }, 0, 0},
		{"the fourth", func(int, []event.Event) ([]int, error) { return []int{3, 7}, nil }, 3, 8},
		{"all of the second call", func(n int, _ []event.Event) ([]int, error) {
			if n == 1 {
				return nil, down
			}
			return nil, nil
		}, 10, 10},
		{"the last", func(n int, e []event.Event) ([]int, error) {
			if n == 1 {
				return []int{len(e) - 1}, nil
			}
			return nil, nil
		}, 11, 11},
	} {
		b := bus{refuse: c.refuse}
		done, out, err := event.Publish(t.Context(), &b, changes)
		if done != c.done || out != c.out || err == nil {
			t.Errorf("%s: %d done, %d published, %v; want %d, %d", c.name, done, out, err, c.done, c.out)
		}
		if !errors.Is(err, down) && !failure.Retryable(err) {
			t.Errorf("%s: %v is not tried again", c.name, err)
		}
	}
}

func TestNothingToPublish(t *testing.T) {
	t.Parallel()
	if done, out, err := event.Publish(t.Context(), &bus{}, nil); done != 0 || out != 0 || err != nil {
		t.Errorf("%d, %d, %v", done, out, err)
	}
}

// However the bus fails, told again until done, every change is published at
// least once, and those of one patient never out of order.
func TestAtLeastOnceAndInOrder(t *testing.T) {
	t.Parallel()
	var owners []int
	for i := range 60 {
		owners = append(owners, i*i%7)
	}
	changes := loaded(t, owners...)
	rapid.Check(t, func(r *rapid.T) {
		rest := changes[:rapid.IntRange(0, len(changes)).Draw(r, "changes")]
		all := rest
		taken := map[string]int{}  // entry -> when it was first taken
		newest := map[string]int{} // patient -> place of the newest entry taken
		place := map[string]int{}  // entry -> its place among the changes
		for i := range all {
			place[fmt.Sprintf("c%d", i)] = i
		}
		clock := 0
		b := bus{refuse: func(_ int, events []event.Event) (refused []int, err error) {
			how := rapid.IntRange(0, 3).Draw(r, "how")
			if how == 0 {
				return nil, failure.New(failure.Unavailable, "test.Put", "down")
			}
			for i, e := range events {
				if how == 1 && rapid.Bool().Draw(r, "refused") {
					refused = append(refused, i)
					continue
				}
				data := e.Data.(*event.Changed)
				for _, entry := range data.Entries {
					if _, known := taken[entry.ID]; !known {
						clock++
						taken[entry.ID] = clock
						if at := place[entry.ID]; at < newest[data.SourcePatient] {
							r.Fatalf("%s overtook", entry.ID)
						} else {
							newest[data.SourcePatient] = at
						}
					}
				}
			}
			return refused, nil
		}}
		for tries := 0; len(rest) > 0; tries++ {
			if tries > 2000 {
				r.Skip("the bus never recovers")
			}
			done, _, err := event.Publish(t.Context(), &b, rest)
			if err == nil && done != len(rest) {
				r.Fatalf("%d of %d done without an error", done, len(rest))
			}
			rest = rest[done:]
		}
		if len(taken) != len(all) {
			r.Fatalf("%d of %d changes were published", len(taken), len(all))
		}
	})
}

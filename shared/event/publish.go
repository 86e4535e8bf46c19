package event

import (
	"context"

	"github.com/carerecord/carerecord/shared/failure"
)

// Limits of one call to the bus (Amazon EventBridge API Reference, PutEvents:
// 10 entries; 256 KB with what stands around the details) and of one event.
const (
	mostEvents  = 10
	mostBytes   = 200 << 10
	mostEntries = 200
)

// Bus takes events. It gives the places of those that it did not take, or an
// error when it took none.
type Bus interface {
	Put(ctx context.Context, events []Event) (refused []int, err error)
}

// Publish publishes what the changes mean, in their order, and gives how many
// changes are done from the front: with an error, the one after them is the
// first whose events were not all taken, and the rest is to be told again.
// Changes of one source patient's record by one delivery become one event.
//
// No two events of one subject are in one call, so that none overtakes another
// when the bus takes a part of a call.
func Publish(ctx context.Context, bus Bus, changes []Change) (done, published int, err error) {
	events, done, wrong := collect(changes)
	for rest := events; len(rest) > 0; {
		n, err := next(rest)
		if err != nil {
			return rest[0].change, published, err
		}
		refused, err := bus.Put(ctx, rest[:n])
		if err != nil {
			return rest[0].change, published, err
		}
		published += n - len(refused)
		if len(refused) > 0 {
			return rest[refused[0]].change, published,
				failure.New(failure.Unavailable, "event.Publish", "the bus did not take %d of %d events", len(refused), n)
		}
		rest = rest[n:]
	}
	return done, published, wrong
}

// collect makes the events of the changes before the first that cannot be read.
func collect(changes []Change) (events []Event, done int, err error) {
	latest := map[string]int{} // the last event of each subject
	for i := range changes {
		list, err := changes[i].events()
		if err != nil {
			return events, i, err
		}
		for _, e := range list {
			if at, ok := latest[e.subject]; ok && events[at].join(&e) {
				continue
			}
			e.change = i
			latest[e.subject] = len(events)
			events = append(events, e)
		}
	}
	return events, len(changes), nil
}

// join adds a change of the same source patient's record by the same delivery.
func (e *Event) join(next *Event) bool {
	have, ok1 := e.Data.(*Changed)
	more, ok2 := next.Data.(*Changed)
	if !ok1 || !ok2 || have.Delivery != more.Delivery || have.Feed != more.Feed || len(have.Entries) >= mostEntries {
		return false
	}
	have.Entries = append(have.Entries, more.Entries...)
	return true
}

// next gives how many events go into the next call.
func next(events []Event) (n int, err error) {
	subjects, size := map[string]bool{}, 0
	for n < len(events) && n < mostEvents && !subjects[events[n].subject] {
		detail, err := events[n].Detail()
		if err != nil {
			return 0, err
		}
		if size += len(detail); n > 0 && size > mostBytes {
			break
		}
		subjects[events[n].subject] = true
		n++
	}
	return n, nil
}

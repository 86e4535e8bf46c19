// Package event is what the region tells others: events in the past tense,
// with a version, made from changes of the tables. The tables themselves are
// the outbox: what was committed is published at least once, what was not
// committed never is.
//
// Events hold opaque ids, codes of organisations and counts, and nothing
// personal: whoever is told asks the API for the rest, where access is decided.
// Their contracts, as JSON Schema, lie in events/contracts. The package knows no
// bus and no cloud.
package event

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// The events. A change that a reader of today would not understand is a new
// version, published beside the old one.
const (
	DeliveryCompleted = "delivery.completed" // a delivery has ended and its report is written
	PersonLinked      = "person.linked"      // a source patient was joined to a person
	PersonUnlinked    = "person.unlinked"    // a source patient left a person
	PersonMerged      = "person.merged"      // a person was joined to another, under whose id both are now
	PersonUnmerged    = "person.unmerged"    // a person that was merged stands by itself again
	RecordChanged     = "record.changed"     // entries of a source patient are new or say something else
	ReviewOpened      = "review.opened"      // source patients wait for a human to look at them
	ReviewDecided     = "review.decided"     // a review has left the queue

	version = 1 // of all of them
)

// Source is the EventBridge source of all events.
const Source = "carerecord"

// Event is one event. Readers must expect it twice, and tell that by its ID;
// those of one subject are published in the order in which they happened.
type Event struct {
	ID      string    `json:"id"`
	Type    string    `json:"type"`
	Version int       `json:"version"`
	Time    time.Time `json:"time"` // when the table changed
	Data    any       `json:"data"`

	subject string // a source patient, a person, a review or a delivery
	change  int    // place of the first change that it tells of
}

// Detail gives the event as its contract has it.
func (e *Event) Detail() ([]byte, error) {
	body, err := json.Marshal(e)
	return body, failure.Wrap(failure.Internal, "event.Detail", err)
}

// Outbox is one of the tables whose changes are published.
type Outbox uint8

// The tables.
const (
	Deliveries Outbox = iota + 1
	Index
	Record
)

// Change is one change of one item. Version 0 of Old or New: it was not there
// before, or is not any more.
type Change struct {
	ID       string // unique for the change, the same each time it is told
	At       time.Time
	Of       Outbox
	Old, New table.Item
}

// events gives what a change means to others; mostly nothing.
func (c *Change) events() (list []Event, err error) {
	switch c.Of {
	case Deliveries:
		list, err = c.deliveryEvents()
	case Index:
		list, err = c.indexEvents()
	case Record:
		list, err = c.recordEvents()
	default:
		err = failure.New(failure.Internal, "event.Of", "a change of an unknown table")
	}
	for i := range list {
		list[i].ID, list[i].Version, list[i].Time = fmt.Sprintf("%s-%d", c.ID, i), version, c.At.UTC()
	}
	return list, err
}

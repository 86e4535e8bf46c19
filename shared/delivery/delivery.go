// Package delivery is the life of one delivered file: registered, split into
// chunks, its patients matched, its entries loaded, its report written; or
// put aside in quarantine with the reason. Each step is one task of the state
// machine (infra/statemachine) and may be run again at any time: a step that
// was stopped anywhere and started again leaves the same tables, byte for
// byte. Nothing that a step stores in a table comes from the clock or from
// chance; times are those of the delivered object.
//
// The package knows no storage engine and no cloud: it stands on table,
// object, index and record. Task inputs and outputs carry opaque ids only; the
// name of the partner's file stays inside the delivery's item.
package delivery

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
)

// Status is where a delivery stands.
type Status string

const (
	Registered  Status = "registered"  // known, not yet split
	Split       Status = "split"       // its rows lie in chunks
	Completed   Status = "completed"   // every row accounted for in the report
	Duplicate   Status = "duplicate"   // the same content came before; nothing was loaded
	Refused     Status = "refused"     // the file as a whole cannot be read; the report says why
	Quarantined Status = "quarantined" // put aside: an unknown sender, or a step that failed for good
)

// Delivery is one version of one object in the drop bucket.
type Delivery struct {
	ID           string          `json:"id"` // ULID: the object's time, and a keyed hash of what names it
	Bucket       string          `json:"bucket"`
	Key          string          `json:"key"`
	Version      string          `json:"version"`
	Size         int64           `json:"size"`
	Received     time.Time       `json:"received"` // when the object was written
	Organisation string          `json:"organisation,omitzero"`
	Feed         string          `json:"feed,omitzero"`
	Status       Status          `json:"status"`
	SHA256       string          `json:"sha256,omitzero"`
	Chunks       int             `json:"chunks,omitzero"`
	DuplicateOf  string          `json:"duplicateOf,omitzero"`
	Reason       string          `json:"reason,omitzero"` // of refusal or quarantine
	Faults       []extract.Fault `json:"faults,omitzero"` // those of the file as a whole
	Counts       Counts          `json:"counts,omitzero"`
	Reported     bool            `json:"reported,omitzero"` // its report is written: it has ended
}

// File is the partner's own name of the file: the key without the two parts
// that say whose it is.
func (d *Delivery) File() string {
	if parts := strings.SplitN(d.Key, "/", 3); len(parts) == 3 {
		return parts[2]
	}
	return d.Key
}

// Counts account for every row that was read.
// Promise 1: Read = Accepted + Unchanged + Rejected + Held.
type Counts struct {
	Read      int `json:"read"`
	Accepted  int `json:"accepted"`  // brought something new
	Unchanged int `json:"unchanged"` // all of it was there already
	Rejected  int `json:"rejected"`  // refused, with a fault of severity error
	Held      int `json:"held"`      // stored, waiting for the patient's details
}

// Add sums two counts.
func (c *Counts) Add(d Counts) {
	c.Read += d.Read
	c.Accepted += d.Accepted
	c.Unchanged += d.Unchanged
	c.Rejected += d.Rejected
	c.Held += d.Held
}

// Balanced says whether every row read has exactly one fate.
func (c Counts) Balanced() bool { return c.Read == c.Accepted+c.Unchanged+c.Rejected+c.Held }

// Buckets names the three buckets of a region.
type Buckets struct {
	Drop    string // partners write here
	Work    string // chunks between the steps
	Reports string // partners read here
}

// Service runs the steps. All fields are required; it is safe for concurrent use.
type Service struct {
	Partners *partner.Register
	Objects  object.Store
	Table    table.Table // the table of deliveries
	Index    *index.Index
	Record   *record.Store
	Hasher   *opaque.Hasher
	Buckets  Buckets
	Now      func() time.Time // the clock of reports; no table sees it
}

// Get reads a delivery; failure.NotFound when there is none of this id.
func (s *Service) Get(ctx context.Context, id string) (Delivery, error) {
	d, _, err := s.get(ctx, id)
	return d, err
}

func (s *Service) get(ctx context.Context, id string) (Delivery, uint64, error) {
	const op = "delivery.Get"
	items, err := s.Table.Get(ctx, deliveryKey(id))
	if err != nil {
		return Delivery{}, 0, fmt.Errorf("%s: %w", op, err)
	}
	if items[0].Version == 0 {
		return Delivery{}, 0, failure.New(failure.NotFound, op, "no delivery %s", id)
	}
	var d Delivery
	if err := decode(items[0].Body, &d); err != nil {
		return Delivery{}, 0, failure.Wrap(failure.Internal, op, err)
	}
	return d, items[0].Version, nil
}

// put stores a delivery over the version that was read. A conflict means that
// another run of the same step was here; the step is then run again.
func (s *Service) put(ctx context.Context, d Delivery, version uint64) error {
	err := s.Table.Commit(ctx, table.Write{Key: deliveryKey(d.ID), Body: encode(d), If: table.AtVersion(version)})
	if failure.Is(err, failure.Conflict) {
		return failure.Wrap(failure.Unavailable, "delivery.put", err)
	}
	return err
}

// List gives every delivery of a table, in no order, by reading all of it: for
// a local region, tests and verification.
func List(ctx context.Context, s table.Scanner) ([]Delivery, error) {
	var list []Delivery
	for item, err := range s.Scan(ctx) {
		if err != nil {
			return nil, fmt.Errorf("delivery.List: %w", err)
		}
		if !strings.HasPrefix(item.Partition, "D#") || item.Sort != "delivery" {
			continue
		}
		var d Delivery
		if err := decode(item.Body, &d); err != nil {
			return nil, failure.Wrap(failure.Internal, "delivery.List", err)
		}
		list = append(list, d)
	}
	return list, nil
}

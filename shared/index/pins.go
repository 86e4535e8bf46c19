package index

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
)

// SourceName names a source patient as its organisation does. It is personal:
// it belongs in bodies and files, never in a key.
type SourceName struct {
	Organisation string `json:"organisation,omitzero"` // ODS code
	System       string `json:"system,omitzero"`
	Value        string `json:"value,omitzero"`
	Key          string `json:"key,omitzero"` // in place of a name, where only others' merges speak of it
}

// PinRecord is one decision of a human in a form that outlives the index: what
// was pinned of two source patients, or the answer to a review. It names source
// patients as their organisations do, so that it also serves a region that was
// made anew from the raw files under another secret key.
type PinRecord struct {
	Left   SourceName    `json:"left"`
	Right  SourceName    `json:"right,omitzero"`   // none: a review of one
	Pin    PinKind       `json:"pin,omitzero"`     // of a pin
	Into   string        `json:"into,omitzero"`    // of a pin that merged two people: the id that stayed
	Review *ReviewAnswer `json:"review,omitempty"` // of a review
	Act    Act           `json:"act"`
}

// ReviewAnswer is a review that a human decided, with the answer.
type ReviewAnswer struct {
	Kind     ReviewKind        `json:"kind"`
	Update   string            `json:"update,omitzero"` // of an overlay: digest of the update
	Answer   Answer            `json:"answer"`
	Opened   time.Time         `json:"opened"`
	Origin   record.Origin     `json:"origin"`
	Decision matching.Decision `json:"decision"` // with the waterfall that was looked at
}

// Pins gives every decision of a human that stands, the oldest first, by reading
// the whole table twice: pins, and reviews that were decided. A review that waits
// and the first of two requests to unmerge decide nothing and are not among them.
func (x *Index) Pins(ctx context.Context, s table.Scanner) iter.Seq2[PinRecord, error] {
	return func(yield func(PinRecord, error) bool) {
		e := export{index: x, pins: map[[2]string]Pin{}, updates: map[string]string{}, names: map[string]SourceName{}}
		err := e.collect(ctx, s)
		if err == nil {
			err = e.name(ctx, s)
		}
		var list []PinRecord
		if err == nil {
			list, err = e.records()
		}
		if err != nil {
			yield(PinRecord{}, err)
			return
		}
		for _, r := range list {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// export gathers the decisions of humans from a table.
type export struct {
	index   *Index
	pins    map[[2]string]Pin // by the two keys, the lesser one first
	reviews []Review
	updates map[string]string     // digest of the update, by the id of its review
	names   map[string]SourceName // by key; of whom a name is needed
}

func (e *export) collect(ctx context.Context, s table.Scanner) error {
	for item, err := range s.Scan(ctx) {
		if err != nil {
			return err
		}
		if key, ok := strings.CutPrefix(item.Partition, patientPrefix); ok && item.Key == patientKey(key) {
			err = e.patient(key, item)
		} else if id, ok := strings.CutPrefix(item.Partition, "V#"); ok && item.Key == reviewKey(id) {
			err = e.review(item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (e *export) patient(key string, item table.Item) error {
	p, err := decodePatient(item)
	if err != nil {
		return err
	}
	for _, pin := range p.Pins {
		pair := [2]string{min(key, pin.With), max(key, pin.With)}
		if other, ok := e.pins[pair]; !ok || pin.stands(other) {
			e.pins[pair] = pin
		}
		e.names[key], e.names[pin.With] = SourceName{}, SourceName{}
	}
	for update := range p.Updates {
		e.updates[e.index.reviewID(wanted{kind: ReviewOverlay, member: &member{key: key}, matter: update})] = update
	}
	return nil
}

func (e *export) review(item table.Item) error {
	r, err := decode[Review](item, "review")
	if err != nil || r.State != ReviewDecided {
		return err
	}
	e.reviews = append(e.reviews, r)
	e.names[r.Key] = SourceName{}
	if r.With != "" {
		e.names[r.With] = SourceName{}
	}
	return nil
}

// name finds the names that are needed.
func (e *export) name(ctx context.Context, s table.Scanner) error {
	left := len(e.names)
	for item, err := range s.Scan(ctx) {
		if err != nil {
			return err
		}
		key, ok := strings.CutPrefix(item.Partition, patientPrefix)
		if _, needed := e.names[key]; !ok || !needed || item.Key != patientKey(key) {
			continue
		}
		p, err := decodePatient(item)
		if err != nil {
			return err
		}
		e.names[key] = SourceName{Organisation: p.Organisation, System: p.System, Value: p.Value}
		if p.Value == "" {
			e.names[key] = SourceName{Key: key}
		}
		left--
	}
	if left > 0 {
		return failure.New(failure.Internal, "index.Pins", "%d source patients of whom humans decided are not in the index", left)
	}
	return nil
}

// records gives all in the order in which humans decided.
func (e *export) records() ([]PinRecord, error) {
	var list []PinRecord
	for pair, pin := range e.pins {
		left, right := e.names[pair[0]], e.names[pair[1]]
		if left.compare(right) > 0 {
			left, right = right, left
		}
		list = append(list, PinRecord{Left: left, Right: right, Pin: pin.Kind, Into: pin.Into, Act: pin.Act})
	}
	for _, r := range e.reviews {
		if r.Act == nil {
			return nil, failure.New(failure.Internal, "index.Pins", "a review was decided by nobody")
		}
		answer := &ReviewAnswer{r.Kind, e.updates[r.ID], r.Answer, r.Opened, r.Origin, r.Decision}
		list = append(list, PinRecord{Left: e.names[r.Key], Right: e.names[r.With], Review: answer, Act: *r.Act})
	}
	slices.SortFunc(list, func(a, b PinRecord) int {
		return cmp.Or(a.Act.compare(b.Act), cmp.Compare(b.Pin, a.Pin), a.Left.compare(b.Left), a.Right.compare(b.Right), cmp.Compare(a.kind(), b.kind()))
	})
	return list, nil
}

func (r *PinRecord) kind() ReviewKind {
	if r.Review == nil {
		return ""
	}
	return r.Review.Kind
}

func (n *SourceName) compare(o SourceName) int {
	return cmp.Or(cmp.Compare(n.Organisation, o.Organisation), cmp.Compare(n.System, o.System), cmp.Compare(n.Value, o.Value), cmp.Compare(n.Key, o.Key))
}

// compare orders acts by time; only one act is equal to itself.
func (a *Act) compare(b Act) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.By, b.By), cmp.Compare(a.Organisation, b.Organisation),
		cmp.Compare(a.Role, b.Role), cmp.Compare(a.Reason, b.Reason))
}

package index

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/version"
)

const (
	// sweptAtOnce is how many source patients a sweep decides in one go.
	sweptAtOnce = 50
	sweptMost   = 500
)

// Sweep asks for a part of the re-resolution: the source patients with an open
// review or a near one that they are not linked with are looked up and decided
// again, so that the order of arrival does not decide. It changes nothing
// where nothing is to be changed.
type Sweep struct {
	Part  string `json:"part"`           // one of SweepParts
	After string `json:"after,omitzero"` // Swept.After of the call before
	Most  int    `json:"most,omitzero"`  // source patients at most; 0: 500
}

// Swept is what a Sweep did.
type Swept struct {
	Part    string `json:"part"`
	After   string `json:"after"` // "": the part is done
	Done    bool   `json:"done"`
	Looked  int    `json:"looked"`  // source patients that were looked at
	Changed int    `json:"changed"` // of which another person or another review came
}

// SweepParts are the parts of a whole re-resolution, in any order, 32 of them.
func SweepParts() []string { return strings.Split(shards, "") }

// Sweep does one part of a re-resolution. Errors: failure.Invalid for a part
// that is none.
func (x *Index) Sweep(ctx context.Context, s Sweep) (Swept, error) {
	const op = "index.Sweep"
	if len(s.Part) != 1 || !strings.Contains(shards, s.Part) {
		return Swept{}, failure.New(failure.Invalid, op, "no such part")
	}
	if s.Most <= 0 {
		s.Most = sweptMost
	}
	keys, after, err := x.sweepable(ctx, s)
	if err != nil {
		return Swept{}, fmt.Errorf("%s: %w", op, err)
	}
	out := Swept{Part: s.Part, After: after, Done: after == "", Looked: len(keys)}
	for some := range slices.Chunk(keys, sweptAtOnce) {
		changed, err := x.Again(ctx, some...)
		out.Changed += changed
		if err != nil {
			return out, fmt.Errorf("%s: %w", op, err)
		}
	}
	return out, nil
}

// sweepable gives the source patients of the part's open reviews, from a place on.
func (x *Index) sweepable(ctx context.Context, s Sweep) (keys []string, after string, err error) {
	afterKind, afterSort, _ := strings.Cut(s.After, "/")
	reached := s.After == ""
	for _, kind := range ReviewKinds() {
		if !reached && string(kind) != afterKind {
			continue
		}
		r := table.Range{Partition: queuePartition(kind, s.Part)}
		if !reached && afterSort != "" {
			r.From = afterSort + "\x00"
		}
		reached = true
		for item, err := range x.table.Query(ctx, r) {
			if err != nil {
				return nil, "", err
			}
			e, err := readQueued(item)
			if err != nil {
				return nil, "", err
			}
			review, _, err := x.review(ctx, e.id)
			if err != nil {
				return nil, "", err
			}
			for _, key := range []string{review.Key, review.With} {
				if key != "" && !slices.Contains(keys, key) {
					keys = append(keys, key)
				}
			}
			if after = string(kind) + "/" + e.sort; len(keys) >= s.Most {
				return keys, after, nil
			}
		}
	}
	return keys, "", nil
}

// Again looks source patients up again and decides them again, all around
// included, as if they had just been said. It gives how many of them have
// another person or other reviews now. One that is not known is passed over.
func (x *Index) Again(ctx context.Context, keys ...string) (changed int, err error) {
	before := map[string]*member{}
	said := map[string][]*Statement{}
	for _, key := range keys {
		m, err := x.patient(ctx, key)
		if failure.Is(err, failure.NotFound) {
			continue
		} else if err != nil {
			return 0, err
		}
		before[key] = m
		last := m.stored.linked()
		said[key] = []*Statement{{Key: key, At: version.Instant{Time: m.stored.History.Current().At.Time}, Origin: last.Origin, sweep: true}}
	}
	received := latest(before)
	if err := x.run(ctx, received, said); err != nil {
		return 0, err
	}
	for key, m := range before {
		now, err := x.patient(ctx, key)
		if err != nil {
			return changed, err
		}
		if now.stored.Person != m.stored.Person || len(now.stored.Reviews) != len(m.stored.Reviews) {
			changed++
		}
	}
	return changed, nil
}

// latest gives the time of the newest statement of any of them: what a sweep
// stores must not follow from when it ran.
func latest(members map[string]*member) (at time.Time) {
	for _, m := range members {
		if t := m.stored.History.Current().At.Time; t.After(at) {
			at = t
		}
	}
	return at
}

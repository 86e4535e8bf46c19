package record

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// attempts bounds how often an entry is decided again after another loader has
// changed it meanwhile.
const attempts = 16

// Load stores statements, any number and of any owners, and gives the fate of
// each. It may be run again after a stop at any point: the store then ends the
// same and each statement has the same fate. What is known costs one read and no
// write; a new entry costs one write of its own, without a transaction.
//
// A fate depends on the statements that were loaded before. The one case in
// which a later run answers otherwise is that another delivery has brought the
// same content with an earlier time in between: the store does not depend on
// the order of arrival, and then an earlier statement is the one that counts.
func (s *Store) Load(ctx context.Context, entries []Entry) ([]Fate, error) {
	groups, err := gather(entries)
	if err != nil {
		return nil, err
	}
	pending := groups
	for attempt := 0; len(pending) > 0; attempt++ {
		if attempt == attempts {
			return nil, failure.New(failure.Unavailable, "record.Load", "%d entries are being changed by others; try again", len(pending))
		}
		if err := pause(ctx, attempt); err != nil {
			return nil, err
		}
		progress := false
		if pending, progress, err = s.round(ctx, pending); err != nil {
			return nil, fmt.Errorf("record.Load: %w", err)
		}
		if progress { // a next statement of an entry is no further attempt
			attempt = -1
		}
	}
	return fates(entries, groups), nil
}

// pause waits before the second and every later attempt, longer each time and
// by chance, so that two loaders do not meet again.
func pause(ctx context.Context, attempt int) error {
	if attempt == 0 {
		return failure.Wrap(failure.Unavailable, "record.Load", ctx.Err())
	}
	most := min(time.Millisecond<<attempt, 250*time.Millisecond)
	select {
	case <-ctx.Done():
		return failure.Wrap(failure.Unavailable, "record.Load", ctx.Err())
	case <-time.After(rand.N(most)):
		return nil
	}
}

// gather groups the statements by entry, in the order of their first statement.
func gather(entries []Entry) ([]*group, error) {
	var groups []*group
	byName := make(map[name]*group, len(entries))
	for i := range entries {
		e := &entries[i]
		if err := e.check(); err != nil {
			return nil, err
		}
		n := name{e.Owner, e.Type, e.ID}
		g := byName[n]
		if g == nil {
			g = &group{name: n}
			byName[n] = g
			groups = append(groups, g)
		}
		g.entries = append(g.entries, e)
	}
	return groups, nil
}

func fates(entries []Entry, groups []*group) []Fate {
	byName := make(map[name]*group, len(groups))
	for _, g := range groups {
		byName[g.name] = g
	}
	out := make([]Fate, len(entries))
	for i := range entries {
		e := &entries[i]
		if byName[name{e.Owner, e.Type, e.ID}].history.Begins(e.statement()) {
			out[i] = Accepted
		}
	}
	return out
}

// round reads, decides and writes once for each group. It gives the groups that
// must be decided again, and whether one has got further by a statement.
func (s *Store) round(ctx context.Context, groups []*group) (again []*group, progress bool, err error) {
	if err := s.readCurrent(ctx, groups); err != nil {
		return nil, false, err
	}
	if err := s.readContents(ctx, groups); err != nil {
		return nil, false, err
	}
	for _, g := range groups {
		if err := g.decide(); err != nil {
			return nil, false, err
		}
	}
	if err := s.write(ctx, groups); err != nil {
		return nil, false, err
	}
	for _, g := range groups {
		if g.conflict {
			again = append(again, g)
			continue
		}
		if g.advance(); !g.done() {
			again, progress = append(again, g), true
		}
	}
	return again, progress, nil
}

func (s *Store) readCurrent(ctx context.Context, groups []*group) error {
	keys := make([]table.Key, len(groups))
	for i, g := range groups {
		keys[i] = g.name.current()
	}
	items, err := s.table.Get(ctx, keys...)
	if err != nil {
		return err
	}
	for i, g := range groups {
		if err := g.fold(items[i]); err != nil {
			return err
		}
	}
	return nil
}

// readContents reads the few contents that the decisions need, in one Get.
func (s *Store) readContents(ctx context.Context, groups []*group) error {
	var keys []table.Key
	var slots []*kept
	for _, g := range groups {
		for hash, k := range g.needed {
			keys, slots = append(keys, g.name.content(hash)), append(slots, k)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	items, err := s.table.Get(ctx, keys...)
	if err != nil {
		return err
	}
	for i, k := range slots {
		if k.version = items[i].Version; k.version == 0 {
			continue
		}
		if k.content, _, err = decode(items[i].Body); err != nil {
			return err
		}
	}
	return nil
}

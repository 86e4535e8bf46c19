package record

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// commitsAtOnce bounds how many large entries are written at the same time.
const commitsAtOnce = 4

// write makes the groups' writes in two steps, so that a stop between them
// leaves no current item whose past is missing: first the contents, along with
// the current items that need none, then the other current items.
func (s *Store) write(ctx context.Context, groups []*group) error {
	var first, second []owned
	for _, g := range groups {
		for _, w := range g.early {
			first = append(first, owned{g, w})
		}
		for _, w := range g.late {
			if len(g.early) == 0 {
				first = append(first, owned{g, w})
			} else {
				second = append(second, owned{g, w})
			}
		}
	}
	if err := s.each(ctx, first); err != nil {
		return err
	}
	if err := s.each(ctx, second); err != nil {
		return err
	}
	return s.commits(ctx, groups)
}

// owned is a write and the group that it is of.
type owned struct {
	group *group
	write table.Write
}

// each makes single writes; a conflict marks the group and stops its further
// writes, any other error ends the load.
func (s *Store) each(ctx context.Context, list []owned) error {
	writes := make([]table.Write, 0, len(list))
	groups := make([]*group, 0, len(list))
	for _, o := range list {
		if !o.group.conflict {
			writes, groups = append(writes, o.write), append(groups, o.group)
		}
	}
	if len(writes) == 0 {
		return nil
	}
	for i, err := range s.table.Each(ctx, writes...) {
		if err := groups[i].settle(err); err != nil {
			return err
		}
	}
	return nil
}

// commits writes the entries whose resource lies in parts, each in one commit.
func (s *Store) commits(ctx context.Context, groups []*group) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(commitsAtOnce)
	for _, g := range groups {
		if len(g.together) > 0 {
			all.Go(func() error { return g.settle(s.table.Commit(ctx, g.together...)) })
		}
	}
	return all.Wait()
}

func (g *group) settle(err error) error {
	if failure.Is(err, failure.Conflict) {
		g.conflict = true
		return nil
	}
	return err
}

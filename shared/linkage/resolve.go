package linkage

import (
	"context"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// resolution makes people of components.
type resolution struct {
	comparison *comparison
	grouped    *buckets[edge]
	people     *people
	meter      *meter // of edges
}

// group sorts the edges by component.
func (r *resolution) group(ctx context.Context, forest *forest, from []float32) error {
	records := uint64(len(forest.parent))
	n := uint64(len(r.grouped.list))
	edges := r.comparison.edges
	for i := range edges.list {
		list, err := edges.load(i)
		if err != nil {
			return err
		}
		out := list[:0]
		for _, e := range list {
			if e.joins(from) {
				first, _ := e.pair.records()
				e.group = forest.find(first)
				out = append(out, e)
			}
		}
		r.meter.at.Total += int64(len(out))
		if err := r.grouped.add(out, func(e edge) int { return int(uint64(e.group) * n / records) }); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// run resolves all components, those of one bucket after each other.
func (r *resolution) run(ctx context.Context) error {
	err := parallel(ctx, r.comparison.workers, len(r.grouped.list), func(i int) error {
		list, err := r.grouped.load(i)
		if err != nil {
			return err
		}
		slices.SortFunc(list, edge.compare)
		for len(list) > 0 {
			n := 1
			for n < len(list) && list[n].group == list[0].group {
				n++
			}
			if err := r.component(list[:n]); err != nil {
				return err
			}
			list = list[n:]
			r.meter.add(n)
		}
		return nil
	})
	slices.SortFunc(r.people.reviews, func(a, b review) int { return a.pair.compare(b.pair) })
	return err
}

// component resolves the records that edges hold together: those that are one
// person for certain are one unit from the start.
func (r *resolution) component(list []edge) error {
	g, err := r.gather(list)
	if err != nil {
		return err
	}
	matcher := r.comparison.matcher
	pairs := make([]matching.Scored, 0, len(list))
	seen := make(map[[2]int]bool, len(list))
	for _, e := range list {
		a, b := g.unitsOf(e.pair)
		if a, b = min(a, b), max(a, b); a != b && !seen[[2]int{a, b}] {
			seen[[2]int{a, b}] = true
			pairs = append(pairs, matching.Scored{A: a, B: b, Score: matcher.Score(g.units[a].Profile, g.units[b].Profile)})
		}
	}
	r.people.note(g, list, matcher.Resolve(g.units, pairs, nil))
	return nil
}

// profile gives a record's profile, from memory when all are there.
func (r *resolution) profile(record uint32) (*demographics.Profile, error) {
	if r.comparison.whole != nil {
		return &r.comparison.whole[r.comparison.order.placeOf(record)], nil
	}
	return r.comparison.store.profile(int(record))
}

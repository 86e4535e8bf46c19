package linkage

import (
	"context"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// comparison scores the pairs that blocking has found.
type comparison struct {
	store   *store
	matcher *matching.Matcher
	cells   cells
	pairs   *buckets[pair]
	edges   *buckets[edge]
	floor   float64 // bits from which a pair is kept
	bound   float64 // bits from which two records are decided together
	meter   *meter
	workers int

	order *arrangement
	whole []demographics.Profile // by place, when all fit
	count int64                  // pairs compared
}

// run compares all pairs, stretch by stretch.
func (c *comparison) run(ctx context.Context) error {
	for left := range c.cells.stretches() {
		a, err := c.side(left)
		if err != nil {
			return err
		}
		for right := left; right < c.cells.stretches(); right++ {
			b := a
			if right != left {
				if b, err = c.side(right); err != nil {
					return err
				}
			}
			if err := c.stretches(ctx, left, right, a, b); err != nil {
				return err
			}
		}
	}
	return nil
}

// side decodes a stretch of profiles. When there is one alone it is kept.
func (c *comparison) side(stretch int) (side, error) {
	from, to := c.cells.bounds(stretch)
	if c.order == nil {
		profiles, err := c.store.profiles(from, to)
		return side{profiles, from}, err
	}
	var err error
	c.whole, err = c.order.profiles(c.store)
	return side{c.whole, 0}, err
}

// side is a stretch of profiles in memory, the first one at place from.
type side struct {
	profiles []demographics.Profile
	from     int
}

func (s side) at(place uint32) *demographics.Profile { return &s.profiles[int(place)-s.from] }

// stretches compares the pairs of two stretches.
func (c *comparison) stretches(ctx context.Context, left, right int, a, b side) error {
	first := (left*c.cells.stretches() + right) * c.cells.fine
	counts := make([]int64, c.cells.fine)
	err := parallel(ctx, c.workers, c.cells.fine, func(i int) error {
		list, err := c.pairs.load(first + i)
		if err != nil {
			return err
		}
		c.pairs.free(first + i)
		defer c.meter.add(len(list))
		slices.Sort(list)
		list = slices.Compact(list)
		counts[i] = int64(len(list))
		return c.cell(list, a, b)
	})
	for _, n := range counts {
		c.count += n
	}
	return err
}

// cell compares the pairs of places of one cell. Edges are of records again.
func (c *comparison) cell(list []pair, a, b side) error {
	var out []edge
	for _, p := range list {
		i, j := p.records()
		x, y := a.at(i), b.at(j)
		p = pairOf(c.order.recordAt(i), c.order.recordAt(j))
		s, reached := c.matcher.ScoreFrom(x, y, c.floor)
		switch {
		case certain(x, y):
			out = append(out, edge{pair: p, bits: c.matcher.Score(x, y).Bits, kind: settled})
		case reached && bound(s, c.bound):
			out = append(out, edge{pair: p, bits: s.Bits, kind: likely})
		case reached:
			out = append(out, edge{pair: p, bits: s.Bits, kind: told})
		}
	}
	return c.edges.add(out, func(e edge) int { return c.bucket(e.pair) })
}

// bucket gives the bucket of an edge: in the order of its earlier record.
func (c *comparison) bucket(p pair) int {
	a, _ := p.records()
	return int(uint64(a) * uint64(len(c.edges.list)) / uint64(c.cells.records))
}

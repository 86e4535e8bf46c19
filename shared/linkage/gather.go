package linkage

import (
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// gathering is the records of a component and the units that they make.
type gathering struct {
	records []uint32
	unit    []int    // of each record
	first   []uint32 // of each unit: its first record
	units   []matching.Unit
	certain []bool // of each record: it is linked by the cross-check
}

// unitsOf gives the units of a pair of records.
func (g *gathering) unitsOf(p pair) (a, b int) {
	x, y := p.records()
	i, _ := slices.BinarySearch(g.records, x)
	j, _ := slices.BinarySearch(g.records, y)
	return g.unit[i], g.unit[j]
}

func (r *resolution) gather(list []edge) (*gathering, error) {
	g := &gathering{}
	for _, e := range list {
		a, b := e.pair.records()
		g.records = append(g.records, a, b)
	}
	slices.Sort(g.records)
	g.records = slices.Compact(g.records)
	sets := newForest(len(g.records))
	g.certain = make([]bool, len(g.records))
	for _, e := range list {
		if e.kind != settled {
			continue
		}
		a, b := e.pair.records()
		i, _ := slices.BinarySearch(g.records, a)
		j, _ := slices.BinarySearch(g.records, b)
		sets.union(uint32(i), uint32(j))
		g.certain[i], g.certain[j] = true, true
	}
	return g, r.makeUnits(g, sets)
}

// makeUnits makes a unit of each set of records.
func (r *resolution) makeUnits(g *gathering, sets *forest) error {
	g.unit = make([]int, len(g.records))
	members := make([][]*demographics.Profile, 0, len(g.records))
	for i, record := range g.records {
		profile, err := r.profile(record)
		if err != nil {
			return err
		}
		if root := int(sets.find(uint32(i))); root < i {
			g.unit[i] = g.unit[root]
		} else {
			g.unit[i] = len(members)
			g.first = append(g.first, record)
			members = append(members, nil)
		}
		members[g.unit[i]] = append(members[g.unit[i]], profile)
	}
	g.units = make([]matching.Unit, len(members))
	for i, profiles := range members {
		g.units[i].Profile = profiles[0]
		if len(profiles) > 1 {
			all := demographics.Combine(profiles...)
			g.units[i].Profile = &all
		}
	}
	return nil
}

package linkage

import "context"

// forest says which records hang together by edges: a union-find whose roots
// are the earliest records of their components.
type forest struct {
	parent []uint32
	size   []uint32 // of a root's component
}

func newForest(n int) *forest {
	f := &forest{parent: make([]uint32, n), size: make([]uint32, n)}
	for i := range f.parent {
		f.parent[i], f.size[i] = uint32(i), 1
	}
	return f
}

func (f *forest) find(i uint32) uint32 {
	for f.parent[i] != i {
		f.parent[i] = f.parent[f.parent[i]]
		i = f.parent[i]
	}
	return i
}

func (f *forest) union(a, b uint32) {
	a, b = f.find(a), f.find(b)
	if a == b {
		return
	}
	a, b = min(a, b), max(a, b)
	f.parent[b] = a
	f.size[a] += f.size[b]
}

// mostTogether is the most records that are resolved together. Where more hang
// together, weak evidence has strung people who have nothing to do with each
// other: the weakest edges are then cut, a bit at a time, until no more do.
const mostTogether = 500

// components puts together the records that edges of at least so many bits
// join. It returns, for each record, from how many bits its edges count.
func components(ctx context.Context, edges *buckets[edge], records int, bits float64) (*forest, []float32, error) {
	f := newForest(records)
	from := make([]float32, records)
	for i := range from {
		from[i] = float32(bits)
	}
	for wide := true; wide; {
		for i := range edges.list {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			list, err := edges.load(i)
			if err != nil {
				return nil, nil, err
			}
			for _, e := range list {
				if e.joins(from) {
					f.union(e.pair.records())
				}
			}
		}
		wide = f.cut(from)
	}
	return f, from, nil
}

// cut takes components apart that are too large, and asks for stronger edges
// in them. False when there is none.
func (f *forest) cut(from []float32) bool {
	var wide []uint32
	for i := range f.parent {
		if f.size[f.find(uint32(i))] > mostTogether {
			wide = append(wide, uint32(i))
		}
	}
	for _, i := range wide {
		f.parent[i], f.size[i] = i, 1
		from[i]++
	}
	return len(wide) > 0
}

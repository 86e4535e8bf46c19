package chance

// Weighted draws numbers by weight in constant time: the alias method (Walker
// 1977, in the form of Vose 1991).
type Weighted struct {
	keep  []float64
	alias []uint32
}

// NewWeighted gives the drawing of 0 to len(weights)-1. Weights are not
// negative, and not all zero.
func NewWeighted(weights []float64) *Weighted {
	n := len(weights)
	total := 0.0
	for _, w := range weights {
		total += w
	}
	d := &Weighted{make([]float64, n), make([]uint32, n)}
	var small, large []int
	for i, w := range weights {
		d.keep[i] = w / total * float64(n)
		if d.keep[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		d.alias[s] = uint32(l)
		d.keep[l] -= 1 - d.keep[s]
		if d.keep[l] < 1 {
			small, large = append(small, l), large[:len(large)-1]
		}
	}
	for _, i := range append(small, large...) { // what rounding left over
		d.keep[i] = 1
	}
	return d
}

// Draw gives a number by its weight.
func (d *Weighted) Draw(s *Source) int {
	i := s.Below(len(d.keep))
	if s.Share() < d.keep[i] {
		return i
	}
	return int(d.alias[i])
}

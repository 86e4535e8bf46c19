package linkage

// cells part the pairs: by the stretch of places that each side lies in, so
// that the profiles of two stretches at a time suffice to compare them, and
// within that by the earlier place, so that a cell is no more than fits.
type cells struct {
	records int // in all
	stretch int // records in one stretch
	fine    int // parts of a stretch
}

// cellPairs is about how many pairs a cell has.
const cellPairs = 1 << 18

// mostStretches bounds how often every profile is read again.
const mostStretches = 32

// newCells parts so many records, of so many bytes each in memory, for a
// budget of bytes.
func newCells(records int, each, budget int64) cells {
	c := cells{records: records, stretch: records}
	if each*int64(records) > budget {
		c.stretch = int(max(budget/(2*each), int64(records/mostStretches+1)))
	}
	c.stretch = max(1, c.stretch)
	// A record has a few dozen pairs, spread over the stretches of its partners.
	c.fine = max(1, c.stretch/(cellPairs/64)/c.stretches())
	return c
}

func (c cells) stretches() int { return max(1, (c.records+c.stretch-1)/c.stretch) }

// len is the number of cells.
func (c cells) len() int { return c.stretches() * c.stretches() * c.fine }

// of gives the cell of a pair.
func (c cells) of(p pair) int {
	a, b := p.records()
	left, right := int(a)/c.stretch, int(b)/c.stretch
	within := (int(a) - left*c.stretch) * c.fine / c.stretch
	return (left*c.stretches()+right)*c.fine + within
}

// bounds gives the first record of a stretch and that after its last.
func (c cells) bounds(stretch int) (from, to int) {
	return stretch * c.stretch, min(c.records, (stretch+1)*c.stretch)
}

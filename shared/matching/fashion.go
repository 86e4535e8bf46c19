package matching

import (
	"fmt"
	"strconv"

	"github.com/carerecord/carerecord/shared/demographics"
)

// fashion holds what the decade of birth adds to the weight of a given name: of
// two people born on one day more have the same name where it was in fashion,
// and fewer where it was not.
type fashion map[string]*[decades]float64

// Decades of birth, from that of 1880 on.
const (
	decades     = 16
	firstDecade = 1880
)

// decadeOf gives the place of a year's decade; false outside of them.
func decadeOf(year uint16) (int, bool) {
	d := (int(year) - firstDecade) / 10
	return d, int(year) >= firstDecade && d < decades
}

func newFashion(m *Model) fashion {
	f := fashion{}
	given := m.Fields[fieldGiven].Frequencies
	for decade, names := range m.GivenByDecade {
		year, _ := strconv.Atoi(decade)
		d, ok := decadeOf(uint16(year))
		if !ok {
			continue
		}
		for name, share := range names {
			if f[name] == nil {
				f[name] = new([decades]float64)
			}
			f[name][d] = bitsOf(given.of(name) / share)
		}
	}
	return f
}

// extra gives the bits on top for a given name that two have who were born on
// one day. They may be less than 0.
func (f fashion) extra(name string, born demographics.Date) float64 {
	bits, ok := f[name]
	if !ok {
		return 0
	}
	if d, ok := decadeOf(born.Year); ok {
		return bits[d]
	}
	return 0
}

// named counts a given name by decade of birth.
type named struct {
	name   string
	decade int
}

// fashionBelief is how many births of every decade are taken to follow the
// shares of all decades.
const fashionBelief = 200

// fashions gives the shares of the listed given names by decade of birth.
func (c *terms) fashions(given *Frequencies) map[string]map[string]float64 {
	if given == nil {
		return nil
	}
	var born [decades]int
	for n, count := range c.named {
		born[n.decade] += count
	}
	shares := map[string]map[string]float64{}
	for d, n := range born {
		if n == 0 {
			continue
		}
		names := map[string]float64{}
		for name, share := range given.Values {
			names[name] = (float64(c.named[named{name, d}]) + fashionBelief*share) / (float64(n) + fashionBelief)
		}
		shares[fmt.Sprint(firstDecade+10*d)] = names
	}
	return shares
}

package linkage

import (
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// certain says whether the cross-check of package matching confirms that two
// records with one NHS number are of one person. It comes before the model, as
// it does in the index.
func certain(a, b *demographics.Profile) bool {
	if !sameNumber(a, b) {
		return false
	}
	x, y := evidence(a), evidence(b)
	return matching.CrossCheck(x, y).Outcome == matching.Link || matching.CrossCheck(y, x).Outcome == matching.Link
}

func sameNumber(a, b *demographics.Profile) bool {
	return len(a.Numbers) > 0 && len(b.Numbers) > 0 && a.Numbers[0].Digits == b.Numbers[0].Digits
}

// evidence gives a profile as the cross-check reads it.
func evidence(p *demographics.Profile) demographics.Details {
	d := demographics.Details{NHSNumber: p.Numbers[0].Digits}
	if len(p.Births) > 0 {
		b := p.Births[0]
		d.BirthDate = parts{int(b.Year), int(b.Month), int(b.Day)}.iso()
	}
	for _, n := range p.Names {
		d.Names = append(d.Names, demographics.Name{Given: n.Given, Family: strings.Join(n.Family, " ")})
	}
	for _, postcode := range p.Postcodes {
		d.Addresses = append(d.Addresses, demographics.Address{Postcode: postcode})
	}
	return d
}

// bound says whether a scored pair is decided together: it is certain, or has
// bits enough, and no verified numbers stand against it besides other reasons.
func bound(s matching.Score, floor float64) bool {
	return s.Bits >= floor && (s.Guards&matching.Vetoes == 0 || s.Guards == matching.VetoNumber)
}

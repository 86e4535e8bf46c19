package trial

import (
	"fmt"
	"math"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// byNumber tries the certain rule: the NHS number with its cross-check. It
// takes one read.
func (s *searcher) byNumber(p *demographics.Profile) (Finding, bool) {
	for _, n := range p.Numbers {
		block := s.keys.block(matching.Key{Kind: keyNumber, Value: n.Digits}, false)
		s.cost.read(len(block), 0)
		query := detailsOf(p)
		for _, one := range block {
			if matching.CrossCheck(query, detailsOf(s.other.read(s.records.at(one.person)))).Outcome == matching.Link {
				return Finding{Best: int(one.person), Bits: math.Inf(1), Lead: math.Inf(1), Number: true, Cost: s.cost}, true
			}
			s.found = append(s.found, one.person)
		}
	}
	return Finding{}, false
}

// detailsOf gives the details that a profile was made of, as far as the
// cross-check asks for them.
func detailsOf(p *demographics.Profile) demographics.Details {
	var d demographics.Details
	if len(p.Numbers) > 0 {
		d.NHSNumber, d.NHSStatus = p.Numbers[0].Digits, "02"
		if p.Numbers[0].Verified {
			d.NHSStatus = "01"
		}
	}
	if len(p.Births) > 0 {
		d.BirthDate = fmt.Sprintf("%04d-%02d-%02d", p.Births[0].Year, p.Births[0].Month, p.Births[0].Day)
	}
	for _, n := range p.Names {
		d.Names = append(d.Names, demographics.Name{Family: strings.Join(n.Family, ""), Given: n.Given})
	}
	for _, postcode := range p.Postcodes {
		d.Addresses = append(d.Addresses, demographics.Address{Postcode: postcode})
	}
	return d
}

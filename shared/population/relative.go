package population

import (
	"github.com/carerecord/carerecord/shared/population/chance"
	"github.com/carerecord/carerecord/shared/population/names"
)

// Kin is how a person who is in no register is related to one who is.
type Kin uint8

// The relatives that are mistaken for one another.
const (
	Twin     Kin = iota + 1 // the same birth date, family name and home
	Sibling                 // the same family name and home
	Namesake                // parent or child of the same given and family name, at the same home
)

// Relative makes up a relative of the person, who is of no block of the region.
// Family name and home are the person's own.
func Relative(s *chance.Source, p *Person, kin Kin) Person {
	r := *p
	r.Twin, r.Namesake, r.Birth = kin == Twin, kin == Namesake, p.Family
	if kin == Namesake {
		r.Born = dayIn(s, anotherGeneration(s, p.Born.Year))
		r.Middle = ""
		if s.Happens(shareMiddle) {
			r.Middle = names.Given(s, r.Sex, r.Born.Year, r.Community)
		}
		return r
	}
	if kin == Sibling || !s.Happens(1./3) {
		r.Sex = chance.One(s, []byte("FM"))
	}
	if kin == Sibling {
		r.Born = dayIn(s, siblingYear(s, p.Born.Year))
	}
	r.Given, r.Middle = names.Given(s, r.Sex, r.Born.Year, r.Community), ""
	for r.Given == p.Given {
		r.Given = names.Given(s, r.Sex, r.Born.Year, r.Community)
	}
	if s.Happens(shareMiddle) {
		r.Middle = names.Given(s, r.Sex, r.Born.Year, r.Community)
	}
	return r
}

// siblingYear is one to six years before or after.
func siblingYear(s *chance.Source, year int) int {
	gap := s.Between(1, 6)
	if s.Happens(.5) || year+gap > ThisYear {
		return year - gap
	}
	return year + gap
}

// anotherGeneration is twenty to thirty-eight years before or after.
func anotherGeneration(s *chance.Source, year int) int {
	gap := s.Between(20, 38)
	if s.Happens(.5) && year+gap <= ThisYear || year < 1960 {
		return min(year+gap, ThisYear)
	}
	return year - gap
}

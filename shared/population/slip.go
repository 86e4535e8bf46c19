package population

import (
	"strings"

	"github.com/carerecord/carerecord/shared/population/chance"
	"github.com/carerecord/carerecord/shared/population/names"
)

// given gives the given names as another source states them.
func (r *NameRates) given(s *chance.Source, p *Person) (given, middle string) {
	switch u := s.Share(); {
	case u < r.Sound:
		return sameSound(s, p.Given), p.Middle
	case u < r.Sound+r.Start:
		if short := names.Short(p.Given); short != "" && short[:2] == p.Given[:2] && s.Happens(.5) {
			return short, p.Middle
		}
		return sameStart(s, p.Given), p.Middle
	case u < r.Sound+r.Start+r.Other:
		return otherGiven(s, p)
	}
	return p.Given, p.Middle
}

// otherGiven is a name that does not begin like theirs: the one they are known
// by, the second name, a slip at the start, or a mistake for somebody else's.
func otherGiven(s *chance.Source, p *Person) (given, middle string) {
	short := names.Short(p.Given)
	switch u := s.Share(); {
	case u < .4 && p.Middle != "":
		return p.Middle, p.Given
	case u < .6 && short != "" && short[:2] != p.Given[:2]:
		return short, p.Middle
	case u < .8:
		return wrongStart(s, p.Given), p.Middle
	}
	return names.Given(s, p.Sex, p.Born.Year, p.Community), p.Middle
}

// family gives the family name as another source states it.
func (r *NameRates) family(s *chance.Source, p *Person) string {
	switch u := s.Share(); {
	case u < r.Sound:
		return sameSound(s, p.Family)
	case u < r.Sound+r.Start:
		return sameStart(s, p.Family)
	case u < r.Sound+r.Start+r.Other:
		return otherFamily(s, p)
	}
	return p.Family
}

// otherFamily is the name by birth, where theirs is by marriage; or a name by
// a marriage of which the other source does not know, or somebody else's.
func otherFamily(s *chance.Source, p *Person) string {
	if p.Birth != p.Family {
		return p.Birth
	}
	name := names.FamilyOf(s, p.Community)
	if s.Happens(.15) {
		return p.Family + "-" + name
	}
	return name
}

// spellings are pairs that sound the same in most English names.
var spellings = [][2]string{
	{"ph", "f"},
	{"ck", "k"},
	{"ie", "y"},
	{"ey", "y"},
	{"ll", "l"},
	{"nn", "n"},
	{"tt", "t"},
	{"ss", "s"},
	{"rr", "r"},
	{"mm", "m"},
	{"ee", "ea"},
	{"ai", "ay"},
	{"au", "aw"},
	{"ou", "ow"},
	{"ei", "ie"},
	{"ea", "e"},
	{"oo", "u"},
	{"ae", "e"},
	{"gh", "g"},
	{"er", "ar"},
	{"or", "er"},
	{"on", "en"},
	{"an", "en"},
	{"in", "yn"},
	{"el", "le"},
	{"a", "e"},
	{"i", "y"},
	{"o", "u"},
	{"e", "i"},
}

// sameSound gives another spelling: one of the pairs exchanged after the first
// letter, or a consonant doubled.
func sameSound(s *chance.Source, name string) string {
	if len(name) < 3 {
		return name + "h"
	}
	from := s.Below(len(spellings))
	for i := range spellings {
		pair := spellings[(from+i)%len(spellings)]
		if s.Happens(.5) {
			pair[0], pair[1] = pair[1], pair[0]
		}
		at := strings.LastIndex(name[1:], pair[0])
		if at < 0 || pair[0] == pair[1] {
			continue
		}
		return name[:1+at] + pair[1] + name[1+at+len(pair[0]):]
	}
	return name[:2] + name[1:2] + name[2:]
}

// sameStart gives the name with one slip of the keyboard after its second letter.
func sameStart(s *chance.Source, name string) string {
	if len(name) < 4 {
		return name + string(letter(s))
	}
	return mistype(s, name, s.Between(2, len(name)-1))
}

// wrongStart gives the name with one slip in its first two letters.
func wrongStart(s *chance.Source, name string) string {
	return mistype(s, name, s.Below(min(2, len(name))))
}

func letter(s *chance.Source) byte { return byte('a' + s.Below(26)) }

// mistype leaves out, adds, changes or exchanges a letter at the place; the
// name then differs.
func mistype(s *chance.Source, name string, at int) string {
	wrong := letter(s)
	for wrong == name[at]|0x20 {
		wrong = letter(s)
	}
	switch s.Below(4) {
	case 0:
		if len(name) > 2 {
			return name[:at] + name[at+1:]
		}
	case 1:
		return name[:at] + string(wrong) + name[at:]
	case 2:
		if at+1 < len(name) && name[at] != name[at+1] {
			return name[:at] + name[at+1:at+2] + name[at:at+1] + name[at+2:]
		}
	}
	return name[:at] + string(wrong) + name[at+1:]
}

// slipUnit gives the postcode with another unit of its sector.
func slipUnit(s *chance.Source, postcode string) string {
	at := len(postcode) - s.Between(1, 2)
	for {
		if c := unitLetters[s.Below(len(unitLetters))]; c != postcode[at] {
			return postcode[:at] + string(c) + postcode[at+1:]
		}
	}
}

// slipDate gives a wrong birth date: with one of day, month and year wrong, or
// with more than one, such as day and month exchanged.
func slipDate(s *chance.Source, d Date, partial bool) Date {
	for {
		wrong := d
		switch u := s.Below(20); {
		case !partial && u < 10:
			wrong.Month, wrong.Day = d.Day, d.Month
		case !partial:
			wrong = dayIn(s, d.Year+s.Between(-10, 10))
		case u < 10:
			wrong.Day = slipNumber(s, d.Day)
		case u < 14:
			wrong.Month = slipNumber(s, d.Month)
		default:
			wrong.Year += chance.One(s, []int{-10, -2, -1, -1, 1, 1, 2, 10})
		}
		if wrong.real() && wrong.Year <= ThisYear && agreeing(d, wrong) == 2 == partial && wrong != d {
			return wrong
		}
	}
}

// slipNumber is one off, has its digits exchanged, or has one digit wrong.
func slipNumber(s *chance.Source, n int) int {
	switch s.Below(4) {
	case 0:
		return n - 1
	case 1:
		return n + 1
	case 2:
		return n%10*10 + n/10
	}
	return n/10*10 + s.Below(10)
}

// agreeing counts the parts that two dates have in common.
func agreeing(a, b Date) (n int) {
	for _, same := range []bool{a.Year == b.Year, a.Month == b.Month, a.Day == b.Day} {
		if same {
			n++
		}
	}
	return n
}

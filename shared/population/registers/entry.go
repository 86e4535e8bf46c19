package registers

import (
	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/chance"
)

// entry is one row of a register.
type entry struct {
	population.Account
	localID  string
	person   int
	practice string // the practice they are registered with
}

// babyNames stand in the given name of those who have none yet.
var babyNames = []string{"Baby", "Baby Boy", "Baby Girl", "Infant", "Twin One", "Twin Two", "Baby Of"}

// enter gives the organisation's account of a person. The number is one of
// several that they are known by there.
func (w *writer) enter(s *chance.Source, o *Organisation, p *population.Person, times int) entry {
	e := entry{Account: w.rates.Account(s, p), person: p.ID}
	e.localID = population.Padded(o.localID, w.localNumber(p.ID+times*w.region.People), 9)
	e.practice = population.Padded("Z9", int(p.Home.Unit)/200%10_000, 4)
	at := p.Home
	if s.Happens(o.stale) {
		at = p.Former
		if e.Family == p.Family && s.Happens(.25) {
			e.Family = p.Birth
		}
	} else {
		e.Know(s, p)
	}
	if e.Postcode == p.Home.Postcode() {
		e.Address(at)
	} else {
		e.Town = at.Town()
		e.Lines[0], e.Lines[1] = at.Lines()
	}
	w.number(s, o, p, &e)
	e.contacts(s, &o.quality, p)
	e.lacks(s, &o.quality, p)
	return e
}

// number gives the entry its NHS number, if it has one.
func (w *writer) number(s *chance.Source, o *Organisation, p *population.Person, e *entry) {
	q := &o.quality
	id, exchanged := w.holder(o, p.ID)
	number := population.Number(id)
	if number == "" || !s.Happens(q.number) {
		e.Status = chance.One(s, []string{"03", "07"})
		return
	}
	e.Number, e.Status = number, "01"
	mistyped := s.Happens(q.wrong * shareMistyped)
	if mistyped {
		e.Number = mistype(s, number)
	}
	// Whoever has a wrong number was not often traced by it.
	if !s.Happens(q.verified) || (mistyped || exchanged) && s.Happens(.7) {
		e.Status = chance.One(s, []string{"02", "03"})
	}
}

// shareMistyped of the wrong numbers are slips of the keyboard; the others have
// been exchanged between two people.
const shareMistyped = .7

// holder says whose number stands at the person: their own, or that of the
// person beside them, if the register exchanged the two. They often live together.
func (w *writer) holder(o *Organisation, id int) (holder int, exchanged bool) {
	other := id ^ 1
	pair := chance.New(w.region.Seed, streamExchange, uint64(o.at), uint64(id/2))
	if other >= w.region.People || !pair.Happens(o.quality.wrong*(1-shareMistyped)) {
		return id, false
	}
	return other, true
}

// mistype changes one digit or exchanges two neighbours. Either way the check
// digit no longer fits.
func mistype(s *chance.Source, number string) string {
	digits := []byte(number)
	i := s.Between(3, len(digits)-2)
	if digits[i] != digits[i+1] && s.Happens(.4) {
		digits[i], digits[i+1] = digits[i+1], digits[i]
	} else {
		digits[i] = '0' + (digits[i]-'0'+byte(s.Between(1, 9)))%10
	}
	return string(digits)
}

func (e *entry) contacts(s *chance.Source, q *quality, p *population.Person) {
	if s.Happens(q.phone) {
		e.Phone = population.Phone(p.Household)
	}
	// Children are reached by a parent's mobile telephone.
	if owner := p.ID; s.Happens(q.mobile) {
		if p.Born.Year > population.ThisYear-14 {
			owner = p.Household
		}
		e.Mobile = population.Mobile(owner)
	}
	if p.Born.Year < population.ThisYear-14 && s.Happens(q.email) {
		e.Email = p.Email()
	}
}

// ownPostcodes stand for the patient's where the form had to have one.
var ownPostcodes = []string{"AA1 1AA", "AA2 2AA"}

// lacks takes away what the register does not know, or puts there what stands for it.
func (e *entry) lacks(s *chance.Source, q *quality, p *population.Person) {
	if !s.Happens(q.born) {
		e.Born = ""
	}
	if !s.Happens(q.sex) {
		e.Sex = 0
	}
	if !s.Happens(q.postcode) {
		e.Postcode = ""
	}
	if s.Happens(q.elsewhere) {
		e.Postcode = chance.One(s, ownPostcodes)
	}
	if p.Born.Year == population.ThisYear && s.Happens(q.baby) {
		e.Given, e.Middle = chance.One(s, babyNames), ""
	}
	if s.Happens(q.unofficial) {
		e.Given = chance.One(s, []string{"Mr ", "Mrs ", "Dr ", "Miss "}) + e.Given
	}
	if s.Happens(q.unknown) {
		switch s.Below(4) {
		case 0:
			e.Given = "Unknown"
		case 1:
			e.Family = "UNKNOWN"
		default:
			e.Born = "1900-01-01"
		}
	}
}

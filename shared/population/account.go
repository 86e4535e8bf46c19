package population

import (
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/population/chance"
)

// Account is what one source states of one person. Empty means that it states
// nothing.
type Account struct {
	Number, Status string // NHS number as written, and its status indicator
	Given, Middle  string
	Family         string
	FormerFamily   string // a family name they had before
	Born           string // YYYY-MM-DD
	Sex            byte   // 'F', 'M', 'I' (neither), 'U' (not known)
	Postcode       string
	FormerPostcode string
	Lines          [2]string
	Town           string
	Phone, Mobile  string
	Email          string
}

// Account gives the truth: name, birth date, sex and postcode as they are now.
func (p *Person) Account() Account {
	return Account{Given: p.Given, Middle: p.Middle, Family: p.Family, Born: p.Born.String(), Sex: p.Sex, Postcode: p.Home.Postcode()}
}

// Address adds the house.
func (a *Account) Address(at Place) {
	a.Postcode, a.Town = at.Postcode(), at.Town()
	a.Lines[0], a.Lines[1] = at.Lines()
}

// Know adds what a register with a memory knows of former times: each of the
// former family name and the former postcode with the probability of ShareKnown.
func (a *Account) Know(s *chance.Source, p *Person) {
	if p.Birth != p.Family && s.Happens(ShareKnown) {
		a.FormerFamily = p.Birth
	}
	if s.Happens(ShareKnown) {
		a.FormerPostcode = p.Former.Postcode()
	}
}

// noFixedAbode is the pseudo postcode of people without one (NHS Data
// Dictionary, POSTCODE).
const noFixedAbode = "ZZ99 3VZ"

// Account gives the person's details as another source states them: the truth
// with slips at these rates.
func (r *Rates) Account(s *chance.Source, p *Person) Account {
	a := p.Account()
	given, family := &r.GivenM, &r.FamilyM
	if p.Sex == 'F' {
		given, family = &r.GivenF, &r.FamilyF
	}
	a.Given, a.Middle = given.given(s, p)
	a.Family = family.family(s, p)
	if s.Happens(r.Swapped) {
		a.Given, a.Family = a.Family, a.Given
	}
	if s.Happens(r.Birth) {
		a.Born = slipDate(s, p.Born, s.Happens(r.BirthPartial)).String()
	}
	switch u := s.Share(); {
	case u < r.Sex:
		a.Sex = 'F' + 'M' - p.Sex
	case u < r.Sex+r.SexNeither:
		a.Sex = chance.One(s, []byte("IU"))
	}
	a.Postcode = r.postcode(s, p)
	return a
}

// place says which address the source has: the former one where they moved.
func (r *Rates) postcode(s *chance.Source, p *Person) string {
	switch u := s.Share(); {
	case u < r.PostcodeOther:
		return p.Former.Postcode()
	case u < r.PostcodeOther+r.PostcodeUnit:
		return slipUnit(s, p.Home.Postcode())
	case u < r.PostcodeOther+r.PostcodeUnit+r.PostcodePseudo:
		return noFixedAbode
	}
	return p.Home.Postcode()
}

var sexes = map[byte]string{'F': "female", 'M': "male", 'I': "other", 'U': "unknown"}

// Details gives the account as a feed reads it.
func (a *Account) Details() demographics.Details {
	d := demographics.Details{BirthDate: a.Born, Sex: sexes[a.Sex], NHSStatus: a.Status}
	if number, err := nhs.ParseNumber(a.Number); err == nil {
		d.NHSNumber = number
	}
	a.names(&d)
	a.addresses(&d)
	a.contacts(&d)
	return d
}

func (a *Account) contacts(d *demographics.Details) {
	for _, c := range []demographics.Contact{
		{System: "phone", Use: "home", Value: a.Phone},
		{System: "phone", Use: "mobile", Value: a.Mobile},
		{System: "email", Value: a.Email},
	} {
		if c.Value != "" {
			d.Contacts = append(d.Contacts, c)
		}
	}
}

func (a *Account) names(d *demographics.Details) {
	var given []string
	for _, name := range []string{a.Given, a.Middle} {
		if name != "" {
			given = append(given, name)
		}
	}
	if a.Family != "" || given != nil {
		d.Names = append(d.Names, demographics.Name{Use: "official", Family: a.Family, Given: given})
	}
	if a.FormerFamily != "" {
		d.Names = append(d.Names, demographics.Name{Use: "old", Family: a.FormerFamily, Given: given})
	}
}

func (a *Account) addresses(d *demographics.Details) {
	home := demographics.Address{Use: "home", City: a.Town, Postcode: a.Postcode}
	for _, line := range a.Lines {
		if line != "" {
			home.Lines = append(home.Lines, line)
		}
	}
	if home.Postcode != "" || home.Lines != nil {
		d.Addresses = append(d.Addresses, home)
	}
	if a.FormerPostcode != "" {
		d.Addresses = append(d.Addresses, demographics.Address{Use: "old", Postcode: a.FormerPostcode})
	}
}

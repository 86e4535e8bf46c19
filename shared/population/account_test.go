package population_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/chance"
)

// slips counts how accounts of people disagree with the truth.
type slips struct {
	given, family                                       map[byte]int // by sex
	birth, partial, sex, neither, unit, another, pseudo int
}

func (n *slips) count(p *population.Person, a *population.Account) {
	if a.Given != p.Given && a.Given != p.Family {
		n.given[p.Sex]++
	}
	if a.Family != p.Family && a.Family != p.Given {
		n.family[p.Sex]++
	}
	if born := p.Born.String(); a.Born != born {
		n.birth++
		if sharedParts(a.Born, born) == 2 {
			n.partial++
		}
	}
	switch a.Sex {
	case p.Sex:
	case 'F', 'M':
		n.sex++
	default:
		n.neither++
	}
	switch home := p.Home.Postcode(); {
	case a.Postcode == home:
	case a.Postcode == "ZZ99 3VZ":
		n.pseudo++
	case a.Postcode == p.Former.Postcode():
		n.another++
	case a.Postcode[:len(home)-2] == home[:len(home)-2]:
		n.unit++
	}
}

// The published figures, from Cardinal et al. 2023 and not from the code.
func TestSlipsHaveThePublishedRates(t *testing.T) {
	t.Parallel()
	s, n, people := chance.New(3), slips{given: map[byte]int{}, family: map[byte]int{}}, map[byte]int{}
	all := everybody()
	for i := range all {
		a := population.Published.Account(s, &all[i])
		people[all[i].Sex]++
		n.count(&all[i], &a)
	}
	within(t, "given names of women", n.given['F'], people['F'], .00894+.00881+.00572)
	within(t, "given names of men", n.given['M'], people['M'], .00840+.00688+.00625)
	within(t, "family names of women", n.family['F'], people['F'], .00551+.00378+.0567)
	within(t, "family names of men", n.family['M'], people['M'], .00471+.00247+.0134)
	within(t, "birth dates", n.birth, len(all), .00492)
	within(t, "of these in one part", n.partial, n.birth, .933)
	within(t, "sex", n.sex, len(all), .0033)
	within(t, "neither sex", n.neither, len(all), .004)
	within(t, "another unit", n.unit, len(all), .0097)
	within(t, "moved", n.another, len(all), .300)
	within(t, "no fixed abode", n.pseudo, len(all), .00201)
}

func sharedParts(a, b string) (n int) {
	for _, part := range [][2]int{{0, 4}, {5, 7}, {8, 10}} {
		if a[part[0]:part[1]] == b[part[0]:part[1]] {
			n++
		}
	}
	return n
}

func TestTheOrderOfNamesIsExchanged(t *testing.T) {
	t.Parallel()
	s, exchanged := chance.New(4), 0
	all := everybody()
	only := population.Rates{Swapped: population.Published.Swapped}
	for i := range all {
		if a := only.Account(s, &all[i]); a.Given == all[i].Family && a.Family == all[i].Given && a.Given != a.Family {
			exchanged++
		}
	}
	within(t, "given and family name", exchanged, len(all), .00191)
}

func TestWithoutRatesAnAccountIsTrue(t *testing.T) {
	t.Parallel()
	s, none := chance.New(5), population.Rates{}
	for _, p := range everybody()[:5000] {
		if none.Account(s, &p) != p.Account() {
			t.Fatalf("the account of %d has a slip", p.ID)
		}
	}
}

func TestTimes(t *testing.T) {
	t.Parallel()
	half := population.Published.Times(.5)
	if half.PostcodeOther != .15 || half.GivenF.Other != .00286 || half.BirthPartial != population.Published.BirthPartial {
		t.Errorf("half of the published rates is %+v", half)
	}
}

func TestFormerDetailsAreTrue(t *testing.T) {
	t.Parallel()
	s := chance.New(6)
	known, married, n := 0, 0, 0
	for _, p := range everybody() {
		a := p.Account()
		a.Know(s, &p)
		if a.FormerPostcode != "" {
			known++
			if a.FormerPostcode != p.Former.Postcode() {
				t.Fatal("a former postcode that is none")
			}
		}
		if p.Birth != p.Family {
			n++
		}
		if a.FormerFamily != "" {
			married++
			if a.FormerFamily != p.Birth || p.Birth == p.Family {
				t.Fatal("a former name that is none")
			}
		}
	}
	within(t, "former postcodes", known, len(everybody()), .35)
	within(t, "former names", married, n, .35)
}

func TestDetailsOfAnAccount(t *testing.T) {
	t.Parallel()
	a := population.Account{
		Number: "999 000 0018", Status: "02", Given: "Ann", Middle: "May", Family: "Smith", FormerFamily: "Jones", Born: "1980-02-03", Sex: 'F',
		Postcode: "AA1 1AA", FormerPostcode: "AA2 2AA", Lines: [2]string{"Flat 1", "2 Mill Lane"}, Town: "Fictham", Phone: "01632 960001", Email: "a@example.org",
	}
	d := a.Details()
	want := demographics.Details{
		NHSNumber: "9990000018", NHSStatus: "02", BirthDate: "1980-02-03", Sex: "female",
		Names: []demographics.Name{{Use: "official", Family: "Smith", Given: []string{"Ann", "May"}}, {Use: "old", Family: "Jones", Given: []string{"Ann", "May"}}},
		Addresses: []demographics.Address{
			{Use: "home", Lines: []string{"Flat 1", "2 Mill Lane"}, City: "Fictham", Postcode: "AA1 1AA"}, {Use: "old", Postcode: "AA2 2AA"},
		},
		Contacts: []demographics.Contact{{System: "phone", Use: "home", Value: "01632 960001"}, {System: "email", Value: "a@example.org"}},
	}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a.Number = "9990000019" // fails the check digit
	if d := a.Details(); d.NHSNumber != "" {
		t.Errorf("a number with a wrong check digit is %q", d.NHSNumber)
	}
	if d := (&population.Account{}).Details(); d.Names != nil || d.Addresses != nil || d.Contacts != nil {
		t.Errorf("nothing stated is %+v", d)
	}
}

func TestRelatives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(everybody()).Draw(t, "person")
		s := chance.New(rapid.Uint64().Draw(t, "seed"))
		kin := rapid.SampledFrom([]population.Kin{population.Twin, population.Sibling, population.Namesake}).Draw(t, "kin")
		r := population.Relative(s, &p, kin)
		if r.Family != p.Family || r.Home != p.Home || r.Born.Year > population.ThisYear {
			t.Fatalf("%v has another name or home", r.ID)
		}
		gap := r.Born.Year - p.Born.Year
		switch kin {
		case population.Twin:
			if r.Born != p.Born || r.Given == p.Given {
				t.Fatal("a twin has the birth date and another given name")
			}
		case population.Sibling:
			if r.Given == p.Given || gap == 0 || gap < -6 || gap > 6 {
				t.Fatalf("siblings are %d years apart", gap)
			}
		case population.Namesake:
			if r.Given != p.Given || r.Sex != p.Sex || gap > -15 && gap < 15 {
				t.Fatalf("parent and child are %d years apart", gap)
			}
		}
	})
}

func FuzzSlips(f *testing.F) {
	f.Add(uint64(1), uint16(3))
	f.Fuzz(func(t *testing.T, seed uint64, person uint16) {
		p := everybody()[person]
		always := population.Published
		always.GivenF, always.GivenM = population.NameRates{Sound: .3, Start: .4, Other: .3}, population.NameRates{Sound: .3, Start: .4, Other: .3}
		always.FamilyF, always.FamilyM = always.GivenF, always.GivenM
		always.Birth, always.PostcodeUnit, always.PostcodeOther = 1, 1, 0
		a := always.Account(chance.New(seed), &p)
		if a.Given == "" || a.Family == "" || a.Born == p.Born.String() || a.Postcode == p.Home.Postcode() {
			t.Errorf("person %d with slips everywhere: %d and %d letters of names", person, len(a.Given), len(a.Family))
		}
	})
}

package population

import (
	"github.com/carerecord/carerecord/shared/population/chance"
	"github.com/carerecord/carerecord/shared/population/names"
)

// Shares that make the region hard. The first four are those of the region on
// which the baselines were measured (see docs/measuring.md); the others are
// made up.
const (
	shareTwins       = .03  // of younger siblings: born with the one before
	shareNamesakes   = .015 // of children: the given name of the parent of their sex
	shareCommunity   = .10  // of households: of a community
	shareNewYear     = .06  // of people of communities: recorded as born on 1 January
	shareMiddle      = .7   // of people: a second given name
	shareTakesName   = .75  // of women in couples: the partner's family name
	shareOnceMarried = .35  // of women over 30 who live alone: a name by marriage
	shareDoubled     = .03  // of women in couples and of children: both names, with a hyphen
)

// builder makes the people of one block.
type builder struct {
	*chance.Source
	land   *land
	people []Person
	id     int

	// of the household in work
	first        int
	community    int
	name         string
	home, former Place
}

var householdKinds = chance.NewWeighted([]float64{.30, .27, .25, .09, .05, .035, .003})

// household adds the members of one more household.
func (b *builder) household() {
	b.first = b.id
	b.community = 0
	if b.Happens(shareCommunity) {
		b.community = names.Community(b.Source)
	}
	b.name = names.FamilyOf(b.Source, b.community)
	b.home, b.former = b.land.home(b.Source, b.community > 0), b.land.home(b.Source, b.community > 0)
	if b.Happens(.35) {
		b.former = b.land.near(b.Source, b.home)
	} else if b.Happens(.15) {
		b.former = b.land.elsewhere(b.Source)
	}
	switch householdKinds.Draw(b.Source) {
	case 0:
		b.alone()
	case 1:
		b.couple(b.Between(1935, 2003))
	case 2:
		b.children(b.couple(b.Between(1968, 2002)))
	case 3:
		b.children(b.loneParent())
	case 4:
		b.sharers(b.Between(2, 5))
	case 5:
		b.threeGenerations()
	default:
		b.home = b.land.institution(b.Source)
		b.sharers(b.Between(10, 40))
	}
}

// add adds a member. The family name is that of the household until changed.
func (b *builder) add(sex byte, born Date) *Person {
	if b.community > 0 && b.Happens(shareNewYear) {
		born.Month, born.Day = 1, 1
	}
	name := names.Family(b.Source, sex, b.community, b.name)
	b.people = append(b.people, Person{
		ID: b.id, Household: b.first, Sex: sex, Family: name, Birth: name, Born: born,
		Community: b.community, Home: b.home, Former: b.former,
		Given: names.Given(b.Source, sex, born.Year, b.community),
	})
	b.id++
	p := &b.people[len(b.people)-1]
	if b.Happens(shareMiddle) {
		p.Middle = names.Given(b.Source, sex, born.Year, b.community)
	}
	return p
}

func (b *builder) sex() byte { return chance.One(b.Source, []byte("FM")) }

// alone is one adult.
func (b *builder) alone() {
	year := b.Between(1932, 2006)
	p := b.add(b.sex(), dayIn(b.Source, year))
	if p.Sex == 'F' && year < ThisYear-30 && b.Happens(shareOnceMarried) {
		p.Birth = names.FamilyOf(b.Source, b.community)
	}
}

// couple is a woman and a man; most women bear the man's name.
func (b *builder) couple(year int) (mother, father int) {
	father = len(b.people)
	man := b.add('M', dayIn(b.Source, year-b.Between(-3, 7)))
	husband := man.Family
	woman := b.add('F', dayIn(b.Source, year))
	woman.Birth = names.Family(b.Source, 'F', b.community, names.FamilyOf(b.Source, b.community))
	switch {
	case b.community > 0 && woman.Family != husband: // a name of her own stays
		woman.Birth = woman.Family
	case b.Happens(shareDoubled):
		woman.Family = woman.Birth + "-" + husband
	case b.Happens(shareTakesName):
		woman.Family = husband
	default:
		woman.Family = woman.Birth
	}
	return father + 1, father
}

// loneParent is a woman, more often than a man.
func (b *builder) loneParent() (mother, father int) {
	parent, sex := len(b.people), byte('F')
	if b.Happens(.15) {
		sex = 'M'
	}
	b.add(sex, dayIn(b.Source, b.Between(1968, 2004)))
	return parent, parent
}

// sharers are adults who have nothing but the place in common.
func (b *builder) sharers(n int) {
	for range n {
		b.name = names.FamilyOf(b.Source, b.community)
		b.former = b.land.home(b.Source, b.community > 0)
		b.add(b.sex(), dayIn(b.Source, b.Between(1940, 2006)))
	}
}

// threeGenerations are a couple, their children and a parent of the man.
func (b *builder) threeGenerations() {
	mother, father := b.couple(b.Between(1970, 1998))
	year := b.people[father].Born.Year
	b.children(mother, father)
	b.add(b.sex(), dayIn(b.Source, max(1928, year-b.Between(20, 38))))
}

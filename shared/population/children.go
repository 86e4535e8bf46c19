package population

import (
	"github.com/carerecord/carerecord/shared/population/chance"
	"github.com/carerecord/carerecord/shared/population/names"
)

var childrenWeights = chance.NewWeighted([]float64{.42, .4, .13, .05})

// children adds those who live with their parents, the eldest first.
func (b *builder) children(mother, father int) {
	n := 1 + childrenWeights.Draw(b.Source)
	if b.people[father].Sex == 'M' {
		b.name = b.people[father].Birth
	} else {
		b.name = b.people[mother].Family
	}
	if mother != father && b.community == 0 && b.Happens(shareDoubled) {
		b.name = b.people[mother].Birth + "-" + b.people[father].Birth
	}
	born := dayIn(b.Source, b.people[mother].Born.Year+b.Between(19, 36))
	for i := range n {
		twin := i > 0 && b.Happens(shareTwins)
		if i > 0 && !twin {
			born = dayIn(b.Source, born.Year+b.Between(1, 4))
		}
		if born.Year > ThisYear {
			return
		}
		born = b.child(born, twin, mother, father)
	}
}

// child adds one and gives the birth date that is on record.
func (b *builder) child(born Date, twin bool, mother, father int) Date {
	sex, before := b.sex(), len(b.people)-1
	if twin && b.Happens(1./3) { // one pair in three is identical
		sex = b.people[before].Sex
	}
	p := b.add(sex, born)
	if twin {
		p.Twin, p.Born, p.Family, p.Birth = true, born, b.people[before].Family, b.people[before].Birth
		for p.Given == b.people[before].Given {
			p.Given = names.Given(b.Source, sex, born.Year, b.community)
		}
		return born
	}
	parent := mother
	if sex == b.people[father].Sex {
		parent = father
	}
	if sex == b.people[parent].Sex && b.Happens(shareNamesakes) {
		p.Namesake, p.Given = true, b.people[parent].Given
	}
	return p.Born
}

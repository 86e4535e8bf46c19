package matching

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
)

// textFields are the fields whose values have frequencies, besides the birth
// date.
var textFields = func() []int {
	list := []int{fieldGiven, fieldMiddle, fieldFamily, fieldPostcode, fieldAddress, fieldPhone, fieldEmail}
	for i := range MaxOther {
		list = append(list, fieldOther+i)
	}
	return list
}()

// Bounds of what a model lists. A model is kept and passed on, so a value is
// listed only when it is of several people, and one that could lead to somebody's
// door only when it is of many.
const (
	leastCount = 5    // occurrences of a name, or of a further column's value
	leastPlace = 20   // occurrences of a postcode, address, telephone number or e-mail address
	leastTerm  = 1e-5 // share of a name, or of a further column's value
	mostTerms  = 20_000
	outlier    = 4 // times as frequent as the mean, for places and dates
	dayBelief  = 5 // occurrences added to each year and day of the year
)

// terms counts values.
type terms struct {
	least   float64 // share from which a name is listed
	records int
	texts   [NumFields]map[string]int
	years   map[uint16]int
	days    map[uint16]int
	dates   map[demographics.Date]int
	births  int
	full    map[[2]string]int // given and family name together
	named   map[named]int     // given name and decade of birth together
}

func countTerms(profiles []demographics.Profile) *terms {
	c := &terms{records: len(profiles), years: map[uint16]int{}, days: map[uint16]int{}, dates: map[demographics.Date]int{}, full: map[[2]string]int{}, named: map[named]int{}}
	for _, f := range textFields {
		c.texts[f] = map[string]int{}
	}
	for i := range profiles {
		p := &profiles[i]
		for _, f := range textFields {
			for value := range valuesOf(p, f) {
				c.texts[f][value]++
			}
		}
		if name, ok := fullName(p); ok {
			c.full[name]++
		}
		for _, d := range p.Births {
			if d.Whole() {
				c.births++
				c.years[d.Year]++
				c.days[uint16(d.Month)*100+uint16(d.Day)]++
				c.dates[d]++
				if decade, ok := decadeOf(d.Year); ok && len(p.Names) > 0 && len(p.Names[0].Given) > 0 {
					c.named[named{p.Names[0].Given[0], decade}]++
				}
			}
		}
	}
	return c
}

// valuesOf gives the values of a field by which frequency is counted, current
// ones alone.
func valuesOf(p *demographics.Profile, field int) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		var list []string
		switch {
		case field == fieldGiven && len(p.Names) > 0:
			list = p.Names[0].Given[:min(1, len(p.Names[0].Given))]
		case field == fieldMiddle && len(p.Names) > 0 && len(p.Names[0].Given) > 1:
			list = p.Names[0].Given[1:]
		case field == fieldFamily && len(p.Names) > 0:
			list = p.Names[0].Family
		case field == fieldPostcode:
			list = p.Postcodes[:min(1, len(p.Postcodes))]
		case field == fieldAddress:
			list = p.Addresses[:min(1, len(p.Addresses))]
		case field == fieldPhone:
			list = p.Phones
		case field == fieldEmail:
			list = p.Emails
		case field >= fieldOther && field-fieldOther < len(p.Other):
			list = p.Other[field-fieldOther : field-fieldOther+1]
		}
		for _, value := range list {
			if value != "" && !yield(value) {
				return
			}
		}
	}
}

// into sets the model's frequencies. same holds, for values, the expected
// number of pairs that share them because they are of one person; those do not
// make a value frequent.
func (c *terms) into(m *Model, same []map[string]float64) {
	for _, f := range textFields {
		var known map[string]float64
		if same != nil {
			known = same[f]
		}
		m.Fields[f].Frequencies = c.text(f, known)
	}
	m.Fields[fieldBirth].Frequencies = c.birth()
	m.FullNames = c.fullNames(m)
	m.GivenByDecade = c.fashions(m.Fields[fieldGiven].Frequencies)
}

// fullName gives the first given and the family name; false where one is not
// known or the family name has several tokens.
func fullName(p *demographics.Profile) (name [2]string, ok bool) {
	if len(p.Names) == 0 || len(p.Names[0].Given) == 0 || len(p.Names[0].Family) != 1 {
		return name, false
	}
	return [2]string{p.Names[0].Given[0], p.Names[0].Family[0]}, true
}

// Full names are listed from so many records on, and when they are so many
// times as frequent as chance would have it.
const (
	leastFullName = 10
	mostTogether  = 1.5
)

// fullNames gives the shares of full names whose parts go together. The register
// must be large enough to tell that from duplicates.
func (c *terms) fullNames(m *Model) *Frequencies {
	names := map[string]float64{}
	if m.Fields[fieldGiven].Frequencies == nil || m.Fields[fieldFamily].Frequencies == nil {
		return nil
	}
	least := max(leastFullName, leastTerm*float64(c.records))
	for name, n := range c.full {
		share := float64(n) / float64(c.records)
		if !m.Fields[fieldGiven].Frequencies.lists(name[0]) || !m.Fields[fieldFamily].Frequencies.lists(name[1]) {
			continue
		}
		apart := m.Fields[fieldGiven].Frequencies.of(name[0]) * m.Fields[fieldFamily].Frequencies.of(name[1])
		if c.records >= 2*wideRecords && float64(n) >= least && share > mostTogether*apart {
			names[name[0]+" "+name[1]] = share
		}
	}
	return &Frequencies{Unlisted: leastShare, Values: names}
}

// text gives the frequencies of one field's values.
func (c *terms) text(field int, same map[string]float64) *Frequencies {
	total := 0
	for _, n := range c.texts[field] {
		total += n
	}
	if total == 0 {
		return nil
	}
	type term struct {
		value string
		count float64 // as many as there were of different people
		all   int
	}
	var list []term
	squares := 0.0
	for value, n := range c.texts[field] {
		pairs := max(0, float64(n)*float64(n-1)-2*same[value])
		list = append(list, term{value, math.Sqrt(pairs), n})
	}
	slices.SortFunc(list, func(a, b term) int {
		return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.value, b.value))
	})
	for _, t := range list { // in order, so that the sum is always the same
		squares += t.count * t.count
	}
	least := max(leastCount, c.least*float64(total))
	if field >= fieldPostcode && field <= fieldEmail {
		least = max(leastPlace, outlier*squares/float64(total))
	}
	f := &Frequencies{Values: map[string]float64{}}
	rest, restPairs := 0, 0.0
	for i, t := range list {
		if t.count >= least && i < mostTerms {
			f.Values[t.value] = t.count / float64(total)
			continue
		}
		rest += t.all
		restPairs += t.count * t.count
	}
	f.Unlisted = halfAPair / float64(total)
	if rest > 0 {
		f.Unlisted = max(f.Unlisted, restPairs/float64(rest)/float64(total))
	}
	f.Unlisted = min(f.Unlisted, 0.5)
	return f
}

// birth gives the frequencies of years, days of the year, and of dates that
// come much more often than these say.
func (c *terms) birth() *Frequencies {
	if c.births == 0 {
		return nil
	}
	f := &Frequencies{Values: map[string]float64{}, Unlisted: leastShare}
	share := func(n, of int) float64 {
		return (float64(n) + dayBelief) / (float64(c.births) + dayBelief*float64(of))
	}
	for year, n := range c.years {
		f.Values[fmt.Sprintf("%04d", year)] = share(n, len(c.years))
	}
	for day, n := range c.days {
		f.Values[fmt.Sprintf("%02d-%02d", day/100, day%100)] = share(n, len(c.days))
	}
	for d, n := range c.dates {
		expected := share(c.years[d.Year], len(c.years)) * share(c.days[uint16(d.Month)*100+uint16(d.Day)], len(c.days)) * float64(c.births)
		if float64(n) >= outlier*expected && n >= 4*outlier {
			f.Values[fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day)] = float64(n) / float64(c.births)
		}
	}
	return f
}

// count sets the frequencies anew, less what duplicates made of them. Where
// pairs are only sampled there are records enough for it not to matter.
func (t *training) count() {
	if len(t.profiles) >= 2*wideRecords {
		return
	}
	same := make([]map[string]float64, NumFields)
	for _, f := range textFields {
		same[f] = map[string]float64{}
		for i := range t.wide {
			d := &t.wide[i]
			for x := range valuesOf(&t.profiles[d.a], f) {
				for y := range valuesOf(&t.profiles[d.b], f) {
					if x == y {
						same[f][x] += float64(d.share)
					}
				}
			}
		}
	}
	t.terms.into(t.model, same)
}

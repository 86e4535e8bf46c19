package restapi

import (
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
)

// mostLookups bounds how many birth dates, or years of birth, one search is
// looked up by: each is a look-up of its own.
const mostLookups = 10

// lookups gives the details by which the index is asked for candidates, which
// are then compared with the search: one set where that finds all, else one for
// each day or year of birth that the search allows. The error says what to add.
func (c *criteria) lookups() ([]demographics.Details, error) {
	details, named, full := c.known()
	low, high := c.span()
	if low != "" && high != "" && low > high {
		return nil, nil // no day is both: nobody
	}
	placed := named && len(details.Addresses) > 0 && details.Names[0].Family != ""
	var list []demographics.Details
	for _, date := range births(low, high, named, full, placed) {
		details.BirthDate = date
		if tellsSomebody(details) {
			list = append(list, details)
		}
	}
	if list == nil {
		return nil, errTooFew
	}
	return list, nil
}

// births gives the birth dates to look up by, for what else is known: a name, both
// names, or a postcode with a family name. The empty date looks up without one.
func births(low, high string, named, full, placed bool) []string {
	bounded := low != "" && high != ""
	switch {
	case bounded && named && low == high:
		return []string{low}
	case placed:
		return []string{""}
	case !bounded || !named:
		return nil
	}
	if days := datesWithin(low, high, time.DateOnly); days != nil || !full {
		return days
	}
	if low[:7] == high[:7] {
		return []string{low[:7]}
	}
	return datesWithin(low, high, "2006")
}

// known gives what the search says in full: named when that is a name, full
// when it is a given and a family name.
func (c *criteria) known() (details demographics.Details, named, full bool) {
	var family, given []string
	for _, w := range c.words {
		switch {
		case w.prefix:
		case w.field == byPostcode:
			details.Addresses = append(details.Addresses, demographics.Address{Postcode: w.text})
		case w.field == byGiven:
			given = append(given, w.text)
		case w.field == byFamily:
			family = append(family, w.text)
		// Of names whose part is not said it matters only that they are two: the
		// index finds them in either place.
		case len(family) == 0:
			family = append(family, w.text)
		default:
			given = append(given, w.text)
		}
	}
	if len(family)+len(given) > 0 {
		details.Names = []demographics.Name{{Family: strings.Join(family, " "), Given: given}}
	}
	details.Sex = c.gender
	return details, len(details.Names) > 0, len(family) > 0 && len(given) > 0
}

// span gives the first and the last day of birth that the search allows; empty
// where it sets no bound.
func (c *criteria) span() (low, high string) {
	for _, s := range c.births {
		switch s.prefix {
		case "eq":
			low, high = later(low, s.low), earlier(high, s.high)
		case "ge":
			low = later(low, s.low)
		case "gt":
			low = later(low, shift(s.high, 1))
		case "le":
			high = earlier(high, s.high)
		case "lt":
			high = earlier(high, shift(s.low, -1))
		}
	}
	return low, high
}

func later(a, b string) string { return max(a, b) }

func earlier(a, b string) string {
	if a == "" {
		return b
	}
	return min(a, b)
}

// shift gives the day that many days after another.
func shift(day string, days int) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return t.AddDate(0, 0, days).Format(time.DateOnly)
}

// datesWithin lists the days ("2006-01-02") or years ("2006") from low to high;
// nil when there are more than mostLookups.
func datesWithin(low, high, layout string) []string {
	var list []string
	t, err := time.Parse(layout, low[:len(layout)])
	for err == nil && t.Format(layout) <= high[:len(layout)] {
		if len(list) == mostLookups {
			return nil
		}
		list = append(list, t.Format(layout))
		if layout == "2006" {
			t = t.AddDate(1, 0, 0)
		} else {
			t = t.AddDate(0, 0, 1)
		}
	}
	return list
}

var errTooFew error = &refusal{
	error: failure.New(failure.Invalid, "restapi.search", "too little to search by. Give identifier or _id; or a whole birthdate with family, given or name; "+
		"or a whole address-postalcode with family; or family and given with a year of birth. A name with a wildcard comes on top of these. "+
		"A range of birth dates spans at most %d days, or %d years with both names. Placeholders count for nothing", mostLookups, mostLookups),
	code: fhir.IssueRequired, spine: "INVALID_SEARCH_DATA", where: []string{byBirth, byFamily, byGiven, byPostcode},
}

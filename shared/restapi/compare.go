package restapi

import (
	"slices"
	"strings"
	"unicode"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// agreement is how a person agrees with one parameter of a search.
type agreement uint8

const (
	not    agreement = iota
	partly           // a former value, a part of it, its beginning, or what sounds like it
	wholly           // a current value as it was given
)

// agree compares a person's details with the search. The score is the share of
// the parameters that agree wholly. levels are those that the index found for
// the details that it was asked for: they know former values of which the
// person's details tell no more, and names that are near.
func (c *criteria) agree(d demographics.Details, levels []matching.Field) (score float64, ok bool) {
	all, whole := 0, 0
	take := func(a agreement) bool {
		all++
		if a == wholly {
			whole++
		}
		return a == wholly || a == partly && !c.exact
	}
	for _, w := range c.words {
		a := w.agree(d, c.history)
		if a == not && !w.exact && !w.prefix {
			a = c.remembered(w, levels)
		}
		if !take(a) {
			return 0, false
		}
	}
	for _, s := range c.births {
		if !take(s.agree(d.BirthDate)) {
			return 0, false
		}
	}
	if c.gender != "" && !take(sameCode(c.gender, d.Sex)) {
		return 0, false
	}
	return float64(whole) / float64(max(all, 1)), true
}

func sameCode(a, b string) agreement {
	if a == b {
		return wholly
	}
	return not
}

// agree looks for the word among the person's names or postcodes.
func (w word) agree(d demographics.Details, history bool) agreement {
	best := not
	try := func(value, use string) {
		if former := use == "old" || use == "maiden"; !former || history {
			a := w.fits(value)
			if former {
				a = min(a, partly)
			}
			best = max(best, a)
		}
	}
	if w.field == byPostcode {
		for _, a := range d.Addresses {
			try(a.Postcode, a.Use)
		}
		return best
	}
	for _, n := range d.Names {
		if w.field != byGiven {
			try(n.Family, n.Use)
		}
		for _, given := range n.Given {
			if w.field != byFamily {
				try(given, n.Use)
			}
		}
		if w.field == byGiven && len(n.Given) > 1 {
			try(strings.Join(n.Given, " "), n.Use)
		}
	}
	return best
}

// fits compares one value. What folds to nothing fits nothing.
func (w word) fits(value string) agreement {
	if w.exact {
		return sameCode(w.text, strings.TrimSpace(value))
	}
	want, have := demographics.Fold(w.text), demographics.Fold(value)
	if want == have {
		if w.prefix {
			return partly
		}
		return wholly
	}
	if w.prefix && strings.HasPrefix(have, want) {
		return partly
	}
	if w.field == byPostcode {
		return not
	}
	for _, part := range strings.FieldsFunc(value, parted) {
		part = demographics.Fold(part)
		if part == want || w.prefix && strings.HasPrefix(part, want) {
			return partly
		}
	}
	return not
}

// parted says what stands between the parts of a name, as of a double-barrelled one.
func parted(r rune) bool {
	return unicode.IsSpace(r) || r == '-' || r == '\u2010' || r == '\u2011' || r == '/'
}

// agree follows FHIR R4 search (Date): of a date that is known in part, ge and
// le ask for an overlap, eq for all of it.
func (s birthSpan) agree(birth string) agreement {
	if len(birth) < len("2006") {
		return not
	}
	low, high := daysOf(birth)
	agrees := false
	switch s.prefix {
	case "eq":
		agrees = s.low <= low && high <= s.high
	case "ge":
		agrees = high >= s.low
	case "gt":
		agrees = high > s.high
	case "le":
		agrees = low <= s.high
	case "lt":
		agrees = low < s.low
	}
	if agrees {
		return wholly
	}
	return not
}

// remembered says whether the index, which compares with all that was ever said
// of a person, found the word there. A fuzzy search takes what is near as well.
func (c *criteria) remembered(w word, levels []matching.Field) agreement {
	fields := []string{w.field}
	switch w.field {
	case byPostcode:
		fields = []string{"postcode"}
	case byName:
		fields = []string{byFamily, byGiven}
	}
	for _, f := range levels {
		if !slices.Contains(fields, f.Name) {
			continue
		}
		same := c.history && slices.Contains(sameNames, f.Level)
		near := c.fuzzy && w.field != byPostcode && slices.Contains(nearNames, f.Level)
		if same || near {
			return partly
		}
	}
	return not
}

// sameNames are the levels at which a name or a postcode is the same, or a part
// of the name is.
var sameNames = []string{matching.LevelExact, "former", "token", "middle"}

// nearNames are the levels of a name at which a fuzzy search takes it: it
// sounds or is written alike, is a short form, a part, or stands in the place
// of the other name.
var nearNames = []string{"alike", "similar", "slip", "nickname", "swapped", "initial", "middle", "token", "former", matching.LevelExact}

package restapi

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/nhs"
)

// The search parameters of a Patient's details (FHIR R4; IHE ITI-78; PDS).
const (
	byFamily   = "family"
	byGiven    = "given"
	byName     = "name"
	byBirth    = "birthdate"
	byGender   = "gender"
	byPostcode = "address-postalcode"
)

// detailParameters are all that a search by details takes, with their modifiers.
var detailParameters = []string{
	byFamily, byFamily + exactly, byGiven, byGiven + exactly, byName, byName + exactly, byBirth, byGender, byPostcode, byPostcode + exactly,
	"_fuzzy-match", "_exact-match", "_history", "_max-results",
}

const (
	exactly      = ":exact"
	wildcard     = "*"
	wildcardFrom = 2 // characters before a wildcard, as PDS has it
)

// criteria are what a search asks of a person's details. All must agree.
type criteria struct {
	words   []word
	births  []birthSpan
	gender  string
	fuzzy   bool // names that sound or look alike, and exchanged ones, agree too
	exact   bool // only who agrees exactly, in current values
	history bool // former values count
	limit   int  // of people in the answer
}

// word is one value of a name or of a postcode.
type word struct {
	field  string
	text   string // without the wildcard
	exact  bool   // case and accents count
	prefix bool   // the beginning is enough
}

// birthSpan is a span of birth dates that the search names with a prefix.
type birthSpan struct {
	prefix    string // eq, ge, le, gt, lt
	low, high string // first and last day, YYYY-MM-DD
}

// criteria reads the search parameters; none is the zero value with nil words.
func (p parameters) criteria() (c criteria, err error) {
	for _, field := range []string{byFamily, byGiven, byName, byPostcode} {
		for _, modifier := range []string{"", exactly} {
			for _, value := range p.values[field+modifier] {
				w, err := readWord(field, value, modifier == exactly)
				if err != nil {
					return c, err
				}
				c.words = append(c.words, w)
			}
		}
	}
	for _, value := range p.values[byBirth] {
		span, err := readBirth(value)
		if err != nil {
			return c, err
		}
		c.births = append(c.births, span)
	}
	if c.gender, _, err = p.one(byGender); err == nil {
		err = checkGender(c.gender)
	}
	if err == nil {
		err = c.readWays(p)
	}
	return c, err
}

// readWays reads how to search, and how many people the answer may hold.
func (c *criteria) readWays(p parameters) (err error) {
	if c.fuzzy, err = p.flag("_fuzzy-match", false); err != nil {
		return err
	}
	if c.exact, err = p.flag("_exact-match", false); err != nil {
		return err
	}
	if c.history, err = p.flag("_history", true); err != nil {
		return err
	}
	if c.limit, err = p.number("_max-results", mostMatches, mostMatches); err != nil {
		return err
	}
	count, err := p.number("_count", mostMatches, mostMatches)
	c.limit = min(c.limit, count)
	for _, w := range c.words {
		if c.fuzzy && w.prefix {
			return bad(w.field, fhir.IssueNotSupported, "a fuzzy search takes no wildcards")
		}
	}
	return err
}

func readWord(field, value string, exact bool) (word, error) {
	w := word{field: field, exact: exact}
	text, single := unescape(value)
	switch {
	case !single:
		return w, bad(field, fhir.IssueNotSupported, "%s takes one value at a time, not a list; give the parameter again for a further one", field)
	case !utf8.ValidString(value):
		return w, bad(field, fhir.IssueValue, "%s is not UTF-8", field)
	}
	w.text, w.prefix = strings.CutSuffix(strings.TrimSpace(text), wildcard)
	w.prefix = w.prefix && !exact
	folded := demographics.Fold(w.text)
	switch {
	case folded == "":
		return w, bad(field, fhir.IssueRequired, "%s is empty", field)
	case strings.Contains(w.text, wildcard):
		return w, bad(field, fhir.IssueValue, "a wildcard stands at the end alone")
	case w.prefix && utf8.RuneCountInString(folded) < wildcardFrom:
		return w, bad(field, fhir.IssueValue, "a wildcard needs %d characters before it", wildcardFrom)
	}
	return w, nil
}

// unescape undoes the escapes of FHIR R4 search (Escaping Search Parameters);
// false for a list.
func unescape(value string) (string, bool) {
	var out strings.Builder
	escaped := false
	for _, r := range value {
		switch {
		case escaped || r != '\\' && r != ',':
			out.WriteRune(r)
			escaped = false
		case r == '\\':
			escaped = true
		default:
			return "", false
		}
	}
	return out.String(), true
}

func readBirth(value string) (birthSpan, error) {
	s := birthSpan{prefix: "eq"}
	if len(value) > 2 && value[0] >= 'a' && value[0] <= 'z' {
		s.prefix, value = value[:2], value[2:]
	}
	switch s.prefix {
	case "eq", "ge", "le", "gt", "lt":
	default:
		return s, bad(byBirth, fhir.IssueNotSupported, "birthdate takes the prefixes eq, ge, le, gt and lt")
	}
	if nhs.CheckBirthDate(value, time.Time{}) == nhs.BirthDateImpossible {
		return s, bad(byBirth, fhir.IssueValue, "birthdate is a date of the calendar: YYYY, YYYY-MM or YYYY-MM-DD, one for each parameter")
	}
	s.low, s.high = daysOf(value)
	return s, nil
}

// daysOf gives the first and the last day of a FHIR date.
func daysOf(date string) (low, high string) {
	switch len(date) {
	case len("2006"):
		return date + "-01-01", date + "-12-31"
	case len("2006-01"):
		first, err := time.Parse("2006-01", date)
		if err != nil {
			return date, date
		}
		return date + "-01", first.AddDate(0, 1, -1).Format(time.DateOnly)
	}
	return date, date
}

func checkGender(code string) error {
	switch code {
	case "", "male", "female", "other", "unknown":
		return nil
	}
	return bad(byGender, fhir.IssueCodeInvalid, "gender is male, female, other or unknown")
}

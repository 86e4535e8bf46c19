package nhs

import (
	"slices"
	"time"
	_ "time/tzdata" // Europe/London must be known wherever the program runs
)

// London is the time zone of every date and time of a feed that names none.
var London = mustLoad("Europe/London")

func mustLoad(name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil { // cannot happen: the zones are part of the program
		return time.UTC
	}
	return loc
}

// BirthDate is what a birth date turned out to be.
type BirthDate uint8

// The judgements on a birth date. All but BirthDateOK mean: keep no birth date.
const (
	BirthDateOK          BirthDate = iota
	BirthDateImpossible            // no day of the calendar, or not written as a date
	BirthDateFuture                // after the day of receipt
	BirthDatePlaceholder           // the value by which a system says that it knows none
)

var birthDateNames = [...]string{"ok", "impossible", "future", "placeholder"}

// String gives the judgement as a word.
func (b BirthDate) String() string {
	if int(b) < len(birthDateNames) {
		return birthDateNames[b]
	}
	return birthDateNames[BirthDateImpossible]
}

// placeholderBirthDates are the "zero" dates of databases and spreadsheets, and
// 1 January 1900, which NHS systems use for "not known".
var placeholderBirthDates = []string{"1900-01-01", "0001-01-01", "1753-01-01", "1800-01-01", "1899-12-30", "1899-12-31"}

// CheckBirthDate judges a birth date in FHIR form (YYYY, YYYY-MM or
// YYYY-MM-DD). received bounds it: a date after that day in London is in the
// future; a zero received sets no bound.
func CheckBirthDate(iso string, received time.Time) BirthDate {
	layout := time.DateOnly
	if n := len(iso); n == 4 || n == 7 {
		layout = layout[:n]
	}
	if _, err := time.Parse(layout, iso); err != nil {
		return BirthDateImpossible
	}
	if slices.Contains(placeholderBirthDates, iso) {
		return BirthDatePlaceholder
	}
	if !received.IsZero() && iso > received.In(London).Format(layout) {
		return BirthDateFuture
	}
	return BirthDateOK
}

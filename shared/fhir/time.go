package fhir

import (
	"strings"
	"time"
)

// FormatInstant writes a FHIR instant in UTC, with no more of the fraction
// than is needed.
func FormatInstant(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// ParseInstant reads a FHIR instant: a full date and time with seconds and a
// zone (R4 datatypes, instant). False when s is none.
func ParseInstant(s string) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	return t, err == nil && strings.IndexByte(s, 'T') == len("2006-01-02")
}

var dateTimes = []string{"2006", "2006-01", "2006-01-02", time.RFC3339Nano}

// ValidDateTime says whether s is a FHIR dateTime: a year, a month, a day, or
// a time with seconds and a zone, of the calendar (R4 datatypes, dateTime).
func ValidDateTime(s string) bool {
	for _, layout := range dateTimes[:3] {
		if len(s) == len(layout) {
			_, err := time.Parse(layout, s)
			return err == nil
		}
	}
	_, ok := ParseInstant(s)
	return ok
}

package hl7v2

import (
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
)

// Precision is how much of a time stamp was given.
type Precision uint8

// The precisions of a time stamp (chapter 2A, DTM).
const (
	Year Precision = iota + 1
	Month
	Day
	Hour
	Minute
	Second
	Fraction
)

// Timestamp is a date or a time as a message gives it.
type Timestamp struct {
	Time      time.Time // in the zone given, or else in the zone assumed
	Precision Precision
	Zoned     bool // the zone was given
}

var errTimestamp = failure.New(failure.Invalid, "hl7v2.ParseTimestamp", "a time stamp is YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]")

// ParseTimestamp reads the types DTM, TS (its first component) and DT. Without
// a zone the time is taken to be in loc. A day or an hour that does not exist
// is failure.Invalid; so is every other form.
func ParseTimestamp(s string, loc *time.Location) (Timestamp, error) {
	s = strings.TrimSpace(s)
	digits, zoned := s, false
	if i := strings.IndexAny(s, "+-"); i >= 0 {
		offset, ok := parseZone(s[i:])
		if !ok {
			return Timestamp{}, errTimestamp
		}
		digits, loc, zoned = s[:i], time.FixedZone("", offset), true
	}
	digits, fraction, hasFraction := strings.Cut(digits, ".")
	precision, ok := precisions[len(digits)]
	if !ok || hasFraction && (precision != Second || !allDigits(fraction) || len(fraction) == 0 || len(fraction) > 9) || !allDigits(digits) {
		return Timestamp{}, errTimestamp
	}
	if hasFraction {
		precision = Fraction
	}
	t, ok := calendar(digits, fraction, loc)
	if !ok {
		return Timestamp{}, errTimestamp
	}
	return Timestamp{Time: t, Precision: precision, Zoned: zoned}, nil
}

// precisions by the number of digits. DTM allows no other.
var precisions = map[int]Precision{4: Year, 6: Month, 8: Day, 10: Hour, 12: Minute, 14: Second}

// calendar makes the time of YYYYMMDDHHMMSS or a beginning of it; false when
// there is no such day or hour.
func calendar(digits, fraction string, loc *time.Location) (time.Time, bool) {
	part := [6]int{0, 1, 1, 0, 0, 0}
	part[0] = number(digits[:4])
	for i, at := 1, 4; at < len(digits); i, at = i+1, at+2 {
		part[i] = number(digits[at : at+2])
	}
	nanos := number((fraction + "000000000")[:9])
	if part[1] < 1 || part[1] > 12 || part[2] < 1 || part[3] > 23 || part[4] > 59 || part[5] > 59 || part[0] == 0 {
		return time.Time{}, false
	}
	day := time.Date(part[0], time.Month(part[1]), part[2], 0, 0, 0, 0, time.UTC)
	if day.Day() != part[2] {
		return time.Time{}, false
	}
	return time.Date(part[0], time.Month(part[1]), part[2], part[3], part[4], part[5], nanos, loc), true
}

// parseZone reads +ZZZZ, in seconds east of Greenwich; at most fourteen hours.
func parseZone(s string) (offset int, ok bool) {
	if len(s) != 5 || !allDigits(s[1:]) {
		return 0, false
	}
	hours, minutes := number(s[1:3]), number(s[3:])
	offset = hours*3600 + minutes*60
	if minutes > 59 || offset > 14*3600 {
		return 0, false
	}
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// number reads digits; the caller has seen that they are.
func number(s string) (n int) {
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

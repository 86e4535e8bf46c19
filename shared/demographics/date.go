package demographics

import (
	"slices"
	"time"

	"github.com/carerecord/carerecord/shared/nhs"
)

// ReadDate gives a birth date in FHIR form as it is compared. What stands for
// "not known" gives the zero Date: a placeholder (nhs.CheckBirthDate), a year
// before 1000 or after 2199, anything not written as a date. A date that no
// calendar has ("1989-13-01") is kept: it is a slip of the pen and has its
// likeness to the right one.
func ReadDate(iso string) Date {
	parts, ok := dateParts(iso)
	if !ok || nhs.CheckBirthDate(iso, time.Time{}) == nhs.BirthDatePlaceholder {
		return Date{}
	}
	d := Date{Year: number16(parts[0]), Month: uint8(number16(parts[1])), Day: uint8(number16(parts[2]))}
	if d.Year < 1000 || d.Year > 2199 {
		return Date{}
	}
	return d
}

// number16 reads digits that dateParts has seen.
func number16(digits string) (n uint16) {
	for i := range len(digits) {
		n = n*10 + uint16(digits[i]-'0')
	}
	return n
}

// Whole says that year, month and day are known.
func (d Date) Whole() bool { return d.Year != 0 && d.Month != 0 && d.Day != 0 }

// Digits gives the date as the eight digits YYYYMMDD.
func (d Date) Digits() [8]byte {
	y, m, day := d.Year, d.Month, d.Day
	return [8]byte{
		'0' + byte(y/1000%10), '0' + byte(y/100%10), '0' + byte(y/10%10), '0' + byte(y%10),
		'0' + m/10%10, '0' + m%10, '0' + day/10%10, '0' + day%10,
	}
}

// Before says that d is surely earlier than e: parts that are not known decide
// nothing.
func (d Date) Before(e Date) bool {
	if d.Year == 0 || e.Year == 0 || d.Year != e.Year {
		return d.Year != 0 && d.Year < e.Year
	}
	if d.Month == 0 || e.Month == 0 || d.Month != e.Month {
		return d.Month != 0 && d.Month < e.Month
	}
	return d.Day != 0 && d.Day < e.Day
}

// readDeath gives the date of a FHIR dateTime; "true", the mere fact, gives
// none.
func readDeath(dateTime string) Date {
	return ReadDate(dateTime[:min(len(dateTime), len(time.DateOnly))])
}

// birthsOf gives the birth date as a list, empty when it is not known.
func birthsOf(iso string) []Date {
	if d := ReadDate(iso); d != (Date{}) {
		return slices.Clip([]Date{d})
	}
	return nil
}

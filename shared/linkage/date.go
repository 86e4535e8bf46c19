package linkage

import (
	"fmt"
	"strings"
	"time"
)

// parts are the year, month and day that a text states; 0: not stated. They
// need not be a day of the calendar.
type parts struct{ year, month, day int }

// iso writes the parts in the form of a FHIR date, also those that are no day
// of the calendar: a slip of the pen is still like the right date.
func (p parts) iso() string {
	switch {
	case p.month == 0:
		return fmt.Sprintf("%04d", p.year)
	case p.day == 0:
		return fmt.Sprintf("%04d-%02d", p.year, p.month)
	}
	return fmt.Sprintf("%04d-%02d-%02d", p.year, p.month, p.day)
}

// likely says whether the parts can be a birth date as they stand.
func (p parts) likely() bool {
	return p.year >= 1500 && p.year < 2200 && p.month >= 1 && p.month <= 12 && p.day >= 1 && p.day <= 31
}

// order is the order of day, month and year where a text does not show it.
type order uint8

const (
	yearMonthDay order = iota
	dayMonthYear
	monthDayYear
)

// take puts three numbers into their places.
func (o order) take(a, b, c int) parts {
	switch o {
	case dayMonthYear:
		return parts{year: c, month: b, day: a}
	case monthDayYear:
		return parts{year: c, month: a, day: b}
	}
	return parts{year: a, month: b, day: c}
}

// dates is what is known of how one column writes its dates: how many of its
// values are likely dates when read in each order.
type dates struct {
	packed [3]int // eight digits
	parted [3]int // numbers apart, the year last
}

// observe takes one value as evidence of how the column is written.
func (d *dates) observe(text string) {
	text = withoutTime(text)
	if digits(text) && len(text) == 8 {
		for o := range d.packed {
			if packed(text, order(o)).likely() {
				d.packed[o]++
			}
		}
		return
	}
	if n, last, ok := three(text); ok && last {
		for o := dayMonthYear; o <= monthDayYear; o++ {
			if o.take(n[0], n[1], n[2]).likely() {
				d.parted[o]++
			}
		}
	}
}

// best gives the order that makes most dates; the earlier of equals, so that
// 04/05/1980 alone is 4 May.
func best(likely [3]int, from order) order {
	for o := from; int(o) < len(likely); o++ {
		if likely[o] > likely[from] {
			from = o
		}
	}
	return from
}

// read gives the date that a value states, which may be no day of the calendar.
func (d *dates) read(text string) (parts, bool) {
	text = withoutTime(text)
	switch {
	case digits(text) && len(text) == 8:
		return packed(text, best(d.packed, yearMonthDay)), true
	case digits(text) && len(text) == 4:
		return parts{year: number(text)}, true
	}
	if p, ok := named(text); ok {
		return p, true
	}
	n, last, ok := three(text)
	switch {
	case !ok: // also where the year has two digits, which are of no certain century
		return yearAndMonth(text)
	case last:
		return best(d.parted, dayMonthYear).take(n[0], n[1], n[2]), true
	}
	return yearMonthDay.take(n[0], n[1], n[2]), true
}

// packed reads eight digits.
func packed(text string, o order) parts {
	if o == yearMonthDay {
		return o.take(number(text[:4]), number(text[4:6]), number(text[6:]))
	}
	return o.take(number(text[:2]), number(text[2:4]), number(text[4:]))
}

// yearAndMonth reads YYYY-MM and MM/YYYY.
func yearAndMonth(text string) (parts, bool) {
	f := split(text)
	if len(f) != 2 || !digits(f[0]) || !digits(f[1]) {
		return parts{}, false
	}
	if len(f[0]) != 4 {
		f[0], f[1] = f[1], f[0]
	}
	return parts{year: number(f[0]), month: number(f[1])}, len(f[0]) == 4 && len(f[1]) <= 2
}

// named reads a date whose month is a word: 04-MAY-1980, 4 May 1980,
// May 4, 1980 or May 1980.
func named(text string) (parts, bool) {
	var p parts
	var numbers []string
	for _, f := range split(text) {
		m := month(f)
		switch {
		case m > 0 && p.month == 0:
			p.month = m
		case digits(f):
			numbers = append(numbers, f)
		default:
			return p, false
		}
	}
	if p.month == 0 || len(numbers) == 0 || len(numbers) > 2 {
		return p, false
	}
	// The year is the one of four digits.
	if len(numbers) == 2 {
		if len(numbers[0]) == 4 {
			numbers[0], numbers[1] = numbers[1], numbers[0]
		}
		p.day = number(numbers[0])
	}
	year := numbers[len(numbers)-1]
	p.year = number(year)
	return p, len(year) == 4 && p.day < 100
}

// month gives the number of a month by the first three letters of its English
// name; 0 for any other word.
func month(word string) int {
	if len(word) < 3 {
		return 0
	}
	for m := time.January; m <= time.December; m++ {
		if name := m.String(); len(word) <= len(name) && strings.EqualFold(word, name[:len(word)]) {
			return int(m)
		}
	}
	return 0
}

// three reads three numbers apart. The year has four digits and is the last
// or the first of them.
func three(text string) (n [3]int, last, ok bool) {
	f := split(text)
	if len(f) != 3 || (len(f[0]) == 4) == (len(f[2]) == 4) {
		return n, false, false
	}
	last = len(f[2]) == 4
	for i, s := range f {
		if year := last && i == 2 || !last && i == 0; !digits(s) || !year && len(s) > 2 {
			return n, false, false
		}
		n[i] = number(s)
	}
	return n, last, true
}

// split cuts a date at what stands between its parts.
func split(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune("-/., ", r) })
}

// withoutTime drops the time of day and the ".0" that makes a number of a date.
func withoutTime(text string) string {
	text = strings.TrimSuffix(strings.TrimSpace(text), ".0")
	if i := strings.IndexByte(text, ':'); i > 0 {
		if j := strings.LastIndexAny(text[:i], "Tt "); j > 0 {
			text = text[:j]
		}
	}
	return text
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// number reads at most eight digits.
func number(s string) int {
	n := 0
	for i := range len(s) {
		n = n*10 + int(s[i]-'0')
	}
	return n
}

package population

import "github.com/carerecord/carerecord/shared/population/chance"

// String gives the date as YYYY-MM-DD.
func (d Date) String() string {
	digit := func(n int) byte { return byte('0' + n%10) }
	return string([]byte{
		digit(d.Year / 1000), digit(d.Year / 100), digit(d.Year / 10), digit(d.Year), '-',
		digit(d.Month / 10), digit(d.Month), '-', digit(d.Day / 10), digit(d.Day),
	})
}

// Padded gives a number with zeros before it, behind a prefix.
func Padded(prefix string, n, digits int) string {
	var buf [24]byte
	i := len(buf)
	for ; digits > 0 || n > 0; n, digits = n/10, digits-1 {
		i--
		buf[i] = byte('0' + n%10)
	}
	return prefix + string(buf[i:])
}

var monthDays = [13]int{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

// days gives the length of a month.
func days(year, month int) int {
	if month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		return 29
	}
	return monthDays[month]
}

// real says whether the date is a day of the calendar.
func (d Date) real() bool {
	return d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= days(d.Year, d.Month)
}

// dayIn draws a day of a year.
func dayIn(s *chance.Source, year int) Date {
	month := s.Between(1, 12)
	return Date{year, month, s.Between(1, days(year, month))}
}

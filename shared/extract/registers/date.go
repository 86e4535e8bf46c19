package registers

import (
	"fmt"
	"strings"
	"time"
)

// DateFormat says how dates are written in a column.
type DateFormat struct {
	text   string
	tokens []string
}

// dateTokens are tried in this order at each place of a format.
var dateTokens = []string{"YYYY", "MMM", "MM", "DD", "hh", "mm", "ss", "M", "D", "/", "-", ".", ":", "T", " "}

// ParseDateFormat reads a format such as "DD/MM/YYYY", "YYYY-MM-DD hh:mm:ss"
// or "DD MMM YYYY". A year of two digits is refused: it does not say which
// century somebody was born in.
func ParseDateFormat(text string) (DateFormat, error) {
	f := DateFormat{text: text}
	seen := map[byte]bool{}
	for rest := text; rest != ""; {
		token := ""
		for _, t := range dateTokens {
			if strings.HasPrefix(rest, t) {
				token = t
				break
			}
		}
		if token == "" {
			return DateFormat{}, fmt.Errorf("%q is no part of a date format: want YYYY, MM, M, MMM, DD, D, hh, mm, ss and / - . : T or space between them", rest)
		}
		if c := token[0]; strings.IndexByte("YMDhms", c) >= 0 {
			if seen[c] {
				return DateFormat{}, fmt.Errorf("%q names the same part of a date twice", text)
			}
			seen[c] = true
		}
		f.tokens = append(f.tokens, token)
		rest = rest[len(token):]
	}
	if !seen['Y'] || seen['D'] && !seen['M'] {
		return DateFormat{}, fmt.Errorf("%q must hold YYYY, and a month where it holds a day", text)
	}
	return f, nil
}

// String gives the format as it is written in a mapping.
func (f DateFormat) String() string { return f.text }

// Equal compares two formats.
func (f DateFormat) Equal(g DateFormat) bool { return f.text == g.text }

// date is the parts of a date; a part that the format lacks is 0.
type date struct{ year, month, day int }

// Parse reads a date and gives it in FHIR form, as exact as the format is. It
// is not ok when text is written otherwise or is no day of the calendar.
func (f DateFormat) Parse(text string) (iso string, ok bool) {
	var d date
	rest := text
	for _, token := range f.tokens {
		var n int
		if n, rest, ok = take(token, rest); !ok {
			return "", false
		}
		switch token[0] {
		case 'Y':
			d.year = n
		case 'M':
			d.month = n
		case 'D':
			d.day = n
		}
	}
	if rest != "" {
		return "", false
	}
	return f.iso(d)
}

func (f DateFormat) iso(d date) (string, bool) {
	month, day := max(d.month, 1), max(d.day, 1)
	t := time.Date(d.year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if d.year == 0 || t.Month() != time.Month(month) || t.Day() != day {
		return "", false
	}
	layout := time.DateOnly
	switch {
	case !strings.Contains(f.text, "M"):
		layout = "2006"
	case !strings.Contains(f.text, "D"):
		layout = "2006-01"
	case d.day == 0:
		return "", false
	}
	if layout != "2006" && d.month == 0 {
		return "", false
	}
	return t.Format(layout), true
}

// most is the greatest number that a part may hold.
var most = map[byte]int{'Y': 9999, 'M': 12, 'D': 31, 'h': 23, 'm': 59, 's': 59}

// take reads one token at the start of text.
func take(token, text string) (n int, rest string, ok bool) {
	limit, number := most[token[0]]
	switch {
	case !number:
		return 0, strings.TrimPrefix(text, token), strings.HasPrefix(text, token)
	case token == "MMM":
		return monthName(text)
	}
	length := len(token)
	if length == 1 && len(text) > 1 && text[1] >= '0' && text[1] <= '9' {
		length = 2 // M and D take two digits as well
	}
	if len(text) < length {
		return 0, "", false
	}
	for _, c := range []byte(text[:length]) {
		if c < '0' || c > '9' {
			return 0, "", false
		}
		n = 10*n + int(c-'0')
	}
	return n, text[length:], n <= limit
}

const monthNames = "janfebmaraprmayjunjulaugsepoctnovdec"

func monthName(text string) (n int, rest string, ok bool) {
	if len(text) < 3 {
		return 0, "", false
	}
	at := strings.Index(monthNames, strings.ToLower(text[:3]))
	if at < 0 || at%3 != 0 {
		return 0, "", false
	}
	return at/3 + 1, text[3:], true
}

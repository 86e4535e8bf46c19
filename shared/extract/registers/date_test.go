package registers_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/extract/registers"
)

func TestDateFormats(t *testing.T) {
	t.Parallel()
	cases := []struct{ format, text, want string }{
		{"DD/MM/YYYY", "28/02/1974", "1974-02-28"},
		{"DD/MM/YYYY", "29/02/2000", "2000-02-29"},
		{"DD/MM/YYYY", "29/02/1900", ""}, // no leap year
		{"DD/MM/YYYY", "31/02/1974", ""},
		{"DD/MM/YYYY", "31/04/1974", ""},
		{"DD/MM/YYYY", "00/01/1974", ""},
		{"DD/MM/YYYY", "01/00/1974", ""},
		{"DD/MM/YYYY", "01/13/1974", ""},
		{"DD/MM/YYYY", "01/01/0000", ""},
		{"DD/MM/YYYY", "1/1/1974", ""},
		{"DD/MM/YYYY", "01/01/74", ""},
		{"DD/MM/YYYY", "01/01/1974 ", ""},
		{"DD/MM/YYYY", "01-01-1974", ""},
		{"DD/MM/YYYY", "", ""},
		{"DD/MM/YYYY", "+1/01/1974", ""},
		{"DD/MM/YYYY", "٠١/٠١/١٩٧٤", ""},
		{"D/M/YYYY", "1/2/1974", "1974-02-01"},
		{"D/M/YYYY", "11/12/1974", "1974-12-11"},
		{"D/M/YYYY", "011/12/1974", ""},
		{"YYYYMMDD", "19740228", "1974-02-28"},
		{"YYYY-MM-DD", "1974-02-28", "1974-02-28"},
		{"YYYY-MM-DD hh:mm:ss", "1974-02-28 23:59:59", "1974-02-28"},
		{"YYYY-MM-DD hh:mm:ss", "1974-02-28 24:00:00", ""},
		{"YYYY-MM-DDThh:mm", "1974-02-28T09:05", "1974-02-28"},
		{"DD MMM YYYY", "01 Feb 1974", "1974-02-01"},
		{"DD MMM YYYY", "01 SEP 1974", "1974-09-01"},
		{"DD MMM YYYY", "01 anf 1974", ""}, // inside "janfeb", no month
		{"DD.MM.YYYY", "28.02.1974", "1974-02-28"},
		{"MM/YYYY", "02/1974", "1974-02"},
		{"YYYY", "1974", "1974"},
	}
	for _, c := range cases {
		f, err := registers.ParseDateFormat(c.format)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := f.Parse(c.text); got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q gives %q, %v; want %q", c.format, c.text, got, ok, c.want)
		}
	}
}

// TestDatesAgreeWithTheCalendar takes package time as an oracle.
func TestDatesAgreeWithTheCalendar(t *testing.T) {
	t.Parallel()
	f, err := registers.ParseDateFormat("DD/MM/YYYY")
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := fmt.Sprintf("%02d/%02d/%04d", rapid.IntRange(0, 33).Draw(t, "day"), rapid.IntRange(0, 13).Draw(t, "month"), rapid.IntRange(1, 9999).Draw(t, "year"))
		want, err := time.Parse("02/01/2006", text)
		got, ok := f.Parse(text)
		if ok != (err == nil) || ok && got != want.Format(time.DateOnly) {
			t.Errorf("%q gives %q, %v; package time says %v, %v", text, got, ok, want, err)
		}
	})
}

func FuzzDateFormat(f *testing.F) {
	f.Add("DD/MM/YYYY", "01/02/1974")
	f.Add("D MMM YYYY", "1 Feb 1974")
	f.Add("YYYY", "")
	f.Fuzz(func(t *testing.T, format, text string) {
		parsed, err := registers.ParseDateFormat(format)
		if err != nil {
			return
		}
		if iso, ok := parsed.Parse(text); ok {
			layout := time.DateOnly[:len(iso)]
			if _, err := time.Parse(layout, iso); err != nil {
				t.Errorf("%s of %q gives %q", format, text, iso)
			}
		}
	})
}

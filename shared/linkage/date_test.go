package linkage

import "testing"

func TestDatesAreReadByColumn(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		column []string
		text   string
		want   parts
	}{
		{"ISO", nil, "1980-05-04", parts{1980, 5, 4}},
		{"with the time of day", nil, "1980-05-04 00:00:00", parts{1980, 5, 4}},
		{"with T and zone", nil, "1980-05-04T23:30:00.000Z", parts{1980, 5, 4}},
		{"year first, slashes", nil, "1980/5/4", parts{1980, 5, 4}},
		{"eight digits", nil, "19800504", parts{1980, 5, 4}},
		{"eight digits made a number", nil, "19800504.0", parts{1980, 5, 4}},
		{"eight digits, day first by the others", []string{"25121980", "31011975", "04051980"}, "04051980", parts{1980, 5, 4}},
		{"eight digits, month first by the others", []string{"12251980", "01311975"}, "04051980", parts{1980, 4, 5}},
		{"day first where nothing tells", []string{"04/05/1980"}, "04/05/1980", parts{1980, 5, 4}},
		{"day first by the others", []string{"04/05/1980", "13/05/1980"}, "04/05/1980", parts{1980, 5, 4}},
		{"month first by the others", []string{"04/05/1980", "05/13/1980"}, "04/05/1980", parts{1980, 4, 5}},
		{"one slip does not turn a column", []string{"13/05/1980", "14/05/1980", "05/13/1980"}, "04/05/1980", parts{1980, 5, 4}},
		{"dots", nil, "4.5.1980", parts{1980, 5, 4}},
		{"day first with a time", nil, "04/05/1980 00:00", parts{1980, 5, 4}},
		{"a month's short name", nil, "04-MAY-1980", parts{1980, 5, 4}},
		{"a month's name", nil, "4 September 1980", parts{1980, 9, 4}},
		{"as Americans write", nil, "Sept 4, 1980", parts{1980, 9, 4}},
		{"month and year", nil, "May 1980", parts{1980, 5, 0}},
		{"month and year in digits", nil, "05/1980", parts{1980, 5, 0}},
		{"year and month", nil, "1980-05", parts{1980, 5, 0}},
		{"year", nil, "1980", parts{1980, 0, 0}},
		{"no day of the calendar is kept for comparison", nil, "19801345", parts{1980, 13, 45}},
		{"the first day of all", nil, "0001-01-01", parts{1, 1, 1}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var d dates
			for _, text := range c.column {
				d.observe(text)
			}
			if got, ok := d.read(c.text); !ok || got != c.want {
				t.Errorf("%+v (read %v), want %+v", got, ok, c.want)
			}
		})
	}
}

func TestNoDates(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " ", "unknown", "04/05/80", "04-MAY-80", "1980-05-04-01", "980504", "1980-123-04", "4 Mayor 1980", "-", "1980-", "٤/٥/١٩٨٠", "99/1980/99", ":"} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			var d dates
			d.observe(text)
			if got, ok := d.read(text); ok {
				t.Errorf("read as %+v", got)
			}
		})
	}
}

func FuzzDates(f *testing.F) {
	for _, text := range []string{"1980-05-04", "25121980", "4 May 1980", "05/13/1980 10:00", "1980", "::", "1980-13-99"} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, column, text string) {
		var d dates
		d.observe(column)
		d.observe(text)
		p, ok := d.read(text)
		if !ok {
			return
		}
		if p.year < 0 || p.year > 9999 || p.month < 0 || p.month > 99 || p.day < 0 || p.day > 99 {
			t.Fatalf("read as %+v", p)
		}
		if p.day > 0 {
			if again, ok := new(dates).read(p.iso()); !ok || again != p {
				t.Fatalf("%+v written and read again is %+v", p, again)
			}
		}
	})
}

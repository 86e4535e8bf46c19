package demographics_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
)

// reads is a table of what a reader makes of texts.
func reads(t *testing.T, read func(string) string, cases map[string]string) {
	t.Helper()
	for in, want := range cases {
		if got := read(in); got != want {
			t.Errorf("%q is read as %q, want %q", in, got, want)
		}
	}
}

func TestReadPostcode(t *testing.T) {
	t.Parallel()
	reads(t, demographics.ReadPostcode, map[string]string{
		"ec1a1bb": "EC1A 1BB", "RW21 OKC": "RW21 0KC", "ZZ99 3VZ": "", "zz993cz": "", "ZZ99": "",
		"2119": "2119", "02139-1234": "021391234", "LS1": "ls1", "0000": "", "Unknown": "", "not known": "", "": "", "-": "",
		"القاهرة": "القاهرة",
	})
}

// The forms of one number, and numbers of nobody (Ofcom, "Telephone numbers for
// use in TV and radio drama programmes").
func TestReadPhone(t *testing.T) {
	t.Parallel()
	reads(t, demographics.ReadPhone, map[string]string{
		"0113 222 3344": "132223344", "+44 113 222 3344": "132223344", "+44 (0)113 222 3344": "132223344", "0044 113 2223344": "132223344",
		"07123 987654": "123987654", "(07123) 987654 home": "123987654", "7123987654": "123987654", "2223344": "2223344",
		"999": "", "": "", "(000)000-0000": "", "01111111111": "", "01234567890": "", "none": "",
		"07700 900123": "", "01632 960001": "", "0113 496 0123": "", "020 7946 0999": "", "020 7947 0999": "079470999",
	})
}

func TestReadEmail(t *testing.T) {
	t.Parallel()
	reads(t, demographics.ReadEmail, map[string]string{
		" Anna.Smith@Mail.org ": "anna.smith@mail.org", "mailto:a.b@c.org": "a.b@c.org",
		"none@mail.org": "", "no.email@nhs.net": "", "n.a@mail.org": "", "anna@example.com": "", "x@host.invalid": "", "anna": "", "@mail.org": "", "anna@": "", "": "",
	})
}

func TestReadAddress(t *testing.T) {
	t.Parallel()
	reads(t, demographics.ReadAddress, map[string]string{
		"12 Acacia Ave.": "12 acacia avenue", "12, ACACIA  AVENUE": "12 acacia avenue", "No. 12 Acacia Avenue": "12 acacia avenue",
		"3 St Mary's St": "3 saint marys street", "Apt 4b": "flat 4b", "No fixed abode": "", "NFA": "", "Address unknown": "", "": "", "--": "",
	})
}

func TestReadTextAndID(t *testing.T) {
	t.Parallel()
	reads(t, demographics.ReadText, map[string]string{"  New   South-Wales ": "new south wales", "N/A": "", "Not known": "", "14": "14", "": ""})
	reads(t, demographics.ReadID, map[string]string{" 680-49 74a ": "6804974a", "0000000": "", "unknown": "", "7": "7", "": ""})
	if n := len(demographics.ReadText(strings.Repeat("word ", 10_000))); n > 160 {
		t.Errorf("a text of %d bytes", n)
	}
}

// An address at which people are looked after together says nothing; a street
// that is called after one does.
func TestInstitutionsAreNoPlaceToLive(t *testing.T) {
	t.Parallel()
	for line, lives := range map[string]bool{
		"Ward 3, General Hospital": false, "HMP Leeds": false, "The Surgery, 4 Mill Lane": false, "12 Hospital Road": true, "1 Infirmary Street": true,
		"Hospital Cottages": true, "5 Prisonerfield": true, "14 Oak Court": true,
	} {
		got := demographics.Clean(demographics.Details{Addresses: []demographics.Address{{Lines: []string{line}, Postcode: "LS1 4AP"}}})
		if (len(got.Postcodes) == 1) != lives || (len(got.Addresses) == 1) != lives {
			t.Errorf("%q: %q, %q", line, got.Postcodes, got.Addresses)
		}
	}
}

func TestAddressLine(t *testing.T) {
	t.Parallel()
	for want, lines := range map[string][]string{
		"flat 2 12 acacia avenue": {"Flat 2", "12 Acacia Avenue", "Sampleton"},
		"12 acacia avenue":        {"The Limes", "12 Acacia Avenue", "Sampleton"},
		"the limes mill lane":     {"The Limes", "Mill Lane"},
	} {
		want = strings.TrimPrefix(want, "the ") // articles are left out
		got := demographics.Clean(demographics.Details{Addresses: []demographics.Address{{Lines: lines}}}).Addresses
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", lines, diff)
		}
	}
}

func TestReadDate(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]demographics.Date{
		"1989-01-18": {Year: 1989, Month: 1, Day: 18}, "1989-01": {Year: 1989, Month: 1}, "1989": {Year: 1989},
		"1989-13-01": {Year: 1989, Month: 13, Day: 1}, "1970-01-01": {Year: 1970, Month: 1, Day: 1},
		"1900-01-01": {}, "1899-12-30": {}, "0001-01-01": {}, "9999-12-31": {}, "0000-00-00": {}, "18/01/1989": {}, "": {},
	} {
		if got := demographics.ReadDate(in); got != want {
			t.Errorf("%q is read as %v, want %v", in, got, want)
		}
	}
	if d := demographics.ReadDate("1989-01-18").Digits(); string(d[:]) != "19890118" {
		t.Errorf("digits %s", d[:])
	}
}

// One date is before another by what is known of both; never both ways.
func TestDateBefore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"2020-05-01", "2020-05-02", true},
		{"2020-05-02", "2020-05-01", false},
		{"2020-05-01", "2020-05-01", false},
		{"2019", "2020-01-01", true},
		{"2020", "2020-06-01", false},
		{"2020-05", "2020-05-31", false},
		{"2020-04", "2020-05-31", true},
		{"", "2020", false},
	} {
		a, b := demographics.ReadDate(c.a), demographics.ReadDate(c.b)
		if got := a.Before(b); got != c.want || got && b.Before(a) {
			t.Errorf("%q before %q: %v", c.a, c.b, got)
		}
	}
}

func TestParseName(t *testing.T) {
	t.Parallel()
	name := func(family string, given ...string) demographics.Name {
		return demographics.Name{Family: family, Given: given}
	}
	for in, want := range map[string]demographics.Name{
		"John Paul Smith": name("Smith", "John", "Paul"), "Smith, John Paul": name("Smith", "John", "Paul"), "Smith": name("Smith"),
		"Jan van der Berg": name("van der Berg", "Jan"), "Ian Mc Donald": name("Mc Donald", "Ian"), "John Smith Jr": name("Smith", "John"),
		"": {}, "王小明": name("王小明"),
	} {
		got := demographics.ParseName(in)
		got.Given, want.Given = none(got.Given), none(want.Given)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
}

// The table is NHS England's: "bob,rob,robert" are of one row.
func TestNicknames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"robert", "bob", true},
		{"bob", "rob", true},
		{"elizabeth", "beth", true},
		{"aaron", "ron", true},
		{"zachery", "zakk", true},
		{"john", "mary", false},
		{"", "", false},
		{"", "robert", false},
		{"qqq", "qqq", false},
	} {
		if got := demographics.Nicknames(c.a, c.b); got != c.want || demographics.Nicknames(c.b, c.a) != got {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}

func TestCombine(t *testing.T) {
	t.Parallel()
	a := demographics.Clean(demographics.Details{
		NHSNumber: "9434765919", NHSStatus: "02", Sex: "female", BirthDate: "1989-01-18",
		Names: []demographics.Name{{Family: "Smith", Given: []string{"Mary"}}}, Addresses: []demographics.Address{{Postcode: "LS1 4AP"}},
	})
	b := demographics.Clean(demographics.Details{
		NHSNumber: "9434765919", NHSStatus: "01", Sex: "male", BirthDate: "1989-01-19", Deceased: "2024-01-01",
		Names: []demographics.Name{{Family: "Jones", Given: []string{"Mary"}}}, Addresses: []demographics.Address{{Postcode: "M1 1AE"}},
	})
	b.Other = []string{"", "leeds"}
	got := demographics.Combine(&a, &b)
	want := demographics.Profile{
		Numbers: []demographics.Number{{Digits: "9434765919", Verified: true}},
		Names:   []demographics.PersonalName{{Given: []string{"mary"}, Family: []string{"smith"}}, {Given: []string{"mary"}, Family: []string{"jones"}}},
		Births:  []demographics.Date{{Year: 1989, Month: 1, Day: 18}, {Year: 1989, Month: 1, Day: 19}}, Postcodes: []string{"LS1 4AP", "M1 1AE"},
		Deceased: demographics.Date{Year: 2024, Month: 1, Day: 1}, Other: []string{"", "leeds"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("combined (-want +got):\n%s", diff)
	}
	if a.Numbers[0].Verified {
		t.Error("a part was changed")
	}
}

// What Combine holds does not depend on how the parts are grouped.
func TestCombineOfCombined(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := demographics.Clean(anyDetails(t)), demographics.Clean(anyDetails(t)), demographics.Clean(anyDetails(t))
		ab := demographics.Combine(&a, &b)
		if diff := cmp.Diff(demographics.Combine(&a, &b, &c).Births, demographics.Combine(&ab, &c).Births); diff != "" {
			t.Fatalf("births (-together +in turn):\n%s", diff)
		}
		if diff := cmp.Diff(demographics.Combine(&a, &b, &c).Names, demographics.Combine(&ab, &c).Names); diff != "" {
			t.Fatalf("names (-together +in turn):\n%s", diff)
		}
	})
}

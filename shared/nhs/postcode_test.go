package nhs_test

import (
	"regexp"
	"testing"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/nhs"
)

func TestParsePostcode(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"A9 9AA", "M1 1AE", "M1 1AE"},
		{"A99 9AA", "B33 8TH", "B33 8TH"},
		{"A9A 9AA", "W1A 0AX", "W1A 0AX"},
		{"AA9 9AA", "CR2 6XH", "CR2 6XH"},
		{"AA99 9AA", "DN55 1PT", "DN55 1PT"},
		{"AA9A 9AA", "EC1A 1BB", "EC1A 1BB"},
		{"lower case, no space", "ec1a1bb", "EC1A 1BB"},
		{"space in the wrong place", "EC 1A1BB", "EC1A 1BB"},
		{"two spaces", "M1  1AE", "M1 1AE"},
		{"hyphen", "SW1A-1AA", "SW1A 1AA"},
		{"eight characters, fixed width", "M1   1AE", "M1 1AE"},
		{"girobank", "GIR 0AA", "GIR 0AA"},
		{"girobank, letter O", "giroaa", "GIR 0AA"},
		{"pseudo", "ZZ99 3CZ", "ZZ99 3CZ"},
		{"pseudo, no fixed abode", "zz993vz", "ZZ99 3VZ"},
		{"district with one digit 0", "BS0 1AA", "BS0 1AA"},
		{"O for 0 in the sector", "RW21 OKC", "RW21 0KC"},
		{"I for 1 in the sector", "M1 IAE", "M1 1AE"},
		{"0 for O in the area", "S01 1AA", "SO1 1AA"},
		{"0 for O in a long area", "0L16 1AA", "OL16 1AA"},
		{"1 for I in the area", "1G11 7QP", "IG11 7QP"},
		{"I for 1 in the district", "EI 6AN", "E1 6AN"},
		{"I for 1 at the end of a district", "SWI 1AA", "SW1 1AA"},
		{"O for 0 at the end of a district", "E1O 5AA", "E10 5AA"},
		{"O for 0 in AA99", "SE1O 1AA", "SE10 1AA"},
		{"0 for O in the unit", "M1 1A0", "M1 1AO"},
		{"unit letters in use today are not checked", "PK17 5OI", "PK17 5OI"},
		{"empty", "", ""},
		{"too short", "M11A", ""},
		{"too long", "EC1A 1BBB", ""},
		{"three letters in the area", "ABC1 1AA", ""},
		{"no digit in the district", "AAA 1AA", ""},
		{"no digit in the sector", "M1 AAA", ""},
		{"second letter never Z", "AZ1 1AA", ""},
		{"five-digit code of elsewhere", "90210", ""},
		{"words", "unknown", ""},
		{"district 0 with a second digit", "AB01 1AA", ""},
		{"not ASCII", "M1 1AÉ", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, ok := nhs.ParsePostcode(tt.in); got != tt.want || ok != (tt.want != "") {
				t.Fatalf("ParsePostcode(%q) = %q, %t; want %q", tt.in, got, ok, tt.want)
			}
		})
	}
}

func TestOutwardAndPseudo(t *testing.T) {
	t.Parallel()
	for postcode, want := range map[string]string{"SW1A 1AA": "SW1A", "M1 1AE": "M1", "ZZ99 3CZ": "ZZ99", "": "", "SW1A": ""} {
		if got := nhs.OutwardCode(postcode); got != want {
			t.Errorf("OutwardCode(%q) = %q, want %q", postcode, got, want)
		}
	}
	if !nhs.IsPseudoPostcode("ZZ99 3CZ") || nhs.IsPseudoPostcode("Z99 3CZ") || nhs.IsPseudoPostcode("M1 1AE") {
		t.Error("only ZZ99 is a pseudo-postcode")
	}
}

// A postcode as it should be written is never changed, and separators never
// change what it is.
func TestParsePostcodeKeepsGoodOnes(t *testing.T) {
	t.Parallel()
	good := rapid.StringMatching(`([A-HJ-PR-UWYZ][A-HK-Y]?[1-9][0-9]?|[A-HJ-PR-UWYZ][1-9][A-HJKPSTUW]|[A-HJ-PR-UWYZ][A-HK-Y][1-9][ABEHMNPRVWXY]) [0-9][ABD-HJLNP-UW-Z]{2}`)
	rapid.Check(t, func(t *rapid.T) {
		want := good.Draw(t, "postcode")
		if got, ok := nhs.ParsePostcode(want); got != want || !ok {
			t.Fatalf("%q became %q, %t", want, got, ok)
		}
		squeezed := regexp.MustCompile(` `).ReplaceAllString(want, rapid.SampledFrom([]string{"", "  ", "-", "."}).Draw(t, "separator"))
		if got, ok := nhs.ParsePostcode(squeezed); got != want || !ok {
			t.Fatalf("%q became %q, %t", squeezed, got, ok)
		}
	})
}

func FuzzParsePostcode(f *testing.F) {
	for _, s := range []string{"EC1A 1BB", "m11ae", "0O1I", "ZZ99 3CZ", "GIR 0AA", "\x00\xff", "SWI IAA"} {
		f.Add(s)
	}
	form := regexp.MustCompile(`^([A-Z]{1,2}[0-9][A-Z0-9]?|GIR|ZZ99) [0-9][A-Z]{2}$`)
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := nhs.ParsePostcode(s)
		if ok != form.MatchString(got) {
			t.Fatalf("%q gave %q, %t", s, got, ok)
		}
		if again, _ := nhs.ParsePostcode(got); ok && again != got {
			t.Fatalf("%q is read again as %q", got, again)
		}
	})
}

package nhs_test

import (
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/nhs"
)

func TestCheckBirthDate(t *testing.T) {
	t.Parallel()
	received := time.Date(2024, 3, 15, 9, 0, 0, 0, time.UTC)
	tests := []struct {
		name, in string
		want     nhs.BirthDate
	}{
		{"a day", "1989-01-18", nhs.BirthDateOK},
		{"a month", "1989-01", nhs.BirthDateOK},
		{"a year", "1989", nhs.BirthDateOK},
		{"leap day", "2024-02-29", nhs.BirthDateOK},
		{"born today", "2024-03-15", nhs.BirthDateOK},
		{"this month", "2024-03", nhs.BirthDateOK},
		{"31 February", "1980-02-31", nhs.BirthDateImpossible},
		{"29 February of a common year", "1900-02-29", nhs.BirthDateImpossible},
		{"month 13", "1980-13-01", nhs.BirthDateImpossible},
		{"month 0", "1980-00", nhs.BirthDateImpossible},
		{"British order", "18/01/1989", nhs.BirthDateImpossible},
		{"empty", "", nhs.BirthDateImpossible},
		{"with a time", "1989-01-18T00:00:00Z", nhs.BirthDateImpossible},
		{"tomorrow", "2024-03-16", nhs.BirthDateFuture},
		{"next month", "2024-04", nhs.BirthDateFuture},
		{"next year", "2025", nhs.BirthDateFuture},
		{"1 January 1900", "1900-01-01", nhs.BirthDatePlaceholder},
		{"zero of a spreadsheet", "1899-12-30", nhs.BirthDatePlaceholder},
		{"zero of a database", "1753-01-01", nhs.BirthDatePlaceholder},
		{"zero of a runtime", "0001-01-01", nhs.BirthDatePlaceholder},
		{"2 January 1900", "1900-01-02", nhs.BirthDateOK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := nhs.CheckBirthDate(tt.in, received); got != tt.want {
				t.Fatalf("CheckBirthDate(%q) = %v, want %v", tt.in, got, tt.want)
			}
		})
	}
	if got := nhs.CheckBirthDate("2999-01-01", time.Time{}); got != nhs.BirthDateOK {
		t.Errorf("without a day of receipt nothing is in the future: %v", got)
	}
}

// The day of receipt is London's: at 23:30 UTC on 1 July it is the 2nd there.
func TestCheckBirthDateCountsDaysInLondon(t *testing.T) {
	t.Parallel()
	late := time.Date(2024, 7, 1, 23, 30, 0, 0, time.UTC)
	if got := nhs.CheckBirthDate("2024-07-02", late); got != nhs.BirthDateOK {
		t.Errorf("born after midnight in London: %v", got)
	}
	if got := nhs.CheckBirthDate("2024-07-03", late); got.String() != "future" {
		t.Errorf("the day after: %v", got)
	}
}

func TestParseSex(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"1": "male", "2": "female", "9": "other", "X": "unknown", "x": "unknown", "0": "unknown",
		"M": "male", "f": "female", "U": "unknown", "O": "other", "A": "other", "N": "other",
		"Male": "male", "FEMALE": "female", " female ": "female", "Indeterminate": "other",
		"Not Known": "unknown", "not specified": "unknown", "other": "other", "Unknown": "unknown",
		"": "", "3": "", "fem": "", "mf": "", "\xff": "",
	}
	for in, want := range tests {
		if got, ok := nhs.ParseSex(in); got != want || ok != (want != "") {
			t.Errorf("ParseSex(%q) = %q, %t; want %q", in, got, ok, want)
		}
	}
}

func TestParseEthnicCategory(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"A", "B", "C", "D", "E", "F", "G", "H", "J", "K", "L", "M", "N", "P", "R", "S", "Z", "99"} {
		if got, display, ok := nhs.ParseEthnicCategory(" " + code); got != code || display == "" || !ok {
			t.Errorf("%s: %q, %q, %t", code, got, display, ok)
		}
	}
	if got, display, ok := nhs.ParseEthnicCategory("a"); got != "A" || display != "White - British" || !ok {
		t.Errorf("a: %q, %q, %t", got, display, ok)
	}
	for _, code := range []string{"", "I", "O", "Q", "T", "A1", "9"} {
		if _, _, ok := nhs.ParseEthnicCategory(code); ok {
			t.Errorf("%q is no national code", code)
		}
	}
}

func TestParseODS(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, code, practice string
	}{
		{"A81001", "A81001", "A81001"},
		{" y12345 ", "Y12345", "Y12345"},
		{"V81999", "V81999", ""},
		{"V81990", "V81990", "V81990"},
		{"RJ1", "RJ1", ""},
		{"r0a07", "R0A07", ""},
		{"N2N9I", "N2N9I", ""},
		{"12345", "12345", ""},
		{"123456", "123456", ""},
		{"AB1234", "AB1234", ""},
		{"A8100I", "A8100I", ""},
		{"RJ", "", ""},
		{"", "", ""},
		{"RJ1-01", "", ""},
		{"RJÉ", "", ""},
		{"A810010000000", "", ""},
	}
	for _, tt := range tests {
		if got, ok := nhs.ParseODS(tt.in); got != tt.code || ok != (tt.code != "") {
			t.Errorf("ParseODS(%q) = %q, %t; want %q", tt.in, got, ok, tt.code)
		}
		if got, ok := nhs.ParsePractice(tt.in); got != tt.practice || ok != (tt.practice != "") {
			t.Errorf("ParsePractice(%q) = %q, %t; want %q", tt.in, got, ok, tt.practice)
		}
	}
}

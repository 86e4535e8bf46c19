package nhs_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/nhs"
)

func TestParseNumber(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, want string
		err            error
	}{
		{"data dictionary style", "9434765919", "9434765919", nil},
		{"spaces 3-3-4", "943 476 5870", "9434765870", nil},
		{"hyphens", "401-023-2137", "4010232137", nil},
		{"no-break spaces", "944\u00a0930\u202f5552", "9449305552", nil},
		{"spaces around", "  9000000009\t", "9000000009", nil},
		{"PDS sandbox restricted", "9000000025", "9000000025", nil},
		{"PDS sandbox minimal", "9000000033", "9000000033", nil},
		{"PDS sandbox unknown", "9111231130", "9111231130", nil},
		{"test range", "9990000018", "9990000018", nil},
		{"check digit would be ten", "1234567890", "", nhs.ErrNumberCheckDigit},
		{"check digit would be ten, other end", "4000000088", "", nhs.ErrNumberCheckDigit},
		{"last digit off by one", "9434765910", "", nhs.ErrNumberCheckDigit},
		{"empty", "", "", nhs.ErrNumberForm},
		{"nine digits", "943476591", "", nhs.ErrNumberForm},
		{"eleven digits", "94347659190", "", nhs.ErrNumberForm},
		{"a letter", "943476591O", "", nhs.ErrNumberForm},
		{"full-width digits", "９４３４７６５９１９", "", nhs.ErrNumberForm},
		{"floating point", "9434765919.0", "", nhs.ErrNumberForm},
		{"an exponent", "9.43E+09", "", nhs.ErrNumberForm},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := nhs.ParseNumber(tt.in)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Fatalf("ParseNumber = %q, %v; want %q, %v", got, err, tt.want, tt.err)
			}
			if err != nil && !failure.Is(err, failure.Invalid) {
				t.Fatalf("kind = %v, want invalid", failure.KindOf(err))
			}
		})
	}
}

// All ten pass the Modulus 11 check, so only the rule of its own refuses them.
func TestParseNumberRefusesRepeatedDigits(t *testing.T) {
	t.Parallel()
	for d := range 10 {
		if _, err := nhs.ParseNumber(strings.Repeat(strconv.Itoa(d), 10)); !errors.Is(err, nhs.ErrNumberRepeated) {
			t.Errorf("ten times %d: %v", d, err)
		}
	}
}

// number draws a valid NHS number by counting the check digit the long way.
func number(t *rapid.T) string {
	first := rapid.IntRange(0, 999_999_999).Filter(func(n int) bool {
		s := fmt.Sprintf("%09d", n)
		return weighted(s)%11 != 1 && strings.Trim(s, s[:1]) != ""
	}).Draw(t, "first nine")
	s := fmt.Sprintf("%09d", first)
	for c := range 10 {
		if (weighted(s)+c)%11 == 0 { // the same rule, stated as a sum over all ten digits
			return s + strconv.Itoa(c)
		}
	}
	t.Fatalf("no check digit")
	return ""
}

func weighted(nine string) int {
	sum := 0
	for i, c := range nine {
		sum += (10 - i) * int(c-'0')
	}
	return sum
}

func TestParseNumberAcceptsEveryValidNumber(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := number(t)
		written := n[:3] + rapid.SampledFrom([]string{"", " ", "-", "  "}).Draw(t, "separator") + n[3:]
		if got, err := nhs.ParseNumber(written); got != n || err != nil {
			t.Fatalf("ParseNumber = %q, %v", got, err)
		}
	})
}

// Modulus 11 with these weights finds every single wrong digit and every swap
// of two neighbours.
func TestParseNumberFindsSlips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := number(t)
		i := rapid.IntRange(0, 9).Draw(t, "place")
		wrong := []byte(n)
		wrong[i] = '0' + (wrong[i]-'0'+byte(rapid.IntRange(1, 9).Draw(t, "by")))%10
		if _, err := nhs.ParseNumber(string(wrong)); err == nil {
			t.Fatalf("a changed digit at %d passed", i)
		}
		i = rapid.IntRange(0, 8).Draw(t, "swap")
		swapped := []byte(n)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		if _, err := nhs.ParseNumber(string(swapped)); err == nil && swapped[i] != swapped[i+1] {
			t.Fatalf("swapped digits at %d passed", i)
		}
	})
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"9434765919", "943 476 5919", "0000000000", "", "\xff\xfe", "1234567890"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := nhs.ParseNumber(s)
		if (err == nil) != (len(got) == 10) {
			t.Fatalf("%q with %v", got, err)
		}
		if err == nil {
			if again, err := nhs.ParseNumber(got); again != got || err != nil {
				t.Fatalf("not stable: %q, %v", again, err)
			}
		}
	})
}

func TestParseNumberStatus(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"01": "01", "1": "01", " 08 ": "08", "NSTS02": "02", "nsts03": "03",
		"Present and verified": "01", "Number present and verified": "01", "Present not Traced": "02",
		"Trace Required": "03", "Traced Required": "03", "TRACED ATTEMPTED": "04", "Needs Resolution": "05",
		"Trace in Progress": "06", "Trace not Required": "07", "Trace Postponed": "08",
		"Trace attempted - No match or multiple match found": "04",
		"": "", "0": "", "00": "", "09": "", "9": "", "verified?no": "", "traced": "", "11": "",
	}
	for in, want := range tests {
		if got, ok := nhs.ParseNumberStatus(in); got != want || ok != (want != "") {
			t.Errorf("ParseNumberStatus(%q) = %q, %t; want %q", in, got, ok, want)
		}
	}
	for i := 1; i <= 8; i++ { // each display is one of its own spellings
		code := fmt.Sprintf("%02d", i)
		if got, _ := nhs.ParseNumberStatus(nhs.NumberStatusDisplay(code)); got != code {
			t.Errorf("the display of %s is read as %q", code, got)
		}
	}
	if d := nhs.NumberStatusDisplay("1"); d != "" {
		t.Errorf("display of a code that is none: %q", d)
	}
}

package hl7v2_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/hl7v2"
)

// message reads the one message of a text in which \r ends segments.
func message(t testing.TB, text string) *hl7v2.Message {
	t.Helper()
	m, err := hl7v2.NewSplitter(strings.NewReader(text)).Next()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestFields(t *testing.T) {
	t.Parallel()
	m := message(t, "MSH|^~\\&|APP||F\rPID|1||A^^^X&1.2&ISO~B^^^Y||\"\"|a|\r")
	msh, pid := m.Segments[0], m.Segments[1]
	tests := []struct {
		name, got, want string
	}{
		{"MSH-1", string(msh.Field(1).Raw()), "|"},
		{"MSH-2", string(msh.Field(2).Raw()), `^~\&`},
		{"MSH-3", msh.Field(3).Text(), "APP"},
		{"MSH-4 is empty", msh.Field(4).Text(), ""},
		{"MSH-5", msh.Field(5).Text(), "F"},
		{"MSH-6 is absent", msh.Field(6).Text(), ""},
		{"name", pid.Name(), "PID"},
		{"PID-1", pid.Field(1).Text(), "1"},
		{"PID-3, whole", string(pid.Field(3).Raw()), "A^^^X&1.2&ISO~B^^^Y"},
		{"PID-3(1).1", pid.Field(3).Component(1).Text(), "A"},
		{"PID-3(1).4.1", pid.Field(3).Component(4).Subcomponent(1).Text(), "X"},
		{"PID-3(1).4.3", pid.Field(3).Component(4).Subcomponent(3).Text(), "ISO"},
		{"PID-3(1).4.4 is absent", pid.Field(3).Component(4).Subcomponent(4).Text(), ""},
		{"PID-3(1).9 is absent", pid.Field(3).Component(9).Text(), ""},
		{"PID-5 is null", pid.Field(5).Text(), ""},
		{"PID-6", pid.Field(6).Text(), "a"},
	}
	for _, tt := range tests {
		if tt.got != tt.want {
			t.Errorf("%s = %q, want %q", tt.name, tt.got, tt.want)
		}
	}
	var reps []string
	for n, r := range pid.Field(3).Repetitions() {
		reps = append(reps, strings.Repeat("#", n)+r.Component(1).Text()+r.Component(4).Text())
	}
	if diff := cmp.Diff([]string{"#AX&1.2&ISO", "##BY"}, reps); diff != "" {
		t.Errorf("repetitions (-want +got)\n%s", diff)
	}
	if f := pid.Field(5); !f.Null() || !f.Empty() {
		t.Error("PID-5 is the HL7 null")
	}
	if f := pid.Field(4); f.Null() || !f.Empty() {
		t.Error("PID-4 is empty and not null")
	}
	if got := []int{msh.Fields(), pid.Fields()}; got[0] != 5 || got[1] != 7 {
		t.Errorf("numbers of fields: %v", got)
	}
}

func TestCustomDelimiters(t *testing.T) {
	t.Parallel()
	m := message(t, "MSH*:+!$*APP\rPID*1**A:::X$Y+B*a!S!b^c|d\r")
	pid := m.Segments[1]
	if got := pid.Field(3).Component(4).Subcomponent(2).Text(); got != "Y" {
		t.Errorf("PID-3.4.2 = %q", got)
	}
	if got := pid.Field(4).Text(); got != "a:b^c|d" {
		t.Errorf("PID-4 = %q", got)
	}
	// With fewer delimiters named, the others part nothing.
	few := message(t, "MSH|^\rPID|1||A^B~C&D\\F\\\r").Segments[1]
	if got := few.Field(3).Component(2).Text(); got != `B~C&D\F\` {
		t.Errorf("PID-3.2 = %q", got)
	}
}

func TestSegmentName(t *testing.T) {
	t.Parallel()
	m := message(t, "MSH|^~\\&|\rZZ1|a\rXYZ\rPI\rpid|1\rPID-1\r1AB|x\rPID^1\r")
	want := []string{"MSH", "ZZ1", "XYZ", "", "", "", "", ""}
	var got []string
	for _, s := range m.Segments {
		got = append(got, s.Name())
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Chapter 2.7 of the standard.
func TestUnescape(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"nothing", "plain", "plain"},
		{"delimiters", `\F\\S\\T\\R\\E\`, `|^&~\`},
		{"truncation", `a\P\b`, "a#b"},
		{"line break", `one\.br\two`, "one\ntwo"},
		{"lines", `one\.sp2\two`, "one\n\ntwo"},
		{"a line without a number", `one\.sp\two`, "one\ntwo"},
		{"spaces", `a\.sk3\b`, "a   b"},
		{"absurd number of lines", `\.sp99999\`, strings.Repeat("\n", 50)},
		{"centred line", `a\.ce\b`, "a\nb"},
		{"layout", `\.in+4\a\.ti-2\b\.fi\c\.nf\`, "abc"},
		{"highlighting", `TOTAL \H\240\N\ mg`, "TOTAL 240 mg"},
		{"hexadecimal", `\X4869\ \x4869\`, `Hi \x4869\`},
		{"hexadecimal line end", `a\X0D\b\X0D0A\c\X0A\d`, "a\nb\nc\nd"},
		{"hexadecimal control", `a\X0007\b`, "ab"},
		{"hexadecimal, odd", `\X4\`, `\X4\`},
		{"hexadecimal, wrong", `\XGG\`, `\XGG\`},
		{"local", `\Z01\`, `\Z01\`},
		{"character set", `\C2842\ \M244200\`, `\C2842\ \M244200\`},
		{"unknown", `c:\temp\F\x`, `c:\temp|x`},
		{"lone", `a\b`, `a\b`},
		{"at the end", `a\`, `a\`},
		{"two", `a\\b`, `a\\b`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := hl7v2.Unescape(tt.in, hl7v2.Default); got != tt.want {
				t.Errorf("Unescape(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// What is escaped comes back, whatever the delimiters, and parts nothing.
func TestEscapeRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d := hl7v2.Default
		if rapid.Bool().Draw(t, "other delimiters") {
			d = hl7v2.Delimiters{Field: '*', Component: ':', Repetition: '+', Escape: '!', Subcomponent: '$'}
		}
		text := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("|^~\\&*:+!$\nFSTREX.br")), rapid.Rune())).Draw(t, "text")
		escaped := hl7v2.Escape(text, d)
		if got := hl7v2.Unescape(escaped, d); got != text {
			t.Fatalf("%q became %q", text, got)
		}
		if strings.ContainsAny(escaped, string([]byte{d.Field, d.Component, d.Repetition, d.Subcomponent, '\n'})) {
			t.Fatalf("a delimiter in %q", escaped)
		}
	})
}

func FuzzUnescape(f *testing.F) {
	for _, s := range []string{`\F\`, `\X41\`, `\.sp9\`, `\\\\`, `\X\`, `\.\`, "\\\x00\\"} {
		f.Add(s, byte('\\'), byte('&'))
	}
	f.Fuzz(func(t *testing.T, s string, escape, sub byte) {
		d := hl7v2.Default
		d.Escape, d.Subcomponent = escape, sub
		if got := hl7v2.Unescape(s, d); len(got) > 60*len(s)+60 {
			t.Fatalf("%d bytes of %d", len(got), len(s))
		}
	})
}

func TestCharacterSets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, set, raw, want string
		windows              bool
	}{
		{"ASCII", "ASCII", "Rene", "Rene", false},
		{"none named, UTF-8", "", "Ren\xc3\xa9", "René", false},
		{"none named, Windows-1252", "", "Ren\xe9 \x80", "René €", true},
		{"UNICODE UTF-8", "UNICODE UTF-8", "Ren\xc3\xa9", "René", false},
		{"UNICODE of the national profile", "UNICODE", "Ren\xc3\xa9", "René", false},
		{"UTF-8 named, Windows-1252 sent", "UNICODE UTF-8", "Ren\xe9", "René", true},
		{"8859/1", "8859/1", "Ren\xe9", "René", false},
		{"8859/1, bytes that are also UTF-8", "8859/1", "Ren\xc3\xa9", "RenÃ©", false},
		{"8859/15", "8859/15", "\xa4", "€", false},
		{"ISO 8859/2", "ISO 8859/2", "\xb1", "ą", false},
		{"ISO8859-5", "ISO8859-5", "\xd0", "а", false},
		{"the first of several sets", "8859/1~UNICODE UTF-8", "\xe9", "é", false},
		{"hexadecimal escape, UTF-8", "", `\XC3A9\`, "é", false},
		{"hexadecimal escape, Windows-1252", "", `\XE9\`, "é", false},
		{"hexadecimal escape, 8859/15", "8859/15", `\XA4\` + "\xe9", "€é", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := message(t, `MSH|^~\&`+strings.Repeat("|", 16)+tt.set+"\rPID|1|"+tt.raw+"\r")
			if got := m.Segments[1].Field(2).Text(); got != tt.want || m.Windows1252() != tt.windows {
				t.Errorf("%q, %t; want %q, %t", got, m.Windows1252(), tt.want, tt.windows)
			}
		})
	}
}

func TestParseTimestamp(t *testing.T) {
	t.Parallel()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Skip("no time zone data on this machine")
	}
	tests := []struct {
		name, in, want string
		precision      hl7v2.Precision
	}{
		{"year", "2020", "2020-01-01T00:00:00Z", hl7v2.Year},
		{"month", "202005", "2020-05-01T00:00:00+01:00", hl7v2.Month},
		{"day", "20200508", "2020-05-08T00:00:00+01:00", hl7v2.Day},
		{"hour", "2020050813", "2020-05-08T13:00:00+01:00", hl7v2.Hour},
		{"minute", "202005081306", "2020-05-08T13:06:00+01:00", hl7v2.Minute},
		{"second, summer", "20200508130643", "2020-05-08T13:06:43+01:00", hl7v2.Second},
		{"second, winter", "20200108130643", "2020-01-08T13:06:43Z", hl7v2.Second},
		{"fraction", "20200108130643.1234", "2020-01-08T13:06:43.1234Z", hl7v2.Fraction},
		{"zone", "20200508130643+0530", "2020-05-08T13:06:43+05:30", hl7v2.Second},
		{"zone west, fraction", "20200508130643.5-0800", "2020-05-08T13:06:43.5-08:00", hl7v2.Fraction},
		{"zone on a day", "20200508+0100", "2020-05-08T00:00:00+01:00", hl7v2.Day},
		{"leap day", "20200229", "2020-02-29T00:00:00Z", hl7v2.Day},
		{"spaces around", " 20200108 ", "2020-01-08T00:00:00Z", hl7v2.Day},
		{"31 February", "20200231", "", 0},
		{"29 February of a common year", "20190229", "", 0},
		{"month 13", "20201301", "", 0},
		{"month 0", "20200001", "", 0},
		{"day 0", "20200100", "", 0},
		{"hour 24", "2020010824", "", 0},
		{"minute 60", "202001081260", "", 0},
		{"second 60", "20200108125960", "", 0},
		{"year 0", "0000", "", 0},
		{"odd number of digits", "202001081", "", 0},
		{"ISO form", "2020-01-08", "", 0},
		{"letters", "2020O108", "", 0},
		{"fraction of a minute", "202001081306.5", "", 0},
		{"empty fraction", "20200108130643.", "", 0},
		{"zone too far", "20200108130643+1500", "", 0},
		{"zone too short", "20200108130643+01", "", 0},
		{"empty", "", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := hl7v2.ParseTimestamp(tt.in, london)
			if tt.want == "" {
				if !failure.Is(err, failure.Invalid) {
					t.Fatalf("%v, %v", got, err)
				}
				return
			}
			if s := got.Time.Format(time.RFC3339Nano); s != tt.want || got.Precision != tt.precision || err != nil {
				t.Fatalf("%s, precision %d, %v; want %s, %d", s, got.Precision, err, tt.want, tt.precision)
			}
			if got.Zoned != strings.ContainsAny(tt.in, "+-") {
				t.Errorf("zoned: %t", got.Zoned)
			}
		})
	}
}

func TestOffsetOf(t *testing.T) {
	t.Parallel()
	text := "MSH|^~\\&|APP\rPID|1||A~B^C&D|\r"
	m := message(t, text)
	pid := m.Segments[1]
	var second hl7v2.Value
	for _, r := range pid.Field(3).Repetitions() {
		second = r
	}
	if at := pid.OffsetOf(second.Component(2).Subcomponent(2)); text[at] != 'D' {
		t.Errorf("PID-3(2).2.2 at %d", at)
	}
	if at := pid.OffsetOf(pid.Field(9)); at != pid.Offset {
		t.Errorf("an absent field at %d", at)
	}
	if at := m.Segments[0].OffsetOf(m.Segments[0].Field(3)); text[at] != 'A' {
		t.Errorf("MSH-3 at %d", at)
	}
}

func TestUnclosed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|\rBTS|1\rFTS|1\r": false,
		"FHS|^~\\&\rBHS|^~\\&\rMSH|^~\\&|\rBTS|1\r":        true,
		"MSH|^~\\&|\r":        false,
		"MSH|^~\\&|\rBTS|1\r": false,
	} {
		s := hl7v2.NewSplitter(strings.NewReader(text))
		for _, err := s.Next(); err == nil; _, err = s.Next() {
		}
		if got := s.Unclosed(); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}

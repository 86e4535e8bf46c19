package matching_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

func TestGuards(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, a, b, want string }{
		{"the same", "Anna/Esterkin/1989-01-18/f/LS1 4AP", "Anna/Esterkin/1989-01-18/f/LS1 4AP", ""},
		{"given names disagree", "Anna/Esterkin/1989-01-18", "Bob/Esterkin/1954-01-18", "given"},
		{"nickname", "Robert/Esterkin/1989-01-18", "Bob/Esterkin/1989-01-18", ""},
		{"middle name", "John Robert/Esterkin/1989-01-18", "Robert/Esterkin/1989-01-18", ""},
		{"initial", "J/Esterkin/1989-01-18", "John/Esterkin/1989-01-18", ""},
		{"given and family exchanged", "Esterkin/Anna/1989-01-18", "Anna/Esterkin/1989-01-18", ""},
		{"two parts of the birth date", "Anna/Esterkin/1989-01-18", "Anna/Esterkin/1989-01-25", ""},
		{"day and month exchanged", "Anna/Esterkin/1989-01-08", "Anna/Esterkin/1989-08-01", ""},
		{"one part of the birth date", "Anna/Esterkin/1989-01-18", "Anna/Esterkin/1989-03-25", "birth"},
		{"surname and postcode disagree", "Anna/Esterkin/1989-01-18/f/LS1 4AP", "Anna/Smith/1989-01-18/f/M1 1AE", "place"},
		{"surname disagrees", "Anna/Esterkin/1989-01-18/f/LS1 4AP", "Anna/Smith/1989-01-18/f/LS1 4AP", ""},
		{"surname disagrees, the postcode is former", "Anna/Esterkin/1989-01-18/f/LS1 4AP", "Anna/Smith/1989-01-18/f/M1 1AE<LS1 4AP", ""},
		{"postcode disagrees", "Anna/Esterkin/1989-01-18/f/LS1 4AP", "Anna/Esterkin/1989-01-18/f/M1 1AE", ""},
		{"previous surname, moved", "Anna/Smith<Esterkin/1989-01-18/f/LS1 4AP", "Anna/Esterkin/1989-01-18/f/M1 1AE", ""},
		{"surname and postcode disagree, the phone does not", "Anna/Esterkin/1989-01-18/f/LS1 4AP//07123987654", "Anna/Smith/1989-01-18/f/M1 1AE//07123987654", ""},
		{"surname disagrees, no postcode", "Anna/Esterkin/1989-01-18/f/LS1 4AP", "Anna/Smith/1989-01-18", ""},
		{"twins", "Anna/Esterkin/1989-01-18/f/LS1 4AP", "Bella/Esterkin/1989-01-18/f/LS1 4AP", "given twin"},
		{"twins with names alike", "Jane/Esterkin/1989-01-18/f/LS1 4AP", "Jayne/Esterkin/1989-01-18/f/LS1 4AP", "twin"},
		{"twins of whom one has moved", "Marianne/Esterkin/1989-01-18/f/LS1 4AP", "Marietta/Esterkin/1989-01-18/f/M1 1AE", "twin"},
		{"twins of two surnames in one house", "Marianne/Esterkin/1989-01-18/f/LS1 4AP", "Marietta/Smith/1989-01-18/f/LS1 4AP", "twin"},
		{"a slip in the given name", "Annabelle/Esterkin/1989-01-18/f/LS1 4AP", "Anabelle/Esterkin/1989-01-18/f/LS1 4AP", ""},
		{"father and son of one name", "John/Esterkin/1954-07-30/m/LS1 4AP", "John/Esterkin/1989-01-18/m/LS1 4AP", "birth parent"},
		{"born on one day of the year", "John/Esterkin/1954-01-18/m/LS1 4AP", "John/Esterkin/1989-01-18/m/LS1 4AP", "parent"},
		{"a year of birth ten years off", "John/Esterkin/1979-01-18/m/LS1 4AP", "John/Esterkin/1989-01-18/m/LS1 4AP", ""},
		{"only a name", "Balthasar/Esterkin", "Balthasar/Esterkin", "thin"},
		{"a name and a place", "Balthasar/Esterkin///LS1 4AP/12 Acacia Avenue", "Balthasar/Esterkin///LS1 4AP/12 Acacia Avenue", "thin"},
		{"newborns without names", "Baby/Esterkin/2024-01-18/f/LS1 4AP", "Twin Two/Esterkin/2024-01-18/f/LS1 4AP", "thin"},
		{"the year of birth alone", "Balthasar/Esterkin/1989/m/LS1 4AP", "Balthasar/Esterkin/1989-01-18/m/LS1 4AP", "thin"},
	}
	m := matching.NewMatcher(matching.Default())
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := m.Score(who(t, c.a), who(t, c.b)).Guards.Names()
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Errorf("guards (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGuardsOfNumbersAndDeath(t *testing.T) {
	t.Parallel()
	person := func(digits string, verified bool, deceased string) *demographics.Profile {
		p := who(t, "Anna/Esterkin/1989-01-18/f/LS1 4AP")
		if digits != "" {
			p.Numbers = []demographics.Number{{Digits: digits, Verified: verified}}
		}
		p.Deceased = demographics.ReadDate(deceased)
		return p
	}
	plain := person("", false, "")
	younger := person("9434765870", false, "")
	younger.Births = []demographics.Date{demographics.ReadDate("1991-07-30")}
	middle, other := who(t, "Anna May/Esterkin/1989-01-18/f/LS1 4AP"), who(t, "Anna May/Esterkin/1989-01-18/f/LS1 4AP")
	middle.Numbers, other.Numbers = person("9434765919", false, "").Numbers, person("9434765870", false, "").Numbers
	newborn := who(t, "Anna/Esterkin/2021-01-18/f/LS1 4AP")
	for _, policy := range []matching.Policy{matching.Careful, matching.Balanced} {
		m := matching.NewMatcher(matching.Expert(policy))
		for _, c := range []struct {
			name string
			a, b *demographics.Profile
			want matching.Guard
		}{
			{"one number", person("9434765919", true, ""), person("9434765919", false, ""), 0},
			{"two numbers, one verified, the rest the same", person("9434765919", true, ""), person("9434765870", false, ""), 0},
			{"two numbers, none verified, the rest the same", person("9434765919", false, ""), person("9434765870", false, ""), matching.GuardNumber},
			{"two numbers, none verified, the middle name the same too", middle, other, 0},
			{"two numbers, one verified, another birth date", person("9434765919", true, ""), younger, matching.GuardNumber | matching.GuardBirth},
			{"two verified numbers", person("9434765919", true, ""), person("9434765870", true, ""), matching.VetoNumber},
			{"a number on one side", person("9434765919", true, ""), plain, 0},
			{"dead, and born before", person("", false, "2020-05-01"), plain, 0},
		} {
			want := c.want
			if policy == matching.Balanced {
				want &^= matching.GuardBirth
			}
			if got := m.Score(c.a, c.b).Guards; got != want {
				t.Errorf("%s, %s: guards %v", policy, c.name, got.Names())
			}
		}
		if got := m.Score(person("", false, "2020-05-01"), newborn).Guards; got&matching.GuardDeceased == 0 {
			t.Errorf("%s, born after death: guards %v", policy, got.Names())
		}
	}
}

// The same number lifts what only says that too little is known, and never what
// says that the two are not one.
func TestANumberInCommon(t *testing.T) {
	t.Parallel()
	m := matching.NewMatcher(matching.Default())
	with := func(text string) *demographics.Profile {
		p := who(t, text)
		p.Numbers = []demographics.Number{{Digits: "9434765919"}}
		return p
	}
	for _, c := range []struct{ a, b, want string }{
		{"/Esterkin", "/Esterkin", ""},
		{"Anna/Esterkin/1989-01-18/f/LS1 4AP", "Anna/Smith/1989-01-18/f/M1 1AE", ""},
		{"John/Esterkin/1954-01-18", "John/Esterkin/1989-01-18", ""},
		{"Anna/Esterkin/1989-01-18", "Bella/Esterkin/1989-01-18", "given"},
		{"Anna/Esterkin/1989-01-18", "Anna/Esterkin/1954-07-30", "birth"},
	} {
		if got := strings.Join(m.Score(with(c.a), with(c.b)).Guards.Names(), " "); got != c.want {
			t.Errorf("%s, %s: guards %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

// A number that both sources have had confirmed makes up for a birth date, among
// people of one name and one generation.
func TestAVerifiedNumberInCommon(t *testing.T) {
	t.Parallel()
	m := matching.NewMatcher(matching.Default())
	for _, c := range []struct{ a, b, want string }{
		{"Anna/Esterkin/1989-01-18", "Anna/Esterkin/1991-07-30", ""},
		{"Anna/Esterkin/1989-01-18", "Bella/Esterkin/1991-07-30", "given birth"},
		{"Anna/Esterkin/1989-01-18", "Anna/Esterkin/1954-07-30", "birth"},
	} {
		a, b := who(t, c.a), who(t, c.b)
		a.Numbers = []demographics.Number{{Digits: "9434765919", Verified: true}}
		b.Numbers = a.Numbers
		if got := strings.Join(m.Score(a, b).Guards.Names(), " "); got != c.want {
			t.Errorf("%s, %s: guards %q, want %q", c.a, c.b, got, c.want)
		}
	}
}

// No pair is linked by details where the given names or the birth dates are not
// both known and in agreement, however much else agrees.
func TestPromise4DetailsNeverLinkWithoutGivenNameAndBirthDate(t *testing.T) {
	t.Parallel()
	m := matching.NewMatcher(matching.Default())
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyProfile(t, "a"), anyProfile(t, "b")
		a.Numbers, b.Numbers, a.IDs, b.IDs = nil, nil, nil, nil
		s := m.Score(a, b)
		found := levels(m, a, b)
		if s.Bits < m.Model().LinkBits || s.Guards != 0 {
			return
		}
		for field, bad := range map[string]string{"given": " differs weak", "birthDate": " differs year part"} {
			if strings.Contains(bad+" ", " "+found[field]+" ") {
				t.Fatalf("linked with %s %q", field, found[field])
			}
		}
	})
}

func TestGuardNames(t *testing.T) {
	t.Parallel()
	all := matching.GuardGiven | matching.GuardBirth | matching.GuardPlace | matching.GuardTwin | matching.GuardParent | matching.GuardDeceased |
		matching.GuardNumber | matching.GuardThin | matching.VetoNumber
	if got := strings.Join(all.Names(), " "); got != "given birth place twin parent deceased number thin two-verified-numbers" || matching.Guard(0).Names() != nil {
		t.Errorf("names %q", got)
	}
}

package matching_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// number is the example of the NHS Data Dictionary, other one more that passes
// the Modulus 11 check.
const (
	number = "9434765919"
	other  = "9434765870"
)

func person(number, birth, given, family, postcode string) demographics.Details {
	d := demographics.Details{NHSNumber: number, BirthDate: birth}
	if given != "" || family != "" {
		n := demographics.Name{Family: family}
		if given != "" {
			n.Given = []string{given}
		}
		d.Names = []demographics.Name{n}
	}
	if postcode != "" {
		d.Addresses = []demographics.Address{{Postcode: postcode}}
	}
	return d
}

func TestCrossCheck(t *testing.T) {
	t.Parallel()
	known := person(number, "1989-01-18", "Anna", "Esterkin", "LS1 4AP")
	known.Names = append(known.Names, demographics.Name{Use: "old", Family: "O'Neill", Given: []string{"Anna"}})
	known.Addresses = append(known.Addresses, demographics.Address{Use: "old", Postcode: "M1 1AE"})
	nameless := person(number, "1989-01-18", "", "", "LS1 4AP")
	cases := []struct {
		name             string
		query, candidate demographics.Details
		outcome          matching.Outcome
		rule             string
	}{
		{"number and birth date", person(number, "1989-01-18", "", "", ""), known, matching.Link, matching.RuleExact},
		{"number and birth date, another name", person(number, "1989-01-18", "Bob", "Smith", ""), known, matching.Link, matching.RuleExact},
		{"part of the date and name", person(number, "1989-01-19", "ANNIE", "ESTERKYN", ""), known, matching.Link, matching.RuleName},
		{"part of the date and previous name", person(number, "1989-01-19", "Anna", "Oneil", ""), known, matching.Link, matching.RuleName},
		{"part of the date, initial differs", person(number, "1989-01-19", "Bella", "Esterkin", "LS1 4AP"), known, matching.Conflict, matching.RuleNone},
		{"part of the date, family differs", person(number, "1989-01-19", "Anna", "Smith", "LS1 4AP"), known, matching.Conflict, matching.RuleNone},
		{"part of the date, no name, same outward code", person(number, "1989-01-19", "", "", "LS1 9ZZ"), known, matching.Link, matching.RuleOutward},
		{"part of the date, no name, previous outward code", person(number, "1989-01-19", "", "", "M1 9ZZ"), known, matching.Link, matching.RuleOutward},
		{"part of the date, candidate without name", person(number, "1989-01-19", "Anna", "Esterkin", "LS1 9ZZ"), nameless, matching.Link, matching.RuleOutward},
		{"part of the date, no name, another outward code", person(number, "1989-01-19", "", "", "EH1 1AA"), known, matching.Conflict, matching.RuleNone},
		{"part of the date and nothing else", person(number, "1989-01-19", "", "", ""), known, matching.Conflict, matching.RuleNone},
		{"a family name that differs is not made good by the place", person(number, "1989-01-19", "", "Smith", "LS1 4AP"), known, matching.Conflict, matching.RuleNone},
		{"another birth date", person(number, "1954-07-30", "Anna", "Esterkin", "LS1 4AP"), known, matching.Conflict, matching.RuleNone},
		{"no birth date", person(number, "", "Anna", "Esterkin", "LS1 4AP"), known, matching.Conflict, matching.RuleNone},
		{"another number, all else the same", person(other, "1989-01-18", "Anna", "Esterkin", "LS1 4AP"), known, matching.New, matching.RuleNone},
		{"no number, all else the same", person("", "1989-01-18", "Anna", "Esterkin", "LS1 4AP"), known, matching.New, matching.RuleNone},
		{"wrong check digit", person("9434765918", "1989-01-18", "", "", ""), person("9434765918", "1989-01-18", "", "", ""), matching.New, matching.RuleNone},
		{"one digit repeated", person("9999999999", "1989-01-18", "", "", ""), person("9999999999", "1989-01-18", "", "", ""), matching.New, matching.RuleNone},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := matching.CrossCheck(c.query, c.candidate)
			if got.Outcome != c.outcome || got.Rule != c.rule {
				t.Errorf("%s by %s, want %s by %s: %v", got.Outcome, got.Rule, c.outcome, c.rule, got.Fields)
			}
			if got.Version != matching.Version || len(got.Fields) == 0 {
				t.Errorf("a decision without version or evidence: %+v", got)
			}
		})
	}
}

func TestCrossCheckExplainsItself(t *testing.T) {
	t.Parallel()
	got := matching.CrossCheck(person(number, "1989-01-19", "Anna", "Esterkin", ""), person(number, "1989-01-18", "Amy", "Estefan", ""))
	want := matching.Decision{
		Outcome: matching.Link, Rule: matching.RuleName, Version: matching.Version,
		Fields: []matching.Field{
			{Name: "nhsNumber", Level: "equal"},
			{Name: "birthDate", Level: "partial"},
			{Name: "givenInitial", Level: "equal"},
			{Name: "familyPrefix", Level: "equal"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decision (-want +got):\n%s", diff)
	}
}

func TestUsableNumber(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]bool{"": true, "01": true, "02": true, "03": true, "04": false, "05": false, "06": true, "07": false, "08": true} {
		t.Run("status "+status, func(t *testing.T) {
			t.Parallel()
			got, ok := matching.UsableNumber(demographics.Details{NHSNumber: number, NHSStatus: status})
			if ok != want || ok && got != number {
				t.Errorf("usable %v, want %v", ok, want)
			}
		})
	}
}

func anyone(t *rapid.T, label string) demographics.Details {
	pick := func(field string, from ...string) string { return rapid.SampledFrom(from).Draw(t, label+" "+field) }
	d := person(pick("number", number, other, ""), pick("birth", "", "1989-01-18", "1989-01-19", "1954-07-30"), pick("given", "", "Anna", "Bob"), pick("family", "", "Esterkin", "Smith"), pick("postcode", "", "LS1 4AP", "M1 1AE"))
	d.NHSStatus = pick("status", "", "01", "05")
	return d
}

func TestPromise4NoLinkWithoutEvidence(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyone(t, "a"), anyone(t, "b")
		d := matching.CrossCheck(a, b)
		if d.Outcome != matching.Link {
			return
		}
		if a.NHSNumber == "" || a.NHSNumber != b.NHSNumber || a.NHSStatus == "05" || b.NHSStatus == "05" {
			t.Fatal("linked without a usable number in common")
		}
		if agreement := demographics.CompareBirthDates(a.BirthDate, b.BirthDate); agreement < demographics.Partial {
			t.Fatalf("linked with birth dates that agree %d", agreement)
		}
		if len(d.Fields) < 2 || d.Rule == matching.RuleNone || d.Version == "" {
			t.Fatalf("linked without its evidence: %+v", d)
		}
	})
}

// Details that are compared by current values alone decide the same both ways.
func TestCrossCheckIsTheSameBothWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyone(t, "a"), anyone(t, "b")
		if diff := cmp.Diff(matching.CrossCheck(a, b), matching.CrossCheck(b, a)); diff != "" {
			t.Fatalf("one way and the other (-ab +ba):\n%s", diff)
		}
	})
}

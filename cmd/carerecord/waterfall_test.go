package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/cmd/carerecord/client"
	"github.com/carerecord/carerecord/shared/matching"
)

func lines(t *testing.T, print func(*strings.Builder) error) []string {
	t.Helper()
	var out strings.Builder
	if err := print(&out); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

// The sum runs from the prior through every field to what it comes to in all.
func TestWaterfall(t *testing.T) {
	t.Parallel()
	lead := 2.5
	for name, c := range map[string]struct {
		decision matching.Decision
		want     []string
	}{
		"by details": {matching.Decision{
			Outcome: matching.Possible, Rule: matching.RuleDetails, Version: "fs1", Prior: -20, Bits: 3.5, Lead: &lead, Guards: []string{"twin"},
			Fields: []matching.Field{{Name: "family", Level: "exact", Bits: 8.5}, {Name: "birthDate", Level: "exact", Bits: 15}},
		}, []string{
			"perhaps one person: their details were weighed (details, model fs1)",
			"                       bits      sum",
			"  prior               -20.0    -20.0",
			"  family     exact     +8.5    -11.5",
			"  birthDate  exact    +15.0     +3.5",
			"  in all                        +3.5  91.9 %", // 1 / (1 + 2 to the -3.5)
			"  lead                 +2.5           over the next person",
			"  guard twin: this is what twins look like",
		}},
		"by a certain rule": {matching.Decision{
			Outcome: matching.Link, Rule: matching.RuleExact, Version: "certain-1",
			Fields: []matching.Field{{Name: "nhsNumber", Level: "equal"}, {Name: "birthDate", Level: "exact"}},
		}, []string{
			"one person: the NHS number and the whole birth date agree (nhs-number-birth-date, model certain-1)",
			"  nhsNumber  equal", "  birthDate  exact",
		}},
		"of a new person": {matching.Decision{Outcome: matching.New, Rule: matching.RuleNone, Version: "certain-1"}, []string{
			"a new person: nobody who was known fits (none, model certain-1)",
		}},
	} {
		got := lines(t, func(out *strings.Builder) error { return printWaterfall(out, c.decision, "") })
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Every guard and rule that a decision can hold has words.
func TestEveryCodeHasWords(t *testing.T) {
	t.Parallel()
	for _, name := range matching.Guard(1<<16 - 1).Names() {
		if guards[name] == "" {
			t.Errorf("the guard %s has no words", name)
		}
	}
	for _, rule := range []string{matching.RuleExact, matching.RuleName, matching.RuleOutward, matching.RuleMerge, matching.RuleDetails, matching.RulePin, matching.RuleNone} {
		if rules[rule] == "" {
			t.Errorf("the rule %s has no words", rule)
		}
	}
}

// A probability is never shown as certain that is not.
func TestChance(t *testing.T) {
	t.Parallel()
	for p, want := range map[float64]string{1: "100 %", 0.99999: "> 99.9 %", 0.9985: "99.9 %", 0.5: "50.0 %", 0.0004: "< 0.1 %", 0: "< 0.1 %"} {
		if got := chance(p); got != want {
			t.Errorf("%v: %q, want %q", p, got, want)
		}
	}
}

// What agrees in one value is marked =, what agrees in none ≠, and what only one
// side knows not at all. Nothing from a file moves the cursor.
func TestSides(t *testing.T) {
	t.Parallel()
	left := &client.Patient{
		ID: "left", BirthDate: "1989-01-18", Gender: "female",
		Name:       []client.Name{{Family: "Esterkin", Given: []string{"Anna", "Maria"}}, {Use: "old", Family: "Berg\x1b[2J\u202e"}},
		Identifier: []client.Identifier{{System: "https://fhir.nhs.uk/Id/nhs-number", Value: "9434765919"}, {System: "urn:carerecord:patient:RZZ:", Value: "1"}},
	}
	right := &client.Patient{
		ID: "right", BirthDate: "1990-01-18",
		Name:       []client.Name{{Use: "maiden", Family: "Esterkin", Given: []string{"ANNA", "MARIA"}}},
		Identifier: []client.Identifier{{System: "urn:carerecord:patient:RYY:a", Value: "2"}},
	}
	got := lines(t, func(out *strings.Builder) error {
		return printSides(out, []string{"LEFT", "RIGHT"}, []*client.Patient{left, right})
	})
	want := []string{
		"               LEFT                           RIGHT",
		"NHS number     943 476 5919",
		"name        =  ESTERKIN, Anna Maria           ESTERKIN, ANNA MARIA (maiden)",
		"               BERG\ufffd[2J\ufffd (old)",
		"birth date  ≠  1989-01-18                     1990-01-18",
		"sex            female",
		"source         urn:carerecord:patient:RZZ:|1  urn:carerecord:patient:RYY:a|2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A value is escaped as FHIR R4 search asks; the system comes as it is.
func TestToken(t *testing.T) {
	t.Parallel()
	for argument, want := range map[string]string{
		"urn:a|1": "urn:a|1", `urn:a|1,2|3$4\5`: `urn:a|1\,2\|3\$4\\5`,
	} {
		if got, err := token(argument); err != nil || got != want {
			t.Errorf("%s: %s, %v", argument, got, err)
		}
	}
	for _, argument := range []string{"", "1", "|1", "urn:a|"} {
		if _, err := token(argument); err == nil {
			t.Errorf("%q names nobody and is taken", argument)
		}
	}
}

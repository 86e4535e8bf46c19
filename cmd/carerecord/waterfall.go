package main

import (
	"fmt"
	"io"

	"github.com/carerecord/carerecord/shared/matching"
)

// guards says in words what each guard has found.
var guards = map[string]string{
	"given":                "the given names disagree in every way",
	"birth":                "the birth dates share fewer than two of day, month and year",
	"place":                "neither the family name nor the postcode agrees",
	"twin":                 "this is what twins look like",
	"parent":               "this is what a parent and a child of one name look like",
	"deceased":             "one was born after the other had died",
	"number":               "the NHS numbers differ",
	"one-register":         "both are ids of one register: their organisation should merge them first",
	"thin":                 "too little is known of one of the two",
	"two-verified-numbers": "both have a verified NHS number, and they differ: never one person",
}

// outcomes say in words what a decision came to.
var outcomes = map[matching.Outcome]string{
	matching.Link: "one person", matching.Possible: "perhaps one person", matching.Conflict: "evidence for and against", matching.New: "not one person",
}

// rules say in words by what was decided.
var rules = map[string]string{
	matching.RuleExact:   "the NHS number and the whole birth date agree",
	matching.RuleName:    "the NHS number, a part of the birth date, and the names' beginnings agree",
	matching.RuleOutward: "the NHS number, a part of the birth date, and the outward postcode agree",
	matching.RuleMerge:   "their organisation merged them",
	matching.RuleDetails: "their details were weighed",
	matching.RulePin:     "a human decided",
	matching.RuleNone:    "no rule decides",
}

// printWaterfall explains a decision: what it came to, and how the evidence adds
// up from the prior to the sum.
func printWaterfall(out io.Writer, d matching.Decision, indent string) error {
	rule := rules[d.Rule]
	if rule == "" {
		rule = printable(d.Rule)
	}
	outcome := word(outcomes, d.Outcome)
	if d.Outcome == matching.New && d.Rule == matching.RuleNone {
		outcome, rule = "a new person", "nobody who was known fits"
	}
	fmt.Fprintf(out, "%s%s: %s (%s, model %s)\n", indent, outcome, rule, printable(d.Rule), printable(d.Version))
	g := grid{indent: indent + "  "}
	if d.Prior != 0 || d.Bits != 0 {
		g.add("", "", "   bits", "    sum")
		sum := d.Prior
		g.add("prior", "", bits(d.Prior), bits(sum))
		for _, f := range d.Fields {
			sum += f.Bits
			g.add(f.Name, f.Level, bits(f.Bits), bits(sum))
		}
		g.add("in all", "", "", bits(d.Bits), chance(matching.Probability(d.Bits)))
		if d.Lead != nil {
			g.add("lead", "", bits(*d.Lead), "", "over the next person")
		}
	} else {
		for _, f := range d.Fields {
			g.add(f.Name, f.Level)
		}
	}
	if err := g.print(out); err != nil {
		return err
	}
	for _, name := range d.Guards {
		fmt.Fprintf(out, "%s  guard %s: %s\n", indent, printable(name), word(guards, name))
	}
	return nil
}

// word gives the words for a code; a code that is not known stands for itself.
func word[K ~string](words map[K]string, code K) string {
	if text := words[code]; text != "" {
		return text
	}
	return printable(string(code))
}

func bits(b float64) string { return fmt.Sprintf("%+7.1f", b) }

// chance words a probability. What is not certain is never shown as certain.
func chance(p float64) string {
	percent := 100 * p
	switch {
	case p >= 1:
		return "100 %"
	case percent > 99.9:
		return "> 99.9 %"
	case percent < 0.1:
		return "< 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", percent)
}

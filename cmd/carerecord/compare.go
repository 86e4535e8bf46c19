package main

import (
	"io"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/cmd/carerecord/client"
	"github.com/carerecord/carerecord/shared/nhs"
)

// detail is one row of a comparison: what a Patient says of it.
type detail struct {
	name string
	of   func(*client.Patient) []string
}

// details are all that is shown of a Patient, in the order of a wristband.
var details = []detail{
	{"NHS number", nhsNumbers},
	{"name", func(p *client.Patient) []string { return each(p.Name, nameOf) }},
	{"birth date", func(p *client.Patient) []string { return some(p.BirthDate) }},
	{"died", func(p *client.Patient) []string { return some(died(p)) }},
	{"sex", func(p *client.Patient) []string { return some(p.Gender) }},
	{"address", func(p *client.Patient) []string { return each(p.Address, addressOf) }},
	{"contact", contacts},
	{"GP practice", practices},
	{"source", sources},
}

// printSides prints Patients in columns, and marks what agrees (=) and what
// differs (≠). Where one of them says nothing there is no mark.
func printSides(out io.Writer, heads []string, sides []*client.Patient) error {
	g := grid{}
	g.add(append([]string{"", ""}, heads...)...)
	for _, d := range details {
		values := make([][]string, len(sides))
		cells := []string{d.name, ""}
		for i, p := range sides {
			values[i] = d.of(p)
			cells = append(cells, strings.Join(values[i], "\n"))
		}
		if d.name != "source" {
			cells[1] = mark(values)
		}
		if strings.Join(cells[2:], "") != "" {
			g.add(cells...)
		}
	}
	return g.print(out)
}

func mark(values [][]string) string {
	if len(values) < 2 || len(values[0]) == 0 || len(values[1]) == 0 {
		return ""
	}
	same := func(a string) bool {
		return slices.ContainsFunc(values[1], func(b string) bool { return strings.EqualFold(bare(a), bare(b)) })
	}
	if slices.ContainsFunc(values[0], same) {
		return "="
	}
	return "≠"
}

// bare gives a value without what is said of it in brackets: its use or status.
func bare(value string) string {
	value, _, _ = strings.Cut(value, " (")
	return value
}

func some(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}

func each[T any](list []T, word func(*T) string) (words []string) {
	for i := range list {
		if text := word(&list[i]); text != "" {
			words = append(words, text)
		}
	}
	return words
}

// nameOf gives a name as it is read on a wristband: FAMILY, Given.
func nameOf(n *client.Name) string {
	text := strings.ToUpper(n.Family)
	if given := strings.Join(n.Given, " "); given != "" {
		text = strings.TrimPrefix(text+", "+given, ", ")
	}
	if text == "" {
		text = n.Text
	}
	return text + useOf(n.Use)
}

func useOf(use string) string {
	if use == "" || use == "usual" || use == "official" || use == "home" {
		return ""
	}
	return " (" + use + ")"
}

func addressOf(a *client.Address) string {
	parts := append(slices.Clone(a.Line), a.City, a.District, a.PostalCode)
	parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, ", ") + useOf(a.Use)
}

func died(p *client.Patient) string {
	if p.DeceasedDateTime == "" && p.DeceasedBoolean {
		return "yes"
	}
	return p.DeceasedDateTime
}

func contacts(p *client.Patient) (list []string) {
	for _, t := range p.Telecom {
		list = append(list, strings.TrimSpace(t.System+" "+t.Value)+useOf(t.Use))
	}
	return list
}

func practices(p *client.Patient) (list []string) {
	for _, gp := range p.GeneralPractitioner {
		list = append(list, gp.Identifier.Value)
	}
	return list
}

// nhsNumbers gives NHS numbers in the form 123 456 7890 of the NHS (User
// Interface standard ISB 1504), with what the status says.
func nhsNumbers(p *client.Patient) (list []string) {
	for _, id := range p.Identifier {
		if id.System != nhs.NumberSystem {
			continue
		}
		text := id.Value
		if len(text) == 10 {
			text = text[:3] + " " + text[3:6] + " " + text[6:]
		}
		if e, ok := client.Find(id.Extension, "NHSNumberVerificationStatus"); ok {
			for _, c := range e.ValueCodeableConcept.Coding {
				text += statusOf(c.Code)
			}
		}
		list = append(list, text+useOf(id.Use))
	}
	return list
}

// statusOf words an NHS number's status indicator code (NHS Data Dictionary).
func statusOf(code string) string {
	if code == nhs.NumberVerified {
		return " (verified)"
	}
	return " (status " + code + ")"
}

// sources gives the ids of source patients in the form that commands take.
func sources(p *client.Patient) (list []string) {
	for _, id := range p.Identifier {
		if id.System != nhs.NumberSystem {
			list = append(list, tokenOf(id))
		}
	}
	return list
}

func tokenOf(id client.Identifier) string { return id.System + "|" + id.Value }

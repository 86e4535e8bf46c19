package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/client"
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/matching"
)

// matchQuery is who is looked for.
type matchQuery struct {
	at       connection
	family   string
	given    []string
	birth    string
	sex      string
	postcode string
	lines    []string
	number   string
	phones   []string
	emails   []string
	file     string
	certain  bool
	count    int
}

func newMatch() *cobra.Command {
	q := matchQuery{}
	cmd := &cobra.Command{
		Use:   "match",
		Short: "Ask who details may describe, and why",
		Long: `Asks the FHIR API's $match who the details may describe, and prints each person
with grade, probability and waterfall. Nothing is stored. Other users of this
machine can see what is on a command line: --patient reads a FHIR Patient from a
file, or with - from standard input.`,
		Example: `  carerecord match --given Anna --family Esterkin --birth 1989-01-18 --postcode "LS1 4AP"
  carerecord match --patient - < patient.json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			body, err := q.body(cmd)
			if err != nil {
				return err
			}
			c, err := q.at.open()
			if err != nil {
				return err
			}
			return q.run(cmd.Context(), cmd.OutOrStdout(), c, body)
		},
	}
	q.at.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&q.family, "family", "", "family name")
	flags.StringArrayVar(&q.given, "given", nil, "given name; again for a further one")
	flags.StringVar(&q.birth, "birth", "", "birth date: YYYY-MM-DD, YYYY-MM or YYYY")
	flags.StringVar(&q.sex, "sex", "", "male, female, other or unknown")
	flags.StringVar(&q.postcode, "postcode", "", "postcode")
	flags.StringArrayVar(&q.lines, "address", nil, "line of the address; again for a further one")
	flags.StringVar(&q.number, "nhs", "", "NHS number")
	flags.StringArrayVar(&q.phones, "phone", nil, "telephone number; again for a further one")
	flags.StringArrayVar(&q.emails, "email", nil, "e-mail address; again for a further one")
	flags.StringVar(&q.file, "patient", "", "read a FHIR Patient from this file instead; -: standard input")
	flags.BoolVar(&q.certain, "certain", false, "only who is certain")
	flags.IntVar(&q.count, "count", 10, "people at most, 1 to 50")
	return cmd
}

// body gives what $match is sent.
func (q *matchQuery) body(cmd *cobra.Command) ([]byte, error) {
	if q.count < 1 || q.count > 50 {
		return nil, usageError{fmt.Errorf("--count is from 1 to 50")}
	}
	patient, err := q.patient(cmd)
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(map[string]any{"resourceType": "Parameters", "parameter": []any{
		map[string]any{"name": "resource", "resource": json.RawMessage(patient)},
		map[string]any{"name": "onlyCertainMatches", "valueBoolean": q.certain},
		map[string]any{"name": "count", "valueInteger": q.count},
	}})
	return body, failure.Wrap(failure.Invalid, "--patient", err)
}

// patient gives the Patient that is looked for.
func (q *matchQuery) patient(cmd *cobra.Command) ([]byte, error) {
	d, err := q.details()
	switch {
	case err != nil:
		return nil, err
	case q.file == "":
		return fhir.PatientResource(fhir.Patient{Details: d})
	case !reflect.ValueOf(d).IsZero():
		return nil, usageError{fmt.Errorf("give details or --patient, not both")}
	case q.file == "-":
		text, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), 1<<20))
		return text, failure.Wrap(failure.Invalid, "--patient", err)
	}
	text, err := os.ReadFile(q.file)
	return text, failure.Wrap(failure.Invalid, "--patient", err)
}

func (q *matchQuery) details() (d demographics.Details, err error) {
	if !strings.Contains(" male female other unknown ", " "+q.sex+" ") && q.sex != "" {
		return d, usageError{fmt.Errorf("--sex is male, female, other or unknown")}
	}
	d = demographics.Details{BirthDate: q.birth, Sex: q.sex, NHSNumber: strings.ReplaceAll(q.number, " ", "")}
	if q.family != "" || len(q.given) > 0 {
		d.Names = []demographics.Name{{Family: q.family, Given: q.given}}
	}
	if q.postcode != "" || len(q.lines) > 0 {
		d.Addresses = []demographics.Address{{Lines: q.lines, Postcode: q.postcode}}
	}
	for _, p := range q.phones {
		d.Contacts = append(d.Contacts, demographics.Contact{System: "phone", Value: p})
	}
	for _, e := range q.emails {
		d.Contacts = append(d.Contacts, demographics.Contact{System: "email", Value: e})
	}
	return d, nil
}

func (q *matchQuery) run(ctx context.Context, out io.Writer, c *client.Client, body []byte) error {
	answer, err := c.Send(ctx, "Patient/$match", body)
	if err != nil {
		return err
	}
	return q.at.show(out, answer, func() error {
		b, err := client.Read[client.Bundle](answer, "Bundle")
		if err != nil {
			return err
		}
		return printMatches(out, b)
	})
}

// found is a person whom $match gives.
type found struct {
	*client.Patient
	decision matching.Decision
}

func printMatches(out io.Writer, b *client.Bundle) error {
	g, list := grid{}, []found(nil)
	g.add("PERSON", "GRADE", "CHANCE", "NAME", "BORN", "POSTCODE")
	for _, e := range b.Entry {
		if e.Search.Mode != "match" {
			printWarnings(out, e.Resource)
			continue
		}
		p, err := client.Read[client.Patient](e.Resource, "Patient")
		if err != nil {
			return err
		}
		grade, _ := client.Find(e.Search.Extension, "/match-grade")
		likely := ""
		if e.Search.Score != nil {
			likely = chance(*e.Search.Score)
		}
		d, _ := client.Evidence(e.Search.Extension)
		list = append(list, found{p, d})
		g.add(p.ID, grade.ValueCode, likely, first(each(p.Name, nameOf)), p.BirthDate, first(each(p.Address, func(a *client.Address) string { return a.PostalCode })))
	}
	if len(list) == 0 {
		_, err := fmt.Fprintln(out, "Nobody is known who may be this person.")
		return err
	}
	if err := g.print(out); err != nil {
		return err
	}
	for _, f := range list {
		fmt.Fprintf(out, "\n%s\n", f.ID)
		if err := printWaterfall(out, f.decision, "  "); err != nil {
			return err
		}
	}
	return nil
}

// printWarnings prints what an OperationOutcome warns of, such as details that
// were left out of the match.
func printWarnings(out io.Writer, resource []byte) {
	o, err := client.Read[client.Outcome](resource, "OperationOutcome")
	if err != nil {
		return
	}
	for _, issue := range o.Issue {
		if issue.Severity == "warning" {
			fmt.Fprintf(out, "warning: %s (%s)\n", printable(issue.Details.Text), printable(strings.Join(issue.Expression, ", ")))
		}
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/client"
	"github.com/carerecord/carerecord/shared/failure"
)

func newPerson() *cobra.Command {
	var at connection
	cmd := &cobra.Command{
		Use:   "person",
		Short: "Show a person, and make or undo links by hand",
		Long: `Shows who a person is and why, and changes it by hand. It asks the FHIR API, of
a local region or of one on AWS. What changes something needs a reason and a
token of a job role that reviews (R0001, R5105, R8013).

A person is named by id, or by an identifier SYSTEM|VALUE. A source patient is
named by the identifier that 'carerecord person show' prints as its source:
urn:carerecord:patient:ODS:AUTHORITY|VALUE.`,
		Example: `  carerecord person show 01M870J5MWSC72N43506EJG3D0
  carerecord person history 01M870J5MWSC72N43506EJG3D0
  carerecord person unlink 'urn:carerecord:patient:Z99901:patients|P0001' --reason "another patient"`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	at.flags(cmd)
	cmd.AddCommand(newPersonShow(&at), newPersonHistory(&at), newPersonLink(&at), newPersonUnlink(&at), newPersonMerge(&at), newPersonUnmerge(&at))
	return cmd
}

var idForm = regexp.MustCompile(`^[0-9A-Za-z]{26}$`)

// checkID keeps what has not the form of an id out of a URL: it might be an NHS
// number that was typed in its place.
func checkID(what, id string) error {
	if !idForm.MatchString(id) {
		return usageError{fmt.Errorf("this is no id of a %s: it has 26 letters and digits", what)}
	}
	return nil
}

// token gives SYSTEM|VALUE as FHIR wants it: signs that mean something in a
// search are escaped (R4 search, Escaping Search Parameters).
func token(argument string) (string, error) {
	system, value, ok := strings.Cut(argument, "|")
	if !ok || system == "" || value == "" {
		return "", usageError{fmt.Errorf("a source patient is named as SYSTEM|VALUE, as 'carerecord person show' prints it")}
	}
	return system + "|" + strings.NewReplacer(`\`, `\\`, `|`, `\|`, `,`, `\,`, `$`, `\$`).Replace(value), nil
}

// find gives the id of the person whom an argument names.
func find(ctx context.Context, c *client.Client, argument string) (string, error) {
	if !strings.Contains(argument, "|") {
		return argument, checkID("person", argument)
	}
	identifier, err := token(argument)
	if err != nil {
		return "", err
	}
	body, err := c.Form(ctx, "Patient/_search", url.Values{"identifier": {identifier}})
	if err != nil {
		return "", err
	}
	b, err := client.Read[client.Bundle](body, "Bundle")
	if err != nil {
		return "", err
	}
	var ids []string
	for _, e := range b.Entry {
		if p, err := client.Read[client.Patient](e.Resource, "Patient"); err == nil {
			ids = append(ids, p.ID)
		}
	}
	switch len(ids) {
	case 0:
		return "", failure.New(failure.NotFound, "person", "nobody has this identifier")
	case 1:
		return ids[0], nil
	}
	return "", failure.New(failure.Conflict, "person", "sources of several people state this identifier: %s", strings.Join(ids, ", "))
}

// readPerson makes a command that reads something of one person.
func readPerson(at *connection, cmd *cobra.Command, operation string, print func(io.Writer, []byte) error) *cobra.Command {
	cmd.Args = arguments("PERSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c, err := at.open()
		if err != nil {
			return err
		}
		id, err := find(cmd.Context(), c, args[0])
		if err != nil {
			return err
		}
		body, err := c.Get(cmd.Context(), "Patient/"+id+operation, nil)
		if err != nil {
			return err
		}
		return at.show(cmd.OutOrStdout(), body, func() error { return print(cmd.OutOrStdout(), body) })
	}
	return cmd
}

func newPersonShow(at *connection) *cobra.Command {
	return readPerson(at, &cobra.Command{
		Use:     "show PERSON",
		Short:   "Show a person's details and source patients",
		Example: "  carerecord person show 'https://fhir.nhs.uk/Id/nhs-number|9990000018'",
	}, "", func(out io.Writer, body []byte) error { return printPatient(out, body) })
}

func printPatient(out io.Writer, body []byte) error {
	p, err := client.Read[client.Patient](body, "Patient")
	if err != nil {
		return err
	}
	for _, link := range p.Link {
		if link.Type == "replaced-by" {
			_, err := fmt.Fprintf(out, "%s is %s now.\n", p.ID, idOf(link.Other))
			return err
		}
	}
	fmt.Fprintf(out, "person %s\n", p.ID)
	return printSides(out, nil, []*client.Patient{p})
}

func newPersonHistory(at *connection) *cobra.Command {
	return readPerson(at, &cobra.Command{
		Use:   "history PERSON",
		Short: "Show every decision on a person's source patients",
		Long: `Shows for each source patient of the person every decision on it, the first one
first: to whom it was linked, with which other source patient it was compared, on
what evidence, after which row of which delivery; and who decided by hand, and why.`,
		Example: "  carerecord person history 01M870J5MWSC72N43506EJG3D0",
	}, "/$decisions", printHistory)
}

func printHistory(out io.Writer, body []byte) error {
	p, err := client.Read[client.Parameters](body, "Parameters")
	if err != nil {
		return err
	}
	for _, person := range p.Of("person") {
		fmt.Fprintf(out, "person %s\n", idOf(person.ValueReference))
	}
	for _, source := range p.Of("source") {
		name := "a source patient that only others' merges name"
		for _, id := range source.Of("sourceIdentifier") {
			name = tokenOf(id.ValueIdentifier)
		}
		fmt.Fprintf(out, "\nsource %s\n", printable(name))
		for _, earlier := range source.Of("earlier") {
			fmt.Fprintf(out, "  %d earlier decisions are not shown\n", earlier.ValueInteger)
		}
		for _, d := range source.Of("decision") {
			if err := printDecision(out, &d); err != nil {
				return err
			}
		}
	}
	return nil
}

func printDecision(out io.Writer, d *client.Parameter) error {
	one := func(name string) (found client.Parameter) {
		for _, p := range d.Of(name) {
			found = p
		}
		return found
	}
	now, before := idOf(one("linked-to").ValueReference), idOf(one("formerly").ValueReference)
	text := "linked to " + now
	switch {
	case now == "":
		text = "no person any more, was " + before
	case before != "" && before != now:
		text += ", was " + before
	case before != "":
		text = "stays with " + now
	}
	fmt.Fprintf(out, "  %d  %s\n", one("number").ValueInteger, text)
	if id := one("with").ValueIdentifier; id.Value != "" {
		fmt.Fprintf(out, "     with %s\n", printable(tokenOf(id)))
	}
	if by := one("decided-by").ValueIdentifier.Value; by != "" {
		fmt.Fprintf(out, "     by %s: %s\n", printable(by), printable(one("reason").ValueString))
	} else {
		fmt.Fprintf(out, "     because of %s\n", placeOf(one("delivery").ValueIdentifier.Value, d.Extension))
	}
	evidence, _ := client.Evidence(d.Extension)
	return printWaterfall(out, evidence, "     ")
}

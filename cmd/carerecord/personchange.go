package main

import (
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/client"
)

// change is a request that changes links, for a reason.
type change struct {
	path string
	form url.Values
}

// changePerson makes a command that changes links.
func changePerson(at *connection, cmd *cobra.Command, ask func(args []string) (change, error)) *cobra.Command {
	var reason string
	cmd.Flags().StringVar(&reason, "reason", "", "why, in words; kept for ever")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		asked, err := ask(args)
		if err != nil {
			return err
		}
		if err := required("reason", reason); err != nil {
			return err
		}
		c, err := at.open()
		if err != nil {
			return err
		}
		asked.form.Set("reason", reason)
		body, err := c.Form(cmd.Context(), asked.path, asked.form)
		if err != nil {
			return err
		}
		return at.show(cmd.OutOrStdout(), body, func() error { return printChanged(cmd.OutOrStdout(), body) })
	}
	return cmd
}

// printChanged says what was done, and who the people are now.
func printChanged(out io.Writer, body []byte) error {
	if text := client.OutcomeText(body); text != "" { // asked for, and not done yet
		_, err := fmt.Fprintln(out, printable(text))
		return err
	}
	p, err := client.Read[client.Parameters](body, "Parameters")
	if err != nil {
		return err
	}
	for _, outcome := range p.Of("outcome") {
		fmt.Fprintln(out, printable(client.OutcomeText(outcome.Resource)))
	}
	for _, result := range p.Of("result") {
		fmt.Fprintln(out)
		if err := printPatient(out, result.Resource); err != nil {
			return err
		}
	}
	return nil
}

// named gives the source patients that arguments name.
func named(args []string) (url.Values, error) {
	form := url.Values{}
	for _, arg := range args {
		identifier, err := token(arg)
		if err != nil {
			return nil, err
		}
		form.Add("sourceIdentifier", identifier)
	}
	return form, nil
}

func newPersonLink(at *connection) *cobra.Command {
	return changePerson(at, &cobra.Command{
		Use:   "link SOURCE SOURCE --reason TEXT",
		Short: "Make two source patients one person",
		Long: `Pins two source patients together: they are one person from now on, whatever the
organisations send. 'carerecord person unlink' takes it back.`,
		Example: `  carerecord person link 'urn:carerecord:patient:RZZ:|204' 'urn:carerecord:patient:Z99901:patients|P0001' \
    --reason "seen with both cards"`,
		Args: arguments("SOURCE", "SOURCE"),
	}, func(args []string) (change, error) {
		form, err := named(args)
		return change{"Patient/$link", form}, err
	})
}

func newPersonUnlink(at *connection) *cobra.Command {
	return changePerson(at, &cobra.Command{
		Use:   "unlink SOURCE --reason TEXT",
		Short: "Take a source patient out of its person",
		Long: `Pins a source patient apart from every other one of its person: it is a person
of its own from now on, whatever the organisations send. Records do not move;
they follow their source patient.`,
		Example: `  carerecord person unlink 'urn:carerecord:patient:Z99901:patients|P0001' --reason "another patient"`,
		Args:    arguments("SOURCE"),
	}, func(args []string) (change, error) {
		form, err := named(args)
		return change{"Patient/$unlink", form}, err
	})
}

func newPersonMerge(at *connection) *cobra.Command {
	return changePerson(at, &cobra.Command{
		Use:   "merge SURVIVOR OTHER --reason TEXT",
		Short: "Make two people one",
		Long: `Makes two people one. The id of the first stays; the other id answers with it
from now on. 'carerecord person unmerge' takes it back.`,
		Example: `  carerecord person merge 01M870J5MWSC72N43506EJG3D0 01M870HWFC5GZ3RC420R7VX2XW --reason "the same baby"`,
		Args:    arguments("SURVIVOR", "OTHER"),
	}, func(args []string) (change, error) {
		for _, id := range args {
			if err := checkID("person", id); err != nil {
				return change{}, err
			}
		}
		return change{"Patient/" + args[0] + "/$merge", url.Values{"source-patient": {"Patient/" + args[1]}}}, nil
	})
}

func newPersonUnmerge(at *connection) *cobra.Command {
	return changePerson(at, &cobra.Command{
		Use:   "unmerge FORMER --reason TEXT",
		Short: "Give back a person whose id was given up",
		Long: strings.TrimSpace(`
Gives back the person whose id was given up in a merge, with all that came for
them since. Where the survivor is known to more than one organisation, two people
must ask for it: the first request is noted, the second does it.`),
		Example: `  carerecord person unmerge 01M870HWFC5GZ3RC420R7VX2XW --reason "two babies"`,
		Args:    arguments("FORMER"),
	}, func(args []string) (change, error) {
		return change{"Patient/" + args[0] + "/$unmerge", url.Values{}}, checkID("person", args[0])
	})
}

// Command carerecord is a region on one machine and the tools around it: a
// demonstration, an empty region to upload to, the offline check that gives a
// partner the report before they send, and tokens for development.
//
// Exit status: 0 done; 1 the work was done and the answer is no (a row would be
// refused, an audit chain is broken), or it could not be done; 2 the command
// line is wrong.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// errNo ends a command with status 1 and no further words: what there was to
// say has been printed.
var errNo = errors.New("no")

// usageError is a wrong command line: status 2.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errNo):
		return 1
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "carerecord: %v\nRun 'carerecord --help' or 'carerecord COMMAND --help' for the usage.\n", err)
		return 2
	default:
		fmt.Fprintf(stderr, "carerecord: %v\n", err)
		return 1
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "carerecord",
		Short: "A shared care record: extracts go in, one person's record comes out",
		Long: `CareRecord takes the extracts that health and care organisations drop (CSV,
HL7 v2, FHIR), works out which of their patients are the same person, and gives
the clinician who may see it one record over HTTPS.`,
		Example:       "  carerecord demo\n  carerecord check --partners partners.yaml --as Z99901/patients practice-list.csv",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("there is no command %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newDemo(), newLocal(), newCheck(), newToken(), newAudit(), newBench(), newLink(), newTrain(), newEvaluate(), newRegion(), newMeasure(), newReview(), newPerson(), newMatch(), newResolve(), newPins())
	return root
}

// noArguments refuses arguments where a command takes flags only.
func noArguments(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}

// required refuses a command line that lacks a flag.
func required(name, value string) error {
	if value == "" {
		return usageError{fmt.Errorf("--%s is required", name)}
	}
	return nil
}

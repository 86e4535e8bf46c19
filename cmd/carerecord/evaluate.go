package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/linkage"
)

func newEvaluate() *cobra.Command {
	var o linkage.Options
	var truth linkage.Truth
	var people, pairs, pattern, delimited string
	cmd := &cobra.Command{
		Use:   "evaluate --people OUT.csv --id COLUMN (--truth COLUMN | --truth-from REGEXP) FILE...",
		Short: "Measure what link found against the truth",
		Long: `Reads what link wrote and the registers that it was made from, or other files
that know the truth about the same ids, and prints precision, recall and F1: of
pairs of records, and of people who have exactly the records that are theirs.
The truth is a column of the files, or what the first group of a regular
expression takes from the id. With --pairs it also prints the curve of the pairs
by probability.`,
		Example: "  carerecord evaluate --people people.csv --id rec_id --truth-from 'rec-([0-9]+)-' dataset3.csv",
		Args:    someFiles,
		RunE: func(cmd *cobra.Command, files []string) (err error) {
			if err := required("people", people); err != nil {
				return err
			}
			if err := required("id", o.ID); err != nil {
				return err
			}
			if truth.Pattern, err = truthFrom(truth.Column, pattern); err != nil {
				return err
			}
			if o.Delimiter, err = delimiter(delimited); err != nil {
				return err
			}
			o.Files, o.ID, truth.Column = files, strings.TrimSpace(o.ID), strings.TrimSpace(truth.Column)
			e, err := linkage.Evaluate(cmd.Context(), o, truth, people, pairs)
			if err := linkError(cmd.Context(), err); err != nil {
				return err
			}
			return printEvaluation(cmd.OutOrStdout(), e)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&people, "people", "", "the file that link wrote with --out")
	flags.StringVar(&pairs, "pairs", "", "the file that link wrote with --pairs")
	flags.StringVar(&o.ID, "id", "", "the column that tells records apart")
	flags.StringVar(&truth.Column, "truth", "", "the column that says of whom a record is")
	flags.StringVar(&pattern, "truth-from", "", "a regular expression whose first group takes it from the id")
	flags.BoolVar(&o.Between, "between", false, "count pairs of different files only")
	flags.StringVar(&delimited, "delimiter", "comma", "comma, semicolon, tab or pipe")
	return cmd
}

func truthFrom(column, pattern string) (*regexp.Regexp, error) {
	if (column == "") == (pattern == "") {
		return nil, usageError{fmt.Errorf("give one of --truth and --truth-from")}
	}
	if pattern == "" {
		return nil, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil || re.NumSubexp() == 0 {
		return nil, usageError{fmt.Errorf("--truth-from %q is no regular expression with a group", pattern)}
	}
	return re, nil
}

func printEvaluation(out io.Writer, e linkage.Evaluation) error {
	var b strings.Builder
	line := func(what string, a linkage.Accuracy) {
		fmt.Fprintf(&b, "%-18s precision %.5f  recall %.5f  F1 %.5f  (true %d, found %d, right %d)\n", what, a.Precision(), a.Recall(), a.F1(), a.True, a.Found, a.Right)
	}
	line("pairs of records", e.Pairs)
	line("people", e.People)
	for _, p := range e.Curve {
		line(fmt.Sprintf("pairs from %g", p.From), p.Accuracy)
	}
	_, err := io.WriteString(out, b.String())
	return failure.Wrap(failure.Unavailable, "evaluate", err)
}

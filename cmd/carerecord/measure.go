package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/benchmark"
	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/trial"
)

func newMeasure() *cobra.Command {
	var s trial.Settings
	var model string
	cmd := &cobra.Command{
		Use:   "measure",
		Short: "Measure the matcher on a made-up region, against the truth",
		Long: `Puts one record of each person of a made-up region into an index in memory and
asks for people who are in it, spelt another source's way, and for people who
are not: twins, sisters and brothers, parents of the same name, strangers. First
without NHS numbers, then with. Prints how many links are right, what each guard
buys, the curve over the threshold, what the rules of the Master Person Service
do with the same queries, what a look-up reads, and look-ups a second. What is
measured, and what it does not say, stands in docs/measuring.md.`,
		Example: "  carerecord measure --people 1000000 --queries 200000 --seed 11",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if s.People < 1_000 || s.People > population.MostPeople || s.Queries < 100 {
				return usageError{fmt.Errorf("--people must be 1000 to %d, and --queries at least 100", population.MostPeople)}
			}
			if s.Slips <= 0 || s.Slips > trial.MostSlips {
				return usageError{fmt.Errorf("--slips must be more than 0 and at most %d", trial.MostSlips)}
			}
			var err error
			if s.Model, err = readModel(model); err != nil {
				return err
			}
			return measure(cmd.Context(), cmd.OutOrStdout(), s)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&s.People, "people", 100_000, "how many people are in the index")
	flags.IntVar(&s.Queries, "queries", 50_000, "how many to ask for")
	flags.Uint64Var(&s.Seed, "seed", 11, "another seed gives other people")
	flags.Float64Var(&s.Slips, "slips", 1, "how many times as frequent as published slips are")
	flags.StringVar(&model, "model", defaultModel, "a model file, or the one that ships with the project")
	return cmd
}

// measure writes the hard region, how speed goes with size, and the region with numbers.
func measure(ctx context.Context, out io.Writer, s trial.Settings) error {
	hard, err := trial.New(ctx, s)
	if err != nil {
		return err
	}
	if err := trial.Report(ctx, out, hard); err != nil {
		return err
	}
	if err := trial.Speed(ctx, out, hard, 10_000, 100_000, 1_000_000); err != nil {
		return err
	}
	s.Numbers = true
	s.Queries = min(s.Queries, population.Numbers()/2)
	s.People = min(s.People, population.Numbers()-s.Queries)
	numbered, err := trial.New(ctx, s)
	if err != nil {
		return err
	}
	if err := trial.Report(ctx, out, numbered); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "\nPeak memory %d MB.\n", benchmark.PeakMemory()>>20)
	return err
}

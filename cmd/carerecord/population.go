package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/population"
	made "github.com/carerecord/carerecord/shared/population/registers"
)

func newRegion() *cobra.Command {
	var people int
	var seed uint64
	var out string
	cmd := &cobra.Command{
		Use:   "region --people N --out DIR",
		Short: "Make up a region: registers of several organisations, and the truth",
		Long: `Writes the registers that GP practices, two hospitals, a community provider and
a council keep of one population that does not exist, each in its own form and
with the slips of real registers, the partner register by which this program
reads them, and truth.csv: who is who. The same people and seed give the same
files. It is no description of England: see README.txt beside the files.`,
		Example: `  carerecord region --people 100000 --seed 1 --out /var/tmp/people
  carerecord check --partners /var/tmp/people/partners.yaml --as RZY/patients /var/tmp/people/hospital-east.csv`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required("out", out); err != nil {
				return err
			}
			r, err := population.New(people, seed)
			if err != nil {
				return usageError{fmt.Errorf("--people must be 1 to %d", population.MostPeople)}
			}
			return makeRegion(cmd.Context(), cmd.OutOrStdout(), r, out)
		},
	}
	cmd.Flags().IntVar(&people, "people", 10_000, "how many people live there")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "another seed gives other people")
	cmd.Flags().StringVar(&out, "out", "", "the folder to write to; it must be empty or new")
	return cmd
}

func makeRegion(ctx context.Context, out io.Writer, r *population.Region, dir string) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return failure.Wrap(failure.Invalid, "region", err)
	}
	there, err := os.ReadDir(dir)
	if err != nil {
		return failure.Wrap(failure.Invalid, "region", err)
	}
	if len(there) > 0 {
		return failure.New(failure.Invalid, "region", "%s is not empty: name another folder", dir)
	}
	counts, err := made.Write(ctx, r, func(name string) (io.WriteCloser, error) {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		return f, failure.Wrap(failure.Unavailable, "region", err)
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d people, seed %d, in %s\n", r.People, r.Seed, dir)
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(out, "  %-20s %9d rows\n", name, counts[name])
	}
	return nil
}

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/region"
)

func newResolve() *cobra.Command {
	var data string
	var all bool
	cmd := &cobra.Command{
		Use:   "resolve --data DIR",
		Short: "Decide again who is the same person, in a local region that is not running",
		Long: `Decides again on every source patient with an open review, so that the order in
which deliveries arrived does not decide; with --all on every source patient, as
after a change of the model. What humans have decided stands. It runs the state
machine of the re-resolution, as a running local region and one on AWS do each
night.`,
		Example: "  carerecord resolve --data .carerecord --all",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o, err := region.OpenOffline(data)
			if err != nil {
				return err
			}
			defer o.Close()
			looked, changed, err := o.Resolve(cmd.Context(), all)
			if looked > 0 || err == nil {
				fmt.Fprintf(cmd.OutOrStdout(), "looked at %d source patients, changed %d\n", looked, changed)
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&data, "data", defaultData, "the region's data folder")
	flags.BoolVar(&all, "all", false, "every source patient, not only those with an open review")
	return cmd
}

package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/region"
)

func newAudit() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "audit --data DIR",
		Short: "Verify the audit chains of a local region",
		Long: `Reads every audit event of a local region that is not running and checks the
chains: an event that was changed, removed or moved is named. Exit status 1 when
a chain is broken.`,
		Example: "  carerecord audit --data .carerecord",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			summary, err := region.VerifyAudit(cmd.Context(), data)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			for _, f := range summary.Findings {
				fmt.Fprintln(out, f)
			}
			fmt.Fprintf(out, "%d chains, %d events, %d findings\n", summary.Chains, summary.Events, len(summary.Findings))
			if len(summary.Findings) > 0 {
				return errNo
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&data, "data", defaultData, "the region's data folder")
	return cmd
}

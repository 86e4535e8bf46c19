package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/region"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
)

func newPins() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "pins",
		Short: "Carry the decisions of humans over to a region that is made anew",
		Long: `What organisations said lies in their raw files and can be loaded again at any
time. What humans decided does not: pins of source patients, and answers to
reviews, with who, when and why. These commands write it to a file and take it in
again, in a local region that is not running. The file is personal data.`,
		Example: `  carerecord pins export --data old > pins.jsonl
  carerecord pins import --data new < pins.jsonl`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newPinsExport(), newPinsImport())
	return cmd
}

func newPinsExport() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:     "export --data DIR",
		Short:   "Write every decision of a human to standard output, one JSON object a line",
		Example: "  carerecord pins export --data .carerecord > pins.jsonl",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return offline(data, func(o *region.Offline) error {
				n, err := exportPins(cmd.Context(), cmd.OutOrStdout(), o)
				if err == nil {
					fmt.Fprintf(cmd.ErrOrStderr(), "%d decisions written\n", n)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&data, "data", defaultData, "the region's data folder")
	return cmd
}

func offline(data string, do func(*region.Offline) error) error {
	o, err := region.OpenOffline(data)
	if err != nil {
		return err
	}
	return errors.Join(do(o), o.Close())
}

func exportPins(ctx context.Context, out io.Writer, o *region.Offline) (n int, err error) {
	w := bufio.NewWriter(out)
	lines := json.NewEncoder(w)
	for record, err := range o.Index.Pins(ctx, o.Table) {
		if err == nil {
			err = lines.Encode(record)
		}
		if err != nil {
			return n, err
		}
		n++
	}
	return n, failure.Wrap(failure.Unavailable, "pins export", w.Flush())
}

func newPinsImport() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use:   "import --data DIR",
		Short: "Take in the decisions that 'carerecord pins export' wrote",
		Long: `Reads decisions from standard input, before or after the raw files are loaded
again, as often as you like. Of two decisions on the same two source patients the
newer one stands. A decision on a source patient that has not come yet is kept and
waits for it; it is counted, so that a region of other files is noticed. A file
with a line that is no decision is refused as a whole.`,
		Example: "  carerecord pins import --data .carerecord < pins.jsonl",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			records, err := readPins(cmd.InOrStdin())
			if err != nil {
				return err
			}
			return offline(data, func(o *region.Offline) error {
				sum, err := o.Index.ApplyPins(cmd.Context(), records...)
				if err == nil || sum != (index.PinsApplied{}) {
					printApplied(cmd.OutOrStdout(), sum)
				}
				return err
			})
		},
	}
	cmd.Flags().StringVar(&data, "data", defaultData, "the region's data folder")
	return cmd
}

func printApplied(out io.Writer, sum index.PinsApplied) {
	fmt.Fprintf(out, "%d decisions taken in, %d were known\n", sum.Applied, sum.Known)
	if sum.Ahead > 0 {
		fmt.Fprintf(out, "%d of them name a source patient that has not come yet, and wait for it\n", sum.Ahead)
	}
}

// longestRecord bounds a line in bytes: a decision with its waterfall and a
// reason of 2000 characters has less.
const longestRecord = 1 << 20

func readPins(in io.Reader) (records []index.PinRecord, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, longestRecord)
	for n := 1; lines.Scan(); n++ {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var record index.PinRecord
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			return nil, failure.New(failure.Invalid, "pins import", "line %d is no decision", n)
		}
		records = append(records, record)
	}
	return records, failure.Wrap(failure.Invalid, "pins import", lines.Err())
}

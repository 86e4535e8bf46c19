package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/linkage"
	"github.com/carerecord/carerecord/shared/matching"
)

func newTrain() *cobra.Command {
	r := registers{}
	var out, policy string
	cmd := &cobra.Command{
		Use:   "train --fields FIELD=COLUMN,... --id COLUMN --out MODEL.json FILE...",
		Short: "Learn from registers how much each field tells",
		Long: `Reads CSV files as link does, and writes a model: how often each field agrees
for the records of one person and of two, how frequent each value is, and the
thresholds. No record need be known to be of whom. --policy says what the
thresholds and guards are for: balanced to link registers, careful for the
patient index, where a wrong link harms more than a missed one. The model is a JSON file for
humans to read; it holds names and other values that are frequent in the files.`,
		Example: "  carerecord train --fields given=forename,family=surname,dob=birth_date --id local_id --out model.json patients.csv",
		Args:    someFiles,
		RunE: func(cmd *cobra.Command, files []string) error {
			options, err := r.options(cmd, files)
			if err != nil {
				return err
			}
			if err := apart(files, out, "", ""); err != nil {
				return err
			}
			options.Policy = matching.Policy(policy)
			if options.Policy != matching.Balanced && options.Policy != matching.Careful {
				return usageError{fmt.Errorf("--policy is %s or %s", matching.Balanced, matching.Careful)}
			}
			return r.train(cmd, options, out)
		},
	}
	r.flags(cmd)
	cmd.Flags().StringVar(&out, "out", "", "the model file to write")
	cmd.Flags().StringVar(&policy, "policy", string(matching.Balanced), "balanced, to link registers, or careful, for the patient index")
	return cmd
}

func (r *registers) train(cmd *cobra.Command, o linkage.Options, name string) error {
	var files outputs
	defer files.discard()
	w, err := files.create(name)
	if err != nil {
		return err
	}
	model, summary, err := linkage.Train(cmd.Context(), o)
	o.Told(linkage.Progress{})
	if err := linkError(cmd.Context(), err); err != nil {
		return err
	}
	if _, err := w.Write(model.Write()); err != nil {
		return failure.Wrap(failure.Unavailable, "train", err)
	}
	if err := files.keep(); err != nil {
		return err
	}
	tellRows(cmd.ErrOrStderr(), summary)
	_, err = fmt.Fprintf(cmd.OutOrStdout(), "model %s, trained on %d records: link from %.1f bits, review from %.1f\n", model.Version, summary.Records, model.LinkBits, model.ReviewBits)
	return failure.Wrap(failure.Unavailable, "train", err)
}

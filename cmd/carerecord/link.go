package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/linkage"
	"github.com/carerecord/carerecord/shared/matching"
)

// defaultModel is the name by which the model that ships with the project is
// asked for, in place of a file.
const defaultModel = "default"

func newLink() *cobra.Command {
	r := registers{}
	var model, out, pairs, reviews string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "link --fields FIELD=COLUMN,... --id COLUMN --out OUT.csv FILE...",
		Short: "Find the records of one person in registers",
		Long: `Reads CSV files, all of them one population, finds the records that are of one
person, and writes a row for every record: id, person, probability, decision.
The decision is link (one person with another record), review (perhaps; not
linked) or new. Without --model it learns from the files themselves how much
each field tells. Rows that cannot be read are left out and told; the exit
status is then 1, and the rest is done.

The fields are nhs, id (another identifier), given, family, name (a full name),
dob, sex, postcode, address, phone, email and other. Those of which a register
may have several columns can be mapped again: id, given, address, phone, email,
other.`,
		Example: "  carerecord link --fields given=forename,family=surname,dob=birth_date,postcode=postcode --id local_id --out people.csv patients.csv",
		Args:    someFiles,
		RunE: func(cmd *cobra.Command, files []string) error {
			options, err := r.options(cmd, files)
			if err != nil {
				return err
			}
			if err := apart(files, out, pairs, reviews); err != nil {
				return err
			}
			if options.Model, err = readModel(model); err != nil {
				return err
			}
			results := results{people: out, pairs: pairs, reviews: reviews}
			return r.link(cmd, options, results, asJSON)
		},
	}
	r.flags(cmd)
	flags := cmd.Flags()
	flags.StringVar(&model, "model", "", "a model that 'carerecord train' wrote, or 'default' for the one that ships; none: train on the files")
	flags.StringVar(&out, "out", "", "the file to write, a row a record")
	flags.StringVar(&pairs, "pairs", "", "write the compared pairs with a probability of at least 0.001 to this file")
	flags.StringVar(&reviews, "reviews", "", "write the pairs that a human should decide to this file")
	flags.BoolVar(&asJSON, "json", false, "print the summary for a machine")
	return cmd
}

func someFiles(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usageError{fmt.Errorf("name at least one file")}
	}
	return nil
}

// apart makes sure that no output takes the place of another or of an input.
func apart(files []string, out, pairs, reviews string) error {
	if err := required("out", out); err != nil {
		return err
	}
	taken := map[string]string{}
	for _, file := range files {
		taken[filepath.Clean(file)] = "an input"
	}
	for _, o := range [][2]string{{"--out", out}, {"--pairs", pairs}, {"--reviews", reviews}} {
		name := filepath.Clean(o[1])
		if o[1] == "" {
			continue
		}
		if what, ok := taken[name]; ok {
			return usageError{fmt.Errorf("%s %s is %s already", o[0], o[1], what)}
		}
		taken[name] = o[0]
	}
	return nil
}

// readModel gives the model of a file, the one that ships, or none.
func readModel(name string) (*matching.Model, error) {
	switch name {
	case "":
		return nil, nil
	case defaultModel:
		return matching.Default(), nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, "link", err)
	}
	model, err := matching.ReadModel(data)
	if err != nil {
		return nil, fmt.Errorf("--model %s: %w", name, err)
	}
	return model, nil
}

// registers are the flags that link and train have in common.
type registers struct {
	fields    []string
	id        string
	source    string
	between   bool
	delimiter string
	memory    string
	quiet     bool
}

func (r *registers) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&r.fields, "fields", nil, "what the columns mean: FIELD=COLUMN,FIELD=COLUMN,...")
	flags.StringVar(&r.id, "id", "", "the column that tells records apart")
	flags.StringVar(&r.source, "source", "", "the column that names a record's organisation; without it each file is one")
	flags.BoolVar(&r.between, "between", false, "compare records of different files only")
	flags.StringVar(&r.delimiter, "delimiter", "comma", "comma, semicolon, tab or pipe")
	flags.StringVar(&r.memory, "memory", "2GB", "how much memory to use, about; what does not fit goes to temporary files")
	flags.BoolVar(&r.quiet, "quiet", false, "show no progress")
}

// options reads the flags.
func (r *registers) options(cmd *cobra.Command, files []string) (o linkage.Options, err error) {
	if len(r.fields) == 0 {
		return o, required("fields", "")
	}
	if err := required("id", r.id); err != nil {
		return o, err
	}
	o.Files, o.Between, o.ID, o.Source = files, r.between, strings.TrimSpace(r.id), strings.TrimSpace(r.source)
	if o.Columns, err = linkage.ParseFields(r.fields...); err != nil {
		return o, usageError{err}
	}
	if o.Delimiter, err = delimiter(r.delimiter); err != nil {
		return o, err
	}
	if o.Memory, err = bytesOf(r.memory); err != nil {
		return o, err
	}
	if r.between && len(files) < 2 {
		return o, usageError{fmt.Errorf("--between needs two files or more")}
	}
	o.Told = newProgress(cmd.ErrOrStderr(), r.quiet).tell
	return o, nil
}

func delimiter(name string) (byte, error) {
	for _, d := range []struct {
		name string
		char byte
	}{{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}} {
		if name == d.name || name == string(d.char) {
			return d.char, nil
		}
	}
	return 0, usageError{fmt.Errorf("--delimiter %q is none of comma, semicolon, tab, pipe", name)}
}

// bytesOf reads an amount of memory: 512MB, 2GB, or bytes.
func bytesOf(text string) (int64, error) {
	number, unit := strings.TrimSpace(strings.ToUpper(text)), int64(1)
	for suffix, size := range map[string]int64{"KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30} {
		if cut, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = strings.TrimSpace(cut), size
		}
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > 1<<50/unit {
		return 0, usageError{fmt.Errorf("--memory %q is no amount of memory: write 512MB or 2GB", text)}
	}
	return n * unit, nil
}

// results are the files to write; empty: not asked for.
type results struct{ people, pairs, reviews string }

func (r *registers) link(cmd *cobra.Command, o linkage.Options, names results, asJSON bool) error {
	var files outputs
	defer files.discard()
	var out linkage.Outputs
	for _, f := range []struct {
		name string
		to   *io.Writer
	}{{names.people, &out.People}, {names.pairs, &out.Pairs}, {names.reviews, &out.Reviews}} {
		if f.name == "" {
			continue
		}
		w, err := files.create(f.name)
		if err != nil {
			return err
		}
		*f.to = w
	}
	summary, err := linkage.Link(cmd.Context(), o, out)
	o.Told(linkage.Progress{})
	if err := linkError(cmd.Context(), err); err != nil {
		return err
	}
	if err := files.keep(); err != nil {
		return err
	}
	tellRows(cmd.ErrOrStderr(), summary)
	if err := printSummary(cmd.OutOrStdout(), summary, o.Model == nil, asJSON); err != nil {
		return err
	}
	if summary.LeftOut > 0 {
		return errNo
	}
	return nil
}

// linkError turns what names no column into a wrong command line.
func linkError(ctx context.Context, err error) error {
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("stopped; nothing was written")
	case failure.Is(err, failure.NotFound):
		return usageError{err}
	}
	return err
}

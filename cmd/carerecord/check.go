package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/region"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/partner"
)

func newCheck() *cobra.Command {
	var partners, as string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check --partners FILE --as ODS/FEED FILE...",
		Short: "Give the report of files without sending them",
		Long: `Loads the files into an empty region that is thrown away, and prints the report
that the real one would write: what was read, and what is wrong in which line.
Several files are one feed's, in the order given. Exit status 1 when a row
would be refused.`,
		Example: "  carerecord check --partners partners.yaml --as Z99901/patients practice-list.csv",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{fmt.Errorf("name at least one file")}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			register, err := readRegister(partners)
			if err != nil {
				return err
			}
			if err := checkFeed(register, as); err != nil {
				return err
			}
			reports, err := check(cmd.Context(), register, as, files)
			if err != nil {
				return err
			}
			return printChecked(cmd.OutOrStdout(), reports, asJSON)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&partners, "partners", "", "the partner register (YAML)")
	flags.StringVar(&as, "as", "", "the feed that the files are for: ODS/FEED")
	flags.BoolVar(&asJSON, "json", false, "print the reports as they would lie in the reports bucket, as a JSON array")
	return cmd
}

func checkFeed(register *partner.Register, as string) error {
	if err := required("as", as); err != nil {
		return err
	}
	ods, feed, _ := strings.Cut(as, "/")
	p, f, _ := register.Find(ods, feed)
	switch {
	case p == nil:
		return usageError{fmt.Errorf("--as: the partner register has no organisation %q", ods)}
	case f == nil:
		return usageError{fmt.Errorf("--as: %s has no feed %q in the partner register", ods, feed)}
	}
	return nil
}

// check runs the files through a region of its own.
func check(ctx context.Context, register *partner.Register, as string, files []string) ([]delivery.Report, error) {
	const op = "check"
	data, err := os.MkdirTemp("", "carerecord-check-")
	if err != nil {
		return nil, failure.Wrap(failure.Unavailable, op, err)
	}
	defer os.RemoveAll(data)
	r, err := region.Open(region.Settings{Data: data, Partners: register})
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var reports []delivery.Report
	for _, name := range files {
		report, err := checkFile(ctx, r, as, name)
		if err != nil {
			return nil, err
		}
		reports = append(reports, report)
	}
	return reports, nil
}

func checkFile(ctx context.Context, r *region.Region, as, name string) (delivery.Report, error) {
	file, err := os.Open(name)
	if err != nil {
		return delivery.Report{}, failure.Wrap(failure.Invalid, "check", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return delivery.Report{}, failure.New(failure.Invalid, "check", "%s is a folder: name its files", name)
	}
	id, err := r.Drop(ctx, as+"/"+filepath.Base(name), file)
	if err != nil {
		return delivery.Report{}, err
	}
	if err := r.Wait(ctx); err != nil {
		return delivery.Report{}, failure.Wrap(failure.Unavailable, "check", err)
	}
	return r.Delivery.ReadReport(ctx, id)
}

func printChecked(out io.Writer, reports []delivery.Report, asJSON bool) error {
	refused := false
	for _, r := range reports {
		refused = refused || r.Status == delivery.Quarantined || slices.ContainsFunc(r.Faults, func(f extract.Fault) bool {
			return f.Severity == extract.Error // of a row, or of the file as a whole
		})
	}
	if asJSON {
		e := json.NewEncoder(out)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(reports); err != nil {
			return err
		}
	} else {
		for _, r := range reports {
			printReport(out, r, len(r.Faults))
		}
	}
	if refused {
		return errNo
	}
	return nil
}

package main

import (
	"context"
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
			c := checking{out: cmd.OutOrStdout(), asJSON: asJSON}
			if err := c.run(cmd.Context(), register, as, files); err != nil {
				return err
			}
			if c.refused {
				return errNo
			}
			return nil
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

// checking is one run of the command.
type checking struct {
	out     io.Writer
	asJSON  bool
	refused bool // a row, or a file as a whole
}

// run takes the files through a region of its own.
func (c *checking) run(ctx context.Context, register *partner.Register, as string, files []string) error {
	return throwaway("check", register, func(r *region.Region) error {
		for i, name := range files {
			id, err := drop(ctx, r, as, name)
			if err != nil {
				return err
			}
			if err := c.print(ctx, r, id, i); err != nil {
				return err
			}
		}
		if !c.asJSON {
			return nil
		}
		_, err := io.WriteString(c.out, "]\n")
		return err
	})
}

// drop takes a file to its report.
func drop(ctx context.Context, r *region.Region, as, name string) (string, error) {
	file, err := os.Open(name)
	if err != nil {
		return "", failure.Wrap(failure.Invalid, "check", err)
	}
	defer file.Close()
	if info, err := file.Stat(); err == nil && info.IsDir() {
		return "", failure.New(failure.Invalid, "check", "%s is a folder: name its files", name)
	}
	id, err := r.Drop(ctx, as+"/"+filepath.Base(name), file)
	if err != nil {
		return "", err
	}
	return id, failure.Wrap(failure.Unavailable, "check", r.Wait(ctx))
}

// print shows a report as it is read, so that memory does not grow with it.
func (c *checking) print(ctx context.Context, r *region.Region, id string, i int) error {
	head := func(report delivery.Report) error {
		c.refused = c.refused || refused(report)
		if !c.asJSON {
			printHead(c.out, report)
		}
		return nil
	}
	each := func(f extract.Fault) error {
		if !c.asJSON {
			printFault(c.out, f)
		}
		return nil
	}
	if err := r.Delivery.ScanReport(ctx, id, head, each); err != nil || !c.asJSON {
		fmt.Fprintln(c.out)
		return err
	}
	return c.copy(ctx, r, id, i)
}

// copy writes a report as an element of a JSON array.
func (c *checking) copy(ctx context.Context, r *region.Region, id string, i int) error {
	body, err := r.Delivery.OpenReport(ctx, id)
	if err != nil {
		return err
	}
	defer body.Close()
	before := ","
	if i == 0 {
		before = "["
	}
	if _, err = io.WriteString(c.out, before); err == nil {
		_, err = io.Copy(c.out, body)
	}
	return err
}

// refused says whether any fault of the report is an error: of a row, or of
// the file as a whole.
func refused(r delivery.Report) bool {
	return r.Status == delivery.Quarantined || slices.ContainsFunc(extract.Codes(), func(c extract.Code) bool {
		return c.Severity == extract.Error && r.FaultCounts[c.Name] > 0
	})
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/cmd/carerecord/region"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/sample"
)

func newDemo() *cobra.Command {
	d := demonstration{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Start a region, load the sample region, and show one person's record",
		Long: `Starts a region on this machine, drops the files of three sample organisations
into it, prints each delivery's report and one ready curl line for a person whom
two organisations know, and stays up. Every start begins with an empty region.`,
		Example: "  carerecord demo\n  carerecord demo --once --json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d.chosen = cmd.Flags().Changed
			d.out, d.progress = cmd.OutOrStdout(), cmd.ErrOrStderr()
			if d.asJSON {
				d.summary, d.out = d.out, d.progress
			}
			return d.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&d.data, "data", defaultData, "folder of the region; an earlier demonstration in it is replaced")
	flags.StringVar(&d.at.API, "api", defaultAPI, "address of the FHIR API and the page that says what is running")
	flags.StringVar(&d.at.S3, "s3", defaultS3, "address of the S3 endpoint")
	flags.BoolVar(&d.once, "once", false, "stop when the sample region is loaded")
	flags.BoolVar(&d.asJSON, "json", false, "print a summary for a machine on standard output, and the rest on standard error")
	return cmd
}

type demonstration struct {
	data         string
	at           region.Addresses
	once, asJSON bool
	chosen       func(flag string) bool
	out          io.Writer // for a person
	progress     io.Writer
	summary      io.Writer // for a machine; nil: none
	region       *region.Region
	serving      region.Addresses
	dropped      []string // deliveries, in order
}

// Summary is what --json prints.
type Summary struct {
	Deliveries int `json:"deliveries"`
	delivery.Counts
	region.Totals
	Seconds float64 `json:"seconds"`
}

func (d *demonstration) run(ctx context.Context) error {
	register, err := sampleRegister()
	if err != nil {
		return err
	}
	if err := clearDemonstration(d.data); err != nil {
		return err
	}
	d.region, err = region.Open(region.Settings{Data: d.data, Partners: register})
	if err != nil {
		return err
	}
	defer d.region.Close()
	if err := d.listen(); err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	var group errgroup.Group
	group.Go(func() error { return d.region.Serve(serving) })
	if err := d.load(ctx); err != nil {
		return err
	}
	if d.once {
		stop()
	} else {
		fmt.Fprintf(d.out, "\nRunning. See http://%s/ ; stop with Ctrl-C.\n", d.serving.API)
	}
	return group.Wait()
}

// listen takes free ports where the usual ones are taken by somebody else; a
// port that was asked for is taken or the start fails.
func (d *demonstration) listen() (err error) {
	d.serving, err = d.region.Listen(d.at)
	if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
		return err
	}
	if d.chosen("api") || d.chosen("s3") {
		return err
	}
	d.serving, err = d.region.Listen(region.Addresses{API: ":0", S3: ":0"})
	return err
}

func sampleRegister() (*partner.Register, error) {
	text, err := fs.ReadFile(sample.FS, sample.Partners)
	if err != nil {
		return nil, failure.Wrap(failure.Internal, "sampleRegister", err)
	}
	return partner.Parse(sample.Partners, text)
}

// demonstrationMark lies in a folder that a demonstration made and may replace.
const demonstrationMark = "demonstration"

// clearDemonstration empties the folder of an earlier demonstration and no
// other. The issuer's key stays, so that tokens go on working.
func clearDemonstration(data string) error {
	const op = "demo"
	entries, err := os.ReadDir(data)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure.Wrap(failure.Unavailable, op, err)
	}
	entries = slices.DeleteFunc(entries, func(e fs.DirEntry) bool { return e.Name() == region.IssuerFile })
	made := slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == demonstrationMark })
	if len(entries) > 0 && !made {
		return failure.New(failure.Conflict, op, "%s holds something that no demonstration made: choose another folder with --data", data)
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return failure.Wrap(failure.Unavailable, op, err)
	}
	mark := []byte("Made by carerecord demo, which may replace this folder.\n")
	if err := os.WriteFile(filepath.Join(data, demonstrationMark), mark, 0o600); err != nil {
		return failure.Wrap(failure.Unavailable, op, err)
	}
	for _, e := range entries {
		if e.Name() == demonstrationMark {
			continue // last of all it says whose folder this is
		}
		if err := os.RemoveAll(filepath.Join(data, e.Name())); err != nil {
			return failure.Wrap(failure.Unavailable, op, err)
		}
	}
	return nil
}

// load drops the sample files and shows what became of them.
func (d *demonstration) load(ctx context.Context) error {
	start := time.Now()
	if err := d.drop(ctx); err != nil {
		return err
	}
	took := time.Since(start)
	sum := Summary{Deliveries: len(d.dropped), Seconds: took.Seconds()}
	for _, id := range d.dropped {
		report, err := d.region.Delivery.ReadReport(ctx, id)
		if err != nil {
			return err
		}
		sum.Add(report.Counts)
		printReport(d.out, report, 5)
	}
	var err error
	if sum.Totals, err = d.region.Totals(ctx); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "%d deliveries, %d rows, %d entries in %.1f s.\n%d people came of %d source patients.\n",
		sum.Deliveries, sum.Read, sum.Totals.Entries, sum.Seconds, sum.People, sum.SourcePatients)
	if err := d.showPerson(ctx); err != nil || d.summary == nil {
		return err
	}
	return json.NewEncoder(d.summary).Encode(sum)
}

func (d *demonstration) drop(ctx context.Context) error {
	deliveries := sample.Deliveries()
	bar := progressbar.NewOptions(len(deliveries), progressbar.OptionSetWriter(d.progress), progressbar.OptionSetDescription("loading the sample region"),
		progressbar.OptionSetWidth(40), progressbar.OptionShowCount(), progressbar.OptionClearOnFinish())
	d.region.OnEnd(func(delivery.ReportOutput) { _ = bar.Add(1) }) // a bar that cannot draw is no reason to stop
	for _, s := range deliveries {
		id, err := dropSample(ctx, d.region, s)
		if err != nil {
			return err
		}
		d.dropped = append(d.dropped, id)
	}
	err := d.region.Wait(ctx)
	_ = bar.Finish()
	return err
}

// showPerson prints a request that works for a person of two organisations.
func (d *demonstration) showPerson(ctx context.Context) error {
	id, err := d.region.SharedPerson(ctx)
	if err != nil {
		return err
	}
	token, err := d.region.Issuer.Token(access.Claims{Subject: "demo-user", Organisation: sample.Hospital, Role: "R8000"}, 12*time.Hour)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nOne record of a person whom two organisations know:\n\ncurl -s -H 'Authorization: Bearer %s' 'http://%s/fhir/R4/Patient/%s/$everything'\n", token, d.serving.API, id)
	return nil
}

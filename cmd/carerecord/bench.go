package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/benchmark"
	"github.com/carerecord/carerecord/cmd/carerecord/region"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/sample"
)

// copyEntries is about how many entries one copy of the sample hospital brings.
const copyEntries = 4700

func newBench() *cobra.Command {
	var entries, views int
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure a region on this machine",
		Long: `Loads the sample hospital again and again under new patients, then the sample
bundles, end to end and durable, into a region that is thrown away; then asks
for the largest patient's record many times over HTTP. Times are this machine's.`,
		Example: "  carerecord bench --entries 100000",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if entries < 1 || views < 1 {
				return usageError{fmt.Errorf("--entries and --views must be at least 1")}
			}
			return bench(cmd.Context(), cmd.OutOrStdout(), entries, views)
		},
	}
	cmd.Flags().IntVar(&entries, "entries", 100_000, "about how many entries to load")
	cmd.Flags().IntVar(&views, "views", 500, "how many times to read the largest record")
	return cmd
}

func bench(ctx context.Context, out io.Writer, entries, views int) error {
	register, err := sampleRegister()
	if err != nil {
		return err
	}
	return throwaway("bench", register, func(r *region.Region) error {
		b := measured{region: r, out: out}
		copies := (entries + copyEntries - 1) / copyEntries
		if err := b.load(ctx, fmt.Sprintf("hospital, %d copies", copies), func() error { return b.hospital(ctx, copies) }); err != nil {
			return err
		}
		if err := b.load(ctx, "FHIR bundles", func() error { return b.bundles(ctx) }); err != nil {
			return err
		}
		return b.view(ctx, views)
	})
}

type measured struct {
	region *region.Region
	out    io.Writer
}

// load times a load from the first byte dropped to the last report written.
func (b *measured) load(ctx context.Context, what string, drop func() error) error {
	before, err := b.region.Totals(ctx)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := drop(); err != nil {
		return err
	}
	if err := b.region.Wait(ctx); err != nil {
		return err
	}
	took := time.Since(start).Seconds()
	after, err := b.region.Totals(ctx)
	if err != nil {
		return err
	}
	n := after.Entries - before.Entries
	fmt.Fprintf(b.out, "%-24s %8d entries  %7.2f s  %8.0f entries/s  peak memory %d MB\n", what, n, took, float64(n)/took, benchmark.PeakMemory()>>20)
	return nil
}

func (b *measured) hospital(ctx context.Context, copies int) error {
	messages, err := fs.ReadFile(sample.FS, "hl7/simhospital.hl7")
	if err != nil {
		return failure.Wrap(failure.Internal, "bench", err)
	}
	pipe, in := io.Pipe()
	go func() {
		_, err := benchmark.Hospital{Messages: messages, Copies: copies}.WriteTo(in)
		in.CloseWithError(err)
	}()
	_, err = b.region.Drop(ctx, sample.Hospital+"/adt/hospital.hl7", pipe)
	return err
}

func (b *measured) bundles(ctx context.Context) error {
	for _, s := range sample.Deliveries() {
		if s.Feed != "bundles" {
			continue
		}
		if _, err := dropSample(ctx, b.region, s); err != nil {
			return err
		}
	}
	return nil
}

// view reads the largest sample patient's whole record over HTTP.
func (b *measured) view(ctx context.Context, views int) error {
	at, err := b.region.Listen(region.Addresses{API: ":0", S3: ":0"})
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() { served <- b.region.Serve(serving) }()
	defer func() { stop(); <-served }()
	person, err := b.region.FindPatient(ctx, sample.Community, "bundles", sample.LargestPatient)
	if err != nil {
		return err
	}
	token, err := b.region.Issuer.Token(access.Claims{Subject: "bench-user", Organisation: sample.Hospital, Role: "R8000"}, time.Hour)
	if err != nil {
		return err
	}
	url := fmt.Sprintf("http://%s/fhir/R4/Patient/%s/$everything", at.API, person)
	times, bytes, err := benchmark.Views(ctx, url, token, views)
	if err != nil {
		return err
	}
	slices.Sort(times)
	fmt.Fprintf(b.out, "$everything of %d bytes, %d times: p50 %.1f ms, p99 %.1f ms\n", bytes, len(times),
		milliseconds(times[len(times)/2]), milliseconds(times[len(times)*99/100]))
	return nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/region"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/partner"
)

const (
	defaultAPI = ":8080"
	defaultS3  = ":9000"
)

func newLocal() *cobra.Command {
	var data, partners string
	var at region.Addresses
	cmd := &cobra.Command{
		Use:   "local --data DIR --partners FILE",
		Short: "Run an empty region on this machine",
		Long: `Runs a region in one process: an S3 endpoint to drop files at, the delivery
pipeline, and the FHIR API. Upload with any S3 client to bucket carerecord-drop,
key <ODS>/<feed>/<file>; the report appears in bucket carerecord-reports, key
<ODS>/<feed>/<file>.<version>.json and .csv. Both listen on loopback only; the
S3 endpoint takes any credentials. Stop it with Ctrl-C: it goes on where it was.
Put a model that 'carerecord train' wrote into the data folder as model.json, and
patients are compared by it instead of by the one that ships.`,
		Example: `  carerecord local --data /var/tmp/region --partners partners.yaml
  aws --endpoint-url http://127.0.0.1:9000 s3 cp practice-list.csv \
    s3://carerecord-drop/Z99901/patients/practice-list.csv`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := required("data", data); err != nil {
				return err
			}
			register, err := readRegister(partners)
			if err != nil {
				return err
			}
			return runLocal(cmd.Context(), cmd.ErrOrStderr(), region.Settings{Data: data, Partners: register}, at)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&data, "data", "", "folder of everything that the region keeps; made when missing")
	flags.StringVar(&partners, "partners", "", "the partner register (YAML)")
	flags.StringVar(&at.API, "api", defaultAPI, "address of the FHIR API and the page that says what is running")
	flags.StringVar(&at.S3, "s3", defaultS3, "address of the S3 endpoint")
	return cmd
}

func readRegister(path string) (*partner.Register, error) {
	if err := required("partners", path); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, "--partners", err)
	}
	return partner.Parse(path, text)
}

func runLocal(ctx context.Context, out io.Writer, s region.Settings, at region.Addresses) error {
	s.Log = slog.New(slog.NewJSONHandler(out, nil))
	r, err := region.Open(s)
	if err != nil {
		return err
	}
	defer r.Close()
	served, err := r.Listen(at)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "FHIR API   http://%s/fhir/R4\nS3         http://%s  (bucket %s)\nOverview   http://%s/\n", served.API, served.S3, region.Buckets.Drop, served.API)
	return r.Serve(ctx)
}

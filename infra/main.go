// Command infra is the region on AWS as a CDK app: it writes the CloudFormation
// templates of one stage and calls nothing of AWS.
//
//	go run ./infra -c stage=dev
//
// Four stacks stand on one another: data (keys, tables, buckets), ingest (from
// a dropped file to the record and the events), api (FHIR REST) and operations
// (alarms). What functions exist, with what settings and calls, is read from
// functions/catalogue; which paths the API has, from shared/restapi; who may
// deliver, from the partner register. Nothing of that is written here again.
//
// It holds no rule of the domain. docs/deploy.md says how to use it.
package main

import (
	"fmt"
	"os"

	"github.com/aws/jsii-runtime-go"
)

func main() {
	defer jsii.Close()
	if err := run(os.Args[1:], os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "infra:", err)
		jsii.Close()
		os.Exit(1)
	}
}

// run reads the context and writes the templates.
func run(args []string, getenv func(string) string) error {
	given, err := contextOf(args, getenv)
	if err != nil {
		return err
	}
	o, err := options(given, getenv("CDK_OUTDIR"))
	if err != nil {
		return err
	}
	return synthesize(o)
}

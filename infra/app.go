package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/carerecord/carerecord/shared/failure"
)

// flags are the CDK's own switches that the app relies on. They stand here and
// not in cdk.json, so that the app gives the same templates with the CDK CLI
// and without it.
func flags() *map[string]any {
	return &map[string]any{
		"@aws-cdk/aws-iam:minimizePolicies":                     true,
		"@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy":       true,
		"@aws-cdk/aws-apigateway:requestValidatorUniqueId":      true,
		"@aws-cdk/core:enablePartitionLiterals":                 true,
		"@aws-cdk/core:target-partitions":                       []string{"aws"},
		"@aws-cdk/core:defaultCrossStackReferences":             "strong", // a stack that others stand on cannot be taken away
		"@aws-cdk/core:checkSecretUsage":                        true,
		"@aws-cdk/aws-sns-subscriptions:restrictSqsDescryption": true,
	}
}

// region is what the stacks of one stage share.
type region struct {
	Options
	app    awscdk.App
	values map[string]*string // of the functions' settings, by name
	places map[string]place   // of the resources behind settings, by the same name

	data   dataStack
	ingest ingestStack
	api    apiStack
}

// place is where a resource is found by IAM: its ARN, that of the key which
// encrypts it, if any, and of a state machine that of its executions.
type place struct{ arn, key, executions *string }

// synthesize writes the templates. The CDK reports mistakes by panics, which
// end here as errors.
func synthesize(o Options) (err error) {
	const op = "infra.synthesize"
	defer func() {
		if r := recover(); r != nil {
			if cause, ok := r.(error); ok && failure.KindOf(cause) != failure.Internal {
				err = cause
				return
			}
			err = failure.New(failure.Internal, op, "%v", r)
		}
	}()
	if err := checkCount(o); err != nil {
		return err
	}
	newRegion(o).app.Synth(nil)
	return nil
}

// maxPartners keeps the ingest stack under CloudFormation's 500 resources.
const maxPartners = 400

func checkCount(o Options) error {
	if n := len(o.Partners.Partners); n > maxPartners {
		return failure.New(failure.TooLarge, "infra.checkCount", "the register has %d partners: one stage takes %d", n, maxPartners)
	}
	return nil
}

func newRegion(o Options) *region {
	r := &region{Options: o, values: map[string]*string{}, places: map[string]place{}}
	r.app = awscdk.NewApp(&awscdk.AppProps{
		AnalyticsReporting: jsii.Bool(false), TreeMetadata: jsii.Bool(false),
		Outdir: &o.Output, PostCliContext: flags(),
	})
	for key, value := range map[string]string{"product": "carerecord", "stage": o.Settings.Stage} {
		awscdk.Tags_Of(r.app).Add(&key, &value, nil)
	}
	r.newSettings()
	r.newData()
	r.newIngest()
	r.newAPI()
	r.newOperations()
	check(r.app)
	return r
}

// check adds the rules of cdk-nag: every synthesis reports on them.
func check(app awscdk.App) {
	props := &cdknag.NagPackProps{Verbose: jsii.Bool(false), Reports: jsii.Bool(true)}
	aspects := awscdk.Aspects_Of(app)
	aspects.Add(cdknag.NewAwsSolutionsChecks(props), nil)
	aspects.Add(cdknag.NewHIPAASecurityChecks(props), nil)
	aspects.Add(cdknag.NewNIST80053R5Checks(props), nil)
}

// stack begins a stack of the stage.
func (r *region) stack(name, does string) awscdk.Stack {
	env := &awscdk.Environment{Region: &r.Settings.Region}
	if r.Settings.Account != "" {
		env.Account = &r.Settings.Account
	}
	id := fmt.Sprintf("%s-%s", r.Settings.Prefix(), name)
	return awscdk.NewStack(r.app, &id, &awscdk.StackProps{
		Env: env, Description: &does, TerminationProtection: jsii.Bool(true),
	})
}

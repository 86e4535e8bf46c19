package main

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// newBus makes the event bus that others subscribe to, and the archive from
// which its events can be sent again.
func (r *region) newBus(stack awscdk.Stack) awsevents.CfnEventBus {
	name := r.Settings.Prefix()
	key := r.data.keys.messages.KeyArn()
	r.ingest.eventLetters = r.newQueue(stack, "EventDeadLetters", awssqs.QueueProps{})
	bus := awsevents.NewCfnEventBus(stack, jsii.String("Bus"), &awsevents.CfnEventBusProps{
		Name: &name, KmsKeyIdentifier: key,
		// For events that cannot be encrypted or decrypted.
		DeadLetterConfig: &awsevents.CfnEventBus_DeadLetterConfigProperty{Arn: r.ingest.eventLetters.QueueArn()},
		Description:      jsii.String("What happened in the region: opaque ids only"),
	})
	allowEvents(r.ingest.eventLetters, bus.AttrArn())
	awsevents.NewCfnArchive(stack, jsii.String("Archive"), &awsevents.CfnArchiveProps{
		SourceArn: bus.AttrArn(), KmsKeyIdentifier: key,
		Description:   jsii.String("Every event of the bus"),
		RetentionDays: jsii.Number(r.Settings.Retention.Events),
	})
	r.values[catalogue.EventBus] = bus.Ref()
	r.places[catalogue.EventBus] = place{arn: bus.AttrArn(), key: key}
	return bus
}

// newOutbox has publish-events read the tables' streams. A shard is read in
// order; a batch that fails is tried again from the record that failed, and
// what never goes through is noted among the dead letters.
func (r *region) newOutbox(stack awscdk.Stack) awslambda.Function {
	publish := r.newFunction(stack, "publish-events", r.streamRights()...)
	for _, t := range tables {
		setting, name := t[0], t[1]
		if !slices.Contains(catalogue.Streams(), setting) {
			continue
		}
		awslambda.NewCfnEventSourceMapping(stack, jsii.String(name+"StreamToPublishEvents"), &awslambda.CfnEventSourceMappingProps{
			FunctionName: publish.FunctionArn(), EventSourceArn: r.data.tables[setting].TableStreamArn(),
			StartingPosition: jsii.String("TRIM_HORIZON"), FunctionResponseTypes: jsii.Strings("ReportBatchItemFailures"),
			BatchSize: jsii.Number(100), MaximumBatchingWindowInSeconds: jsii.Number(1), ParallelizationFactor: jsii.Number(1),
			BisectBatchOnFunctionError: jsii.Bool(true), MaximumRetryAttempts: jsii.Number(100), MaximumRecordAgeInSeconds: jsii.Number(43200),
			DestinationConfig: &awslambda.CfnEventSourceMapping_DestinationConfigProperty{
				OnFailure: &awslambda.CfnEventSourceMapping_OnFailureProperty{Destination: r.ingest.eventLetters.QueueArn()},
			},
		})
	}
	return publish
}

// streamRights let Lambda read the streams for publish-events and put what
// fails into its queue.
func (r *region) streamRights() []awsiam.PolicyStatement {
	var streams []*string
	for _, t := range tables {
		if slices.Contains(catalogue.Streams(), t[0]) {
			streams = append(streams, r.data.tables[t[0]].TableStreamArn())
		}
	}
	return []awsiam.PolicyStatement{
		allow(jsii.Strings("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"), streams...),
		// Listing streams knows no resources (Service Authorization Reference).
		allow(jsii.Strings("dynamodb:ListStreams"), jsii.String("*")),
		r.allowKey(r.data.keys.tables.KeyArn(), "dynamodb", "kms:Decrypt"),
		allow(jsii.Strings("sqs:SendMessage"), r.ingest.eventLetters.QueueArn()),
		r.allowKey(r.data.keys.messages.KeyArn(), "sqs", "kms:Decrypt", "kms:GenerateDataKey"),
	}
}

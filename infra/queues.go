package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// receives is how often a message is tried before it becomes a dead letter.
// Throttled attempts count too, hence a generous number (Lambda developer
// guide, "Using Lambda with Amazon SQS").
const receives = 10

// newQueue makes an encrypted queue that keeps messages for 14 days, SQS's most.
func (r *region) newQueue(stack awscdk.Stack, id string, props awssqs.QueueProps) awssqs.Queue {
	props.Encryption, props.EncryptionMasterKey = awssqs.QueueEncryption_KMS, r.data.keys.messages
	props.EnforceSSL, props.RetentionPeriod = jsii.Bool(true), days(14)
	props.DataKeyReuse = awscdk.Duration_Minutes(jsii.Number(5))
	return awssqs.NewQueue(stack, &id, &props)
}

// newNotifications has S3's news of dropped files wait in a queue for
// receive-delivery. What can be delivered to no queue, or be handled by no
// attempt, lies among the dead letters until someone looks.
func (r *region) newNotifications(stack awscdk.Stack) {
	f, _ := catalogue.Find("receive-delivery")
	r.ingest.dropLetters = r.newQueue(stack, "NotificationDeadLetters", awssqs.QueueProps{})
	r.ingest.dropQueue = r.newQueue(stack, "Notifications", awssqs.QueueProps{
		// Six times the function's timeout (Lambda developer guide).
		VisibilityTimeout: awscdk.Duration_Seconds(jsii.Number(6 * f.Timeout)),
		DeadLetterQueue:   &awssqs.DeadLetterQueue{Queue: r.ingest.dropLetters, MaxReceiveCount: jsii.Number(receives)},
	})
	rule := awsevents.NewCfnRule(stack, jsii.String("Dropped"), &awsevents.CfnRuleProps{
		Description: jsii.String("Files dropped by partners"),
		EventPattern: map[string]any{
			"source": []string{"aws.s3"}, "detail-type": []string{"Object Created"},
			"detail": map[string]any{"bucket": map[string]any{"name": []any{r.values[catalogue.BucketDrop]}}},
		},
		Targets: []any{&awsevents.CfnRule_TargetProperty{
			Id: jsii.String("notifications"), Arn: r.ingest.dropQueue.QueueArn(),
			DeadLetterConfig: &awsevents.CfnRule_DeadLetterConfigProperty{Arn: r.ingest.dropLetters.QueueArn()},
			RetryPolicy: &awsevents.CfnRule_RetryPolicyProperty{
				MaximumEventAgeInSeconds: jsii.Number(86400), MaximumRetryAttempts: jsii.Number(185),
			},
		}},
	})
	allowEvents(r.ingest.dropQueue, rule.AttrArn())
	allowEvents(r.ingest.dropLetters, rule.AttrArn())
}

// allowEvents lets EventBridge write to a queue for one rule or bus.
func allowEvents(queue awssqs.Queue, source *string) {
	queue.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("events.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sqs:SendMessage"), Resources: &[]*string{queue.QueueArn()},
		Conditions: &map[string]any{"ArnEquals": map[string]*string{"aws:SourceArn": source}},
	}))
}

// queueRights let Lambda take messages for a function.
func (r *region) queueRights(queue awssqs.Queue) []awsiam.PolicyStatement {
	return []awsiam.PolicyStatement{
		allow(jsii.Strings("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"), queue.QueueArn()),
		r.allowKey(r.data.keys.messages.KeyArn(), "sqs", "kms:Decrypt"),
	}
}

// receive has the function take messages in batches and answer which of them
// failed. It runs no more often at once than its reserved share, so that
// messages are not thrown back, and counted, for want of room.
func (r *region) receive(stack awscdk.Stack, f awslambda.Function) {
	awslambda.NewCfnEventSourceMapping(stack, jsii.String("NotificationsToReceiveDelivery"), &awslambda.CfnEventSourceMappingProps{
		FunctionName: f.FunctionArn(), EventSourceArn: r.ingest.dropQueue.QueueArn(),
		BatchSize: jsii.Number(10), FunctionResponseTypes: jsii.Strings("ReportBatchItemFailures"),
		ScalingConfig: &awslambda.CfnEventSourceMapping_ScalingConfigProperty{
			MaximumConcurrency: jsii.Number(r.Settings.Concurrency["receive-delivery"]),
		},
	})
}

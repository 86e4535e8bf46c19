package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"
)

// keys are the customer managed keys, one for each class of data, so that who
// may read one class is settled apart from the others.
type keys struct {
	tables, objects, messages, logs, backups awskms.Key
}

func (r *region) newKeys(stack awscdk.Stack) keys {
	k := keys{
		tables:   newKey(stack, "TablesKey", "Tables and the region's key"),
		objects:  newKey(stack, "ObjectsKey", "Dropped files, chunks and reports"),
		messages: newKey(stack, "MessagesKey", "Queues, topics and events"),
		logs:     newKey(stack, "LogsKey", "Logs"),
		backups:  newKey(stack, "BackupsKey", "Backups of the tables"),
	}
	const events = "events.amazonaws.com"
	// EventBridge names no source account or rule when it writes to an encrypted
	// queue (SNS developer guide, "Enable compatibility between event sources from
	// AWS services and encrypted topics"): what holds it is what is encrypted.
	allowService(k.messages, events, within("aws:sqs:arn", arn(stack, "sqs", "*")), "kms:Decrypt", "kms:GenerateDataKey")
	allowService(k.messages, events, within("aws:events:event-bus:arn", arn(stack, "events", "event-bus/*")),
		"kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncrypt*")
	allowService(k.messages, events, nil, "kms:DescribeKey")
	// Alarms, as AWS publishes it (re:Post, "Configure a CloudWatch alarm with an
	// encrypted SNS topic"): with a condition that the service's calls do not meet
	// every alarm would be silent. The topic's policy takes this account's alone.
	allowService(k.messages, "cloudwatch.amazonaws.com", nil, "kms:Decrypt", "kms:GenerateDataKey*")
	allowService(k.logs, "logs."+r.Settings.Region+".amazonaws.com", within("aws:logs:arn", arn(stack, "logs", "log-group:*")),
		"kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
	return k
}

func newKey(stack awscdk.Stack, id, holds string) awskms.Key {
	return awskms.NewKey(stack, &id, &awskms.KeyProps{
		Description: &holds, EnableKeyRotation: jsii.Bool(true),
		PendingWindow: awscdk.Duration_Days(jsii.Number(30)), RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	})
}

// allowService lets a service of AWS use a key, under a condition if there is one.
func allowService(key awskms.Key, service string, condition map[string]any, actions ...string) {
	props := &awsiam.PolicyStatementProps{
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(&service, nil)},
		Actions:    jsii.Strings(actions...), Resources: jsii.Strings("*"),
	}
	if condition != nil {
		props.Conditions = &condition
	}
	key.AddToResourcePolicy(awsiam.NewPolicyStatement(props), nil)
}

// within is the condition that what is encrypted belongs to a resource: the
// services say so in the encryption context.
func within(key, arn string) map[string]any {
	return map[string]any{"ArnLike": map[string]string{"kms:EncryptionContext:" + key: arn}}
}

// arn names resources of this account and Region.
func arn(stack awscdk.Stack, service, resource string) string {
	return *stack.FormatArn(&awscdk.ArnComponents{
		Service: &service, Resource: &resource, ArnFormat: awscdk.ArnFormat_NO_RESOURCE_NAME,
	})
}

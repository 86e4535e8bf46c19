package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbackup"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/partner"
)

// finding is a rule of cdk-nag that is not followed, and why. only narrows it
// to some of the rule's findings, as regular expressions.
type finding struct {
	rules  []string
	reason string
	only   []string
}

// both names a rule that HIPAA Security and NIST 800-53 r5 share.
func both(rule string) []string { return []string{"HIPAA.Security-" + rule, "NIST.800.53.R5-" + rule} }

func suppress(construct constructs.IConstruct, findings ...finding) {
	var list []*cdknag.NagPackSuppression
	for _, f := range findings {
		for _, rule := range f.rules {
			s := &cdknag.NagPackSuppression{Id: jsii.String(rule), Reason: jsii.String(f.reason)}
			if len(f.only) > 0 {
				applies := []any{}
				for _, pattern := range f.only {
					applies = append(applies, &cdknag.RegexAppliesTo{Regex: jsii.String("/" + pattern + "/")})
				}
				s.AppliesTo = &applies
			}
			list = append(list, s)
		}
	}
	cdknag.NagSuppressions_AddResourceSuppressions(construct, &list, jsii.Bool(true))
}

// replication holds for every bucket.
var replication = finding{rules: both("S3BucketReplicationEnabled"), reason: "The data must stay in the United Kingdom, where AWS has one Region, " +
	"whose S3 keeps objects in three Availability Zones. Deletion and overwriting, against which a replica in the same Region would help, " +
	"are prevented by versioning and, for the files that all else is rebuilt from, by Object Lock."}

func suppressData(d dataStack, secret awssecretsmanager.Secret, plan awsbackup.BackupPlan) {
	for _, setting := range []string{catalogue.BucketDrop, catalogue.BucketWork, catalogue.BucketReports} {
		suppress(d.buckets[setting], replication)
	}
	suppress(d.accessLogs, replication, finding{rules: both("S3DefaultEncryptionKMS"), reason: "S3 delivers server access logs only to buckets " +
		"that are encrypted with its own keys (S3 user guide, \"Enabling Amazon S3 server access logging\"). The logs hold keys of objects, which end in the names that " +
		"partners give their files: partners are told that such a name must name no patient (docs/partner-register.md), and nothing can enforce it. " +
		"The bucket is private, takes TLS alone and expires."})
	suppress(secret, finding{
		rules: append(both("SecretsManagerRotationEnabled"), "AwsSolutions-SMG4"),
		reason: "The key makes the opaque ids under which all records are stored. A new key would make new ids, and every link and record " +
			"would be out of reach. It is generated inside of Secrets Manager, never shown, encrypted with a customer managed key that is " +
			"rotated each year, and readable by five functions alone.",
	})
	suppress(plan, finding{
		rules: []string{"AwsSolutions-IAM4"}, only: []string{"AWSBackupServiceRolePolicyForBackup$"},
		reason: "The policy that AWS Backup documents for its own role; it follows the service's needs. Only AWS Backup can take the role.",
	})
}

// suppressPolicy is for the policies of functions and of the state machines:
// they are written out in full, with a wildcard only where there is no other way.
func suppressPolicy(policy awsiam.ManagedPolicy) {
	const iam5 = "AwsSolutions-IAM5"
	suppress(
		policy,
		finding{rules: []string{iam5}, only: []string{`^Resource::\*$`}, reason: "X-Ray, vended log delivery and dynamodb:ListStreams " +
			"know no resources (AWS Service Authorization Reference). The actions are named one by one."},
		finding{rules: []string{iam5}, only: []string{`^Resource::<(Drop|Work|Reports)[0-9A-F]{8}\.Arn>\/\*$`}, reason: "All objects of one " +
			"bucket: their keys come with the partners' files and cannot be known beforehand."},
		finding{rules: []string{iam5}, only: []string{`^Resource::arn:aws:states:.*:execution:carerecord-[a-z]+-(delivery|resolution)(\/|:)\*$`}, reason: "The executions of one " +
			"state machine: their names are made when they start (Step Functions developer guide, \"IAM policies for using Distributed Map state\")."},
	)
}

func suppressFunction(f awslambda.Function) {
	suppress(
		f,
		finding{rules: both("LambdaInsideVPC"), reason: "The function reaches only endpoints of AWS, by TLS and with signed requests, " +
			"and one of them the token issuer's public keys. Nothing it uses lies in a VPC, and it accepts no connections. What it may reach is held by its role, " +
			"by the key policies and by the bucket policies. A VPC would add no boundary and one more part that fails."},
		finding{rules: both("LambdaDLQ"), reason: "A dead-letter queue serves asynchronous invocations alone, and nothing invokes the function so. " +
			"Messages that fail go to the dead-letter queue of their queue, records of streams to that of the event source mapping, " +
			"tasks to their state machine's retries and to quarantine or to the next night's run, requests back to their caller. Each of these has an alarm."},
	)
}

func suppressIngest(i ingestStack) {
	suppress(i.eventLetters, finding{rules: []string{"AwsSolutions-SQS3"}, reason: "It is a dead-letter queue: that of the event bus and of the event source mappings of publish-events."})
}

func suppressSender(role awsiam.Role, p *partner.Partner) {
	suppress(
		role,
		finding{
			rules: []string{"AwsSolutions-IAM5"}, only: []string{`^Resource::<(Drop|Reports)[0-9A-F]{8}\.Arn>\/` + p.ODS + `\/[A-Za-z0-9._-]+\/\*$`},
			reason: "All objects under the prefix of one feed of the partner, who names his files himself.",
		},
		finding{rules: both("IAMNoInlinePolicy"), reason: "The policy belongs to this one role, is made from the partner register with it, and must never be " +
			"attached to another: inline it cannot be (IAM user guide, \"Choose between managed policies and inline policies\")."},
	)
}

// suppressPublic is for the one route that is open.
func suppressPublic(m awsapigateway.Method) {
	suppress(m, finding{rules: []string{"AwsSolutions-APIG4", "AwsSolutions-COG4"}, reason: "FHIR R4 (RESTful API, capabilities) has clients read the " +
		"capability statement before they have a token: it says how to get one. It holds nothing of patients and is the same for everybody."})
}

// suppressAuthorized is for the other routes.
func suppressAuthorized(m awsapigateway.Method) {
	suppress(m, finding{rules: []string{"AwsSolutions-COG4"}, reason: "Callers are staff and systems of many organisations, who sign in with their own " +
		"OpenID provider and not with Amazon Cognito. A Lambda authorizer checks each token; without its yes no request passes."})
}

func suppressAPI(a apiStack) {
	suppress(
		a.rest.DeploymentStage(),
		finding{rules: both("APIGWCacheEnabledAndEncrypted"), reason: "Answers hold patients' records. Each look must be decided and leave its audit event, " +
			"which an answer from a cache would not. Caching is off, so nothing of it can lie unencrypted."},
		finding{rules: []string{"HIPAA.Security-APIGWXrayEnabled"}, reason: "API Gateway writes the address of a request with its query, and the caller's network " +
			"address, into the trace (API Gateway developer guide, \"Understand X-Ray traces\"). A search may name a patient there, who must be in no log. " +
			"Every request is followed by its id through the access log and the functions' logs; traces begin in the functions."},
		finding{rules: both("APIGWSSLEnabled"), reason: "A client certificate proves API Gateway to HTTP backends. The only backend is a Lambda function, " +
			"which is invoked by signed calls inside of AWS and whose resource policy names the routes of this API alone."},
	)
	suppress(a.rest, finding{
		rules: []string{"AwsSolutions-IAM4"}, only: []string{"AmazonAPIGatewayPushToCloudWatchLogs$"},
		reason: "The policy that API Gateway documents for its logging role, one for an account and Region. Only API Gateway can take the role.",
	})
}

package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/infra/stage"
	definition "github.com/carerecord/carerecord/infra/statemachine"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/statemachine"
	"github.com/carerecord/carerecord/tools/asl"
)

func TestQueues(t *testing.T) {
	a := synth(t, stage.Dev)
	queues := a.all("ingest", "AWS::SQS::Queue")
	policies := a.all("ingest", "AWS::SQS::QueuePolicy")
	if len(queues) != 3 {
		t.Fatalf("%d queues, want 3", len(queues))
	}
	for name, queue := range queues {
		queue.want(t, name, map[string]any{"KmsMasterKeyId": "<MessagesKey.Arn>", "MessageRetentionPeriod": 14 * 86400})
		if !slices.ContainsFunc(statements(policies[name+"Policy"].at("PolicyDocument")), func(s statement) bool {
			return s.Effect == "Deny" && at(s.Conditions, "Bool") != nil
		}) {
			t.Errorf("%s can be reached without TLS", name)
		}
	}
	receive, _ := catalogue.Find("receive-delivery")
	queues["Notifications"].want(t, "Notifications", map[string]any{
		"VisibilityTimeout": 6 * receive.Timeout,
		"RedrivePolicy":     map[string]any{"deadLetterTargetArn": "<NotificationDeadLetters.Arn>", "maxReceiveCount": 10},
	})
}

func TestDroppedFilesAreNotified(t *testing.T) {
	a := synth(t, stage.Dev)
	rule := a.one(t, "ingest", "AWS::Events::Rule", "Dropped")
	rule.want(t, "Dropped", map[string]any{
		"EventPattern": map[string]any{
			"source": []string{"aws.s3"}, "detail-type": []string{"Object Created"},
			"detail": map[string]any{"bucket": map[string]any{"name": []string{"<Drop>"}}},
		},
		"EventBusName":                   nil, // S3 writes to the default bus
		"Targets.0.Arn":                  "<Notifications.Arn>",
		"Targets.0.DeadLetterConfig.Arn": "<NotificationDeadLetters.Arn>",
	})
	for queue, source := range map[string]string{
		"Notifications": "<Dropped.Arn>", "NotificationDeadLetters": "<Dropped.Arn>", "EventDeadLetters": "<Bus.Arn>",
	} {
		policy := a.one(t, "ingest", "AWS::SQS::QueuePolicy", queue+"Policy")
		if !slices.ContainsFunc(statements(policy.at("PolicyDocument")), func(s statement) bool {
			return s.Effect == "Allow" && slices.Equal(s.Principals, []string{"Service:events.amazonaws.com"}) &&
				at(s.Conditions, "ArnEquals").(map[string]any)["aws:SourceArn"] == source
		}) {
			t.Errorf("EventBridge cannot write to %s", queue)
		}
	}
	a.one(t, "ingest", "AWS::Lambda::EventSourceMapping", "NotificationsToReceiveDelivery").want(t, "mapping", map[string]any{
		"EventSourceArn": "<Notifications.Arn>", "FunctionName": "<ReceiveDelivery.Arn>", "BatchSize": 10,
		"FunctionResponseTypes": []string{"ReportBatchItemFailures"}, "ScalingConfig.MaximumConcurrency": 5,
	})
}

// resolved gives the definition as Step Functions gets it.
func resolved(t *testing.T, machine resource) []byte {
	t.Helper()
	text := machine.at("DefinitionString").(string)
	for name, value := range machine.at("DefinitionSubstitutions").(map[string]any) {
		function := strings.Trim(strings.TrimSuffix(value.(string), ".Arn>"), "<")
		text = strings.ReplaceAll(text, "${"+name+"}", "arn:aws:lambda:eu-west-2:123456789012:function:"+function)
	}
	if strings.Contains(text, "${") {
		t.Fatal("the definition has a placeholder left")
	}
	return []byte(text)
}

func TestStateMachine(t *testing.T) {
	a := synth(t, stage.Dev)
	machine := a.one(t, "ingest", "AWS::StepFunctions::StateMachine", "Delivery")
	machine.want(t, "Delivery", map[string]any{
		"StateMachineName": "carerecord-dev-delivery", "DefinitionString": definition.Text(), "TracingConfiguration.Enabled": true,
		"LoggingConfiguration.Level": "ALL", "LoggingConfiguration.IncludeExecutionData": false,
		"LoggingConfiguration.Destinations.0.CloudWatchLogsLogGroup.LogGroupArn": "<DeliveryLogs.Arn>",
		"StateMachineType": nil, // standard: it can be redriven
	})
	want := map[string]any{}
	for name, function := range definition.Local() {
		want[name] = "<" + pascal(function) + ".Arn>"
	}
	if diff := cmp.Diff(want, machine.at("DefinitionSubstitutions")); diff != "" {
		t.Errorf("substitutions (-want +got):\n%s", diff)
	}
	checkDefinition(t, machine)
}

// checkDefinition has both readers of definitions take what is deployed.
func checkDefinition(t *testing.T, machine resource) {
	t.Helper()
	final := resolved(t, machine)
	if _, err := statemachine.Parse(final); err != nil {
		t.Error(err)
	}
	if opinion := asl.Validate(t, json.RawMessage(final))[0]; !opinion.Valid {
		t.Errorf("asl-validator: %s", opinion.Errors)
	}
}

func TestTheStateMachinesRole(t *testing.T) {
	a := synth(t, stage.Dev)
	all := statements(a.one(t, "ingest", "AWS::IAM::ManagedPolicy", "DeliveryPolicy").at("PolicyDocument"))
	want := map[string]string{
		"s3:GetObject": "<Work.Arn>/*", "kms:Decrypt": "<ObjectsKey.Arn>",
		"states:StartExecution":    "arn:aws:states:eu-west-2:<AWS::AccountId>:stateMachine:carerecord-dev-delivery",
		"states:DescribeExecution": "arn:aws:states:eu-west-2:<AWS::AccountId>:execution:carerecord-dev-delivery:*",
		"states:StopExecution":     "arn:aws:states:eu-west-2:<AWS::AccountId>:execution:carerecord-dev-delivery:*",
		"states:RedriveExecution":  "arn:aws:states:eu-west-2:<AWS::AccountId>:execution:carerecord-dev-delivery/*",
		"logs:CreateLogDelivery":   "*", "xray:PutTraceSegments": "*",
	}
	for _, function := range definition.Local() {
		if !permits(all, "lambda:InvokeFunction", "<"+pascal(function)+".Arn>") {
			t.Errorf("the state machine cannot invoke %s", function)
		}
	}
	for action, resource := range want {
		if !permits(all, action, resource) {
			t.Errorf("the state machine cannot %s on %s", action, resource)
		}
	}
	for _, s := range all {
		if slices.Contains(s.Actions, "lambda:InvokeFunction") && len(s.Resources) != len(definition.Local()) {
			t.Errorf("the state machine can invoke %v", s.Resources)
		}
	}
}

func TestEventsArePublishedAndArchived(t *testing.T) {
	a := synth(t, stage.Dev)
	a.one(t, "ingest", "AWS::Events::EventBus", "Bus").want(t, "Bus", map[string]any{
		"Name": "carerecord-dev", "KmsKeyIdentifier": "<MessagesKey.Arn>", "DeadLetterConfig.Arn": "<EventDeadLetters.Arn>",
	})
	a.one(t, "ingest", "AWS::Events::Archive", "Archive").want(t, "Archive", map[string]any{
		"SourceArn": "<Bus.Arn>", "RetentionDays": 7, "KmsKeyIdentifier": "<MessagesKey.Arn>", "EventPattern": nil,
	})
	for _, name := range []string{"Delivery", "Index", "Record"} {
		a.one(t, "ingest", "AWS::Lambda::EventSourceMapping", name+"StreamToPublishEvents").want(t, name, map[string]any{
			"EventSourceArn": "<" + name + "Table.StreamArn>", "FunctionName": "<PublishEvents.Arn>", "StartingPosition": "TRIM_HORIZON",
			"ParallelizationFactor": 1, "BisectBatchOnFunctionError": true, "FunctionResponseTypes": []string{"ReportBatchItemFailures"},
			"DestinationConfig.OnFailure.Destination": "<EventDeadLetters.Arn>",
		})
	}
	if n := len(a.every("AWS::Lambda::EventSourceMapping")); n != 4 {
		t.Errorf("%d event source mappings, want 4", n)
	}
}

// Each partner delivers under his own prefixes and reads his own reports.
func TestOneRoleForEachPartner(t *testing.T) {
	o, err := options(map[string]string{contextPartners: "../" + samplePartners}, "")
	if err != nil {
		t.Fatal(err)
	}
	a := synth(t, stage.Dev)
	for _, p := range o.Partners.Partners {
		role := a.one(t, "ingest", "AWS::IAM::Role", "Sender"+p.ODS)
		role.want(t, p.ODS, map[string]any{
			"RoleName": "carerecord-dev-sender-" + p.ODS, "MaxSessionDuration": 3600, "ManagedPolicyArns": nil,
			"AssumeRolePolicyDocument.Statement": []map[string]any{{
				"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": map[string]string{"AWS": "arn:aws:iam::<AWS::AccountId>:root"},
				"Condition": map[string]any{"StringEquals": map[string]string{"aws:PrincipalTag/ods": p.ODS}},
			}},
		})
		all := statements(role.at("Policies.0.PolicyDocument"))
		for _, f := range p.Feeds {
			if !permits(all, "s3:PutObject", "<Drop.Arn>/"+p.ODS+"/"+f.Name+"/*") {
				t.Errorf("%s cannot deliver %s", p.ODS, f.Name)
			}
			if !permits(all, "s3:GetObject", "<Reports.Arn>/"+p.ODS+"/"+f.Name+"/*") {
				t.Errorf("%s cannot read the reports of %s", p.ODS, f.Name)
			}
		}
		keptApart(t, p, all)
	}
	if n := strings.Count(strings.Join(names(a.all("ingest", "AWS::IAM::Role")), " "), "Sender"); n != len(o.Partners.Partners) {
		t.Errorf("%d roles of partners, want %d", n, len(o.Partners.Partners))
	}
}

func names(m map[string]resource) []string {
	var out []string
	for name := range m {
		out = append(out, name)
	}
	return out
}

// keptApart finds what a partner's role must not be able to do.
func keptApart(t *testing.T, p partner.Partner, all []statement) {
	t.Helper()
	known := []string{
		"s3:AbortMultipartUpload", "s3:ListMultipartUploadParts", "s3:PutObject", "s3:GetObject", "s3:ListBucket",
		"kms:Decrypt", "kms:GenerateDataKey",
	}
	for _, s := range all {
		for _, action := range s.Actions {
			if !slices.Contains(known, action) {
				t.Errorf("%s may %s", p.ODS, action)
			}
		}
		for _, r := range s.Resources {
			object := strings.HasPrefix(r, "<Drop.Arn>/"+p.ODS+"/") && !slices.Contains(s.Actions, "s3:GetObject") ||
				strings.HasPrefix(r, "<Reports.Arn>/"+p.ODS+"/") && slices.Equal(s.Actions, []string{"s3:GetObject"})
			listed := r == "<Reports.Arn>" && at(s.Conditions, "StringLike").(map[string]any)["s3:prefix"] == p.ODS+"/*"
			key := r == "<ObjectsKey.Arn>" && at(s.Conditions, "StringEquals").(map[string]any)["kms:ViaService"] == "s3.eu-west-2.amazonaws.com"
			if !object && !listed && !key {
				t.Errorf("%s may %v on %s under %v", p.ODS, s.Actions, r, s.Conditions)
			}
		}
	}
}

func TestAPartnerWithAnAccountDeliversFromThere(t *testing.T) {
	role := synth(t, stage.Live).one(t, "ingest", "AWS::IAM::Role", "SenderRZZ")
	role.want(t, "RZZ", map[string]any{
		"AssumeRolePolicyDocument.Statement.0.Principal.AWS": "arn:aws:iam::777788889999:root",
		"AssumeRolePolicyDocument.Statement.0.Condition":     map[string]any{"StringEquals": map[string]string{"sts:ExternalId": "rzz-0c6d1f3e9b7a4d52"}},
	})
}

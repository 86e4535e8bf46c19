package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/infra/stage"
)

// arns are the resources behind the settings that calls name.
var arns = map[string]string{
	catalogue.TableIndex: "<IndexTable.Arn>", catalogue.TableRecord: "<RecordTable.Arn>",
	catalogue.TableDelivery: "<DeliveryTable.Arn>", catalogue.TableAudit: "<AuditTable.Arn>",
	catalogue.BucketDrop: "<Drop.Arn>", catalogue.BucketWork: "<Work.Arn>", catalogue.BucketReports: "<Reports.Arn>",
	catalogue.RegionKey: "<RegionKey>", catalogue.StateMachine: "<Delivery>", catalogue.EventBus: "<Bus.Arn>",
}

// reasons say, for every action that a function's role may have, which calls
// ask for it (AWS Service Authorization Reference). It is written from the
// action's side; the roles are made from the calls' side.
var reasons = map[string][]string{
	"dynamodb:BatchGetItem":         {"dynamodb:BatchGetItem"},
	"dynamodb:ConditionCheckItem":   {"dynamodb:ConditionCheckItem"},
	"dynamodb:DeleteItem":           {"dynamodb:DeleteItem"},
	"dynamodb:GetItem":              {"dynamodb:GetItem"},
	"dynamodb:PutItem":              {"dynamodb:PutItem"},
	"dynamodb:Query":                {"dynamodb:Query"},
	"dynamodb:UpdateItem":           {"dynamodb:UpdateItem"},
	"events:PutEvents":              {"events:PutEvents"},
	"s3:AbortMultipartUpload":       {"s3:AbortMultipartUpload"},
	"s3:GetObject":                  {"s3:GetObject", "s3:HeadObject"},
	"s3:GetObjectVersion":           {"s3:GetObject", "s3:HeadObject"},
	"s3:ListBucket":                 {"s3:GetObject", "s3:HeadObject"},
	"s3:PutObject":                  {"s3:PutObject", "s3:CreateMultipartUpload", "s3:UploadPart", "s3:CompleteMultipartUpload"},
	"secretsmanager:GetSecretValue": {"secretsmanager:GetSecretValue"},
	"states:StartExecution":         {"states:StartExecution"},
	"states:DescribeExecution":      {"states:DescribeExecution"},
}

// triggers are the actions of a role that Lambda itself needs, by trigger.
var triggers = map[catalogue.Trigger]map[string][]string{
	catalogue.Queue: {
		"sqs:DeleteMessage": {"<Notifications.Arn>"}, "sqs:GetQueueAttributes": {"<Notifications.Arn>"},
		"sqs:ReceiveMessage": {"<Notifications.Arn>"}, "kms:Decrypt": {"<MessagesKey.Arn>"},
	},
	catalogue.Stream: {
		"dynamodb:DescribeStream": streams(), "dynamodb:GetRecords": streams(), "dynamodb:GetShardIterator": streams(),
		"dynamodb:ListStreams": {"*"}, "sqs:SendMessage": {"<EventDeadLetters.Arn>"},
		"kms:Decrypt": {"<TablesKey.Arn>", "<MessagesKey.Arn>"}, "kms:GenerateDataKey": {"<MessagesKey.Arn>"},
	},
}

func streams() []string {
	return []string{"<DeliveryTable.StreamArn>", "<IndexTable.StreamArn>", "<RecordTable.StreamArn>"}
}

// role gives the statements of a function's one policy.
func role(t *testing.T, a assembly, function string) []statement {
	t.Helper()
	for _, stack := range stacks {
		f, ok := a.all(stack, "AWS::Lambda::Function")[pascal(function)]
		if !ok {
			continue
		}
		name := strings.Trim(strings.TrimSuffix(f.at("Role").(string), ".Arn>"), "<")
		role := a.one(t, stack, "AWS::IAM::Role", name)
		role.want(t, name, map[string]any{
			"Policies": nil, "ManagedPolicyArns": []string{"<" + pascal(function) + "Policy>"},
			"AssumeRolePolicyDocument.Statement": []map[string]any{{
				"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": map[string]string{"Service": "lambda.amazonaws.com"},
			}},
		})
		return statements(a.one(t, stack, "AWS::IAM::ManagedPolicy", pascal(function)+"Policy").at("PolicyDocument"))
	}
	t.Fatalf("no function %s", function)
	return nil
}

// expected gives what the catalogue justifies, as "action resource".
func expected(f catalogue.Function) map[string]bool {
	want := map[string]bool{"xray:PutTelemetryRecords *": true, "xray:PutTraceSegments *": true}
	for _, action := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
		want[action+" <"+pascal(f.Name)+"Logs.Arn>"] = true
	}
	for action, resources := range triggers[f.Trigger] {
		for _, r := range resources {
			want[action+" "+r] = true
		}
	}
	for _, c := range f.Calls {
		for action, calls := range reasons {
			if slices.Contains(calls, c.Operation) {
				want[action+" "+resourceOf(action, arns[c.Resource])] = true
			}
		}
		for _, action := range keyActions(c) {
			want[action] = true
		}
	}
	return want
}

func resourceOf(action, arn string) string {
	if action == "states:DescribeExecution" {
		return "arn:aws:states:eu-west-2:<AWS::AccountId>:execution:carerecord-dev-delivery:*"
	}
	if strings.HasPrefix(action, "s3:") && action != "s3:ListBucket" {
		return arn + "/*"
	}
	return arn
}

// keyActions are those on the key of what is called.
func keyActions(c catalogue.Call) []string {
	service, operation, _ := strings.Cut(c.Operation, ":")
	switch {
	case service == "dynamodb" || service == "secretsmanager":
		return []string{"kms:Decrypt <TablesKey.Arn>"}
	case service != "s3" || operation == "AbortMultipartUpload":
		return nil
	case operation == "GetObject" || operation == "HeadObject":
		return []string{"kms:Decrypt <ObjectsKey.Arn>"}
	case operation == "UploadPart" || operation == "CompleteMultipartUpload":
		return []string{"kms:Decrypt <ObjectsKey.Arn>", "kms:GenerateDataKey <ObjectsKey.Arn>"}
	}
	return []string{"kms:GenerateDataKey <ObjectsKey.Arn>"}
}

// A role has what its function's calls need and nothing more.
func TestRolesAreThoseOfTheCalls(t *testing.T) {
	a := synth(t, stage.Dev)
	for _, f := range catalogue.Functions() {
		got := map[string]bool{}
		for _, s := range role(t, a, f.Name) {
			for _, action := range s.Actions {
				for _, r := range s.Resources {
					got[action+" "+r] = true
				}
			}
			if s.Effect != "Allow" {
				t.Errorf("%s: a statement of %s", f.Name, s.Effect)
			}
			if strings.HasPrefix(s.Actions[0], "kms:") && at(s.Conditions, "StringEquals") == nil {
				t.Errorf("%s may use a key through any service", f.Name)
			}
		}
		want := expected(f)
		for _, pair := range slices.Sorted(maps.Keys(want)) {
			if !got[pair] {
				t.Errorf("%s: %s is missing", f.Name, pair)
			}
		}
		for _, pair := range slices.Sorted(maps.Keys(got)) {
			if !want[pair] {
				t.Errorf("%s: %s is needed by no call", f.Name, pair)
			}
		}
	}
}

// No statement of any policy allows an action by a wildcard, and one on every
// resource only where the service knows no resources.
func TestNoRightIsWide(t *testing.T) {
	a := synth(t, stage.Live)
	free := []string{"xray:", "logs:", "dynamodb:ListStreams"}
	for _, kind := range []string{"AWS::IAM::ManagedPolicy", "AWS::IAM::Policy"} {
		for name, policy := range a.every(kind) {
			for _, s := range statements(policy.at("PolicyDocument")) {
				for _, action := range s.Actions {
					if strings.Contains(action, "*") {
						t.Errorf("%s: %s", name, action)
					}
					known := slices.ContainsFunc(free, func(prefix string) bool { return strings.HasPrefix(action, prefix) })
					if slices.Contains(s.Resources, "*") && !known {
						t.Errorf("%s: %s on every resource", name, action)
					}
				}
			}
		}
	}
}

// Every function of the catalogue is made as it says, and no other is made.
func TestFunctionsAreThoseOfTheCatalogue(t *testing.T) {
	for _, name := range everyStage {
		a := synth(t, name)
		made := a.every("AWS::Lambda::Function")
		if len(made) != len(catalogue.Functions()) {
			t.Errorf("%s: %d functions, the catalogue has %d", name, len(made), len(catalogue.Functions()))
		}
		settings, err := stage.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range catalogue.Functions() {
			made[pascal(f.Name)].want(t, f.Name, map[string]any{
				"Runtime": "provided.al2023", "Handler": "bootstrap", "Architectures": []string{"arm64"},
				"Timeout": f.Timeout, "MemorySize": f.Memory, "Description": f.Does,
				"FunctionName": "carerecord-" + name + "-" + f.Name, "TracingConfig.Mode": "Active",
				"ReservedConcurrentExecutions": settings.Concurrency[f.Name],
				"LoggingConfig.LogGroup":       "<" + pascal(f.Name) + "Logs>",
			})
			variables, _ := made[pascal(f.Name)].at("Environment.Variables").(map[string]any)
			want := slices.Sorted(slices.Values(f.Settings))
			if name != stage.Live { // it alone has a model
				want = slices.DeleteFunc(want, catalogue.Optional)
			}
			if got := slices.Sorted(maps.Keys(variables)); !slices.Equal(got, want) {
				t.Errorf("%s has the variables %v, the code takes %v", f.Name, got, want)
			}
			for variable, value := range variables {
				if s, ok := value.(string); !ok || s == "" {
					t.Errorf("%s: %s is %v", f.Name, variable, value)
				}
			}
		}
	}
}

func TestVariablesNameTheirResources(t *testing.T) {
	a := synth(t, stage.Dev)
	want := map[string]string{
		catalogue.Stage: "dev", catalogue.TableIndex: "<IndexTable>", catalogue.TableRecord: "<RecordTable>",
		catalogue.TableDelivery: "<DeliveryTable>", catalogue.TableAudit: "<AuditTable>", catalogue.BucketDrop: "<Drop>",
		catalogue.BucketWork: "<Work>", catalogue.BucketReports: "<Reports>", catalogue.RegionKey: "<RegionKey>",
		catalogue.StateMachine: "<Delivery>", catalogue.EventBus: "<Bus>", catalogue.PartnersFile: "/var/task/partners.yaml",
		catalogue.TokenIssuer: "https://login.dev.example.nhs.uk", catalogue.TokenAudience: "https://care.dev.example.nhs.uk/fhir/R4",
		catalogue.TokenKeys: "https://login.dev.example.nhs.uk/.well-known/jwks.json",
		catalogue.BaseURL:   "https://<Fhir>.execute-api.eu-west-2.amazonaws.com/dev/fhir/R4",
	}
	for name, f := range a.every("AWS::Lambda::Function") {
		variables, _ := f.at("Environment.Variables").(map[string]any)
		for variable, value := range variables {
			if fmt.Sprint(value) != want[variable] {
				t.Errorf("%s: %s is %v, want %s", name, variable, value, want[variable])
			}
		}
	}
}

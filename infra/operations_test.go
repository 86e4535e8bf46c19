package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/infra/stage"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

// watched finds an alarm on a metric.
func watched(a assembly, metric, dimension, value string) bool {
	for _, alarm := range a.all("operations", "AWS::CloudWatch::Alarm") {
		if alarm.at("MetricName") != metric {
			continue
		}
		if slices.ContainsFunc(list(alarm.at("Dimensions")), func(d any) bool {
			return at(d, "Name") == dimension && at(d, "Value") == value
		}) {
			return true
		}
	}
	return false
}

func TestEverythingThatMattersIsWatched(t *testing.T) {
	a := synth(t, stage.Live)
	want := [][3]string{
		{"ApproximateNumberOfMessagesVisible", "QueueName", "<NotificationDeadLetters.QueueName>"},
		{"ApproximateNumberOfMessagesVisible", "QueueName", "<EventDeadLetters.QueueName>"},
		{"ApproximateAgeOfOldestMessage", "QueueName", "<Notifications.QueueName>"},
		{"ExecutionsFailed", "StateMachineArn", "<Delivery>"},
		{"ExecutionsTimedOut", "StateMachineArn", "<Delivery>"},
		{"ExecutionsAborted", "StateMachineArn", "<Delivery>"},
		{"ExecutionThrottled", "StateMachineArn", "<Delivery>"},
		{"ExecutionsFailed", "StateMachineArn", "<Resolution>"},
		{"ExecutionsTimedOut", "StateMachineArn", "<Resolution>"},
		{"ExecutionsAborted", "StateMachineArn", "<Resolution>"},
		{"InvocationDroppedCount", "ScheduleGroup", "carerecord-live"},
		{lambdakit.MetricReviewAge, "Function", "resolve-patients"},
		{"5XXError", "ApiName", "carerecord-live"},
		{"Latency", "ApiName", "carerecord-live"},
		{"BlockedRequests", "WebACL", "carerecord-live"},
		{"IteratorAge", "FunctionName", "<PublishEvents>"},
		{lambdakit.MetricQuarantined, "Function", "quarantine-delivery"},
		{lambdakit.MetricQuarantined, "Function", "receive-delivery"},
		{lambdakit.MetricKeysDown, "Function", "authorize-request"},
		{lambdakit.MetricTooLarge, "Function", "serve-fhir"},
		{lambdakit.MetricDropped, "Function", "receive-delivery"},
	}
	for _, f := range catalogue.Functions() {
		for _, metric := range []string{"Errors", "Throttles", "Duration"} {
			want = append(want, [3]string{metric, "FunctionName", "<" + pascal(f.Name) + ">"})
		}
		want = append(want, [3]string{lambdakit.MetricPanics, "Function", f.Name})
	}
	for _, table := range []string{"Index", "Record", "Delivery", "Audit"} {
		for _, metric := range []string{"ReadThrottleEvents", "WriteThrottleEvents"} {
			want = append(want, [3]string{metric, "TableName", "<" + table + "Table>"})
		}
	}
	for _, w := range want {
		if !watched(a, w[0], w[1], w[2]) {
			t.Errorf("nothing watches %s of %s", w[0], w[2])
		}
	}
	if n := len(a.all("operations", "AWS::CloudWatch::Alarm")); n != len(want) {
		t.Errorf("%d alarms, of which %d are wanted here", n, len(want))
	}
}

// Our own figures are those that the functions write.
func TestOwnFiguresExist(t *testing.T) {
	known := []string{
		lambdakit.MetricPanics, lambdakit.MetricQuarantined, lambdakit.MetricKeysDown, lambdakit.MetricTooLarge, lambdakit.MetricDropped,
		lambdakit.MetricReviewAge,
	}
	for name, alarm := range synth(t, stage.Dev).all("operations", "AWS::CloudWatch::Alarm") {
		if namespace := alarm.at("Namespace").(string); strings.HasPrefix(namespace, "AWS/") {
			continue
		} else if namespace != lambdakit.MetricNamespace {
			t.Errorf("%s: namespace %s", name, namespace)
		}
		if metric := alarm.at("MetricName").(string); !slices.Contains(known, metric) {
			t.Errorf("%s: no function writes %s", name, metric)
		}
	}
}

// The age of the reviews is counted once a night, so that it is looked at by the day.
func TestOldReviewsAreToldOf(t *testing.T) {
	for _, name := range everyStage {
		synth(t, name).one(t, "operations", "AWS::CloudWatch::Alarm", "ReviewsOld").want(t, "ReviewsOld", map[string]any{
			"Period": 86400, "Statistic": "Maximum", "Threshold": 14, "EvaluationPeriods": 1, "DatapointsToAlarm": 1,
		})
	}
}

// Every alarm tells the operators, and its paragraph is written.
func TestAlarmsTellTheOperators(t *testing.T) {
	a := synth(t, stage.Live)
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for name, alarm := range a.all("operations", "AWS::CloudWatch::Alarm") {
		alarm.want(t, name, map[string]any{
			"AlarmActions": []string{"<Operators>"}, "OKActions": []string{"<Operators>"}, "TreatMissingData": "notBreaching", "ActionsEnabled": nil,
		})
		_, kind, ok := strings.Cut(alarm.at("AlarmDescription").(string), "docs/operations.md#")
		if !ok || !strings.Contains(string(text), "\n### "+kind+"\n") {
			t.Errorf("%s: docs/operations.md has no paragraph %q", name, kind)
		}
		used[kind] = true
	}
	_, paragraphs, _ := strings.Cut(string(text), "\n## Alarms\n")
	paragraphs, _, _ = strings.Cut(paragraphs, "\n## ")
	for line := range strings.Lines(paragraphs) {
		if kind, ok := strings.CutPrefix(strings.TrimSpace(line), "### "); ok && !used[kind] {
			t.Errorf("docs/operations.md explains %q, which no alarm names", kind)
		}
	}
	a.one(t, "operations", "AWS::SNS::Topic", "Operators").want(t, "topic", map[string]any{"KmsMasterKeyId": "<MessagesKey.Arn>"})
	if n := len(a.all("operations", "AWS::SNS::Subscription")); n != 1 {
		t.Errorf("%d subscriptions, want that of the one operator", n)
	}
}

// Every log is encrypted and kept for as long as the stage says.
func TestLogs(t *testing.T) {
	for name, days := range map[string]int{stage.Dev: 30, stage.Live: 731} {
		logs := synth(t, name).every("AWS::Logs::LogGroup")
		if len(logs) != len(catalogue.Functions())+5 {
			t.Errorf("%d logs, want one for each function and those of deliveries, the re-resolution, requests, API Gateway and firewall", len(logs))
		}
		for id, group := range logs {
			group.want(t, id, map[string]any{"RetentionInDays": days, "KmsKeyId": "<LogsKey.Arn>"})
		}
	}
}

// API Gateway makes the log of its errors by itself, without retention and
// key, unless it is there before the stage.
func TestTheStageFindsItsLog(t *testing.T) {
	a := synth(t, stage.Live)
	a.one(t, "api", "AWS::Logs::LogGroup", "ExecutionLogs").want(t, "ExecutionLogs", map[string]any{
		"LogGroupName": "API-Gateway-Execution-Logs_<Fhir>/live",
	})
	needs := texts(a.one(t, "api", "AWS::ApiGateway::Stage", "FhirDeploymentStagelive").DependsOn)
	if !slices.ContainsFunc(needs, func(id string) bool { return unhashed(id) == "ExecutionLogs" }) {
		t.Errorf("the stage waits for %v", needs)
	}
}

func TestEveryResourceHasItsStagesTags(t *testing.T) {
	for name, r := range synth(t, stage.Test).every("AWS::Lambda::Function") {
		tagged := slices.ContainsFunc(list(r.at("Tags")), func(tag any) bool {
			return at(tag, "Key") == "stage" && at(tag, "Value") == stage.Test
		})
		if !tagged {
			t.Errorf("%s: no tag", name)
		}
	}
}

package main

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/infra/stage"
	definition "github.com/carerecord/carerecord/infra/statemachine"
)

func TestResolutionMachine(t *testing.T) {
	machine := synth(t, stage.Dev).one(t, "ingest", "AWS::StepFunctions::StateMachine", "Resolution")
	machine.want(t, "Resolution", map[string]any{
		"StateMachineName": "carerecord-dev-resolution", "DefinitionString": definition.ResolutionText(), "TracingConfiguration.Enabled": true,
		"DefinitionSubstitutions":    map[string]any{"ResolvePatientsFunction": "<ResolvePatients.Arn>"},
		"LoggingConfiguration.Level": "ALL", "LoggingConfiguration.IncludeExecutionData": false,
		"LoggingConfiguration.Destinations.0.CloudWatchLogsLogGroup.LogGroupArn": "<ResolutionLogs.Arn>",
		"StateMachineType": nil, // standard: Express ones cannot be listed, and end after five minutes
	})
	checkDefinition(t, machine)
}

// The machine's role may do what its states do, on itself and its function.
func TestTheResolutionsRole(t *testing.T) {
	got := map[string]bool{}
	for _, s := range statements(synth(t, stage.Dev).one(t, "ingest", "AWS::IAM::ManagedPolicy", "ResolutionPolicy").at("PolicyDocument")) {
		for _, action := range s.Actions {
			for _, r := range s.Resources {
				if r != "*" { // logs and traces, as of the other machine
					got[action+" "+r] = true
				}
			}
		}
	}
	const machine = "arn:aws:states:eu-west-2:<AWS::AccountId>:stateMachine:carerecord-dev-resolution"
	const executions = "arn:aws:states:eu-west-2:<AWS::AccountId>:execution:carerecord-dev-resolution"
	want := []string{
		"lambda:InvokeFunction <ResolvePatients.Arn>",
		"states:DescribeExecution " + executions + ":*", "states:ListExecutions " + machine, "states:RedriveExecution " + executions + "/*",
		"states:StartExecution " + machine, "states:StopExecution " + executions + ":*",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Each night by the clocks of London, and by a role that can start this machine
// and nothing else; in dev only by hand.
func TestResolutionIsStartedAtNight(t *testing.T) {
	a := synth(t, stage.Live)
	a.one(t, "ingest", "AWS::Scheduler::ScheduleGroup", "Schedules").want(t, "group", map[string]any{"Name": "carerecord-live"})
	schedule := a.one(t, "ingest", "AWS::Scheduler::Schedule", "ResolutionNightly")
	schedule.want(t, "schedule", map[string]any{
		"ScheduleExpression": "cron(30 03 * * ? *)", "ScheduleExpressionTimezone": "Europe/London", "State": nil,
		"GroupName": "<Schedules>", "FlexibleTimeWindow": map[string]string{"Mode": "OFF"},
		"Target.Arn": "arn:aws:scheduler:::aws-sdk:sfn:startExecution", "Target.RoleArn": "<ResolutionNightlyRole.Arn>",
	})
	var input map[string]string
	if err := json.Unmarshal([]byte(schedule.at("Target.Input").(string)), &input); err != nil {
		t.Fatal(err)
	}
	// The parameters of StartExecution (AWS Step Functions API Reference).
	want := map[string]string{"StateMachineArn": "<Resolution>", "Name": "<aws.scheduler.execution-id>", "Input": "{}"}
	if diff := cmp.Diff(want, input); diff != "" {
		t.Errorf("input (-want +got):\n%s", diff)
	}
	role := a.one(t, "ingest", "AWS::IAM::Role", "ResolutionNightlyRole")
	role.want(t, "role", map[string]any{
		"Policies": nil, "ManagedPolicyArns": []string{"<ResolutionNightlyPolicy>"},
		"AssumeRolePolicyDocument.Statement": []map[string]any{{
			"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": map[string]string{"Service": "scheduler.amazonaws.com"},
			"Condition": map[string]any{"StringEquals": map[string]string{"aws:SourceAccount": "444455556666", "aws:SourceArn": "<Schedules.Arn>"}},
		}},
	})
	policy := a.one(t, "ingest", "AWS::IAM::ManagedPolicy", "ResolutionNightlyPolicy").at("PolicyDocument")
	if all := statements(policy); len(all) != 1 || !permits(all, "states:StartExecution", "<Resolution>") || len(all[0].Actions) != 1 || len(all[0].Resources) != 1 {
		t.Errorf("the schedule may %+v", all)
	}
	dev := synth(t, stage.Dev)
	if n := len(dev.every("AWS::Scheduler::Schedule")) + len(dev.every("AWS::Scheduler::ScheduleGroup")); n != 0 || watched(dev, "InvocationDroppedCount", "ScheduleGroup", "carerecord-dev") {
		t.Error("dev has a schedule, or waits for one")
	}
}

// Every part that the machine has under way finds room.
func TestEveryPartFindsRoom(t *testing.T) {
	t.Parallel()
	var d struct {
		States struct {
			ResolveParts struct{ MaxConcurrency int }
		}
	}
	if err := json.Unmarshal([]byte(definition.ResolutionText()), &d); err != nil {
		t.Fatal(err)
	}
	for _, name := range everyStage {
		s, err := stage.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if share := s.Concurrency["resolve-patients"]; share < d.States.ResolveParts.MaxConcurrency {
			t.Errorf("%s: %d parts at once, and room for %d", name, d.States.ResolveParts.MaxConcurrency, share)
		}
	}
}

// A stage that names a model has it in the functions that know the index.
func TestTheModelOfAStage(t *testing.T) {
	for name, want := range map[string]any{stage.Live: "/var/task/model.json", stage.Dev: nil} {
		made := synth(t, name).every("AWS::Lambda::Function")
		for _, f := range catalogue.Functions() {
			if got := made[pascal(f.Name)].at("Environment.Variables.MODEL_FILE"); f.Has(catalogue.ModelFile) && got != want || !f.Has(catalogue.ModelFile) && got != nil {
				t.Errorf("%s, %s: MODEL_FILE is %v", name, f.Name, got)
			}
		}
	}
}

// The stack keeps room for as many partners as a stage takes (CloudFormation
// quotas: 500 resources).
func TestTheIngestStackHasRoomForPartners(t *testing.T) {
	own := 0
	for id := range synth(t, stage.Live).stacks["ingest"].Resources {
		if len(id) < 6 || id[:6] != "Sender" {
			own++
		}
	}
	if own+maxPartners > 500 {
		t.Errorf("%d resources beside the partners' roles: %d partners do not fit", own, maxPartners)
	}
}

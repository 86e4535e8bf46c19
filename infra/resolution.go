package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsscheduler"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"

	definition "github.com/carerecord/carerecord/infra/statemachine"
)

// newResolution makes the state machine of the re-resolution, and the schedule
// on which it runs if the stage has one.
func (r *region) newResolution(stack awscdk.Stack, tasks map[string]awslambda.Function) awsstepfunctions.StateMachine {
	name := r.Settings.Prefix() + "-resolution"
	made := r.newMachine(stack, name, tasks, machine{
		id: "Resolution", text: definition.ResolutionText(), substitutions: definition.ResolutionLocal(),
		rights: []awsiam.PolicyStatement{ // to see whether another one runs
			allow(jsii.Strings("states:ListExecutions"), states(stack, "stateMachine", name)),
		},
	})
	if r.Settings.Resolution != "" {
		r.newSchedule(stack, made)
	}
	return made
}

// newSchedule starts the machine each night, by the clocks of London: the night
// is when the fewest deliveries come. The name of the execution is that of the
// schedule's own try, so that a try which is told twice starts one.
func (r *region) newSchedule(stack awscdk.Stack, machine awsstepfunctions.StateMachine) {
	group := awsscheduler.NewCfnScheduleGroup(stack, jsii.String("Schedules"), &awsscheduler.CfnScheduleGroupProps{
		Name: jsii.String(r.Settings.Prefix()),
	})
	hour, minute, _ := strings.Cut(r.Settings.Resolution, ":")
	awsscheduler.NewCfnSchedule(stack, jsii.String("ResolutionNightly"), &awsscheduler.CfnScheduleProps{
		Name: jsii.String(r.Settings.Prefix() + "-resolution"), GroupName: group.Ref(),
		Description:        jsii.String("Starts the re-resolution"),
		ScheduleExpression: jsii.String("cron(" + minute + " " + hour + " * * ? *)"), ScheduleExpressionTimezone: jsii.String("Europe/London"),
		FlexibleTimeWindow: &awsscheduler.CfnSchedule_FlexibleTimeWindowProperty{Mode: jsii.String("OFF")},
		Target: &awsscheduler.CfnSchedule_TargetProperty{
			Arn:     jsii.String("arn:aws:scheduler:::aws-sdk:sfn:startExecution"),
			RoleArn: newStarter(stack, group, machine).RoleArn(),
			Input: stack.ToJsonString(map[string]any{
				"StateMachineArn": machine.StateMachineArn(), "Name": "<aws.scheduler.execution-id>", "Input": "{}",
			}, nil),
			RetryPolicy: &awsscheduler.CfnSchedule_RetryPolicyProperty{
				MaximumEventAgeInSeconds: jsii.Number(3600), MaximumRetryAttempts: jsii.Number(10),
			},
		},
	})
}

// newStarter makes the role of the schedule. EventBridge Scheduler may take it
// for the group's schedules alone (its user guide, "Confused deputy prevention").
func newStarter(stack awscdk.Stack, group awsscheduler.CfnScheduleGroup, machine awsstepfunctions.StateMachine) awsiam.Role {
	policy := awsiam.NewManagedPolicy(stack, jsii.String("ResolutionNightlyPolicy"), &awsiam.ManagedPolicyProps{
		Statements: &[]awsiam.PolicyStatement{allow(jsii.Strings("states:StartExecution"), machine.StateMachineArn())},
	})
	return awsiam.NewRole(stack, jsii.String("ResolutionNightlyRole"), &awsiam.RoleProps{
		AssumedBy: awsiam.NewServicePrincipal(jsii.String("scheduler.amazonaws.com"), &awsiam.ServicePrincipalOpts{
			Conditions: &map[string]any{"StringEquals": map[string]*string{
				"aws:SourceAccount": stack.Account(), "aws:SourceArn": group.AttrArn(),
			}},
		}),
		ManagedPolicies: &[]awsiam.IManagedPolicy{policy},
	})
}

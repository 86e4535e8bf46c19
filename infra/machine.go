package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsstepfunctions"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
	definition "github.com/carerecord/carerecord/infra/statemachine"
)

// newMachine makes the state machine of a delivery from its definition file.
// CloudFormation puts the functions' ARNs into it.
func (r *region) newMachine(stack awscdk.Stack, tasks map[string]awslambda.Function) awsstepfunctions.StateMachine {
	name := r.Settings.Prefix() + "-delivery"
	substitutions := map[string]*string{}
	for variable, function := range definition.Local() {
		substitutions[variable] = tasks[function].FunctionArn()
	}
	logs := r.newLogs(stack, "DeliveryLogs", "/aws/vendedlogs/states/"+name)
	machine := awsstepfunctions.NewStateMachine(stack, jsii.String("Delivery"), &awsstepfunctions.StateMachineProps{
		StateMachineName:        &name,
		DefinitionBody:          awsstepfunctions.DefinitionBody_FromString(jsii.String(definition.Text())),
		DefinitionSubstitutions: &substitutions,
		// A role that the CDK cannot add to: with it machine and role would wait for each other.
		Role:           newRole(stack, "Delivery", "states.amazonaws.com", r.machineRights(stack, name, tasks)).WithoutPolicyUpdates(nil),
		TracingEnabled: jsii.Bool(true),
		RemovalPolicy:  awscdk.RemovalPolicy_RETAIN,
		Logs: &awsstepfunctions.LogOptions{
			Destination: logs, Level: awsstepfunctions.LogLevel_ALL, IncludeExecutionData: jsii.Bool(false),
		},
	})
	r.values[catalogue.StateMachine] = machine.StateMachineArn()
	r.places[catalogue.StateMachine] = place{arn: machine.StateMachineArn(), executions: states(stack, "execution", name+":*")}
	return machine
}

// machineRights are what the definition's states do: invoke, read the list of
// chunks, run and redrive the children of a Distributed Map, log and trace
// (Step Functions developer guide, "IAM policies for using Distributed Map
// state" and "Logging using CloudWatch Logs").
func (r *region) machineRights(stack awscdk.Stack, name string, tasks map[string]awslambda.Function) []awsiam.PolicyStatement {
	var functions []*string
	for _, f := range catalogue.Functions() { // in the catalogue's order, so that the template is always the same
		if task, ok := tasks[f.Name]; ok {
			functions = append(functions, task.FunctionArn())
		}
	}
	work := r.places[catalogue.BucketWork]
	return []awsiam.PolicyStatement{
		allow(jsii.Strings("lambda:InvokeFunction"), functions...),
		allow(jsii.Strings("s3:GetObject", "s3:GetObjectVersion"), jsii.String(*work.arn+"/*")),
		r.allowKey(work.key, "s3", "kms:Decrypt"),
		allow(jsii.Strings("states:StartExecution"), states(stack, "stateMachine", name)),
		allow(jsii.Strings("states:DescribeExecution", "states:StopExecution"), states(stack, "execution", name+":*")),
		allow(jsii.Strings("states:RedriveExecution"), states(stack, "execution", name+"/*")),
		allow(jsii.Strings(
			"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
			"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
			"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
		), jsii.String("*")),
	}
}

// states gives the ARN of a resource of Step Functions.
func states(stack awscdk.Stack, kind, name string) *string {
	return stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("states"), Resource: &kind, ResourceName: &name, ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
}

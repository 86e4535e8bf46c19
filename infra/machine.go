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

// machine is a state machine as its definition file has it.
type machine struct {
	id            string            // such as Delivery
	text          string            // the definition
	substitutions map[string]string // the functions by what stands for them in it
	rights        []awsiam.PolicyStatement
}

// newDelivery makes the state machine of a delivery.
func (r *region) newDelivery(stack awscdk.Stack, tasks map[string]awslambda.Function) awsstepfunctions.StateMachine {
	name := r.Settings.Prefix() + "-delivery"
	work := r.places[catalogue.BucketWork]
	made := r.newMachine(stack, name, tasks, machine{
		id: "Delivery", text: definition.Text(), substitutions: definition.Local(),
		rights: []awsiam.PolicyStatement{ // to read the list of chunks
			allow(jsii.Strings("s3:GetObject", "s3:GetObjectVersion"), jsii.String(*work.arn+"/*")),
			r.allowKey(work.key, "s3", "kms:Decrypt"),
		},
	})
	r.values[catalogue.StateMachine] = made.StateMachineArn()
	r.places[catalogue.StateMachine] = place{arn: made.StateMachineArn(), executions: states(stack, "execution", name+":*")}
	return made
}

// newMachine makes a state machine from its definition file. CloudFormation
// puts the functions' ARNs into it.
func (r *region) newMachine(stack awscdk.Stack, name string, tasks map[string]awslambda.Function, m machine) awsstepfunctions.StateMachine {
	substitutions := map[string]*string{}
	for variable, function := range m.substitutions {
		substitutions[variable] = tasks[function].FunctionArn()
	}
	logs := r.newLogs(stack, m.id+"Logs", "/aws/vendedlogs/states/"+name)
	return awsstepfunctions.NewStateMachine(stack, &m.id, &awsstepfunctions.StateMachineProps{
		StateMachineName:        &name,
		DefinitionBody:          awsstepfunctions.DefinitionBody_FromString(&m.text),
		DefinitionSubstitutions: &substitutions,
		// A role that the CDK cannot add to: with it machine and role would wait for each other.
		Role:           newRole(stack, m.id, "states.amazonaws.com", machineRights(stack, name, tasks, m)).WithoutPolicyUpdates(nil),
		TracingEnabled: jsii.Bool(true),
		RemovalPolicy:  awscdk.RemovalPolicy_RETAIN,
		Logs: &awsstepfunctions.LogOptions{
			Destination: logs, Level: awsstepfunctions.LogLevel_ALL, IncludeExecutionData: jsii.Bool(false),
		},
	})
}

// machineRights are what the definition's states do: invoke, run and redrive
// the children of a Distributed Map, log and trace, and the machine's own
// (Step Functions developer guide, "IAM policies for using Distributed Map
// state" and "Logging using CloudWatch Logs").
func machineRights(stack awscdk.Stack, name string, tasks map[string]awslambda.Function, m machine) []awsiam.PolicyStatement {
	var functions []*string
	for _, f := range catalogue.Functions() { // in the catalogue's order, so that the template is always the same
		for _, function := range m.substitutions {
			if function == f.Name {
				functions = append(functions, tasks[f.Name].FunctionArn())
			}
		}
	}
	rights := append([]awsiam.PolicyStatement{allow(jsii.Strings("lambda:InvokeFunction"), functions...)}, m.rights...)
	return append(
		rights,
		allow(jsii.Strings("states:StartExecution"), states(stack, "stateMachine", name)),
		allow(jsii.Strings("states:DescribeExecution", "states:StopExecution"), states(stack, "execution", name+":*")),
		allow(jsii.Strings("states:RedriveExecution"), states(stack, "execution", name+"/*")),
		allow(jsii.Strings(
			"logs:CreateLogDelivery", "logs:DeleteLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies",
			"logs:GetLogDelivery", "logs:ListLogDeliveries", "logs:PutResourcePolicy", "logs:UpdateLogDelivery",
			"xray:GetSamplingRules", "xray:GetSamplingTargets", "xray:PutTelemetryRecords", "xray:PutTraceSegments",
		), jsii.String("*")),
	)
}

// states gives the ARN of a resource of Step Functions.
func states(stack awscdk.Stack, kind, name string) *string {
	return stack.FormatArn(&awscdk.ArnComponents{
		Service: jsii.String("states"), Resource: &kind, ResourceName: &name, ArnFormat: awscdk.ArnFormat_COLON_RESOURCE_NAME,
	})
}

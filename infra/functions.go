package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// newFunction makes a function of the catalogue with its log, its role and its
// settings. rights are those that its trigger asks for.
func (r *region) newFunction(stack awscdk.Stack, name string, rights ...awsiam.PolicyStatement) awslambda.Function {
	f, ok := catalogue.Find(name)
	if !ok {
		panic("infra: the catalogue has no function " + name)
	}
	folder, err := r.asset(f)
	if err != nil {
		panic(err)
	}
	id := pascal(name)
	logs := r.newLogs(stack, id+"Logs", "/carerecord/"+r.Settings.Stage+"/functions/"+name)
	made := awslambda.NewFunction(stack, &id, &awslambda.FunctionProps{
		FunctionName: jsii.String(r.Settings.Prefix() + "-" + name),
		Description:  &f.Does,
		Runtime:      awslambda.Runtime_PROVIDED_AL2023(),
		Architecture: awslambda.Architecture_ARM_64(),
		Handler:      jsii.String("bootstrap"),
		Code:         awslambda.Code_FromAsset(&folder, nil),
		Timeout:      awscdk.Duration_Seconds(jsii.Number(f.Timeout)),
		MemorySize:   jsii.Number(f.Memory),
		Environment:  r.environment(f),
		Tracing:      awslambda.Tracing_ACTIVE,
		LogGroup:     logs,
		// Without the CDK's own additions: the role's policy is written here in full.
		Role: r.newRole(stack, f, logs, rights).WithoutPolicyUpdates(nil),
		// A share of its own: a burst of deliveries takes nothing from clinicians.
		ReservedConcurrentExecutions: jsii.Number(r.Settings.Concurrency[name]),
	})
	suppressFunction(made)
	return made
}

// logDays are the periods that stage.Settings allows.
var logDays = map[int]awslogs.RetentionDays{
	30: awslogs.RetentionDays_ONE_MONTH, 90: awslogs.RetentionDays_THREE_MONTHS, 180: awslogs.RetentionDays_SIX_MONTHS,
	365: awslogs.RetentionDays_ONE_YEAR, 731: awslogs.RetentionDays_TWO_YEARS, 1827: awslogs.RetentionDays_FIVE_YEARS,
	2557: awslogs.RetentionDays_SEVEN_YEARS, 3653: awslogs.RetentionDays_TEN_YEARS,
}

func (r *region) newLogs(stack awscdk.Stack, id, name string) awslogs.LogGroup {
	return awslogs.NewLogGroup(stack, &id, &awslogs.LogGroupProps{
		LogGroupName: &name, EncryptionKey: r.data.keys.logs,
		Retention: logDays[r.Settings.Retention.Logs], RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	})
}

// pascal writes receive-delivery as ReceiveDelivery.
func pascal(name string) string {
	out := make([]byte, 0, len(name))
	upper := true
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-':
			upper = true
			continue
		case upper:
			out = append(out, c-'a'+'A')
		default:
			out = append(out, c)
		}
		upper = false
	}
	return string(out)
}

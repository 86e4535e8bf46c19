package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/infra/permission"
)

// newRole makes the role of one function: what its calls need, what its
// trigger needs, and its own log.
func (r *region) newRole(stack awscdk.Stack, f catalogue.Function, logs awslogs.LogGroup, rights []awsiam.PolicyStatement) awsiam.Role {
	statements, err := permission.For(f.Calls)
	if err != nil {
		panic(err)
	}
	for _, s := range statements {
		rights = append(rights, r.allow(s))
	}
	rights = append(
		rights,
		allow(jsii.Strings("logs:CreateLogStream", "logs:PutLogEvents"), logs.LogGroupArn()),
		// X-Ray knows no resources (Service Authorization Reference).
		allow(jsii.Strings("xray:PutTelemetryRecords", "xray:PutTraceSegments"), jsii.String("*")),
	)
	return newRole(stack, pascal(f.Name), "lambda.amazonaws.com", rights)
}

// newRole makes a role for a service with one policy.
func newRole(stack awscdk.Stack, id, service string, rights []awsiam.PolicyStatement) awsiam.Role {
	policy := awsiam.NewManagedPolicy(stack, jsii.String(id+"Policy"), &awsiam.ManagedPolicyProps{Statements: &rights})
	suppressPolicy(policy)
	return awsiam.NewRole(stack, jsii.String(id+"Role"), &awsiam.RoleProps{
		AssumedBy:       awsiam.NewServicePrincipal(&service, nil),
		ManagedPolicies: &[]awsiam.IManagedPolicy{policy},
	})
}

// allow puts the ARNs into a statement.
func (r *region) allow(s permission.Statement) awsiam.PolicyStatement {
	at, ok := r.places[s.Resource]
	if !ok {
		panic("infra: no resource stands behind " + s.Resource)
	}
	switch s.Scope {
	case permission.Objects:
		return allow(jsii.Strings(s.Actions...), jsii.String(*at.arn+"/*"))
	case permission.Key:
		return r.allowKey(at.key, s.Via, s.Actions...)
	case permission.Executions:
		return allow(jsii.Strings(s.Actions...), at.executions)
	}
	return allow(jsii.Strings(s.Actions...), at.arn)
}

func allow(actions *[]*string, resources ...*string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{Actions: actions, Resources: &resources})
}

// allowKey lets a key be used through one service alone.
func (r *region) allowKey(key *string, via string, actions ...string) awsiam.PolicyStatement {
	return awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions: jsii.Strings(actions...), Resources: &[]*string{key},
		Conditions: &map[string]any{"StringEquals": map[string]string{
			"kms:ViaService": via + "." + r.Settings.Region + ".amazonaws.com",
		}},
	})
}

package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/jsii-runtime-go"
)

// newFirewall stands before the API: AWS's rules against known attacks, and a
// limit for each address. Requests are not sampled and only those that were
// blocked are logged, without their queries, as a search names patients.
func (r *region) newFirewall(stack awscdk.Stack) awswafv2.CfnWebACL {
	name := r.Settings.Prefix()
	acl := awswafv2.NewCfnWebACL(stack, jsii.String("Firewall"), &awswafv2.CfnWebACLProps{
		Name: &name, Scope: jsii.String("REGIONAL"),
		DefaultAction:    &awswafv2.CfnWebACL_DefaultActionProperty{Allow: &awswafv2.CfnWebACL_AllowActionProperty{}},
		VisibilityConfig: visibility(name),
		Rules: []any{
			managed(0, "AWSManagedRulesAmazonIpReputationList"),
			managed(1, "AWSManagedRulesCommonRuleSet", ourOwnLimits()...),
			managed(2, "AWSManagedRulesKnownBadInputsRuleSet"),
			&awswafv2.CfnWebACL_RuleProperty{
				Name: jsii.String("RequestsOfAnAddress"), Priority: jsii.Number(3), VisibilityConfig: visibility("RequestsOfAnAddress"),
				Action: &awswafv2.CfnWebACL_RuleActionProperty{Block: &awswafv2.CfnWebACL_BlockActionProperty{}},
				Statement: &awswafv2.CfnWebACL_StatementProperty{RateBasedStatement: &awswafv2.CfnWebACL_RateBasedStatementProperty{
					AggregateKeyType: jsii.String("IP"), EvaluationWindowSec: jsii.Number(300), Limit: jsii.Number(r.Settings.API.PerAddress),
				}},
			},
		},
	})
	awswafv2.NewCfnWebACLAssociation(stack, jsii.String("FirewallOfApi"), &awswafv2.CfnWebACLAssociationProps{
		ResourceArn: r.api.rest.DeploymentStage().StageArn(), WebAclArn: acl.AttrArn(),
	})
	r.logBlocks(stack, acl)
	return acl
}

// ourOwnLimits are rules of the common rule set that would block what
// docs/api.md promises: they refuse bodies over 8 KB, queries over 2,048 bytes
// and requests without User-Agent (AWS WAF developer guide, "Baseline rule
// groups"). They only count, as the service holds limits of its own: forms of
// 64 KB, and API Gateway's 10 MB before it.
func ourOwnLimits() []string {
	return []string{"SizeRestrictions_BODY", "SizeRestrictions_QUERYSTRING", "NoUserAgent_HEADER"}
}

// logBlocks keeps a line of each request that the firewall refused, and none of
// those it let through: a line has the caller's address and all headers.
func (r *region) logBlocks(stack awscdk.Stack, acl awswafv2.CfnWebACL) {
	// The name has to begin so (AWS WAF developer guide, "CloudWatch Logs").
	logs := r.newLogs(stack, "FirewallLogs", "aws-waf-logs-"+r.Settings.Prefix())
	redacted := []any{
		&awswafv2.CfnLoggingConfiguration_FieldToMatchProperty{QueryString: map[string]any{}},
		&awswafv2.CfnLoggingConfiguration_FieldToMatchProperty{UriPath: map[string]any{}},
	}
	for _, header := range []string{"authorization", "cookie", "referer", "x-forwarded-for"} {
		redacted = append(redacted, &awswafv2.CfnLoggingConfiguration_FieldToMatchProperty{SingleHeader: map[string]any{"Name": header}})
	}
	awswafv2.NewCfnLoggingConfiguration(stack, jsii.String("FirewallLogging"), &awswafv2.CfnLoggingConfigurationProps{
		ResourceArn: acl.AttrArn(), LogDestinationConfigs: &[]any{logs.LogGroupArn()}, RedactedFields: redacted,
		// In CloudFormation's own spelling: the property has no type.
		LoggingFilter: map[string]any{
			"DefaultBehavior": "DROP",
			"Filters": []any{map[string]any{
				"Behavior": "KEEP", "Requirement": "MEETS_ANY",
				"Conditions": []any{map[string]any{"ActionCondition": map[string]any{"Action": "BLOCK"}}},
			}},
		},
	})
}

// managed is a rule group of AWS; the rules in counted only count.
func managed(priority int, name string, counted ...string) *awswafv2.CfnWebACL_RuleProperty {
	group := &awswafv2.CfnWebACL_ManagedRuleGroupStatementProperty{VendorName: jsii.String("AWS"), Name: &name}
	if len(counted) > 0 {
		var overrides []any
		for _, rule := range counted {
			overrides = append(overrides, &awswafv2.CfnWebACL_RuleActionOverrideProperty{
				Name: &rule, ActionToUse: &awswafv2.CfnWebACL_RuleActionProperty{Count: &awswafv2.CfnWebACL_CountActionProperty{}},
			})
		}
		group.RuleActionOverrides = &overrides
	}
	return &awswafv2.CfnWebACL_RuleProperty{
		Name: &name, Priority: jsii.Number(priority), VisibilityConfig: visibility(name),
		OverrideAction: &awswafv2.CfnWebACL_OverrideActionProperty{None: map[string]any{}},
		Statement:      &awswafv2.CfnWebACL_StatementProperty{ManagedRuleGroupStatement: group},
	}
}

func visibility(name string) *awswafv2.CfnWebACL_VisibilityConfigProperty {
	return &awswafv2.CfnWebACL_VisibilityConfigProperty{
		CloudWatchMetricsEnabled: jsii.Bool(true), MetricName: &name, SampledRequestsEnabled: jsii.Bool(false),
	}
}

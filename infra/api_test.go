package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/infra/stage"
	"github.com/carerecord/carerecord/shared/restapi"
)

// routes gives the methods of the template as "METHOD /path".
func routes(a assembly) map[string]resource {
	parts := a.stacks["api"].Resources
	path := func(id string) string {
		var full string
		for id != "" {
			r, ok := parts[id]
			if !ok {
				break
			}
			full = "/" + r.at("PathPart").(string) + full
			id = identified(parts, r.at("ParentId"))
		}
		return full
	}
	found := map[string]resource{}
	for _, r := range parts {
		if r.Type == "AWS::ApiGateway::Method" {
			found[r.at("HttpMethod").(string)+" "+path(identified(parts, r.at("ResourceId")))] = r
		}
	}
	return found
}

// identified finds the logical id that "<name>" was made from; empty for the
// API's root.
func identified(parts map[string]resource, reference any) string {
	name := strings.Trim(reference.(string), "<>")
	for id, r := range parts {
		if r.Type == "AWS::ApiGateway::Resource" && unhashed(id) == name {
			return id
		}
	}
	return ""
}

// The template has the routes of the code, each behind the same guard.
func TestRoutesAreThoseOfTheCode(t *testing.T) {
	for _, name := range everyStage {
		a := synth(t, name)
		got := routes(a)
		var want []string
		for _, p := range restapi.Paths() {
			for _, method := range p.Methods {
				route := method + " " + p.Pattern
				want = append(want, route)
				guarded := map[string]any{"AuthorizationType": "CUSTOM", "AuthorizerId": "<Authorizer>"}
				if p.Public {
					guarded = map[string]any{"AuthorizationType": "NONE", "AuthorizerId": nil}
				}
				got[route].want(t, route, guarded)
				got[route].want(t, route, map[string]any{
					"RequestValidatorId": "<FhirValidator>", "Integration.Type": "AWS_PROXY",
					"Integration.Uri": "arn:aws:apigateway:eu-west-2:lambda:path/2015-03-31/functions/<ServeFhir.Arn>/invocations",
				})
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
			t.Errorf("%s: routes (-code +template):\n%s", name, diff)
		}
	}
}

// The functions are invoked by the API's stage alone, and not by the console's
// test, which asks no authorizer.
func TestNothingElseInvokesTheFunctions(t *testing.T) {
	a := synth(t, stage.Live)
	for name, r := range a.every("AWS::Lambda::Permission") {
		source, _ := r.at("SourceArn").(string)
		if r.at("Principal") != "apigateway.amazonaws.com" || !strings.Contains(source, ":<Fhir>/") || strings.Contains(source, "test-invoke") {
			t.Errorf("%s: %v from %s", name, r.at("Principal"), source)
		}
		if f := r.at("FunctionName"); f != "<ServeFhir.Arn>" && f != "<AuthorizeRequest.Arn>" {
			t.Errorf("%s: invokes %v", name, f)
		}
	}
}

// Only the capability statement is open.
func TestOneRouteIsOpen(t *testing.T) {
	for route, r := range routes(synth(t, stage.Live)) {
		open := r.at("AuthorizationType") == "NONE"
		if open != strings.HasSuffix(route, " /fhir/R4/metadata") {
			t.Errorf("%s: authorization %v", route, r.at("AuthorizationType"))
		}
	}
}

func TestRequestsAreValidated(t *testing.T) {
	a := synth(t, stage.Dev)
	a.one(t, "api", "AWS::ApiGateway::RequestValidator", "FhirValidator").want(t, "validator", map[string]any{
		"ValidateRequestBody": true, "ValidateRequestParameters": true,
	})
	all := routes(a)
	all["POST /fhir/R4/{type}/_search"].want(t, "search", map[string]any{
		"RequestParameters": map[string]bool{"method.request.path.type": true, "method.request.header.Content-Type": true},
	})
	all["GET /fhir/R4/{type}/{id}"].want(t, "read", map[string]any{
		"RequestParameters": map[string]bool{"method.request.path.type": true, "method.request.path.id": true},
	})
	a.one(t, "api", "AWS::ApiGateway::Authorizer", "Authorizer").want(t, "authorizer", map[string]any{
		"Type": "REQUEST", "IdentitySource": "method.request.header.Authorization", "AuthorizerResultTtlInSeconds": 60,
	})
	address := a.one(t, "api", "AWS::ApiGateway::Authorizer", "Authorizer").at("AuthorizerUri").(string)
	if !strings.HasSuffix(address, ":lambda:path/2015-03-31/functions/<AuthorizeRequest.Arn>/invocations") {
		t.Errorf("the authorizer is %s", address)
	}
}

func TestTheApisStage(t *testing.T) {
	for name, limit := range map[string][2]int{stage.Dev: {50, 100}, stage.Live: {200, 400}} {
		a := synth(t, name)
		a.one(t, "api", "AWS::ApiGateway::RestApi", "Fhir").want(t, name, map[string]any{
			"BinaryMediaTypes": []string{"*/*"}, "EndpointConfiguration.Types": []string{"REGIONAL"},
		})
		a.one(t, "api", "AWS::ApiGateway::Stage", "FhirDeploymentStage"+name).want(t, name, map[string]any{
			"StageName": name, "TracingEnabled": false, "AccessLogSetting.DestinationArn": "<RequestLogs.Arn>",
			"MethodSettings.0.HttpMethod": "*", "MethodSettings.0.ResourcePath": "/*", "MethodSettings.0.MetricsEnabled": true,
			"MethodSettings.0.DataTraceEnabled": false, "MethodSettings.0.LoggingLevel": "ERROR", "MethodSettings.0.CachingEnabled": nil,
			"MethodSettings.0.ThrottlingRateLimit": limit[0], "MethodSettings.0.ThrottlingBurstLimit": limit[1],
		})
	}
}

// What of a request names a patient, or the clinician who asks, is in no log:
// no query, no path as it came, no address, no header.
func TestAccessLogsHoldNothingPersonal(t *testing.T) {
	format := synth(t, stage.Live).one(t, "api", "AWS::ApiGateway::Stage", "FhirDeploymentStagelive").at("AccessLogSetting.Format").(string)
	var fields map[string]string
	if err := json.Unmarshal([]byte(format), &fields); err != nil {
		t.Fatal(err)
	}
	harmless := []string{
		"$context.requestId", "$context.requestTimeEpoch", "$context.httpMethod", "$context.resourcePath",
		"$context.protocol", "$context.status", "$context.responseLength", "$context.responseLatency", "$context.integrationLatency",
		"$context.authorizer.integrationLatency", "$context.authorizer.status", "$context.authorizer.principalId",
		"$context.error.responseType", "$context.wafResponseCode",
	}
	for name, variable := range fields {
		if !slices.Contains(harmless, variable) {
			t.Errorf("%s logs %s", name, variable)
		}
	}
}

func TestFirewall(t *testing.T) {
	a := synth(t, stage.Live)
	firewall := a.one(t, "api", "AWS::WAFv2::WebACL", "Firewall")
	firewall.want(t, "firewall", map[string]any{
		"Scope": "REGIONAL", "DefaultAction": map[string]any{"Allow": map[string]any{}}, "VisibilityConfig.SampledRequestsEnabled": false,
		"Rules.0.Statement.ManagedRuleGroupStatement.Name": "AWSManagedRulesAmazonIpReputationList",
		"Rules.1.Statement.ManagedRuleGroupStatement.Name": "AWSManagedRulesCommonRuleSet",
		"Rules.2.Statement.ManagedRuleGroupStatement.Name": "AWSManagedRulesKnownBadInputsRuleSet",
		"Rules.3.Statement.RateBasedStatement.Limit":       30000,
		"Rules.3.Action": map[string]any{"Block": map[string]any{}},
		// The service's own limits are wider than these: docs/api.md.
		"Rules.1.Statement.ManagedRuleGroupStatement.RuleActionOverrides": []any{
			counts("SizeRestrictions_BODY"), counts("SizeRestrictions_QUERYSTRING"), counts("NoUserAgent_HEADER"),
		},
		"Rules.0.Statement.ManagedRuleGroupStatement.RuleActionOverrides": nil,
		"Rules.2.Statement.ManagedRuleGroupStatement.RuleActionOverrides": nil,
	})
	for i, rule := range list(firewall.at("Rules")) {
		if at(rule, "VisibilityConfig.SampledRequestsEnabled") != false {
			t.Errorf("rule %d keeps samples of requests", i)
		}
	}
	a.one(t, "api", "AWS::WAFv2::WebACLAssociation", "FirewallOfApi").want(t, "association", map[string]any{
		"WebACLArn":   "<Firewall.Arn>",
		"ResourceArn": "arn:aws:apigateway:eu-west-2::/restapis/<Fhir>/stages/<FhirDeploymentStagelive>",
	})
}

func counts(rule string) map[string]any {
	return map[string]any{"Name": rule, "ActionToUse": map[string]any{"Count": map[string]any{}}}
}

// Of requests that were let through, the firewall logs nothing: not the
// address, not a header.
func TestTheFirewallLogsBlocksAlone(t *testing.T) {
	a := synth(t, stage.Live)
	header := func(name string) any { return map[string]any{"SingleHeader": map[string]any{"Name": name}} }
	a.one(t, "api", "AWS::WAFv2::LoggingConfiguration", "FirewallLogging").want(t, "logging", map[string]any{
		"LogDestinationConfigs": []string{"<FirewallLogs.Arn>"},
		"RedactedFields": []any{
			map[string]any{"QueryString": map[string]any{}},
			map[string]any{"UriPath": map[string]any{}},
			header("authorization"), header("cookie"), header("referer"), header("x-forwarded-for"),
		},
		"LoggingFilter": map[string]any{
			"DefaultBehavior": "DROP",
			"Filters": []any{map[string]any{
				"Behavior": "KEEP", "Requirement": "MEETS_ANY",
				"Conditions": []any{map[string]any{"ActionCondition": map[string]any{"Action": "BLOCK"}}},
			}},
		},
	})
	if name := a.one(t, "api", "AWS::Logs::LogGroup", "FirewallLogs").at("LogGroupName"); name != "aws-waf-logs-carerecord-live" {
		t.Errorf("the log is called %v: AWS WAF writes to aws-waf-logs-* alone", name)
	}
}

// API Gateway's own answers are OperationOutcomes too.
func TestRefusalsSpeakFHIR(t *testing.T) {
	for name, r := range synth(t, stage.Dev).all("api", "AWS::ApiGateway::GatewayResponse") {
		var outcome struct {
			ResourceType string
			Issue        []struct{ Severity, Code, Diagnostics string }
		}
		text, _ := r.Properties["ResponseTemplates"].(map[string]any)["application/json"].(string)
		if err := json.Unmarshal([]byte(text), &outcome); err != nil {
			t.Fatal(err)
		}
		if outcome.ResourceType != "OperationOutcome" || len(outcome.Issue) != 1 || outcome.Issue[0].Severity != "error" || outcome.Issue[0].Code == "" {
			t.Errorf("%s: %s", name, text)
		}
		if strings.Contains(text, "$") {
			t.Errorf("%s repeats something of the request: %s", name, text)
		}
	}
}

func TestADomainClosesTheDefaultEndpoint(t *testing.T) {
	a := synth(t, stage.Live)
	a.one(t, "api", "AWS::ApiGateway::RestApi", "Fhir").want(t, "live", map[string]any{"DisableExecuteApiEndpoint": true})
	for name, domain := range a.all("api", "AWS::ApiGateway::DomainName") {
		domain.want(t, name, map[string]any{"DomainName": "care.example.nhs.uk", "SecurityPolicy": "TLS_1_2"})
	}
	if a.stacks["api"].Outputs["DomainTarget"] == nil {
		t.Error("nothing says where the name has to point")
	}
	serve := a.one(t, "api", "AWS::Lambda::Function", "ServeFhir")
	serve.want(t, "live", map[string]any{"Environment.Variables.BASE_URL": "https://care.example.nhs.uk/fhir/R4"})
}

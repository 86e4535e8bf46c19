package main

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/jsii-runtime-go"
)

// refusal is an answer that API Gateway gives by itself.
type refusal struct {
	id         string
	of         awsapigateway.ResponseType
	status     string // empty: API Gateway's own
	code, text string // of the OperationOutcome (FHIR R4, issue-type)
}

func refusals() []refusal {
	return []refusal{
		{"Unauthorized", awsapigateway.ResponseType_UNAUTHORIZED(), "401", "login", "a bearer token is needed"},
		{"AccessDenied", awsapigateway.ResponseType_ACCESS_DENIED(), "403", "forbidden", "the caller may not use this service"},
		{"Firewall", awsapigateway.ResponseType_WAF_FILTERED(), "403", "security", "the request was refused by the firewall"},
		{"Throttled", awsapigateway.ResponseType_THROTTLED(), "429", "throttled", "too many requests: try again later"},
		{"TooLarge", awsapigateway.ResponseType_REQUEST_TOO_LARGE(), "413", "too-long", "the request is over 10 MB"},
		// A path that is not there looks like a signature that is missing.
		{"NoRoute", awsapigateway.ResponseType_MISSING_AUTHENTICATION_TOKEN(), "404", "not-supported", "there is nothing at this path"},
		{"AuthorizerFailed", awsapigateway.ResponseType_AUTHORIZER_FAILURE(), "503", "transient", "tokens cannot be checked at the moment: try again later"},
		{"Timeout", awsapigateway.ResponseType_INTEGRATION_TIMEOUT(), "504", "timeout", "the service took too long: try again later"},
		{"Refused", awsapigateway.ResponseType_DEFAULT_4XX(), "", "invalid", "the request cannot be taken"},
		{"Failed", awsapigateway.ResponseType_DEFAULT_5XX(), "", "transient", "the service failed: try again later"},
	}
}

// newAnswers has API Gateway's own answers speak FHIR too. They repeat nothing
// of the request.
func (r *region) newAnswers() {
	for _, a := range refusals() {
		options := &awsapigateway.GatewayResponseOptions{
			Type: a.of,
			ResponseHeaders: &map[string]*string{
				"Content-Type": jsii.String("'application/fhir+json; charset=utf-8'"), "Cache-Control": jsii.String("'no-store'"),
			},
			Templates: &map[string]*string{"application/json": jsii.String(outcome(a.code, a.text))},
		}
		if a.status != "" {
			options.StatusCode = &a.status
		}
		if a.id == "Unauthorized" {
			(*options.ResponseHeaders)["WWW-Authenticate"] = jsii.String("'Bearer'") // RFC 6750, section 3
		}
		r.api.rest.AddGatewayResponse(jsii.String("Answer"+a.id), options)
	}
}

func outcome(code, text string) string {
	return fmt.Sprintf(`{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":%q,"diagnostics":%q}]}`, code, text)
}

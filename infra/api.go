package main

import (
	"fmt"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscertificatemanager"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awswafv2"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/restapi"
)

// apiStack is what clients reach.
type apiStack struct {
	stack     awscdk.Stack
	functions map[string]awslambda.Function // by name
	rest      awsapigateway.RestApi
	firewall  awswafv2.CfnWebACL
}

func (r *region) newAPI() {
	stack := r.stack("api", "CareRecord: FHIR REST API")
	r.api.stack = stack
	logs := r.newLogs(stack, "RequestLogs", "/carerecord/"+r.Settings.Stage+"/requests")
	r.api.rest = awsapigateway.NewRestApi(stack, jsii.String("Fhir"), r.restProps(logs))
	r.newExecutionLogs(stack)
	r.values[catalogue.BaseURL] = r.baseURL()
	serve, authorize := r.newFunction(stack, "serve-fhir"), r.newFunction(stack, "authorize-request")
	r.api.functions = map[string]awslambda.Function{"serve-fhir": serve, "authorize-request": authorize}
	r.newRoutes(serve, authorize)
	r.newAnswers()
	r.api.firewall = r.newFirewall(stack)
	output(stack, "BaseURL", r.baseURL())
	if name := r.api.rest.DomainName(); name != nil {
		output(stack, "DomainTarget", name.DomainNameAliasDomainName())
	}
	suppressAPI(r.api)
}

// newExecutionLogs makes the log of API Gateway's errors before the stage that
// writes it: the service would make one that is kept for ever and encrypted
// with no key of ours. It takes no other name (API Gateway developer guide,
// "Set up CloudWatch logging for REST APIs").
func (r *region) newExecutionLogs(stack awscdk.Stack) {
	logs := r.newLogs(stack, "ExecutionLogs", "API-Gateway-Execution-Logs_"+*r.api.rest.RestApiId()+"/"+r.Settings.Stage)
	r.api.rest.DeploymentStage().Node().AddDependency(logs)
}

// restProps has the API's own settings. The body of every request is passed
// on as bytes ("*/*" is binary): only so can the function's gzip go out.
func (r *region) restProps(logs awslogs.LogGroup) *awsapigateway.RestApiProps {
	limit := r.Settings.API
	props := &awsapigateway.RestApiProps{
		RestApiName:      jsii.String(r.Settings.Prefix()),
		Description:      jsii.String("Shared care record, FHIR R4"),
		EndpointTypes:    &[]awsapigateway.EndpointType{awsapigateway.EndpointType_REGIONAL},
		BinaryMediaTypes: jsii.Strings("*/*"),
		CloudWatchRole:   jsii.Bool(true),
		DeployOptions: &awsapigateway.StageOptions{
			StageName:      &r.Settings.Stage,
			MetricsEnabled: jsii.Bool(true),
			// API Gateway would put the address of each request into its trace, query and
			// all, and that of the caller. Traces begin in the functions.
			TracingEnabled:      jsii.Bool(false),
			ThrottlingRateLimit: jsii.Number(limit.Rate), ThrottlingBurstLimit: jsii.Number(limit.Burst),
			// Errors alone and no bodies: what is asked for and answered is personal.
			LoggingLevel: awsapigateway.MethodLoggingLevel_ERROR, DataTraceEnabled: jsii.Bool(false),
			AccessLogDestination: awsapigateway.NewLogGroupLogDestination(logs),
			AccessLogFormat:      accessLog(),
		},
	}
	if r.Settings.Domain.Name != "" {
		// Mutual TLS and the firewall of the name would be walked around otherwise.
		props.DisableExecuteApiEndpoint = jsii.Bool(true)
		props.DomainName = r.domain()
	}
	return props
}

func (r *region) domain() *awsapigateway.DomainNameOptions {
	d := r.Settings.Domain
	options := &awsapigateway.DomainNameOptions{
		DomainName:     &d.Name,
		Certificate:    awscertificatemanager.Certificate_FromCertificateArn(r.api.stack, jsii.String("Certificate"), &d.Certificate),
		EndpointType:   awsapigateway.EndpointType_REGIONAL,
		SecurityPolicy: awsapigateway.SecurityPolicy_TLS_1_2,
	}
	if bucket, key, ok := strings.Cut(d.Truststore, "/"); ok {
		options.Mtls = &awsapigateway.MTLSConfig{
			Bucket: awss3.Bucket_FromBucketName(r.api.stack, jsii.String("Truststore"), &bucket), Key: &key,
		}
	}
	return options
}

// baseURL is the FHIR root as clients see it.
func (r *region) baseURL() *string {
	if name := r.Settings.Domain.Name; name != "" {
		return jsii.String("https://" + name + restapi.Base)
	}
	return jsii.String(fmt.Sprintf("https://%s.execute-api.%s.amazonaws.com/%s%s",
		*r.api.rest.RestApiId(), r.Settings.Region, r.Settings.Stage, restapi.Base))
}

// accessLog is one line a request, without anything personal: the path as its
// pattern, no query, no address, and the caller by the authorizer's opaque id.
func accessLog() awsapigateway.AccessLogFormat {
	fields := [][2]string{
		{"request", "$context.requestId"},
		{"time", "$context.requestTimeEpoch"},
		{"method", "$context.httpMethod"},
		{"route", "$context.resourcePath"},
		{"protocol", "$context.protocol"},
		{"status", "$context.status"},
		{"bytes", "$context.responseLength"},
		{"ms", "$context.responseLatency"},
		{"functionMs", "$context.integrationLatency"},
		{"authorizerMs", "$context.authorizer.integrationLatency"},
		{"authorizerStatus", "$context.authorizer.status"},
		{"caller", "$context.authorizer.principalId"},
		{"refusal", "$context.error.responseType"},
		{"firewall", "$context.wafResponseCode"},
	}
	members := make([]string, len(fields))
	for i, f := range fields {
		members[i] = fmt.Sprintf("%q:%q", f[0], f[1])
	}
	return awsapigateway.AccessLogFormat_Custom(jsii.String("{" + strings.Join(members, ",") + "}"))
}

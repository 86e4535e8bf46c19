package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/shared/restapi"
)

// newRoutes makes the resources and methods of the API from the paths of
// shared/restapi. All but the public ones ask the authorizer first.
func (r *region) newRoutes(serve, authorize awslambda.Function) {
	rest := r.api.rest
	integration := awsapigateway.NewLambdaIntegration(serve, &awsapigateway.LambdaIntegrationOptions{
		// Not from the console's test, which asks no authorizer.
		Proxy: jsii.Bool(true), AllowTestInvoke: jsii.Bool(false),
	})
	authorizer := awsapigateway.NewRequestAuthorizer(r.api.stack, jsii.String("Authorizer"), &awsapigateway.RequestAuthorizerProps{
		AuthorizerName: jsii.String(r.Settings.Prefix()), Handler: authorize,
		// A request without the header is refused before any function runs.
		IdentitySources: &[]*string{awsapigateway.IdentitySource_Header(jsii.String("Authorization"))},
		// So long a token may live on after its end.
		ResultsCacheTtl: awscdk.Duration_Seconds(jsii.Number(60)),
	})
	validator := rest.AddRequestValidator(jsii.String("Validator"), &awsapigateway.RequestValidatorOptions{
		RequestValidatorName: jsii.String("parameters-and-body"),
		ValidateRequestBody:  jsii.Bool(true), ValidateRequestParameters: jsii.Bool(true),
	})
	for _, p := range restapi.Paths() {
		resource := rest.Root().ResourceForPath(&p.Pattern)
		for _, method := range p.Methods {
			options := &awsapigateway.MethodOptions{
				RequestValidator: validator, RequestParameters: required(p.Pattern, method),
				AuthorizationType: awsapigateway.AuthorizationType_NONE,
			}
			if !p.Public {
				options.Authorizer, options.AuthorizationType = authorizer, awsapigateway.AuthorizationType_CUSTOM
			}
			made := resource.AddMethod(&method, integration, options)
			if p.Public {
				suppressPublic(made)
			} else {
				suppressAuthorized(made)
			}
		}
	}
}

// required are the parameters without which a request is refused at the gate:
// those of the path, and the type of a body.
func required(pattern, method string) *map[string]*bool {
	out := map[string]*bool{}
	for part := range strings.SplitSeq(pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			out["method.request.path."+strings.TrimSuffix(name, "}")] = jsii.Bool(true)
		}
	}
	if method == "POST" {
		out["method.request.header.Content-Type"] = jsii.Bool(true)
	}
	return &out
}

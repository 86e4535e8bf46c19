// Command authorize-request says who calls, from the token that came with a
// request. It is the authorizer of the API, of either kind (TOKEN, REQUEST).
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/lambdakit/apigateway"
)

const name = "authorize-request"

type settings struct {
	Stage    lambdakit.Stage `env:"STAGE"`
	Audience lambdakit.Text  `env:"TOKEN_AUDIENCE"`
	Issuer   lambdakit.URL   `env:"TOKEN_ISSUER"`
	Keys     lambdakit.URL   `env:"TOKEN_JWKS_URL"`
}

func main() { lambdakit.Start(name, run) }

func run(ctx context.Context, getenv func(string) string) (lambda.Handler, error) {
	var s settings
	if err := lambdakit.Settings(getenv, &s); err != nil {
		return nil, err
	}
	verifier, err := access.NewVerifier(access.VerifierConfig{Issuer: string(s.Issuer), Audience: string(s.Audience), JWKSURL: string(s.Keys)})
	if err != nil {
		return nil, err
	}
	kit := lambdakit.New(ctx, name, s.Stage)
	authorizer, err := apigateway.NewAuthorizer(kit, verifier)
	if err != nil {
		return nil, err
	}
	return lambdakit.Handler(kit, authorizer.Authorize), nil
}

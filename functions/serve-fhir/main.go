// Command serve-fhir answers FHIR requests, behind API Gateway and its authorizer.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/functions/internal/region"
	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/lambdakit/apigateway"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/restapi"
)

const name = "serve-fhir"

type settings struct {
	Base     lambdakit.URL       `env:"BASE_URL"`
	Model    lambdakit.Model     `env:"MODEL_FILE,optional"`
	Partners lambdakit.File      `env:"PARTNERS_FILE"`
	Key      lambdakit.Secret    `env:"REGION_KEY_SECRET"`
	Stage    lambdakit.Stage     `env:"STAGE"`
	Audit    lambdakit.TableName `env:"TABLE_AUDIT"`
	Table    lambdakit.TableName `env:"TABLE_DELIVERY"`
	Index    lambdakit.TableName `env:"TABLE_INDEX"`
	Record   lambdakit.TableName `env:"TABLE_RECORD"`
}

func main() { lambdakit.Start(name, run) }

func run(ctx context.Context, getenv func(string) string) (lambda.Handler, error) {
	var s settings
	r, err := region.Open(ctx, getenv, &s)
	if err != nil {
		return nil, err
	}
	kit := lambdakit.New(ctx, name, s.Stage)
	api, err := restapi.New(restapi.Config{
		Index: r.Index(s.Index), Record: record.New(r.Table(s.Record)), Hasher: r.Hasher,
		Audit: audit.New(r.Table(s.Audit), audit.Config{Writer: name}), Access: apigateway.Authorized{},
		Freshness: r.Freshness(s.Table), BaseURL: string(s.Base), Log: kit.Log,
	})
	return lambdakit.Handler(kit, apigateway.Proxy(kit, api)), err
}

// Command quarantine-delivery puts a delivery aside that cannot be loaded, with
// the reason in its report. It is a task of the state machine.
package main

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/functions/internal/region"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

const name = "quarantine-delivery"

type settings struct {
	Reports  lambdakit.BucketName `env:"BUCKET_REPORTS"`
	Work     lambdakit.BucketName `env:"BUCKET_WORK"`
	Partners lambdakit.File       `env:"PARTNERS_FILE"`
	Stage    lambdakit.Stage      `env:"STAGE"`
	Table    lambdakit.TableName  `env:"TABLE_DELIVERY"`
}

func main() { lambdakit.Start(name, run) }

func run(ctx context.Context, getenv func(string) string) (lambda.Handler, error) {
	var s settings
	r, err := region.Open(ctx, getenv, &s)
	if err != nil {
		return nil, err
	}
	service := &delivery.Service{
		Partners: r.Partners, Objects: r.Objects(), Table: r.Table(s.Table), Now: time.Now,
		Buckets: delivery.Buckets{Work: string(s.Work), Reports: string(s.Reports)},
	}
	kit := lambdakit.New(ctx, name, s.Stage)
	return lambdakit.Handler(kit, region.Ending(kit, service.Tasks()[name])), nil
}

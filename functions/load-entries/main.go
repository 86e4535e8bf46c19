// Command load-entries loads the entries of a few chunks into the record and
// settles the fate of each row. It is a task of the state machine.
package main

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/functions/internal/region"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/record"
)

const name = "load-entries"

type settings struct {
	Work     lambdakit.BucketName `env:"BUCKET_WORK"`
	Model    lambdakit.Model      `env:"MODEL_FILE,optional"`
	Partners lambdakit.File       `env:"PARTNERS_FILE"`
	Key      lambdakit.Secret     `env:"REGION_KEY_SECRET"`
	Stage    lambdakit.Stage      `env:"STAGE"`
	Table    lambdakit.TableName  `env:"TABLE_DELIVERY"`
	Index    lambdakit.TableName  `env:"TABLE_INDEX"`
	Record   lambdakit.TableName  `env:"TABLE_RECORD"`
}

func main() { lambdakit.Start(name, run) }

func run(ctx context.Context, getenv func(string) string) (lambda.Handler, error) {
	var s settings
	r, err := region.Open(ctx, getenv, &s)
	if err != nil {
		return nil, err
	}
	service := &delivery.Service{
		Partners: r.Partners, Hasher: r.Hasher, Objects: r.Objects(), Table: r.Table(s.Table), Now: time.Now,
		Index: r.Index(s.Index), Record: record.New(r.Table(s.Record)), Buckets: delivery.Buckets{Work: string(s.Work)},
	}
	return lambdakit.Handler(lambdakit.New(ctx, name, s.Stage), service.Tasks()[name]), nil
}

// Command receive-delivery registers the files that partners dropped and starts
// the state machine for each. It takes S3's events from a queue and answers
// which of them are to come back.
package main

import (
	"context"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/functions/internal/executions"
	"github.com/carerecord/carerecord/functions/internal/region"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/lambdakit/notification"
)

const name = "receive-delivery"

type settings struct {
	Drop     lambdakit.BucketName `env:"BUCKET_DROP"`
	Reports  lambdakit.BucketName `env:"BUCKET_REPORTS"`
	Partners lambdakit.File       `env:"PARTNERS_FILE"`
	Key      lambdakit.Secret     `env:"REGION_KEY_SECRET"`
	Stage    lambdakit.Stage      `env:"STAGE"`
	Machine  lambdakit.Machine    `env:"STATE_MACHINE_ARN"`
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
		Partners: r.Partners, Hasher: r.Hasher, Objects: r.Objects(), Table: r.Table(s.Table), Now: time.Now,
		Buckets: delivery.Buckets{Drop: string(s.Drop), Reports: string(s.Reports)},
	}
	kit := lambdakit.New(ctx, name, s.Stage)
	receiver := notification.Receiver{Kit: kit, Bucket: string(s.Drop), Receive: region.Receive(kit, service), Start: executions.Starter(r, kit, s.Machine)}
	return lambdakit.Queue(kit, receiver.Handle), nil
}

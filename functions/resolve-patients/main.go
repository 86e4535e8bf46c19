// Command resolve-patients decides again on source patients that the order of
// arrival may have kept apart, some hundred of one part at a time. It is the
// task of the state machine of the re-resolution.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/functions/internal/region"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

const name = "resolve-patients"

type settings struct {
	Model lambdakit.Model     `env:"MODEL_FILE,optional"`
	Key   lambdakit.Secret    `env:"REGION_KEY_SECRET"`
	Stage lambdakit.Stage     `env:"STAGE"`
	Index lambdakit.TableName `env:"TABLE_INDEX"`
}

func main() { lambdakit.Start(name, run) }

func run(ctx context.Context, getenv func(string) string) (lambda.Handler, error) {
	var s settings
	r, err := region.Open(ctx, getenv, &s)
	if err != nil {
		return nil, err
	}
	kit := lambdakit.New(ctx, name, s.Stage)
	return lambdakit.Handler(kit, r.Resolution(kit, s.Index)), nil
}

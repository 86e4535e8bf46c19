// Command publish-events publishes what changed in the tables as events. The
// tables' streams call it; it answers from where they are to come back.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/functions/internal/eventbus"
	"github.com/carerecord/carerecord/functions/internal/region"
	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/lambdakit/stream"
)

const name = "publish-events"

type settings struct {
	Bus      lambdakit.Bus       `env:"EVENT_BUS"`
	Stage    lambdakit.Stage     `env:"STAGE"`
	Delivery lambdakit.TableName `env:"TABLE_DELIVERY"`
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
	publisher := stream.Publisher{Kit: kit, Bus: eventbus.New(r, s.Bus), Tables: stream.Tables{
		string(s.Delivery): event.Deliveries, string(s.Index): event.Index, string(s.Record): event.Record,
	}}
	return lambdakit.Stream(kit, publisher.Publish), nil
}

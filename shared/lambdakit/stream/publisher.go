package stream

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

// Publisher publishes what records mean. All fields are required.
type Publisher struct {
	Kit    *lambdakit.Kit
	Bus    event.Bus
	Tables Tables
}

// Publish takes the records of a batch in their order and gives how many are
// done from the front. A record that cannot be read stops it there, after what
// stands before it was published: it is tried again until the event source
// gives it up to its destination for failures, and is never passed over.
func (p *Publisher) Publish(ctx context.Context, records []events.DynamoDBEventRecord) (done int, err error) {
	changes, unread := p.Tables.Changes(records)
	done, published, err := event.Publish(ctx, p.Bus, changes)
	if published > 0 {
		p.Kit.Log.LogAttrs(ctx, slog.LevelInfo, lambdakit.EventsPublished,
			slog.Int("records", done), slog.Int("events", published))
		p.Kit.Count(ctx, lambdakit.Metric{Name: lambdakit.MetricPublished, Value: float64(published)})
	}
	if err == nil {
		err = unread
	}
	return done, err
}

// Package eventbus is EventBridge for the function that publishes events. It
// stands apart from package region, so that no other function carries its client.
package eventbus

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/carerecord/carerecord/functions/internal/region"
	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

// New gives the event bus of that name in the region.
func New(r *region.Region, name lambdakit.Bus) event.Bus {
	return &bus{client: eventbridge.NewFromConfig(r.Config), name: string(name)}
}

type bus struct {
	client *eventbridge.Client
	name   string
}

// Put implements event.Bus with one PutEvents.
func (b *bus) Put(ctx context.Context, events []event.Event) (refused []int, err error) {
	const op = "eventbus.Put"
	entries := make([]types.PutEventsRequestEntry, len(events))
	for i := range events {
		detail, err := events[i].Detail()
		if err != nil {
			return nil, err
		}
		entries[i] = types.PutEventsRequestEntry{
			EventBusName: &b.name, Source: aws.String(event.Source), DetailType: &events[i].Type,
			Time: &events[i].Time, Detail: aws.String(string(detail)),
		}
	}
	out, err := b.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
	if err != nil {
		return nil, failure.Wrap(failure.Unavailable, op, err)
	}
	if len(out.Entries) != len(events) {
		return nil, failure.New(failure.Unavailable, op, "the bus answers for %d of %d events", len(out.Entries), len(events))
	}
	for i, e := range out.Entries {
		if e.ErrorCode != nil {
			refused = append(refused, i)
		}
	}
	return refused, nil
}

package notification

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/object"
)

// Receiver starts a delivery for each new object of the drop bucket. All
// fields are required.
type Receiver struct {
	Kit    *lambdakit.Kit
	Bucket string // the drop
	// Receive registers an object. It gives the delivery's id, empty when the
	// object is none, and whether its state machine is to be started.
	Receive func(ctx context.Context, ref object.Ref) (delivery string, start bool, err error)
	// Start starts the state machine of a delivery, or finds it started.
	Start func(ctx context.Context, delivery string) error
}

// Handle takes one message. It is done with a message when every object that it
// names was received; objects of other buckets and objects that are gone are
// logged and left. Any other failure brings the message back, and after enough
// of them into the queue for dead letters: nothing is lost. Taking a message
// twice changes nothing.
func (r *Receiver) Handle(ctx context.Context, message events.SQSMessage) error {
	n, err := Parse(message.Body)
	if err != nil {
		return err
	}
	if n.Test {
		r.Kit.Log.LogAttrs(ctx, slog.LevelInfo, lambdakit.NotificationTest)
	}
	for _, event := range n.Skipped {
		r.Kit.Log.LogAttrs(ctx, slog.LevelInfo, lambdakit.NotificationSkip, slog.String("event", event))
	}
	for _, ref := range n.Objects {
		if err := r.object(ctx, message.MessageId, ref); err != nil {
			return fmt.Errorf("notification.Handle: %w", err)
		}
	}
	return nil
}

func (r *Receiver) object(ctx context.Context, message string, ref object.Ref) error {
	if ref.Bucket != r.Bucket {
		r.drop(ctx, lambdakit.BucketUnknown, message)
		return nil
	}
	delivery, start, err := r.Receive(ctx, ref)
	switch {
	case failure.Is(err, failure.NotFound):
		r.drop(ctx, lambdakit.ObjectGone, message)
		return nil
	case err != nil || delivery == "":
		return err
	case !start:
		r.Kit.Log.LogAttrs(ctx, slog.LevelInfo, lambdakit.DeliveryKnown, slog.String("delivery", delivery))
		return nil
	}
	if err := r.Start(ctx, delivery); err != nil {
		return err
	}
	r.Kit.Log.LogAttrs(ctx, slog.LevelInfo, lambdakit.DeliveryStarted, slog.String("delivery", delivery))
	r.Kit.Count(ctx, lambdakit.Metric{Name: lambdakit.MetricStarted, Value: 1})
	return nil
}

// drop notes an object that is left. Its name stays out of the log; the message
// is found by its id.
func (r *Receiver) drop(ctx context.Context, code, message string) {
	r.Kit.Log.LogAttrs(ctx, slog.LevelWarn, code, slog.String("item", message))
	r.Kit.Count(ctx, lambdakit.Metric{Name: lambdakit.MetricDropped, Value: 1})
}

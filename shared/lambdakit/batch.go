package lambdakit

import (
	"context"
	"log/slog"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/shared/failure"
)

// Queue makes the handler of a function behind an SQS queue. The messages of a
// batch are handled one by one; the answer names those that failed, and they
// alone come back (ReportBatchItemFailures must be on). A panic counts as a
// failure of its message. When the time is over the rest comes back untouched.
func Queue(k *Kit, handle func(context.Context, events.SQSMessage) error) lambda.Handler {
	return Handler(k, func(ctx context.Context, batch events.SQSEvent) (events.SQSEventResponse, error) {
		answer := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
		for _, message := range batch.Records {
			if err := k.item(ctx, message.MessageId, func(ctx context.Context) error { return handle(ctx, message) }); err == nil {
				continue
			}
			if message.MessageId == "" { // it cannot be named, so all must come back
				return answer, failure.New(failure.Invalid, "lambdakit.Queue", "a message without an id failed")
			}
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: message.MessageId})
		}
		k.countFailed(ctx, len(answer.BatchItemFailures))
		return answer, nil
	})
}

// Stream makes the handler of a function behind DynamoDB streams. handle takes
// the records in order and gives how many it has done from the front; on an
// error the answer names the one after them, and the stream comes back from
// there. When the first of several records fails, the whole invocation does:
// its number would bring back the same batch until the tries are used up, and
// the good records would be lost with it. Lambda then halves the batch, down to
// the record that cannot be done (AWS Lambda Developer Guide, "Configuring
// partial batch response with DynamoDB and Lambda"; both ReportBatchItemFailures
// and BisectBatchOnFunctionError must be on).
func Stream(k *Kit, handle func(context.Context, []events.DynamoDBEventRecord) (done int, err error)) lambda.Handler {
	return Handler(k, func(ctx context.Context, batch events.DynamoDBEvent) (events.DynamoDBEventResponse, error) {
		answer := events.DynamoDBEventResponse{BatchItemFailures: []events.DynamoDBBatchItemFailure{}}
		done, err := Contain(ctx, k, func(ctx context.Context) (int, error) { return handle(ctx, batch.Records) })
		if err == nil {
			return answer, nil
		}
		if done == 0 && len(batch.Records) > 1 {
			k.countFailed(ctx, len(batch.Records))
			return answer, err
		}
		if done >= len(batch.Records) || batch.Records[done].Change.SequenceNumber == "" {
			return answer, err // it cannot be named, so all must come back
		}
		first := batch.Records[done].Change.SequenceNumber
		k.itemFailed(ctx, first, err)
		k.countFailed(ctx, len(batch.Records)-done)
		answer.BatchItemFailures = append(answer.BatchItemFailures, events.DynamoDBBatchItemFailure{ItemIdentifier: first})
		return answer, nil
	})
}

func (k *Kit) item(ctx context.Context, id string, handle func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return failure.Wrap(failure.Unavailable, "lambdakit.Queue", err)
	}
	_, err := Contain(ctx, k, func(ctx context.Context) (struct{}, error) { return struct{}{}, handle(ctx) })
	if err != nil {
		k.itemFailed(ctx, id, err)
	}
	return err
}

func (k *Kit) itemFailed(ctx context.Context, id string, err error) {
	k.Log.LogAttrs(ctx, slog.LevelError, ItemFailed, slog.String("item", id),
		slog.String("kind", failure.KindOf(err).String()), slog.String("calls", calls(err)))
}

func (k *Kit) countFailed(ctx context.Context, failed int) {
	if failed > 0 {
		k.Count(ctx, Metric{MetricItemsFailed, float64(failed)})
	}
}

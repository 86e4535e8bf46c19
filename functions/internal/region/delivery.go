package region

import (
	"context"
	"encoding/json"
	"log/slog"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/restapi"
	"github.com/carerecord/carerecord/shared/statemachine"
)

// Receive registers an object as a delivery. A file of an unknown sender has
// ended with that, in quarantine.
func Receive(k *lambdakit.Kit, s *delivery.Service) func(context.Context, object.Ref) (string, bool, error) {
	return func(ctx context.Context, ref object.Ref) (string, bool, error) {
		d, start, err := s.Receive(ctx, ref)
		if err == nil && !start && d.ID != "" && !d.Reported {
			ended(ctx, k, delivery.ReportOutput{Delivery: d.ID, Status: delivery.Quarantined})
		}
		return d.ID, start, err
	}
}

// Ending is a task with which a delivery ends: it logs and counts the end.
func Ending(k *lambdakit.Kit, task statemachine.Task) statemachine.Task {
	return func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		output, err := task(ctx, input)
		if err != nil {
			return nil, err
		}
		var out delivery.ReportOutput
		if err := json.Unmarshal(output, &out); err != nil {
			return nil, failure.Wrap(failure.Internal, "region.Ending", err)
		}
		ended(ctx, k, out)
		return output, nil
	}
}

var endings = map[delivery.Status]string{
	delivery.Completed:   lambdakit.MetricCompleted,
	delivery.Duplicate:   lambdakit.MetricCompleted,
	delivery.Refused:     lambdakit.MetricRefused,
	delivery.Quarantined: lambdakit.MetricQuarantined,
}

func ended(ctx context.Context, k *lambdakit.Kit, out delivery.ReportOutput) {
	c := out.Counts
	k.Log.LogAttrs(ctx, slog.LevelInfo, lambdakit.DeliveryEnded,
		slog.String("delivery", out.Delivery), slog.String("status", string(out.Status)), slog.Int("read", c.Read),
		slog.Int("accepted", c.Accepted), slog.Int("unchanged", c.Unchanged), slog.Int("rejected", c.Rejected), slog.Int("held", c.Held))
	k.Count(ctx, lambdakit.Metric{Name: endings[out.Status], Value: 1},
		lambdakit.Metric{Name: lambdakit.MetricRowsRead, Value: float64(c.Read)},
		lambdakit.Metric{Name: lambdakit.MetricRowsRejected, Value: float64(c.Rejected)})
}

// Freshness gives the API the state of the feeds from the table of deliveries.
func (r *Region) Freshness(deliveries lambdakit.TableName) restapi.Freshness {
	s := &delivery.Service{Partners: r.Partners, Table: r.Table(deliveries)}
	return func(ctx context.Context, organisations []string) ([]restapi.FeedState, error) {
		feeds, err := s.Freshness(ctx, organisations)
		states := make([]restapi.FeedState, len(feeds))
		for i, f := range feeds {
			states[i] = restapi.FeedState(f)
		}
		return states, err
	}
}

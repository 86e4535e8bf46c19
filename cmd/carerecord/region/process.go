package region

import (
	"context"
	"encoding/json"
	"io"
	"runtime"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	runner "github.com/carerecord/carerecord/shared/statemachine"
)

// process is what S3's event, receive-delivery and the state machine do on AWS.
func (r *Region) process(ctx context.Context, ref object.Ref) {
	d, start, err := r.Delivery.Receive(ctx, ref)
	if err != nil {
		r.settings.Log.ErrorContext(ctx, "DELIVERY_NOT_RECEIVED", "kind", failure.KindOf(err).String())
		return
	}
	if d.Reported { // in an earlier run
		return
	}
	if start {
		if _, err = r.machine.Run(ctx, input(d.ID), r.environment()); err != nil && ctx.Err() == nil {
			r.settings.Log.ErrorContext(ctx, "DELIVERY_FAILED", "delivery", d.ID, "kind", failure.KindOf(err).String())
			return
		}
	}
	if d, err = r.Delivery.Get(ctx, d.ID); err != nil || !d.Reported {
		return
	}
	r.settings.Log.InfoContext(ctx, "DELIVERY_ENDED", "delivery", d.ID, "status", string(d.Status), "read", d.Counts.Read)
	if r.ended != nil {
		r.ended(delivery.ReportOutput{Delivery: d.ID, Status: d.Status, Counts: d.Counts})
	}
}

func input(id string) json.RawMessage {
	in, _ := json.Marshal(delivery.Input{Delivery: id}) // a struct of one string
	return in
}

func (r *Region) environment() runner.Env {
	return runner.Env{
		Tasks: r.Delivery.Tasks(),
		Open: func(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
			body, _, err := r.Objects.Open(ctx, object.Ref{Bucket: bucket, Key: key}, 0)
			return body, err
		},
		Parallel: runtime.GOMAXPROCS(0),
	}
}

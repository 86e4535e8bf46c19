package main

import (
	"encoding/json"
	"testing"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/internal/functiontest"
	"github.com/carerecord/carerecord/shared/delivery"
)

func TestSettings(t *testing.T) { functiontest.CheckSettings(t, name, run, settings{}) }

// The sample splits a delivery, and again what is split already; both answers
// are what the state machine reads.
func TestSplit(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	id := r.Deliver(t, name)
	event := functiontest.Sample(t, name, samples.Delivery, id)
	want := delivery.SplitOutput{
		Delivery: id, Outcome: delivery.Split, Count: 1,
		Chunks: delivery.Location{Bucket: functiontest.Work, Key: "deliveries/" + id + "/chunks.json"},
	}
	for range 2 {
		var got delivery.SplitOutput
		if err := json.Unmarshal([]byte(r.Must(t, event)), &got); err != nil || got != want {
			t.Errorf("%v, %+v, want %+v", err, got, want)
		}
	}
	if d, err := r.Service().Get(t.Context(), id); err != nil || d.Status != delivery.Split {
		t.Errorf("%v, %s", err, d.Status)
	}
	r.CheckCalls(t)
}

func TestUnknownDelivery(t *testing.T) {
	functiontest.CheckUnknown(t, name, run)
}

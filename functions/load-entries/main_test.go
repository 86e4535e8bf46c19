package main

import (
	"encoding/json"
	"testing"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/internal/functiontest"
	"github.com/carerecord/carerecord/shared/delivery"
)

func TestSettings(t *testing.T) { functiontest.CheckSettings(t, name, run, settings{}) }

func TestLoad(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	id := r.Deliver(t, name)
	for range 2 {
		var got delivery.BatchOutput
		if err := json.Unmarshal([]byte(r.Must(t, functiontest.Sample(t, name, samples.Delivery, id))), &got); err != nil || got.Chunks != 1 {
			t.Errorf("%v, %+v", err, got)
		}
	}
	r.CheckLoad(t, id)
	r.CheckCalls(t)
}

func TestUnknownDelivery(t *testing.T) {
	functiontest.CheckUnknown(t, name, run)
}

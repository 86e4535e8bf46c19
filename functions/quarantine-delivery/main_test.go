package main

import (
	"encoding/json"
	"testing"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/internal/functiontest"
	"github.com/carerecord/carerecord/shared/delivery"
)

func TestSettings(t *testing.T) { functiontest.CheckSettings(t, name, run, settings{}) }

// A delivery that was split and went no further ends in quarantine, with the
// name of the error as the reason.
func TestQuarantine(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	id := r.Deliver(t, "match-patients")
	var got delivery.ReportOutput
	if err := json.Unmarshal([]byte(r.Must(t, functiontest.Sample(t, name, samples.Delivery, id))), &got); err != nil {
		t.Fatal(err)
	}
	if got.Delivery != id || got.Status != delivery.Quarantined {
		t.Errorf("%+v", got)
	}
	if d, err := r.Service().Get(t.Context(), id); err != nil || d.Reason == "" || !d.Reported {
		t.Errorf("%v, %+v", err, d)
	}
	r.CheckEnded(t, id, "quarantined", "DeliveriesQuarantined")
	r.CheckCalls(t)
}

func TestUnknownDelivery(t *testing.T) {
	functiontest.CheckUnknown(t, name, run)
}

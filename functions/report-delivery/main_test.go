package main

import (
	"encoding/json"
	"testing"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/internal/functiontest"
	"github.com/carerecord/carerecord/shared/delivery"
)

func TestSettings(t *testing.T) { functiontest.CheckSettings(t, name, run, settings{}) }

// The report accounts for every row: the counts add up, and they are logged.
func TestReport(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	id := r.Deliver(t, name)
	var got delivery.ReportOutput
	if err := json.Unmarshal([]byte(r.Must(t, functiontest.Sample(t, name, samples.Delivery, id))), &got); err != nil {
		t.Fatal(err)
	}
	if got.Delivery != id || got.Status != delivery.Completed || !got.Counts.Balanced() || got.Counts.Read == 0 {
		t.Errorf("%+v", got)
	}
	report, err := r.Service().ReadReport(t.Context(), id)
	if err != nil || report.Counts != got.Counts {
		t.Errorf("%v, %+v", err, report.Counts)
	}
	r.CheckEnded(t, id, "completed", "DeliveriesCompleted")
	r.CheckCalls(t)
}

func TestUnknownDelivery(t *testing.T) {
	functiontest.CheckUnknown(t, name, run)
}

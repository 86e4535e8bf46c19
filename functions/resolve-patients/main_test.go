package main

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/carerecord/carerecord/functions/internal/functiontest"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/resolution"
)

func TestSettings(t *testing.T) { functiontest.CheckSettings(t, name, run, settings{}) }

func TestResolve(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	r.Deliver(t, "load-entries")
	event := functiontest.Sample(t, name)
	for part := (resolution.Part{}); !part.Done; {
		event = r.Must(t, event)
		if err := json.Unmarshal([]byte(event), &part); err != nil || part.Part != "k" {
			t.Fatalf("%v, %s", err, event)
		}
	}
	var total resolution.Total
	// Of the 32 parts the sample has one that is done and one that is not.
	if err := json.Unmarshal([]byte(r.Must(t, functiontest.Sample(t, name+".sum"))), &total); err != nil || total.Parts != 1 || total.Failed != 31 || total.Looked != 512 {
		t.Errorf("%v, %+v", err, total)
	}
	if !r.Logged(lambdakit.PartResolved) || !r.Logged(lambdakit.ResolutionEnded) {
		t.Errorf("not logged: %s", &r.Log)
	}
	for _, metric := range []string{lambdakit.MetricLooked, lambdakit.MetricChanged, lambdakit.MetricReviews, lambdakit.MetricReviewAge} {
		if !strings.Contains(r.Log.String(), `"`+metric+`":`) {
			t.Errorf("%s is not counted: %s", metric, &r.Log)
		}
	}
	r.CheckCalls(t)
}

// A part that is none is not tried again, and what was sent is not repeated.
func TestUnknownParts(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	for _, event := range []string{functiontest.Sample(t, name, `"k"`, `"CANARY"`), `{}`, `"CANARY"`, `CANARY`, ``} {
		_, err := r.Invoke(t, event)
		var worded messages.InvokeResponse_Error
		if !errors.As(err, &worded) || worded.Type != "invalid" || strings.Contains(worded.Message, "CANARY") {
			t.Errorf("%.20q: %+v, want invalid", event, worded)
		}
	}
}

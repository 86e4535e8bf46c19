package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/functions/internal/functiontest"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

func TestSettings(t *testing.T) { functiontest.CheckSettings(t, name, run, settings{}) }

const allDone = `{"batchItemFailures":[]}`

func TestPublish(t *testing.T) {
	r := functiontest.New(t, name, run, false)
	for _, table := range []string{"delivery", "index", "people", "record"} {
		if got := r.Must(t, functiontest.Sample(t, name+"."+table)); got != allDone {
			t.Errorf("%s: %s", table, got)
		}
	}
	var got []string
	for _, e := range r.Services.Events() {
		got = append(got, e.DetailType)
		if e.Source != "carerecord" || e.EventBusName != "carerecord-dev" || !strings.Contains(e.Detail, `"type":"`+e.DetailType+`"`) || strings.Contains(e.Detail, "Sample") {
			t.Errorf("%+v", e)
		}
	}
	want := []string{
		"delivery.completed", "person.linked", "person.linked", "person.unlinked", "person.linked",
		"review.opened", "review.decided", "person.merged", "person.unmerged", "record.changed",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if !r.Logged(lambdakit.EventsPublished) {
		t.Errorf("not logged: %s", &r.Log)
	}
	r.CheckCalls(t)
}

// A bus that does not answer loses nothing: the whole batch comes back.
func TestBusDown(t *testing.T) {
	r := functiontest.New(t, name, run, false)
	r.Services.Down = "PutEvents"
	event := functiontest.Sample(t, name+".index")
	if got, err := r.Invoke(t, event); err == nil || !r.Logged(lambdakit.InvocationFailed) {
		t.Errorf("%s, logged %s", got, &r.Log)
	}
	r.Services.Down = ""
	if got := r.Must(t, event); got != allDone || len(r.Services.Events()) != 4 {
		t.Errorf("%s, %d events", got, len(r.Services.Events()))
	}
}

package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/functions/internal/functiontest"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

func TestSettings(t *testing.T) { functiontest.CheckSettings(t, name, run, settings{}) }

const (
	allDone       = `{"batchItemFailures":[]}`
	sampleVersion = "096fKKXTRTtl3on89fVO.nfljtsv6qko"
	sampleKey     = "Z99901/patients/practice list + café.csv"
)

func TestReceive(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	info := r.Put(t, sampleKey, functiontest.PracticeFile)
	if got := r.Must(t, functiontest.Sample(t, name+".s3", sampleVersion, info.Version)); got != allDone {
		t.Fatalf("%s\n%s", got, &r.Log)
	}
	id := r.Service().ID(info)
	d, err := r.Service().Get(t.Context(), id)
	if err != nil || d.Key != sampleKey || d.Status != delivery.Registered || d.Organisation != "Z99901" {
		t.Fatalf("%v, %+v", err, d)
	}
	names, inputs := r.Services.Started()
	if len(names) != 1 || names[0] != id || inputs[0] != `{"delivery":"`+id+`"}` {
		t.Errorf("started %v with %v", names, inputs)
	}
	// The same object again, in EventBridge's words: nothing new.
	if got := r.Must(t, functiontest.Sample(t, name+".eventbridge", sampleVersion, info.Version)); got != allDone {
		t.Errorf("again: %s", got)
	}
	if names, _ := r.Services.Started(); len(names) != 1 {
		t.Errorf("started %v", names)
	}
	if got := r.Must(t, functiontest.Sample(t, name+".test-event")); got != allDone || !r.Logged(lambdakit.NotificationTest) {
		t.Errorf("test event: %s", got)
	}
	r.CheckCalls(t)
}

// Events that can lead to nothing are logged and left; what may succeed later
// comes back.
func TestBadEvents(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	gone := functiontest.Sample(t, name+".s3")
	if got := r.Must(t, gone); got != allDone || !r.Logged(lambdakit.ObjectGone) {
		t.Errorf("a version that is not there: %s", got)
	}
	other := functiontest.Sample(t, name+".s3", `name\":\"`+functiontest.Drop, `name\":\"another-bucket`)
	if got := r.Must(t, other); got != allDone || !r.Logged(lambdakit.BucketUnknown) {
		t.Errorf("another bucket: %s", got)
	}
	stranger := r.Put(t, "X99/CANARY/Zoe Quartermain.csv", functiontest.PracticeFile)
	event := functiontest.Sample(t, name+".eventbridge", sampleVersion, stranger.Version, sampleKey, stranger.Key)
	if got := r.Must(t, event); got != allDone || !r.Logged(lambdakit.DeliveryEnded) || !strings.Contains(r.Log.String(), `"DeliveriesQuarantined":1`) {
		t.Errorf("an unknown sender: %s\n%s", got, &r.Log)
	}
	if d, err := r.Service().Get(t.Context(), r.Service().ID(stranger)); err != nil || d.Status != delivery.Quarantined {
		t.Errorf("%v, %s", err, d.Status)
	}
	known := r.Put(t, sampleKey, functiontest.PracticeFile)
	event = functiontest.Sample(t, name+".s3", sampleVersion, known.Version)
	r.Services.Down = "StartExecution"
	if got := r.Must(t, event); !strings.Contains(got, "059f36b4-87a3-44ab-83d2-661975830a7d") || !r.Logged(lambdakit.ItemFailed) {
		t.Errorf("a state machine that does not start: %s", got)
	}
	r.Services.Down = ""
	if got := r.Must(t, event); got != allDone {
		t.Errorf("when it comes back: %s", got)
	}
	if names, _ := r.Services.Started(); len(names) != 1 {
		t.Errorf("started %v", names)
	}
	r.CheckCalls(t)
}

// A delivery without a report whose execution has ended gets another one, also
// for the second and the third time. It does not while one waits for its redrive.
func TestExecutionsThatHaveEnded(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	info := r.Put(t, sampleKey, functiontest.PracticeFile)
	id, event := r.Service().ID(info), functiontest.Sample(t, name+".s3", sampleVersion, info.Version)
	for n, want := range []string{id, id + "-2", id + "-3"} {
		for range 2 { // the second one finds it running
			if got := r.Must(t, event); got != allDone {
				t.Errorf("%s", got)
			}
		}
		names, inputs := r.Services.Started()
		if len(names) != n+1 || names[n] != want || inputs[n] != inputs[0] {
			t.Errorf("started %v with %v, want %s", names, inputs, want)
		}
		if r.Logged(lambdakit.DeliveryRestarted) != (n > 0) {
			t.Errorf("after %d executions the log is %s", n+1, &r.Log)
		}
		r.Services.End()
	}
	for _, status := range []string{"RUNNING", "PENDING_REDRIVE"} {
		r.Services.Status = status
		r.Must(t, event)
		if names, _ := r.Services.Started(); len(names) != 3 {
			t.Errorf("%s: started %v", status, names)
		}
	}
	r.Services.Status, r.Services.Down = "SUCCEEDED", "DescribeExecution"
	if got := r.Must(t, event); got == allDone {
		t.Error("a state that cannot be read was taken for good")
	}
	r.Services.Down = ""
	if r.Must(t, event); !strings.Contains(r.Log.String(), id+"-4") {
		t.Errorf("one that succeeded without a report: %s", &r.Log)
	}
	r.CheckCalls(t)
}

// A delivery that never comes to its report ends among the dead letters.
func TestTooManyExecutions(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	event := functiontest.Sample(t, name+".s3", sampleVersion, r.Put(t, sampleKey, functiontest.PracticeFile).Version)
	for range 20 {
		if got := r.Must(t, event); got != allDone {
			t.Fatalf("%s", got)
		}
		r.Services.End()
	}
	if got := r.Must(t, event); got == allDone || !strings.Contains(r.Log.String(), `"kind":"conflict"`) {
		t.Errorf("%s\n%s", got, &r.Log)
	}
	if names, _ := r.Services.Started(); len(names) != 20 {
		t.Errorf("%d executions", len(names))
	}
}

// Three of ten fail and come back; the other seven are not held up.
func TestThreeOfTen(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	var batch struct{ Records []map[string]any }
	for i := range 10 {
		info := r.Put(t, sampleKey, functiontest.PracticeFile)
		var one struct{ Records []map[string]any }
		if err := json.Unmarshal([]byte(functiontest.Sample(t, name+".s3", sampleVersion, info.Version)), &one); err != nil {
			t.Fatal(err)
		}
		one.Records[0]["messageId"] = string(rune('a' + i))
		if i == 2 || i == 5 || i == 9 {
			one.Records[0]["body"] = `{"Records":"CANARY"}`
		}
		batch.Records = append(batch.Records, one.Records[0])
	}
	raw, err := json.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"batchItemFailures":[{"itemIdentifier":"c"},{"itemIdentifier":"f"},{"itemIdentifier":"j"}]}`
	if got := r.Must(t, string(raw)); got != want {
		t.Errorf("%s", got)
	}
	if names, _ := r.Services.Started(); len(names) != 7 {
		t.Errorf("%d started, want 7", len(names))
	}
}

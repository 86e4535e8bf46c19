package runtimetest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/table/dynamo/dynamolocal"
)

// stored is a region with tables and no deliveries.
func stored(t *testing.T) *runtimetest.Region {
	t.Helper()
	dynamolocal.Start(t) // skips where there is none
	r := bare(t)
	r.Canaries = canaries(t)
	r.OpenTables(t)
	return r
}

// batch puts the messages of sample events into one, with ids by their place.
func batch(t *testing.T, list ...[]byte) []byte {
	t.Helper()
	var all events.SQSEvent
	for i, text := range list {
		var one events.SQSEvent
		if err := json.Unmarshal(text, &one); err != nil {
			t.Fatal(err)
		}
		one.Records[0].MessageId = "message-" + string(rune('0'+i))
		all.Records = append(all.Records, one.Records[0])
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// body is a message of which nothing is known but its text.
func body(t *testing.T, text string) []byte {
	t.Helper()
	event, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{MessageId: "0", Body: text}}})
	if err != nil {
		t.Fatal(err)
	}
	return event
}

// Of ten messages three cannot be read: they alone come back. An object of
// another bucket and one that is gone are let go with a log line.
func TestBatchOfWhichThreeFail(t *testing.T) {
	t.Parallel()
	r := stored(t)
	p := r.Start(t, "receive-delivery")
	good := put(t, r, listKey, "gp/practice-list.csv")
	stranger := put(t, r, "XXX99/patients/list.csv", "gp/practice-list.csv")
	foreign, gone := good.Ref, good.Ref
	foreign.Bucket, gone.Version = runtimetest.ForeignBucket, "01AAAAAAAAAAAAAAAAAAAAAAAA"
	list := [][]byte{
		notification(t, good.Ref),
		body(t, "not JSON, of MUSTILL"),
		notification(t, foreign),
		trigger(t, "receive-delivery.test-event"),
		body(t, `{}`),
		notification(t, gone),
		notification(t, good.Ref), // once more
		body(t, `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"b"},"object":{"key":"a%zz"}}}]}`),
		body(t, `{"Records":[{"eventSource":"aws:s3","eventName":"ObjectRemoved:Delete","s3":{"bucket":{"name":"b"},"object":{"key":"a"}}}]}`),
		notification(t, stranger.Ref),
	}
	a := p.Invoke(t, batch(t, list...))
	if diff := cmp.Diff([]string{"message-1", "message-4", "message-7"}, failures(t, a)); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
	want := []string{
		lambdakit.DeliveryStarted, lambdakit.ItemFailed, lambdakit.BucketUnknown, lambdakit.NotificationTest, lambdakit.ItemFailed,
		lambdakit.ObjectGone, lambdakit.DeliveryStarted, lambdakit.ItemFailed, lambdakit.NotificationSkip, lambdakit.DeliveryEnded, lambdakit.DeliveryKnown,
	}
	if diff := cmp.Diff(want, p.Codes(t, a.Request, len(want))); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
	if n := len(r.Machine.Started()); n != 1 {
		t.Errorf("%d executions, want 1", n)
	}
	report := read(t, r, r.Value(catalogue.BucketReports), "quarantine/"+stranger.Key+"."+stranger.Version+".json")
	if !strings.Contains(string(report), `"status": "quarantined"`) {
		t.Error("the file of an unknown sender has no report of its quarantine")
	}
}

// failures are the messages that come back.
func failures(t *testing.T, a runtimetest.Answer) (ids []string) {
	t.Helper()
	var said events.SQSEventResponse
	if err := json.Unmarshal(a.Payload, &said); err != nil {
		t.Fatal(err)
	}
	for _, f := range said.BatchItemFailures {
		ids = append(ids, f.ItemIdentifier)
	}
	return ids
}

// A message that comes again while the execution runs starts nothing. When it
// has ended and the delivery has no report, as after a restore into empty
// tables, another one is started under the next free name, and logged.
func TestExecutionThatHasEnded(t *testing.T) {
	t.Parallel()
	r := stored(t)
	p := r.Start(t, "receive-delivery")
	event := notification(t, put(t, r, listKey, "gp/practice-list.csv").Ref)
	started, restarted := []string{lambdakit.DeliveryStarted}, []string{lambdakit.DeliveryRestarted, lambdakit.DeliveryStarted}
	for _, want := range [][]string{started, started, nil, restarted, restarted, nil, restarted} {
		if want == nil {
			r.Machine.End()
			continue
		}
		a := p.Invoke(t, event)
		if got := string(a.Payload); got != `{"batchItemFailures":[]}` {
			t.Errorf("answer %s", got)
		}
		if diff := cmp.Diff(want, p.Codes(t, a.Request, len(want))); diff != "" {
			t.Errorf("logged (-want +got):\n%s", diff)
		}
	}
	all := r.Machine.Started()
	if len(all) != 3 || all[1].Name != all[0].Name+"-2" || all[2].Name != all[0].Name+"-3" || string(all[2].Input) != string(all[0].Input) {
		t.Errorf("executions %+v", all)
	}
	r.Machine.End()
}

// While a service is away the message comes back; nothing is lost.
func TestServicesAway(t *testing.T) {
	t.Parallel()
	r := stored(t)
	p := r.Start(t, "receive-delivery")
	event := batch(t, notification(t, put(t, r, listKey, "gp/practice-list.csv").Ref))
	for _, service := range []string{"states", "s3", "dynamodb"} {
		p.Down(service, true)
		a := p.Invoke(t, event)
		if got := string(a.Payload); got != `{"batchItemFailures":[{"itemIdentifier":"message-0"}]}` {
			t.Errorf("%s: answer %s", service, got)
		}
		if got := p.Codes(t, a.Request, 1); !slices.Equal(got, []string{lambdakit.ItemFailed}) {
			t.Errorf("%s: logged %v", service, got)
		}
		p.Down(service, false)
	}
	if got := string(p.Invoke(t, event).Payload); got != `{"batchItemFailures":[]}` || len(r.Machine.Started()) != 1 {
		t.Errorf("afterwards %s, %d executions", got, len(r.Machine.Started()))
	}
	r.Machine.End()
}

// Keys as partners make them arrive as they are.
func TestKeys(t *testing.T) {
	t.Parallel()
	r := stored(t)
	p := r.Start(t, "receive-delivery")
	keys := []string{"a b.csv", "a+b.csv", "a%20b.csv", "ÅÄÖ 名前 🏥.csv", "x=1&y=2?.csv", "it's (final) #2.csv", "folder/inside/list.csv"}
	for _, name := range keys {
		info := put(t, r, "Z99901/patients/"+name, "gp/practice-list.csv")
		if got := string(p.Invoke(t, notification(t, info.Ref)).Payload); got != `{"batchItemFailures":[]}` {
			t.Errorf("%q: %s", name, got)
		}
	}
	if n := len(r.Machine.Started()); n != len(keys) {
		t.Errorf("%d executions, want %d", n, len(keys))
	}
	marker := object.Ref{Bucket: r.Value(catalogue.BucketDrop), Key: "Z99901/patients/"}
	if _, err := r.Store().Put(t.Context(), marker.Bucket, marker.Key, "", strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	p.Invoke(t, notification(t, marker))
	if n := len(r.Machine.Started()); n != len(keys) {
		t.Error("the marker of a folder became a delivery")
	}
}

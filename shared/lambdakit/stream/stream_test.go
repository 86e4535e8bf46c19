package stream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/lambdakit/stream"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/dynamo"
)

var tables = stream.Tables{
	"carerecord-dev-delivery": event.Deliveries, "carerecord-dev-index": event.Index, "carerecord-dev-record": event.Record,
}

func sample(t testing.TB, name string) events.DynamoDBEvent {
	t.Helper()
	raw, err := samples.FS.ReadFile("triggers/publish-events." + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var batch events.DynamoDBEvent
	if err := json.Unmarshal(raw, &batch); err != nil {
		t.Fatal(err)
	}
	return batch
}

// bus takes events, and refuses those of the place given.
type bus struct {
	events []event.Event
	refuse int
}

func (b *bus) Put(_ context.Context, list []event.Event) (refused []int, err error) {
	for _, e := range list {
		if b.refuse > 0 && len(b.events) == b.refuse-1 {
			return []int{slices.IndexFunc(list, func(o event.Event) bool { return o.ID == e.ID })}, nil
		}
		b.events = append(b.events, e)
	}
	return nil, nil
}

// publish drives the function's handler and gives its answer.
func publish(t *testing.T, b *bus, batch events.DynamoDBEvent) (string, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	ctx := lambdakit.WithOutput(t.Context(), &out)
	k := lambdakit.New(ctx, "publish-events", "dev")
	raw, err := json.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	p := stream.Publisher{Kit: k, Bus: b, Tables: tables}
	answer, err := lambdakit.Stream(k, p.Publish).Invoke(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, personal := range []string{"Sample", "Sam", "9990000018", "Asthma", "list.csv", "CANARY"} {
		if strings.Contains(out.String(), personal) {
			t.Errorf("something personal was logged:\n%s", &out)
		}
	}
	return string(answer), &out
}

const allDone = `{"batchItemFailures":[]}`

func TestSamples(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"delivery": {event.DeliveryCompleted},
		"index":    {event.PersonLinked, event.PersonLinked, event.PersonUnlinked, event.PersonLinked},
		"people":   {event.ReviewOpened, event.ReviewDecided, event.PersonMerged, event.PersonUnmerged},
		"record":   {event.RecordChanged},
	} {
		var b bus
		answer, out := publish(t, &b, sample(t, name))
		var got []string
		for _, e := range b.events {
			got = append(got, e.Type)
			detail, err := e.Detail()
			if err != nil || !e.Time.Equal(time.Unix(1795446130, 0)) {
				t.Errorf("%v, %s", err, detail)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" || answer != allDone {
			t.Errorf("%s: %s (-want +got):\n%s", name, answer, diff)
		}
		if !strings.Contains(out.String(), lambdakit.EventsPublished) || !strings.Contains(out.String(), `"EventsPublished":`) {
			t.Errorf("%s: logged %s", name, out)
		}
	}
}

// The entry of the record's sample was new, then changed: its one event tells both.
func TestRecordSample(t *testing.T) {
	t.Parallel()
	var b bus
	publish(t, &b, sample(t, "record"))
	data := b.events[0].Data.(*event.Changed)
	if len(data.Entries) != 2 || data.Entries[0].Change != "created" || data.Entries[1].Change != "updated" || data.Entries[0].ID != data.Entries[1].ID {
		t.Errorf("%+v", data)
	}
}

func TestComesBackFromWhatTheBusRefused(t *testing.T) {
	t.Parallel()
	batch := sample(t, "index")
	b := bus{refuse: 2}
	answer, _ := publish(t, &b, batch)
	if !strings.Contains(answer, batch.Records[1].Change.SequenceNumber) {
		t.Errorf("%s", answer)
	}
	b.refuse = 0
	if answer, _ := publish(t, &b, events.DynamoDBEvent{Records: batch.Records[1:]}); answer != allDone || len(b.events) != 4 {
		t.Errorf("%s, %d events", answer, len(b.events))
	}
}

// Records that cannot be read stop the stream in front of them: what is before
// them is published, and nothing is passed over.
func TestRecordsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	type record = events.DynamoDBEventRecord
	image := func(r *record, name string, value events.DynamoDBAttributeValue) {
		r.Change.NewImage = map[string]events.DynamoDBAttributeValue{
			"pk": r.Change.NewImage["pk"], "sk": r.Change.NewImage["sk"], "v": r.Change.NewImage["v"], "b": r.Change.NewImage["b"], name: value,
		}
	}
	for name, spoil := range map[string]func(*record){
		"another service":      func(r *record) { r.EventSource = "CANARY" },
		"another table":        func(r *record) { r.EventSourceArn = "arn:aws:dynamodb:eu-west-2:1:table/CANARY/stream/1" },
		"no ARN":               func(r *record) { r.EventSourceArn = "" },
		"no id":                func(r *record) { r.EventID = "" },
		"keys only":            func(r *record) { r.Change.NewImage = nil },
		"no old image":         func(r *record) { r.EventName = "MODIFY"; r.Change.OldImage = nil },
		"a body of text":       func(r *record) { image(r, "b", events.NewStringAttribute("CANARY")) },
		"a version of text":    func(r *record) { image(r, "v", events.NewStringAttribute("1")) },
		"a version of nothing": func(r *record) { image(r, "v", events.NewNumberAttribute("0")) },
		"an unknown coding":    func(r *record) { image(r, "b", events.NewBinaryAttribute([]byte("CANARY"))) },
		"a body of nothing":    func(r *record) { image(r, "b", events.NewBinaryAttribute([]byte{})) },
		"a broken body":        func(r *record) { image(r, "b", events.NewBinaryAttribute([]byte("\x00CANARY"))) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batch := sample(t, "index")
			spoil(&batch.Records[1])
			var b bus
			answer, _ := publish(t, &b, batch)
			if !strings.Contains(answer, batch.Records[1].Change.SequenceNumber) || len(b.events) != 1 {
				t.Errorf("%s, %d events", answer, len(b.events))
			}
		})
	}
}

func TestRemovals(t *testing.T) {
	t.Parallel()
	batch := sample(t, "index")
	r := &batch.Records[0]
	r.EventName, r.Change.OldImage, r.Change.NewImage = "REMOVE", r.Change.NewImage, nil
	changes, err := tables.Changes(batch.Records[:1])
	if err != nil || changes[0].New.Version != 0 || changes[0].Old.Version != 1 {
		t.Errorf("%v, %+v", err, changes)
	}
}

// An image is what the table itself would have answered.
func TestImage(t *testing.T) {
	t.Parallel()
	item, err := dynamo.Image("p", "s", "7", []byte("\x00body"))
	want := table.Item{Key: table.Key{Partition: "p", Sort: "s"}, Version: 7, Body: []byte("body")}
	if diff := cmp.Diff(want, item); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range [][3]string{{"", "s", "1"}, {"p", "", "1"}, {"p", "s", ""}, {"p", "s", "-1"}, {"p", "s", "0"}} {
		if _, err := dynamo.Image(bad[0], bad[1], bad[2], []byte{0}); !failure.Is(err, failure.Internal) {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func FuzzPublish(f *testing.F) {
	for _, name := range []string{"delivery", "index", "record"} {
		raw, err := json.Marshal(sample(f, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		k := lambdakit.New(lambdakit.WithOutput(t.Context(), io.Discard), "publish-events", "dev")
		p := stream.Publisher{Kit: k, Bus: &bus{}, Tables: tables}
		if out, err := lambdakit.Stream(k, p.Publish).Invoke(t.Context(), raw); err == nil && !json.Valid(out) {
			t.Errorf("%q", out)
		}
	})
}

package runtimetest_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

// streamed gives records of a stream to the function in batches, as the event
// source does: what is answered as failed comes again, first in the next one,
// and a batch that fails as a whole comes back by halves.
func streamed(t *testing.T, p *runtimetest.Process, records []json.RawMessage) (failures int) {
	t.Helper()
	const most = 100
	for size := most; len(records) > 0; {
		n := min(size, len(records))
		text, err := json.Marshal(map[string]any{"Records": records[:n]})
		if err != nil {
			t.Fatal(err)
		}
		a := p.Invoke(t, text)
		var said events.DynamoDBEventResponse
		if err := json.Unmarshal(a.Payload, &said); err != nil {
			t.Fatalf("publish-events: %v", err)
		}
		if a.Failed || len(said.BatchItemFailures) > 0 {
			if failures++; failures > 100 {
				t.Fatal("the batch comes back for ever")
			}
		}
		if size = most; a.Failed {
			if n == 1 {
				t.Fatalf("publish-events failed: %s", a.Type)
			}
			size = n / 2
			continue
		}
		if len(said.BatchItemFailures) > 0 {
			n = slices.IndexFunc(records[:n], func(record json.RawMessage) bool {
				return sequence(t, record) == said.BatchItemFailures[0].ItemIdentifier
			})
			if n < 0 {
				t.Fatal("the failure names no record of the batch")
			}
		}
		records = records[n:]
	}
	return failures
}

func sequence(t *testing.T, record json.RawMessage) string {
	t.Helper()
	var r struct {
		DynamoDB struct{ SequenceNumber string } `json:"dynamodb"`
	}
	if err := json.Unmarshal(record, &r); err != nil {
		t.Fatal(err)
	}
	return r.DynamoDB.SequenceNumber
}

type told struct {
	ID   string `json:"id"`
	Type string `json:"type"`
	Data struct {
		Delivery      string `json:"delivery"`
		Status        string `json:"status"`
		SourcePatient string `json:"sourcePatient"`
		Number        int    `json:"number"`
		Counts        struct{ Read int }
		Entries       []struct{ ID string }
	} `json:"data"`
}

func publishedBy(t *testing.T, p *runtimetest.Process) (list []told) {
	t.Helper()
	for _, e := range p.Bus.Taken() {
		world.region.CheckPrivate(t, e.DetailType, []byte(e.Detail))
		var d told
		if err := json.Unmarshal([]byte(e.Detail), &d); err != nil || d.Type != e.DetailType || e.Source != event.Source {
			t.Fatalf("%s: %v", e.DetailType, err)
		}
		if e.EventBusName != world.region.Value(catalogue.EventBus) {
			t.Errorf("an event went to the bus %q", e.EventBusName)
		}
		list = append(list, d)
	}
	return list
}

// What the tables' own streams hold of the deliveries becomes their events.
func TestStreamsBecomeEvents(t *testing.T) {
	t.Parallel()
	r := delivered(t)
	p := r.Start(t, "publish-events")
	for _, setting := range catalogue.Streams() {
		if n := streamed(t, p, r.Records(t, setting)); n > 0 {
			t.Errorf("%s: %d batches came back", setting, n)
		}
	}
	count, entries, ended := map[string]int{}, map[string]bool{}, map[string]int{}
	linked := map[string]bool{}
	for _, e := range publishedBy(t, p) {
		count[e.Type]++
		switch e.Type {
		case event.DeliveryCompleted:
			ended[e.Data.Delivery] = e.Data.Counts.Read
		case event.PersonLinked:
			linked[e.Data.SourcePatient] = true
		case event.RecordChanged:
			for _, entry := range e.Data.Entries {
				entries[entry.ID] = true
			}
		}
	}
	if count[event.DeliveryCompleted] != len(world.delivered) || len(ended) != len(world.delivered) {
		t.Errorf("%d deliveries are told as completed, want %d", count[event.DeliveryCompleted], len(world.delivered))
	}
	for _, d := range world.delivered {
		if id := world.reference.service.ID(d.info); ended[id] == 0 {
			t.Errorf("%s: nothing is told of its rows", d.file)
		}
	}
	if want := sourcePatients(t); len(linked) != want {
		t.Errorf("%d source patients are told as linked, the index has %d", len(linked), want)
	}
	if len(entries) == 0 {
		t.Error("no entry is told of")
	}
	t.Logf("%v, of %d entries, in %d calls", count, len(entries), p.Requests("events"))
}

// While the bus takes only a part, the batch comes back from there: every event
// is told at least once, and those of one patient in their order.
func TestBusThatTakesAPart(t *testing.T) {
	t.Parallel()
	r := delivered(t)
	p := r.Start(t, "publish-events")
	turn := 0
	p.Bus.Refuse(func(runtimetest.Published) bool { turn++; return turn%7 == 0 })
	if failures := streamed(t, p, r.Records(t, catalogue.TableIndex)); failures == 0 {
		t.Fatal("no batch came back")
	}
	last, subjects, known := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, e := range publishedBy(t, p) {
		subjects[e.Data.SourcePatient] = true
		if !known[e.ID] && e.Data.Number < last[e.Data.SourcePatient] {
			t.Errorf("decision %d is told after decision %d", e.Data.Number, last[e.Data.SourcePatient])
		}
		known[e.ID], last[e.Data.SourcePatient] = true, max(last[e.Data.SourcePatient], e.Data.Number)
	}
	if want := sourcePatients(t); len(subjects) != want {
		t.Errorf("%d source patients are told of, want %d", len(subjects), want)
	}
}

// sourcePatients counts those that the index has joined to a person.
func sourcePatients(t *testing.T) int {
	t.Helper()
	n, _, err := index.Count(t.Context(), world.reference.tables.Table("index"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A bus that is away, and a record that is none: the batch stops there.
func TestStreamStops(t *testing.T) {
	t.Parallel()
	r := bare(t)
	p := r.Start(t, "publish-events", devTables("publish-events"))
	p.Down("events", true)
	a := p.Invoke(t, trigger(t, "publish-events.delivery"))
	if got := p.Codes(t, a.Request, 1); !strings.Contains(string(a.Payload), "itemIdentifier") || !slices.Equal(got, []string{lambdakit.ItemFailed}) {
		t.Errorf("answer %s, logged %v", a.Payload, got)
	}
	p.Down("events", false)
	other := strings.ReplaceAll(string(trigger(t, "publish-events.delivery")), "table/carerecord-dev-delivery/", "table/another/")
	if a = p.Invoke(t, []byte(other)); !strings.Contains(string(a.Payload), "itemIdentifier") || len(p.Bus.Taken()) != 0 {
		t.Errorf("records of another table: %s, %d events", a.Payload, len(p.Bus.Taken()))
	}
	if a = p.Invoke(t, trigger(t, "publish-events.delivery")); string(a.Payload) != `{"batchItemFailures":[]}` {
		t.Errorf("afterwards %s", a.Payload)
	}
}

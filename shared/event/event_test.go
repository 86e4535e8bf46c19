package event_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/sample"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/version"
)

var received = time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)

const (
	deliveryID = "01KAS3R8F0Z6M4Q2V7X9C1B5N3"
	numberA    = "9434765919" // passes the Modulus 11 check
)

// says is a statement of one organisation's patient at a second.
func says(t *testing.T, ods, value, born string, second int) index.Statement {
	t.Helper()
	return index.Statement{
		Key: hasher(t).ID("source-patient", ods, "", value), Organisation: ods, Value: value,
		Details: &demographics.Details{
			NHSNumber: numberA, NHSStatus: "01", BirthDate: born,
			Names: []demographics.Name{{Family: "Canary", Given: []string{"Zoe"}}},
		},
		At:     version.Instant{Time: received.Add(time.Duration(second) * time.Second)},
		Origin: record.Origin{Organisation: ods, Feed: "adt", Delivery: deliveryID, Row: second},
	}
}

func apply(t *testing.T, w *watched, s ...index.Statement) []event.Event {
	t.Helper()
	if err := index.New(w, hasher(t), matching.NewMatcher(matching.Default())).Apply(t.Context(), received, s); err != nil {
		t.Fatal(err)
	}
	return published(t, w.changes(t))
}

// people are the events of people and links; that reviews are opened on the way
// is for the index to say.
func people(events []event.Event) []event.Event {
	return slices.DeleteFunc(slices.Clone(events), func(e event.Event) bool { return !strings.HasPrefix(e.Type, "person.") })
}

func kinds(events []event.Event) (list []string) {
	for _, e := range events {
		list = append(list, e.Type)
	}
	return list
}

// A patient of one organisation becomes a person, one of another joins, and
// leaves when its details turn out to be somebody else's.
func TestLinksAndUnlinks(t *testing.T) {
	t.Parallel()
	w := watch(t, event.Index)
	one := apply(t, w, says(t, "RZZ", "1", "1980-02-29", 1))
	two := apply(t, w, says(t, "NZZ99", "2", "1980-02-29", 2))
	if diff := cmp.Diff([]string{event.PersonLinked}, kinds(one)); diff != "" {
		t.Fatalf("the first (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{event.PersonLinked}, kinds(two)); diff != "" {
		t.Fatalf("the second (-want +got):\n%s", diff)
	}
	first, second := one[0].Data.(*event.Link), two[0].Data.(*event.Link)
	if first.Person != second.Person || first.Person == "" {
		t.Fatalf("two people: %+v, %+v", first, second)
	}
	want := &event.Link{
		Person: first.Person, SourcePatient: hasher(t).ID("source-patient", "NZZ99", "", "2"), Organisation: "NZZ99",
		Outcome: "link", Rule: "nhs-number-birth-date", RuleVersion: "certain-1", Delivery: deliveryID,
	}
	if diff := cmp.Diff(want, second); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	all := apply(t, w, says(t, "NZZ99", "2", "1931-07-04", 3))
	three := people(all)
	if diff := cmp.Diff([]string{event.PersonUnlinked, event.PersonLinked}, kinds(three)); diff != "" {
		t.Fatalf("after a correction (-want +got):\n%s", diff)
	}
	left, joined := three[0].Data.(*event.Link), three[1].Data.(*event.Link)
	if left.Person != first.Person || joined.Person == first.Person || left.Number != 1 || joined.Number != 1 {
		t.Errorf("left %+v, joined %+v", left, joined)
	}
	if three[0].ID == three[1].ID {
		t.Error("two events have one id")
	}
	if again := apply(t, w, says(t, "NZZ99", "2", "1931-07-04", 3)); len(again) != 0 {
		t.Errorf("the same statement again: %v", kinds(again))
	}
	conform(t, one, two, all)
}

func entry(owner, kind, id, hash string, second int) record.Entry {
	return record.Entry{
		Owner: owner, Type: kind, ID: id, Hash: hash, Resource: []byte(`{"note":"CANARY"}`),
		At:     version.Instant{Time: received.Add(time.Duration(second) * time.Second)},
		Origin: record.Origin{Organisation: "RZZ", Feed: "adt", Delivery: deliveryID, Row: second},
	}
}

func load(t *testing.T, w *watched, entries ...record.Entry) []event.Event {
	t.Helper()
	if _, err := record.New(w).Load(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	return published(t, w.changes(t))
}

func TestRecordChanges(t *testing.T) {
	t.Parallel()
	w := watch(t, event.Record)
	anna, ben := hasher(t).ID("source-patient", "a"), hasher(t).ID("source-patient", "b")
	data := func(owner string, entries ...event.Entry) *event.Changed {
		return &event.Changed{SourcePatient: owner, Organisation: "RZZ", Feed: "adt", Delivery: deliveryID, Entries: entries}
	}
	for _, c := range []struct {
		name    string
		entries []record.Entry
		want    []*event.Changed
	}{
		{
			"new entries of two patients",
			[]record.Entry{entry(anna, "Condition", "c1", "h1", 10), entry(ben, "Condition", "c2", "h2", 10), entry(anna, "Patient", "p1", "h3", 10)},
			[]*event.Changed{
				data(anna, event.Entry{Type: "Condition", ID: "c1", Change: "created"}, event.Entry{Type: "Patient", ID: "p1", Change: "created"}),
				data(ben, event.Entry{Type: "Condition", ID: "c2", Change: "created"}),
			},
		},
		{"the same again", []record.Entry{entry(anna, "Condition", "c1", "h1", 10)}, nil},
		{"the same, stated later", []record.Entry{entry(anna, "Condition", "c1", "h1", 12)}, nil},
		{"another content", []record.Entry{entry(anna, "Condition", "c1", "h4", 20)}, []*event.Changed{data(anna, event.Entry{Type: "Condition", ID: "c1", Change: "updated"})}},
		{"one that comes late into the past", []record.Entry{entry(anna, "Condition", "c1", "h5", 5)}, nil},
		{"an organisation's directory", []record.Entry{entry(record.DirectoryOwner(hasher(t), "RZZ", ""), "Location", "l1", "h6", 10)}, nil},
	} {
		events := load(t, w, c.entries...)
		var got []*event.Changed
		for _, e := range events {
			got = append(got, e.Data.(*event.Changed))
		}
		less := cmpopts.SortSlices(func(a, b *event.Changed) bool { return len(a.Entries) > len(b.Entries) })
		if diff := cmp.Diff(c.want, got, less); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		conform(t, events)
	}
}

// A delivery is told of once, when its report is written, whatever became of it.
func TestDeliveries(t *testing.T) {
	t.Parallel()
	register, err := sample.FS.ReadFile(sample.Partners)
	if err != nil {
		t.Fatal(err)
	}
	partners, err := partner.Parse(sample.Partners, register)
	if err != nil {
		t.Fatal(err)
	}
	buckets := delivery.Buckets{Drop: "drop", Work: "work", Reports: "reports"}
	objects, err := dir.Open(t.TempDir(), buckets.Drop, buckets.Work, buckets.Reports)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = objects.Close() })
	w := watch(t, event.Deliveries)
	s := &delivery.Service{
		Partners: partners, Objects: objects, Table: w, Index: index.New(watch(t, event.Index), hasher(t), matching.NewMatcher(matching.Default())),
		Record: record.New(watch(t, event.Record)), Hasher: hasher(t), Buckets: buckets, Now: func() time.Time { return received },
	}
	for _, c := range []struct{ name, key, text, status, organisation string }{
		{"refused", "Z99901/patients/CANARY empty.csv", "", "refused", "Z99901"},
		{"unknown sender", "X99/patients/CANARY.csv", "x", "quarantined", ""},
		{"unknown feed", "RZZ/none/CANARY.csv", "x", "quarantined", "RZZ"},
	} {
		info, err := objects.Put(t.Context(), buckets.Drop, c.key, "", strings.NewReader(c.text))
		if err != nil {
			t.Fatal(err)
		}
		events := deliver(t, s, w, info.Ref)
		if len(events) != 1 || events[0].Type != event.DeliveryCompleted {
			t.Fatalf("%s: %v", c.name, kinds(events))
		}
		got := events[0].Data.(*event.Completed)
		want := &event.Completed{Delivery: s.ID(info), Status: delivery.Status(c.status), Organisation: c.organisation, Received: info.Modified}
		if c.status == "refused" {
			want.Feed = "patients"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
		conform(t, events)
	}
}

// deliver takes a file through the steps, looking at the table after each.
func deliver(t *testing.T, s *delivery.Service, w *watched, ref object.Ref) (events []event.Event) {
	t.Helper()
	d, start, err := s.Receive(t.Context(), ref)
	events = append(events, published(t, w.changes(t))...)
	if err == nil && start {
		_, err = s.Split(t.Context(), delivery.Input{Delivery: d.ID})
		events = append(events, published(t, w.changes(t))...)
		if err == nil {
			_, err = s.Report(t.Context(), delivery.Input{Delivery: d.ID})
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return append(events, published(t, w.changes(t))...)
}

// What is removed, and items that mean nothing to others, make no events.
func TestSilence(t *testing.T) {
	t.Parallel()
	item := func(partition, sort, body string) table.Item {
		return table.Item{Key: table.Key{Partition: partition, Sort: sort}, Version: 1, Body: []byte(body)}
	}
	for name, c := range map[string]event.Change{
		"a member":           {Of: event.Index, New: item("P#1", "M#2", `{}`)},
		"a claim":            {Of: event.Index, New: item("N#1", "N", `{}`)},
		"an earlier event":   {Of: event.Index, New: item("S#1", "E#00000000", `{}`)},
		"a posting":          {Of: event.Index, New: item("K#1", "2", `{}`)},
		"a removed patient":  {Of: event.Index, Old: item("S#1", "S", `{}`)},
		"a chunk":            {Of: event.Deliveries, New: item("D#1", "chunk#000001", `{}`)},
		"a feed's freshness": {Of: event.Deliveries, New: item("F#RZZ#adt", "last", `{}`)},
		"an earlier content": {Of: event.Record, New: item("1", "H#Patient#2#h", "")},
		"a part":             {Of: event.Record, New: item("1", "P#Patient#2#h#000", "")},
		"a removed entry":    {Of: event.Record, Old: item("1", "C#Patient#2", "")},
		"nothing":            {Of: event.Record},
	} {
		if events := published(t, []event.Change{c}); len(events) != 0 {
			t.Errorf("%s: %v", name, kinds(events))
		}
	}
}

// An item that cannot be read stops the publishing in front of it.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	w := watch(t, event.Record)
	owner := hasher(t).ID("source-patient", "a")
	if _, err := record.New(w).Load(t.Context(), []record.Entry{entry(owner, "Condition", "c1", "h1", 1)}); err != nil {
		t.Fatal(err)
	}
	good := w.changes(t)[0]
	for name, bad := range map[string]event.Change{
		"record":   {Of: event.Record, New: table.Item{Key: good.New.Key, Version: 2, Body: []byte("CANARY")}},
		"alias":    {Of: event.Index, New: table.Item{Key: table.Key{Partition: "P#1", Sort: "A"}, Version: 1, Body: []byte("CANARY")}},
		"old one":  {Of: event.Index, Old: table.Item{Key: table.Key{Partition: "P#1", Sort: "A"}, Version: 1, Body: []byte("CANARY")}},
		"review":   {Of: event.Index, New: table.Item{Key: table.Key{Partition: "V#1", Sort: "V"}, Version: 1, Body: []byte("CANARY")}},
		"index":    {Of: event.Index, New: table.Item{Key: table.Key{Partition: "S#1", Sort: "S"}, Version: 1, Body: []byte(`{"e":"CANARY"}`)}},
		"delivery": {Of: event.Deliveries, New: table.Item{Key: table.Key{Partition: "D#1", Sort: "delivery"}, Version: 1, Body: []byte("CANARY")}},
		"no table": {New: good.New},
	} {
		var b bus
		done, n, err := event.Publish(t.Context(), &b, []event.Change{good, bad, good})
		if done != 1 || n != 1 || !failure.Is(err, failure.Internal) {
			t.Errorf("%s: %d done, %d published, %v", name, done, n, err)
		}
	}
}

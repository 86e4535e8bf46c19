package functiontest

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda/messages"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/table"
)

// CheckUnknown gives a task deliveries that are not there and events that are
// none, and looks at the names of its errors: none of them is tried again by
// the state machine.
func CheckUnknown(t *testing.T, name string, run lambdakit.Run) {
	t.Helper()
	r := New(t, name, run, true)
	for event, want := range map[string]string{
		Sample(t, name, samples.Delivery, "01KAS3R8F0AAAAAAAAAAAAAAAA"): "not-found",
		`"CANARY"`: "invalid",
		`CANARY`:   "invalid",
		``:         "invalid",
	} {
		_, err := r.Invoke(t, event)
		var worded messages.InvokeResponse_Error
		if !errors.As(err, &worded) || worded.Type != want || strings.Contains(worded.Message, "CANARY") {
			t.Errorf("%.20q: %+v, want %s", event, worded, want)
		}
	}
	if !r.Logged(lambdakit.InvocationFailed) {
		t.Errorf("not logged: %s", &r.Log)
	}
}

// CheckMatch looks whether the practice's patients have become people.
func (r *Region) CheckMatch(t *testing.T, _ string) {
	t.Helper()
	people := 0
	for item, err := range r.tables.table(catalogue.TableIndex).Scan(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if d, ok, err := index.ReadDecided(item); err == nil && ok && d.Events[0].Person != "" {
			people++
		}
	}
	if people == 0 {
		t.Error("nobody was linked")
	}
}

// CheckLoad looks whether the delivery's only chunk has its tally and entries.
func (r *Region) CheckLoad(t *testing.T, id string) {
	t.Helper()
	items, err := r.tables.table(catalogue.TableDelivery).Get(t.Context(), table.Key{Partition: "D#" + id, Sort: "chunk#000001"})
	if err != nil || items[0].Version != 1 {
		t.Errorf("%v, the tally has version %d", err, items[0].Version)
	}
	entries := 0
	for _, err := range r.tables.table(catalogue.TableRecord).Scan(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		entries++
	}
	if entries == 0 {
		t.Error("nothing was loaded")
	}
}

// CheckEnded looks for the log line and the figure of a delivery's end.
func (r *Region) CheckEnded(t *testing.T, id, status, metric string) {
	t.Helper()
	for line := range strings.Lines(r.Log.String()) {
		if strings.Contains(line, lambdakit.DeliveryEnded) && strings.Contains(line, id) && strings.Contains(line, `"status":"`+status+`"`) {
			if !strings.Contains(r.Log.String(), `"`+metric+`":1`) {
				t.Errorf("not counted: %s", &r.Log)
			}
			return
		}
	}
	t.Errorf("the end is not logged: %s", &r.Log)
}

// AnyPerson gives a person of the index who has an NHS number.
func (r *Region) AnyPerson(t *testing.T) index.Person {
	t.Helper()
	x := r.Service().Index
	for item, err := range r.tables.table(catalogue.TableIndex).Scan(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		d, ok, err := index.ReadDecided(item)
		if err != nil || !ok {
			continue
		}
		p, err := x.Person(t.Context(), d.Events[len(d.Events)-1].Person)
		if err == nil && p.Sources[0].Details.NHSNumber != "" {
			if _, err := x.FindNHSNumber(t.Context(), p.Sources[0].Details.NHSNumber); err == nil {
				return p
			}
		}
	}
	t.Fatal("nobody has an NHS number")
	return index.Person{}
}

// AuditEvents counts what stands in the audit trail beside heads and registries.
func (r *Region) AuditEvents(t *testing.T) (n int) {
	t.Helper()
	for item, err := range r.tables.table(catalogue.TableAudit).Scan(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(item.Partition, "chain/") && item.Sort != "head" {
			n++
		}
	}
	return n
}

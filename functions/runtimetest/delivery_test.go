package runtimetest_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/table"
)

// A delivery by the real binaries on DynamoDB leaves what it leaves in one
// process on the embedded engine: the same items, versions included.
func TestDeliveriesLeaveTheSameTables(t *testing.T) {
	t.Parallel()
	r := delivered(t)
	for setting, name := range map[string]string{
		catalogue.TableIndex: "index", catalogue.TableRecord: "record", catalogue.TableDelivery: "delivery",
	} {
		want := dump(t, world.reference.tables.Table(name))
		got := dump(t, r.Table(setting))
		if len(got) == 0 || len(got) != len(want) {
			t.Errorf("%s: %d items, in process %d", name, len(got), len(want))
		}
		for i := range min(len(got), len(want)) {
			if got[i].Key != want[i].Key || got[i].Version != want[i].Version || !bytes.Equal(got[i].Body, want[i].Body) {
				t.Errorf("%s: item %d (%s %s, version %d) is %s %s, version %d, in process", name, i,
					got[i].Partition, got[i].Sort, got[i].Version, want[i].Partition, want[i].Sort, want[i].Version)
				break
			}
		}
		for _, item := range got {
			r.CheckPrivate(t, "a key of "+name, []byte(item.Partition+" "+item.Sort))
		}
	}
}

func dump(t *testing.T, s table.Scanner) []table.Item {
	t.Helper()
	items, err := table.Dump(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// The partner reads the same report, but for the time at which it was written.
func TestDeliveriesGiveTheSameReports(t *testing.T) {
	t.Parallel()
	r := delivered(t)
	here := *world.reference.service
	there := delivery.Service{Objects: r.Store(), Table: r.Table(catalogue.TableDelivery), Buckets: delivery.Buckets{Reports: r.Value(catalogue.BucketReports)}}
	for _, d := range world.delivered {
		id := here.ID(d.info)
		want, err := here.ReadReport(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		got, err := there.ReadReport(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if got.Status != delivery.Completed || got.Counts.Read == 0 || !got.Counts.Balanced() || got.Reported.IsZero() {
			t.Errorf("%s: %s, %+v", d.file, got.Status, got.Counts)
		}
		want.Reported, got.Reported = time.Time{}, time.Time{}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: report (-in process +binaries):\n%s", d.file, diff)
		}
		key := d.key + "." + d.info.Version + ".csv"
		if a, b := read(t, r, runtimetest.ReferenceReports, key), read(t, r, r.Value(catalogue.BucketReports), key); !bytes.Equal(a, b) {
			t.Errorf("%s: the CSV reports differ", d.file)
		}
	}
}

func read(t *testing.T, r *runtimetest.Region, bucket, key string) []byte {
	t.Helper()
	body, _, err := r.Store().Open(t.Context(), object.Ref{Bucket: bucket, Key: key}, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// An execution has the delivery's id as its name and nothing else to say.
func TestExecutionsNameTheDelivery(t *testing.T) {
	t.Parallel()
	r := delivered(t)
	for i, d := range world.delivered {
		id := world.reference.service.ID(d.info)
		e := r.Machine.Started()[i]
		if want := `{"delivery":"` + id + `"}`; e.Name != id || string(e.Input) != want {
			t.Errorf("%s: execution %q with %s, want %q with %s", d.file, e.Name, e.Input, id, want)
		}
		var out delivery.ReportOutput
		if err := json.Unmarshal([]byte(d.answers["report-delivery"]), &out); err != nil || out.Delivery != id || out.Status != delivery.Completed {
			t.Errorf("%s: report-delivery answers %s: %v", d.file, d.answers["report-delivery"], err)
		}
	}
}

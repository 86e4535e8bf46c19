package record_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
	"github.com/carerecord/carerecord/shared/version"
)

func TestReadGivesBackWhatWasLoaded(t *testing.T) {
	t.Parallel()
	s := record.New(fresh(t))
	want := stated("e1", "A", 1, "d1", 1)
	want.Origin.Path = "OBX[3]"
	load(t, s, want)
	if diff := cmp.Diff([]record.Entry{want}, read(t, s, "patient1", record.Selection{})); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if got := read(t, s, "nobody", record.Selection{}); got != nil {
		t.Errorf("an unknown owner has %d entries", len(got))
	}
}

func ids(entries []record.Entry) string {
	var list []string
	for _, e := range entries {
		list = append(list, e.Type+"/"+e.ID)
	}
	return strings.Join(list, " ")
}

func TestReadSelects(t *testing.T) {
	t.Parallel()
	s := record.New(fresh(t))
	for _, of := range []struct{ kind, id string }{
		{"MedicationRequest", "m1"}, {"Medication", "m2"}, {"Observation", "o2"}, {"Observation", "o1"}, {"Patient", "p1"},
	} {
		e := stated(of.id, "A", 1, "d1", 1)
		e.Type = of.kind
		load(t, s, e)
		e.At.Time, e.Hash = time.Unix(9, 0).UTC(), "changed" // a history of two must not show
		load(t, s, e)
	}
	all := "Medication/m2 MedicationRequest/m1 Observation/o1 Observation/o2 Patient/p1"
	after := func(kind, id string) record.Cursor { e := record.Entry{Type: kind, ID: id}; return e.Cursor() }
	cases := []struct {
		name string
		sel  record.Selection
		want string
	}{
		{"all", record.Selection{}, all},
		{"of a type", record.Selection{Type: "Observation"}, "Observation/o1 Observation/o2"},
		{"of a type that begins another", record.Selection{Type: "Medication"}, "Medication/m2"},
		{"of a type that is not there", record.Selection{Type: "Condition"}, ""},
		{"the first two", record.Selection{Limit: 2}, "Medication/m2 MedicationRequest/m1"},
		{"after one", record.Selection{After: after("Observation", "o1")}, "Observation/o2 Patient/p1"},
		{"after one that is gone", record.Selection{After: after("Observation", "o0")}, "Observation/o1 Observation/o2 Patient/p1"},
		{"after the last", record.Selection{After: after("Patient", "p1")}, ""},
		{"type and cursor", record.Selection{Type: "Observation", After: after("Observation", "o1")}, "Observation/o2"},
		{"type behind the cursor", record.Selection{Type: "Medication", After: after("Observation", "o1")}, ""},
		{"type before the cursor's", record.Selection{Type: "Patient", After: after("Observation", "o1"), Limit: 5}, "Patient/p1"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, ids(read(t, s, "patient1", c.sel))); diff != "" {
				t.Errorf("entries (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPagesAreStableWhileOthersLoad(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := record.New(fresh(t))
		var want []string
		for i := range rapid.IntRange(1, 12).Draw(t, "entries") {
			load(t, s, stated(fmt.Sprintf("e%02d", 2*i), "A", 1, "d1", i))
			want = append(want, fmt.Sprintf("Observation/e%02d", 2*i))
		}
		var got []string
		sel := record.Selection{Limit: rapid.IntRange(1, 5).Draw(t, "page")}
		for {
			page := read(t, s, "patient1", sel)
			for _, e := range page {
				got = append(got, e.Type+"/"+e.ID)
			}
			if len(page) < sel.Limit {
				break
			}
			sel.After = page[len(page)-1].Cursor()
			load(t, s, stated("d00", "A", 1, "d2", 1)) // comes before every place
		}
		got = removed(got, "Observation/d00")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("pages (-want +got):\n%s", diff)
		}
	})
}

func removed(list []string, one string) []string {
	var out []string
	for _, s := range list {
		if s != one {
			out = append(out, s)
		}
	}
	return out
}

func TestReadRefusesACursorNotOurs(t *testing.T) {
	t.Parallel()
	for _, bad := range []record.Cursor{"?", "YQ", "YSNiI2M", "YSNi=", record.Cursor(strings.Repeat("A", 4000))} {
		for _, err := range record.New(fresh(t)).Read(context.Background(), "patient1", record.Selection{After: bad}) {
			if !failure.Is(err, failure.Invalid) {
				t.Errorf("cursor %.10q: error %v, want invalid", bad, err)
			}
		}
	}
}

func FuzzCursor(f *testing.F) {
	e := stated("e1", "A", 1, "d1", 1)
	f.Add(string(e.Cursor()))
	f.Add("####")
	s := record.New(fresh(f))
	f.Fuzz(func(t *testing.T, c string) {
		for _, err := range s.Read(context.Background(), "patient1", record.Selection{After: record.Cursor(c)}) {
			if err != nil && !failure.Is(err, failure.Invalid) {
				t.Fatalf("cursor %q: %v", c, err)
			}
		}
	})
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	h, err := opaque.NewHasher([]byte(strings.Repeat("k", opaque.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	owner := record.DirectoryOwner(h, "RX1", "")
	if owner == record.DirectoryOwner(h, "RX1", "lab") || owner == record.DirectoryOwner(h, "RX2", "") {
		t.Error("two directories have one owner")
	}
	s := record.New(fresh(t))
	for _, id := range []string{"p1", "p2"} {
		e := stated(id, "A", 1, "d1", 1)
		e.Owner, e.Type = owner, "Practitioner"
		load(t, s, e)
	}
	got, err := s.Directory(context.Background(), owner, "Practitioner/p2", "Practitioner/none", "nonsense", "Practitioner/p2", "Practitioner/p1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("Practitioner/p2 Practitioner/p1", ids(got)); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
	if got, err := s.Directory(context.Background(), owner); err != nil || got != nil {
		t.Errorf("no references: %v, %v", got, err)
	}
}

func TestHistoryLosesNothing(t *testing.T) {
	t.Parallel()
	s := record.New(fresh(t))
	load(t, s, stated("e1", "B", 3, "d1", 1))
	load(t, s, stated("e1", "A", 1, "d2", 1), stated("e1", "C", 5, "d2", 2))
	load(t, s, stated("e1", "A", 7, "d3", 1))
	got, err := s.History(context.Background(), "patient1", "Observation", "e1")
	if err != nil {
		t.Fatal(err)
	}
	at := func(second, row int) version.Instant {
		return version.Instant{Time: time.Unix(int64(second), 0).UTC(), Row: row}
	}
	first := stated("e1", "A", 1, "d2", 1)
	want := []record.Version{
		{Entry: first, From: at(1, 1), Until: at(1, 1)},
		{Entry: stated("e1", "B", 3, "d1", 1), From: at(3, 1), Until: at(3, 1)},
		{Entry: stated("e1", "C", 5, "d2", 2), From: at(5, 2), Until: at(5, 2)},
		{Entry: first, From: at(7, 1), Until: at(7, 1)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	if _, err := s.History(context.Background(), "patient1", "Observation", "none"); !failure.Is(err, failure.NotFound) {
		t.Errorf("no such entry: %v, want not found", err)
	}
}

// incompressible gives bytes that no engine can make smaller.
func incompressible(n int) []byte {
	out, x := make([]byte, n), uint64(88172645463325252)
	for i := range out {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		out[i] = byte(x)
	}
	return out
}

func TestLargeResources(t *testing.T) {
	t.Parallel()
	engines.Run(t, largeResources)
}

func largeResources(t *testing.T, open engines.Open) {
	t.Parallel()
	tab := open("record")[0]
	s := record.New(tab)
	sized := func(content string, size, second int, delivery string) record.Entry {
		e := stated("e1", content, second, delivery, 1)
		e.Resource = incompressible(size)
		return e
	}
	largest := sized("A", record.MaxResourceBytes, 3, "d1")
	load(t, s, largest, stated("e2", "A", 1, "d1", 2))
	if diff := cmp.Diff("Observation/e1 Observation/e2", ids(read(t, s, "patient1", record.Selection{}))); diff != "" {
		t.Fatalf("entries (-want +got):\n%s", diff)
	}
	steps := []struct {
		name  string
		given record.Entry
		want  record.Entry // current afterwards
	}{
		{"the largest", largest, largest},
		{"an older one of the largest size", sized("B", record.MaxResourceBytes, 2, "d2"), largest},
		{"the same content, earlier, from a shorter body", sized("A", 1<<20, 1, "d3"), sized("A", 1<<20, 1, "d3")},
		{"the same content, earlier still, in one item", sized("A", 1000, 0, "d4"), sized("A", 1000, 0, "d4")},
		{"a newer one of the largest size", sized("C", record.MaxResourceBytes, 9, "d5"), sized("C", record.MaxResourceBytes, 9, "d5")},
		{"back to the second", sized("B", record.MaxResourceBytes, 10, "d6"), sized("B", record.MaxResourceBytes, 2, "d2")},
	}
	for _, step := range steps {
		load(t, s, step.given)
		got := read(t, s, "patient1", record.Selection{Limit: 1})[0]
		if !bytes.Equal(step.want.Resource, got.Resource) || step.want.Origin != got.Origin {
			t.Errorf("%s: current is %d bytes of %s, want %d of %s", step.name, len(got.Resource), got.Origin.Delivery, len(step.want.Resource), step.want.Origin.Delivery)
		}
	}
	versions, err := s.History(context.Background(), "patient1", "Observation", "e1")
	if err != nil || len(versions) != 5 { // A from 0 to 1, B, A again, C, B again
		t.Errorf("%d versions, error %v; want 5", len(versions), err)
	}
	for key := range engines.Bodies(t, tab) {
		if strings.Contains(key, "P#Observation#e1#hA") {
			t.Errorf("%s is left of a body that needs no parts any more", key)
		}
	}
}

func TestReadTakesOneQuery(t *testing.T) {
	t.Parallel()
	tab := fresh(t)
	s := record.New(tab)
	var many []record.Entry
	for i := range 300 {
		many = append(many, stated(fmt.Sprintf("e%03d", i), "A", 1, "d1", i))
	}
	load(t, s, many...)
	ctx, meter := table.WithMeter(context.Background())
	n := 0
	for _, err := range s.Read(ctx, "patient1", record.Selection{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if u := meter.Usage(); n != 300 || u.Requests != 1 {
		t.Errorf("%d entries by %v; want 300 by one request", n, u)
	}
}

package delivery_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

var smallDeliveries = []struct{ key, content string }{
	{hl7Key, hl7Small}, {fhirKey, fhirSmall}, {csvKey, csvSmall},
}

// TestPromise1NothingAcceptedIsLost checks the accounts of small files whose
// rows are counted by eye.
func TestPromise1NothingAcceptedIsLost(t *testing.T) {
	t.Parallel()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		s := newStore(t, open)
		for _, want := range []struct {
			key, content string
			rows         int
			entries      map[string]int
		}{
			{hl7Key, hl7Small, 3, map[string]int{"AllergyIntolerance": 1, "Encounter": 1, "DiagnosticReport": 1, "Observation": 1}},
			{fhirKey, fhirSmall, 3, map[string]int{"Patient": 1, "Condition": 1, "Practitioner": 1}},
			{csvKey, csvSmall, 3, map[string]int{"Patient": 3}},
		} {
			r := s.drop(t, want.key, want.content)
			if got := (delivery.Counts{Read: want.rows, Accepted: want.rows}); r.Counts != got {
				t.Errorf("%s: counts %+v, want %+v; faults %+v", want.key, r.Counts, got, r.Faults)
			}
			for resourceType, n := range want.entries {
				if got := r.Entries[resourceType].Accepted; got != n {
					t.Errorf("%s: %d entries of type %s, want %d", want.key, got, resourceType, n)
				}
			}
		}
	})
}

// TestPromise2NothingIsStoredTwice stops a delivery at every single call to
// storage, starts it again, and wants the very store of a run that was never
// stopped. Then it sends everything once more.
func TestPromise2NothingIsStoredTwice(t *testing.T) {
	t.Parallel()
	for _, small := range smallDeliveries {
		t.Run(strings.SplitN(small.key, "/", 3)[1], func(t *testing.T) {
			t.Parallel()
			undisturbed := newStore(t, engines.Embedded(t))
			undisturbed.drop(t, small.key, small.content)
			want := undisturbed.dump(t)
			for _, mode := range []table.Mode{table.Stop, table.Tear} {
				stopEverywhere(t, mode, small.key, small.content, want)
			}
		})
	}
}

func stopEverywhere(t *testing.T, mode table.Mode, key, content, want string) {
	t.Helper()
	stops := 0
	for plan := range table.EveryCall(mode, nil) {
		s := newStore(t, engines.Embedded(t))
		s.put(t, key, strings.NewReader(content))
		if _, err := run(context.Background(), t, s.service(t, plan), key); err != nil {
			stops++
		}
		d, err := run(context.Background(), t, s.service(t, nil), key)
		if err != nil || d.Status != delivery.Completed {
			t.Fatalf("stopped at call %d and started again: status %s, %v", plan.At(), d.Status, err)
		}
		if got := s.dump(t); got != want {
			t.Fatalf("stopped at call %d (mode %d), the store differs:\n%s\nwant\n%s", plan.At(), mode, got, want)
		}
	}
	if stops < 10 {
		t.Fatalf("only %d stops: the plan did not reach the delivery's calls", stops)
	}
}

// TestPromise2FailuresAreRetried fails every call once, before it is made or
// after, with an error that may be retried.
func TestPromise2FailuresAreRetried(t *testing.T) {
	t.Parallel()
	busy := failure.New(failure.Throttled, "test", "busy")
	undisturbed := newStore(t, engines.Embedded(t))
	undisturbed.drop(t, hl7Key, hl7Small)
	want := undisturbed.dump(t)
	for _, mode := range []table.Mode{table.Fail, table.Lose} {
		for plan := range table.EveryCall(mode, busy) {
			s := newStore(t, engines.Embedded(t))
			s.put(t, hl7Key, strings.NewReader(hl7Small))
			d, err := run(context.Background(), t, s.service(t, plan), hl7Key)
			if err != nil { // the call outside the state machine: S3's event comes again
				d, err = run(context.Background(), t, s.service(t, nil), hl7Key)
			}
			if err != nil || d.Status != delivery.Completed {
				t.Fatalf("failed at call %d (mode %d): status %s, reason %q, %v", plan.At(), mode, d.Status, d.Reason, err)
			}
			if got := s.dump(t); got != want {
				t.Fatalf("failed at call %d (mode %d), the store differs:\n%s\nwant\n%s", plan.At(), mode, got, want)
			}
		}
	}
}

// TestPromise2TheSameAgain sends an event twice, a file twice, and the same
// content under another name.
func TestPromise2TheSameAgain(t *testing.T) {
	t.Parallel()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		s := newStore(t, open)
		for _, small := range smallDeliveries {
			first := s.drop(t, small.key, small.content)
			once := s.dump(t)
			if _, err := run(context.Background(), t, s.service(t, nil), small.key); err != nil {
				t.Fatal(err)
			}
			if s.dump(t) != once {
				t.Errorf("%s: an event that came twice changed the store", small.key)
			}
			again := s.drop(t, small.key+".again", small.content)
			if again.Status != delivery.Duplicate || again.DuplicateOf == nil || again.DuplicateOf.Delivery != first.Delivery {
				t.Errorf("%s: the same content again is %s of %+v", small.key, again.Status, again.DuplicateOf)
			}
			if want := (delivery.Counts{Read: first.Counts.Read, Unchanged: first.Counts.Read}); again.Counts != want {
				t.Errorf("%s: counts of the duplicate %+v, want %+v", small.key, again.Counts, want)
			}
		}
	})
}

// TestPromise2TheSameRows sends rows again in a file that differs by a blank line.
func TestPromise2TheSameRows(t *testing.T) {
	t.Parallel()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		s := newStore(t, open)
		s.drop(t, hl7Key, hl7Small)
		r := s.drop(t, hl7Key+".2", "\r\n"+hl7Small)
		if want := (delivery.Counts{Read: 3, Unchanged: 3}); r.Status != delivery.Completed || r.Counts != want {
			t.Errorf("status %s, counts %+v, want %+v", r.Status, r.Counts, want)
		}
	})
}

// TestPromise3OrderDoesNotMatter drops the deliveries in every order, the
// hospital's three messages apart, and wants the same record of each person.
func TestPromise3OrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	var deliveries []struct{ key, content string }
	for i, m := range strings.Split(hl7Small, "\r\r") {
		deliveries = append(deliveries, struct{ key, content string }{hl7Key + string(rune('0'+i)), m + "\r"})
	}
	deliveries = append(deliveries, smallDeliveries[1:]...)
	want := ""
	rapid.Check(t, func(rt *rapid.T) {
		s := newStore(t, engines.Embedded(t))
		for _, i := range rapid.Permutation([]int{0, 1, 2, 3, 4}).Draw(rt, "order") {
			s.drop(t, deliveries[i].key, deliveries[i].content)
		}
		got := s.people(t, "9990000018", "4010232137", "9434765919")
		if want == "" {
			want = got
		}
		if got != want {
			rt.Fatalf("the record is\n%s\nin another order it was\n%s", got, want)
		}
	})
}

// people describes the record of each NHS number: who is linked, and the
// entries without the delivery that they came with.
func (s store) people(t testing.TB, numbers ...string) string {
	t.Helper()
	ctx := context.Background()
	service := s.service(t, nil)
	var b strings.Builder
	for _, number := range numbers {
		id, err := service.Index.FindNHSNumber(ctx, number)
		if err != nil {
			b.WriteString(number + " " + failure.KindOf(err).String() + "\n")
			continue
		}
		person, err := service.Index.Person(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(number + "\n")
		for _, source := range person.Sources {
			b.WriteString("  " + source.Organisation + " " + source.Value + "\n")
			for e, err := range service.Record.Read(ctx, source.Key, record.Selection{}) {
				if err != nil {
					t.Fatal(err)
				}
				b.WriteString("    " + e.Type + " " + e.ID + " " + e.Hash + "\n")
			}
		}
	}
	return b.String()
}

// TestUnknownSenders puts files into quarantine that nobody can be told of.
func TestUnknownSenders(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]string{
		"organisation": "XXX99/adt/a.hl7", "feed": "RZZ/other/a.hl7", "no feed": "RZZ/a.hl7", "no file": "RZZ/adt/",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, engines.Embedded(t))
			r := s.drop(t, key, hl7Small)
			if r.Status != delivery.Quarantined || r.Reason == "" || r.Counts.Read != 0 {
				t.Errorf("status %s, reason %q, counts %+v", r.Status, r.Reason, r.Counts)
			}
		})
	}
}

// TestLongKeysHaveReports drops a file under the longest key that S3 takes.
func TestLongKeysHaveReports(t *testing.T) {
	t.Parallel()
	for _, letter := range []string{"x", "é"} {
		key := "RZZ/adt/" + strings.Repeat(letter, (object.MaxKey-8)/len(letter))
		r := newStore(t, engines.Embedded(t)).drop(t, key, hl7Small)
		if r.Status != delivery.Completed || r.Counts.Accepted != 3 {
			t.Errorf("status %s, counts %+v", r.Status, r.Counts)
		}
		d := delivery.Delivery{ID: r.Delivery, Key: key, Version: r.Version, Feed: "adt"}
		if report := delivery.ReportKey(d, "json"); len(report) > object.MaxKey || !utf8.ValidString(report) || !strings.HasSuffix(report, r.Delivery+"."+r.Version+".json") {
			t.Errorf("the report's key has %d bytes", len(report))
		}
	}
}

// TestAResultForgetsNothing sends an admission that names the GP, then a result
// that says less of the patient, in both orders: the GP stays.
func TestAResultForgetsNothing(t *testing.T) {
	t.Parallel()
	admission := segments(`MSH|^~\&|PAS|RZZ|R|R|20260901090000||ADT^A01|1|P|2.4`, `EVN|A01|20260901090000`,
		`PID|1||100^^^RZZ^MR~9990000018^^^NHS^NH||ARDEN^ROSALIND||19500521|F|||1 FOREST ROAD^^LEEDS^^LS1 1AA`, `PD1|||SURGERY^^B83002`, `PV1|1|I|W||||||||||||||||V1`)
	result := segments(`MSH|^~\&|LAB|RZZ|R|R|20260902090000||ORU^R01|2|P|2.4`, `PID|1||100^^^RZZ^MR||ARDEN^R`,
		`OBR|1|P1|F1|GLU^Glucose^LAB|||20260902080000|||||||||||||||20260902090000|||F`, `OBX|1|NM|GLU^Glucose^LAB||5.10|mmol/L|||||F`)
	for name, order := range map[string][]string{"admission first": {admission, result}, "result first": {result, admission}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t, engines.Embedded(t))
			for i, content := range order {
				s.drop(t, hl7Key+strconv.Itoa(i), content)
			}
			service := s.service(t, nil)
			id, err := service.Index.FindNHSNumber(context.Background(), "9990000018")
			if err != nil {
				t.Fatal(err)
			}
			person, err := service.Index.Person(context.Background(), id)
			if err != nil {
				t.Fatal(err)
			}
			if d := person.Sources[0].Details; d.Practice != "B83002" || len(d.Addresses) != 1 || d.BirthDate != "1950-05-21" {
				t.Errorf("a result took away what the admission said: practice %q, %d addresses", d.Practice, len(d.Addresses))
			}
		})
	}
}

// TestADefectBecomesQuarantine gives a step an input that no step has.
func TestADefectBecomesQuarantine(t *testing.T) {
	t.Parallel()
	s := newStore(t, engines.Embedded(t))
	_, err := s.service(t, nil).Tasks()["split-delivery"](context.Background(), []byte(`[`))
	if !failure.Is(err, failure.Invalid) || errors.Is(err, table.ErrStopped) {
		t.Errorf("a broken input gives %v", err)
	}
}

package runtimetest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/sample"
)

const listHeader = "local_id,nhs_number,nhs_number_status,title,surname,forename,other_forenames,date_of_birth,sex,address_1,address_2," +
	"town,postcode,phone,email,registered_from,registered_to,practice_code\r\n"

// row is one patient of a practice's list, made up.
func row(id, number string) string {
	return id + "," + number + ",01,Mrs,Testington,Wilhelmina,,17/09/1980,F,1 Rose Cottage,,Lower Sample,LX5 5FR,,,13/05/1987,,Z99901\r\n"
}

// bundle is a patient with a document of each content.
func bundle(contents ...string) string {
	var b strings.Builder
	b.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:0","resource":{"resourceType":"Patient",` +
		`"id":"p1","name":[{"family":"Testington","given":["Wilhelmina"]}],"birthDate":"1980-09-17","gender":"female"}}`)
	for i, content := range contents {
		fmt.Fprintf(&b, `,{"fullUrl":"urn:uuid:%d","resource":{"resourceType":"DocumentReference","id":"d%d","status":"current",`+
			`"subject":{"reference":"Patient/p1"},"content":[{"attachment":{"contentType":"application/pdf","data":"%s"}}]}}`, i+1, i+1, content)
	}
	b.WriteString("]}")
	return b.String()
}

// noise does not compress: it is what a scanned letter is to the store.
func noise(size int) string {
	var b []byte
	for i := 0; len(b) < size; i++ {
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		b = append(b, sum[:]...)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// drop takes a text to its report and gives its delivery.
func drop(t *testing.T, r *runtimetest.Region, pool map[string]*runtimetest.Process, key, text string) string {
	t.Helper()
	e := received(t, r, pool, key, text)
	if _, err := execute(t, r, pool, e, map[string]string{}); err != nil {
		t.Fatal(err)
	}
	return e.Name
}

func received(t *testing.T, r *runtimetest.Region, pool map[string]*runtimetest.Process, key, text string) runtimetest.Execution {
	t.Helper()
	info, err := r.Store().Put(t.Context(), r.Value(catalogue.BucketDrop), key, "", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	before := len(r.Machine.Started())
	pool["receive-delivery"].Invoke(t, notification(t, info.Ref))
	started := r.Machine.Started()
	if len(started) != before+1 {
		t.Fatal("the delivery was not started")
	}
	return started[before]
}

// What partners say anew moves links, replaces documents of many parts, and
// fails: each by the function's own rights.
func TestDeliveriesThatChangeWhatIsThere(t *testing.T) {
	t.Parallel()
	r := stored(t)
	pool := tasks(t, r)
	pool["receive-delivery"] = r.Start(t, "receive-delivery")
	const number = "2914785070" // valid by Modulus 11

	drop(t, r, pool, "Z99901/patients/1.csv", listHeader+row("A1", number)+row("B2", ""))
	drop(t, r, pool, "NZZ99/bundles/1.json", bundle(noise(1_500_000)))
	time.Sleep(1100 * time.Millisecond) // S3 tells the time of an object in seconds
	drop(t, r, pool, "Z99901/patients/2.csv", listHeader+row("A1", "")+row("B2", number))
	drop(t, r, pool, "NZZ99/bundles/2.json", bundle(noise(2000)))

	merge(t, r, pool)

	x := index.New(r.Table(catalogue.TableIndex), hasher(t, r), matching.NewMatcher(matching.Default()))
	person, err := x.FindNHSNumber(t.Context(), number)
	if err != nil {
		t.Fatal(err)
	}
	second, err := x.FindSource(t.Context(), index.SourceKey(hasher(t, r), "Z99901", "patients", "B2"))
	if err != nil || second != person {
		t.Errorf("the number's person and its patient's person are two: %v", err)
	}

	e := received(t, r, pool, "Z99901/patients/3.csv", listHeader+row("C3", "")+"D4,short row\r\n")
	input := fmt.Sprintf(`{"BatchInput":{"delivery":%q},"Items":[1]}`, e.Name)
	for _, step := range []struct{ function, input string }{
		{"split-delivery", string(e.Input)},
		{"match-patients", input},
		{"load-entries", input},
		{"quarantine-delivery", fmt.Sprintf(`{"delivery":%q,"error":"States.Timeout"}`, e.Name)},
	} {
		if a := pool[step.function].Invoke(t, []byte(step.input)); a.Failed {
			t.Fatalf("%s: %s", step.function, a.Payload)
		}
	}
	s := delivery.Service{Objects: r.Store(), Table: r.Table(catalogue.TableDelivery), Buckets: delivery.Buckets{Reports: r.Value(catalogue.BucketReports)}}
	report, err := s.ReadReport(t.Context(), e.Name)
	if err != nil || report.Status != delivery.Quarantined || report.Counts.Rejected != 1 || len(report.Faults) == 0 || !strings.Contains(report.Reason, "States.Timeout") {
		t.Errorf("the report of the quarantine: %s, %+v, %d faults, %v", report.Status, report.Counts, len(report.Faults), err)
	}
}

// merge has the hospital say that two of its patients are one, and then more
// of the one whose id has gone.
func merge(t *testing.T, r *runtimetest.Region, pool map[string]*runtimetest.Process) {
	t.Helper()
	text, err := sample.FS.ReadFile("hl7/simhospital.hl7")
	if err != nil {
		t.Fatal(err)
	}
	const survivor, prior = "2777246431^^^SIMULATOR MRN", "618454581^^^SIMULATOR MRN"
	var before, last, merged string
	for _, message := range strings.Split(string(text), "MSH|")[1:] {
		message = "MSH|" + message
		switch {
		case strings.Contains(message, "ADT^A34"):
			merged = message
		case merged == "" && strings.Contains(message, "ADT^A01") && strings.Contains(message, survivor):
			before += message
		case merged == "" && strings.Contains(message, "ADT^A01") && strings.Contains(message, prior):
			before, last = before+message, message
		}
	}
	field := strings.Split(last, "|")[6] // MSH-7
	drop(t, r, pool, "RZZ/adt/1.hl7", before)
	drop(t, r, pool, "RZZ/adt/2.hl7", merged)
	drop(t, r, pool, "RZZ/adt/3.hl7", strings.ReplaceAll(last, field, "20200601120000"))
}

// A file that no task can read goes through the machine into quarantine.
func TestDeliveryOfAnObjectThatIsGone(t *testing.T) {
	t.Parallel()
	r := stored(t)
	pool := tasks(t, r)
	pool["receive-delivery"] = r.Start(t, "receive-delivery")
	e := received(t, r, pool, "Z99901/patients/1.csv", listHeader+row("A1", ""))
	s := delivery.Service{Objects: r.Store(), Table: r.Table(catalogue.TableDelivery), Buckets: delivery.Buckets{Reports: r.Value(catalogue.BucketReports)}}
	d, err := s.Get(t.Context(), e.Name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Objects.Expire(t.Context(), d.Bucket, time.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Store().Head(t.Context(), object.Ref{Bucket: d.Bucket, Key: d.Key}); err == nil {
		t.Fatal("the object is still there")
	}
	out, err := execute(t, r, pool, e, map[string]string{})
	if err != nil || !strings.Contains(string(out), string(delivery.Quarantined)) {
		t.Errorf("the execution ends with %s, %v", out, err)
	}
	if report, err := s.ReadReport(t.Context(), e.Name); err != nil || report.Status != delivery.Quarantined {
		t.Errorf("the report: %s, %v", report.Status, err)
	}
}

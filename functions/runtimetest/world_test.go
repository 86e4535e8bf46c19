package runtimetest_test

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/resolution"
	"github.com/carerecord/carerecord/shared/sample"
	"github.com/carerecord/carerecord/shared/table/dynamo/dynamolocal"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Most tests wait, for a store or for a clock: more of them fit two processors.
	if parallel := flag.Lookup("test.parallel"); parallel.Value.String() == parallel.DefValue {
		_ = parallel.Value.Set("8") // a number
	}
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" {
		code = checkRights()
	}
	if world.region != nil {
		if err := world.region.Close(); err != nil {
			fmt.Println(err)
			code = max(code, 1)
		}
		_ = os.RemoveAll(world.folder) // below the system's folder for temporary files
	}
	if err := runtimetest.Clean(); err != nil {
		fmt.Println(err)
	}
	os.Exit(code)
}

// world is the region that most tests share: three partners' files were taken
// to their reports by the real binaries and the re-resolution has run, and the
// same by the same packages in this process on the embedded engine.
var world struct {
	once      sync.Once
	folder    string
	region    *runtimetest.Region
	reference reference
	delivered []taken
	totals    [2]resolution.Total // of the re-resolution, by the binary and in this process
}

// taken is one file that was delivered.
type taken struct {
	file, key string
	message   []byte // the event that told of it
	info      object.Info
	answers   map[string]string // of the first execution, by function
}

// reference is the region in this process.
type reference struct {
	tables  *embedded.DB
	service *delivery.Service
}

// The sample events of the queue tell of this key: a practice list whose name
// has blanks, a plus sign and an accent.
const listKey = "Z99901/patients/practice list + café.csv"

var files = []struct{ file, key string }{
	{"gp/practice-list.csv", listKey},
	{"hl7/simhospital.hl7", "RZZ/adt/simhospital.hl7"},
	{"fhir/synthea/6d2eba67-5b4a-403f-a29f-e6da3f1ea963.json", "NZZ99/bundles/b.json"},
}

// delivered gives the shared region. The first test that asks makes it.
func delivered(t *testing.T) *runtimetest.Region {
	t.Helper()
	dynamolocal.Start(t) // skips where there is none
	world.once.Do(func() { deliverAll(t) })
	if world.delivered == nil {
		t.Fatal("the deliveries of the shared region failed")
	}
	return world.region
}

func deliverAll(t *testing.T) {
	t.Helper()
	var err error
	if world.folder, err = os.MkdirTemp("", "region"); err != nil {
		t.Fatal(err)
	}
	r := runtimetest.Open(t, world.folder)
	world.region = r
	r.Canaries = canaries(t)
	r.OpenTables(t)
	openReference(t, r)
	pool := tasks(t, r)
	receive := r.Start(t, "receive-delivery")
	var list []taken
	for _, f := range files {
		d := taken{file: f.file, key: f.key, answers: map[string]string{}}
		d.info = put(t, r, f.key, f.file)
		d.message = notification(t, d.info.Ref)
		answer := receive.Invoke(t, d.message)
		if got := string(answer.Payload); got != `{"batchItemFailures":[]}` {
			t.Fatalf("receive-delivery answers %s", got)
		}
		started := r.Machine.Started()
		if len(started) != len(list)+1 {
			t.Fatalf("%d executions were started, want %d", len(started), len(list)+1)
		}
		if _, err := execute(t, r, pool, started[len(started)-1], d.answers); err != nil {
			t.Fatal(err)
		}
		inProcess(t, d.info)
		list = append(list, d)
	}
	r.Machine.End()
	resolved(t, r)
	world.delivered = list
}

// mostMessages is what is taken of the hospital's file: DynamoDB Local needs
// 18 seconds for all of its 1,013 messages.
const mostMessages = 250

func put(t testing.TB, r *runtimetest.Region, key, file string) object.Info {
	t.Helper()
	body, err := sample.FS.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if begin := []byte("MSH|"); bytes.HasPrefix(body, begin) {
		body = bytes.Join(bytes.SplitAfterN(body, begin, mostMessages+2)[:mostMessages+1], nil)
		body = bytes.TrimSuffix(body, begin)
	}
	info, err := r.Store().Put(t.Context(), r.Value(catalogue.BucketDrop), key, "", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// trigger gives a sample event.
func trigger(t testing.TB, name string) []byte {
	t.Helper()
	text, err := events.FS.ReadFile("triggers/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

const sampleVersion = "096fKKXTRTtl3on89fVO.nfljtsv6qko" // in the sample events of S3

// notification is the sample event of S3, telling of another object.
func notification(t testing.TB, ref object.Ref) []byte {
	t.Helper()
	text := string(trigger(t, "receive-delivery.s3"))
	for from, to := range map[string]string{
		url.QueryEscape(listKey):  url.QueryEscape(ref.Key),
		sampleVersion:             ref.Version,
		`\"carerecord-dev-drop\"`: `\"` + ref.Bucket + `\"`,
	} {
		if from = strings.ReplaceAll(from, "%2F", "/"); !strings.Contains(text, from) {
			t.Fatalf("the sample event has no %q", from)
		}
		text = strings.ReplaceAll(text, from, strings.ReplaceAll(to, "%2F", "/"))
	}
	return []byte(text)
}

// tasks starts the functions of the state machine.
func tasks(t testing.TB, r *runtimetest.Region) map[string]*runtimetest.Process {
	t.Helper()
	pool := map[string]*runtimetest.Process{}
	for _, f := range catalogue.Functions() {
		if f.Trigger == catalogue.Task {
			pool[f.Name] = r.Start(t, f.Name)
		}
	}
	return pool
}

func hasher(t testing.TB, r *runtimetest.Region) *opaque.Hasher {
	t.Helper()
	h, err := opaque.NewHasher(r.Key)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func partners(t testing.TB) *partner.Register {
	t.Helper()
	text, err := sample.FS.ReadFile(sample.Partners)
	if err != nil {
		t.Fatal(err)
	}
	register, err := partner.Parse(sample.Partners, text)
	if err != nil {
		t.Fatal(err)
	}
	return register
}

// canaries are the personal values of the practice's list, and what the sample
// events say of who calls.
func canaries(t testing.TB) []string {
	t.Helper()
	body, err := sample.FS.Open("gp/practice-list.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	reader := csv.NewReader(body)
	reader.FieldsPerRecord = -1 // one row of the list is short
	rows, err := reader.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	list := []string{"café", "practice list", "practice+list", "simhospital.hl7", "555021935107", "eyJhbGciOiJFUzI1NiJ9"}
	personal := map[string]bool{
		"nhs_number": true, "surname": true, "date_of_birth": true, "address_1": true, "postcode": true, "phone": true, "email": true,
	}
	for _, row := range rows[1:] {
		for i, value := range row {
			if personal[rows[0][i]] && len(value) >= 6 { // shorter ones stand in words
				list = append(list, value)
			}
		}
	}
	return list
}

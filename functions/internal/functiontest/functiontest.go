// Package functiontest gives the tests of functions a region of stand-ins: the
// tables are DynamoDB Local's, the buckets lie behind the local region's S3
// endpoint, and a small server answers for Secrets Manager, Step Functions and
// EventBridge. A function's own run connects to them as it does on AWS, by the
// SDK's variables. It is imported by tests only, and runs no binary: package
// runtimetest does.
package functiontest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/google/go-cmp/cmp"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/object/dir"
	"github.com/carerecord/carerecord/shared/sample"
)

// Bucket names and others as they stand in the samples of triggers.
const (
	Drop    = "carerecord-dev-drop"
	Work    = "carerecord-dev-work"
	Reports = "carerecord-dev-reports"
)

// environment is what a function's variables hold by default.
func environment(folder string) map[string]string {
	return map[string]string{
		catalogue.Stage:         "dev",
		catalogue.TableIndex:    "carerecord-dev-index",
		catalogue.TableRecord:   "carerecord-dev-record",
		catalogue.TableDelivery: "carerecord-dev-delivery",
		catalogue.TableAudit:    "carerecord-dev-audit",
		catalogue.BucketDrop:    Drop,
		catalogue.BucketWork:    Work,
		catalogue.BucketReports: Reports,
		catalogue.PartnersFile:  filepath.Join(folder, "partners.yaml"),
		catalogue.RegionKey:     "arn:aws:secretsmanager:eu-west-2:123456789012:secret:carerecord-dev-key-AbCdEf",
		catalogue.StateMachine:  "arn:aws:states:eu-west-2:123456789012:stateMachine:carerecord-dev-delivery",
		catalogue.EventBus:      "carerecord-dev",
		catalogue.TokenIssuer:   "https://issuer.example",
		catalogue.TokenAudience: "carerecord",
		catalogue.TokenKeys:     "https://issuer.example/jwks.json",
		catalogue.BaseURL:       "https://care.example/fhir/R4",
	}
}

// Region is a region of stand-ins and one function in it.
type Region struct {
	Objects  *dir.Store
	Services *Services         // in place of the small services of AWS
	Env      map[string]string // of the function; change it before Open
	Log      bytes.Buffer      // what the function logged

	name    string
	run     lambdakit.Run
	handler lambda.Handler
	tables  *tables
	buckets *buckets
}

// New makes the region of a function. Without tables DynamoDB Local is not
// needed; where it is and is not installed, the test is skipped.
func New(t *testing.T, name string, run lambdakit.Run, withTables bool) *Region {
	t.Helper()
	folder := t.TempDir()
	register, err := sample.FS.ReadFile(sample.Partners)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "partners.yaml"), register, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	r := &Region{Env: environment(folder), Services: newServices(t), name: name, run: run}
	if r.Objects, err = dir.Open(filepath.Join(folder, "objects"), Drop, Work, Reports); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Objects.Close() })
	r.buckets = openBuckets(t, r.Objects)
	for key, value := range map[string]string{
		"AWS_REGION": "eu-west-2", "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ENDPOINT_URL_S3": r.buckets.URL, "AWS_ENDPOINT_URL": r.Services.URL,
	} {
		t.Setenv(key, value)
	}
	if withTables {
		r.tables = openTables(t, r.Env)
		t.Setenv("AWS_ENDPOINT_URL_DYNAMODB", r.tables.endpoint)
	}
	t.Cleanup(func() { r.CheckLog(t) })
	return r
}

// getenv gives the variables of the function's entry in the catalogue, and
// notes an ask for any other.
func (r *Region) getenv(t *testing.T) func(string) string {
	f, _ := catalogue.Find(r.name)
	return func(name string) string {
		if !f.Has(name) {
			t.Errorf("%s is asked for and is not in the catalogue", name)
		}
		return r.Env[name]
	}
}

// Invoke gives the function an event; the first one starts it.
func (r *Region) Invoke(t *testing.T, event string) (string, error) {
	t.Helper()
	ctx := lambdakit.WithOutput(t.Context(), &r.Log)
	if r.handler == nil {
		var err error
		if r.handler, err = r.run(ctx, r.getenv(t)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"})
	answer, err := r.handler.Invoke(ctx, []byte(event))
	return string(answer), err
}

// Must is Invoke for an event that must be answered.
func (r *Region) Must(t *testing.T, event string) string {
	t.Helper()
	answer, err := r.Invoke(t, event)
	if err != nil {
		t.Fatalf("%v\n%s", err, &r.Log)
	}
	return answer
}

// Sample gives a sample of a trigger with some texts replaced: pairs of old, new.
func Sample(t *testing.T, name string, replace ...string) string {
	t.Helper()
	raw, err := samples.FS.ReadFile("triggers/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(raw), replace[i]) {
			t.Fatalf("the sample %s has no %q", name, replace[i])
		}
	}
	return strings.NewReplacer(replace...).Replace(string(raw))
}

// Put drops a file of the sample region under a key.
func (r *Region) Put(t *testing.T, key, file string) object.Info {
	t.Helper()
	body, err := sample.FS.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	info, err := r.Objects.Put(t.Context(), Drop, key, "", body)
	if err != nil {
		t.Fatal(err)
	}
	info.Modified = info.Modified.Truncate(time.Second) // as S3 tells it
	return info
}

// Practice is the file that most tests deliver, with a key whose last part is
// personal, as partners' file names can be.
const (
	PracticeKey  = "Z99901/patients/CANARY Zoe Quartermain.csv"
	PracticeFile = "gp/practice-list.csv"
)

// Deliver takes the practice's file through the steps before the one that is
// named, and gives the delivery's id.
func (r *Region) Deliver(t *testing.T, until string) string {
	t.Helper()
	s := r.tables.service(r.Objects)
	d, _, err := s.Receive(t.Context(), r.Put(t, PracticeKey, PracticeFile).Ref)
	if err != nil {
		t.Fatal(err)
	}
	tasks := s.Tasks()
	for _, name := range []string{"split-delivery", "match-patients", "load-entries", "report-delivery"} {
		if name == until {
			break
		}
		// One input for all of them: each reads the members that it knows.
		input, err := json.Marshal(map[string]any{"delivery": d.ID, "BatchInput": delivery.Input{Delivery: d.ID}, "Items": []int{1}})
		if err == nil {
			_, err = tasks[name](t.Context(), input)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return d.ID
}

// Service gives the region's own view of its deliveries.
func (r *Region) Service() *delivery.Service { return r.tables.service(r.Objects) }

// CheckLog looks for what must not be in a log, and at the form of its lines.
func (r *Region) CheckLog(t *testing.T) {
	t.Helper()
	for line := range strings.Lines(r.Log.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("a log line is not JSON: %s", line)
		}
		for _, personal := range []string{"CANARY", "Quartermain", "Zoe", ".csv", "café"} {
			if strings.Contains(line, personal) {
				t.Errorf("something personal was logged: %s", line)
			}
		}
	}
}

// Logged says whether a line with the code was logged.
func (r *Region) Logged(code string) bool {
	return strings.Contains(r.Log.String(), `"message":"`+code+`"`)
}

// CheckCalls compares the calls that the function made with its entry: none may
// be missing there.
func (r *Region) CheckCalls(t *testing.T) {
	t.Helper()
	f, _ := catalogue.Find(r.name)
	made := append(r.Services.operations(), r.buckets.operations()...)
	if r.tables != nil {
		made = append(made, r.tables.operations(r.Env)...)
	}
	for _, call := range made {
		if !slices.Contains(f.Calls, call) {
			t.Errorf("%s on %s is not in the catalogue", call.Operation, call.Resource)
		}
	}
}

// CheckSettings holds the settings of a function to the catalogue, and has it
// refuse to start for each that is missing or malformed, and for all at once.
// It does without those that are optional.
func CheckSettings(t *testing.T, name string, run lambdakit.Run, settings any) {
	t.Helper()
	f, ok := catalogue.Find(name)
	if !ok {
		t.Fatalf("the catalogue has no %s", name)
	}
	if diff := cmp.Diff(f.Settings, lambdakit.Names(settings)); diff != "" {
		t.Errorf("settings (-catalogue +code):\n%s", diff)
	}
	refused := func(env map[string]string) lambdakit.Mistakes {
		_, err := run(t.Context(), func(name string) string { return env[name] })
		var wrong lambdakit.Mistakes
		if !errors.As(err, &wrong) {
			t.Fatalf("%v, want mistakes", err)
		}
		return wrong
	}
	needed := slices.DeleteFunc(slices.Clone(f.Settings), catalogue.Optional)
	if wrong := refused(nil); len(wrong) != len(needed) {
		t.Errorf("without any setting: %v", wrong)
	}
	for _, setting := range f.Settings {
		for value, want := range map[string]string{"": setting + " is missing", "\x00CANARY": setting + " is not "} {
			if value == "" && catalogue.Optional(setting) {
				continue
			}
			env := environment(t.TempDir())
			env[setting] = value
			if wrong := refused(env); len(wrong) != 1 || !strings.HasPrefix(wrong[0], want) || strings.Contains(wrong[0], "CANARY") {
				t.Errorf("%s as %q: %v", setting, value, wrong)
			}
		}
	}
}

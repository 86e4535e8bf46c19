package runtimetest

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// recorder is a test that notes errors instead of failing.
type recorder struct {
	testing.TB
	errors int
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.errors++ }

// A check that catches nothing would hold for ever.
func TestLogChecksCatch(t *testing.T) {
	t.Parallel()
	const good = `{"timestamp":"2026-11-23T15:00:00Z","level":"INFO","message":"DELIVERY_STARTED","function":"receive-delivery","stage":"dev","requestId":"r1"}`
	for name, c := range map[string]struct {
		out, err string
		errors   int
	}{
		"a good line":           {out: good},
		"a metric":              {out: `{"_aws":{},"Stage":"dev","Function":"receive-delivery","requestId":"r1"}`},
		"an error of Lambda":    {err: `2026/11/23 15:00:00 {"errorMessage":"x","errorType":"y"}`},
		"no JSON":               {out: "panic: oh", errors: 1},
		"no code":               {out: strings.Replace(good, "DELIVERY_STARTED", "started", 1), errors: 1},
		"another function":      {out: strings.Replace(good, "receive-", "split-", 1), errors: 1},
		"another request":       {out: strings.Replace(good, "r1", "r2", 1), errors: 1},
		"no time":               {out: strings.Replace(good, "timestamp", "time", 1), errors: 1},
		"metric of another":     {out: `{"_aws":{},"Stage":"dev","Function":"split-delivery","requestId":"r1"}`, errors: 1},
		"a personal value":      {out: strings.Replace(good, `"r1"`, `"r1","a":"Canary"`, 1), errors: 1},
		"the same in a panic":   {err: `{"x":"Canary"}`, errors: 1},
		"no JSON on the errors": {err: "fatal error", errors: 1},
	} {
		f, _ := catalogue.Find("receive-delivery")
		p := &Process{
			Function: f, ids: []string{"r1"},
			region: &Region{Canaries: []string{"Canary"}, values: map[string]string{catalogue.Stage: "dev"}},
		}
		_, _ = p.out.Write([]byte(c.out))
		_, _ = p.err.Write([]byte(c.err))
		r := &recorder{TB: t}
		p.checkLogs(r)
		if r.errors != c.errors {
			t.Errorf("%s: %d errors, want %d", name, r.errors, c.errors)
		}
	}
}

func TestCallsAreNamed(t *testing.T) {
	t.Parallel()
	g := newGateway(Open(t, t.TempDir()))
	t.Cleanup(func() { g.close(); _ = g.region.Close() })
	records := `"` + g.region.Value(catalogue.TableRecord) + `"`
	for target, body := range map[string]string{
		"DynamoDB_20120810.BatchGetItem":       `{"RequestItems":{` + records + `:{}}}`,
		"DynamoDB_20120810.TransactWriteItems": `{"TransactItems":[{"ConditionCheck":{"TableName":` + records + `}},{"Put":{"TableName":` + records + `}}]}`,
		"secretsmanager.GetSecretValue":        `{"SecretId":"` + g.region.Value(catalogue.RegionKey) + `"}`,
	} {
		post(t, g.server.URL, body, map[string]string{"X-Amz-Target": target})
	}
	post(t, g.server.URL+"/"+g.region.Value(catalogue.BucketDrop)+"/key?uploads", "", nil)
	want := []catalogue.Call{
		{Operation: "dynamodb:BatchGetItem", Resource: catalogue.TableRecord},
		{Operation: "dynamodb:TransactWriteItems", Resource: catalogue.TableRecord},
		{Operation: "dynamodb:ConditionCheckItem", Resource: catalogue.TableRecord},
		{Operation: "dynamodb:PutItem", Resource: catalogue.TableRecord},
		{Operation: "secretsmanager:GetSecretValue", Resource: catalogue.RegionKey},
		{Operation: "s3:CreateMultipartUpload", Resource: catalogue.BucketDrop},
	}
	for _, call := range want {
		if !g.calls[call] {
			t.Errorf("%s on %s was not seen", call.Operation, call.Resource)
		}
	}
	if len(g.calls) != len(want) {
		t.Errorf("%d calls were seen, want %d", len(g.calls), len(want))
	}
	r := &recorder{TB: t}
	if g.check(r, catalogue.Function{Name: "no-function", Calls: want[:4]}); r.errors != 2 {
		t.Errorf("%d calls are refused, want 2", r.errors)
	}
}

func post(t *testing.T, url, body string, header map[string]string) (status int, answer []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range header {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if answer, err = io.ReadAll(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

func TestRuntimeAPI(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, body string
		status     int
		want       Answer
	}{
		"an answer":           {"response", `{"a":1}`, http.StatusAccepted, Answer{Payload: []byte(`{"a":1}`)}},
		"an error":            {"error", `{"errorType":"T","errorMessage":"M"}`, http.StatusAccepted, Answer{Failed: true, Type: "T", Message: "M"}},
		"an error of no JSON": {"error", `oh`, http.StatusBadRequest, Answer{Failed: true, Type: "Runtime.Unknown"}},
		"an answer too large": {"response", strings.Repeat("x", maxPayload+1), http.StatusRequestEntityTooLarge, Answer{Failed: true, Type: "Function.ResponseSizeTooLarge"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newRuntimeAPI("receive-delivery")
			t.Cleanup(a.close)
			base := a.server.URL + "/2018-06-01/runtime/"
			answers := make(chan Answer, 1)
			go func() {
				got, _ := a.invoke([]byte("{}"), time.Minute, make(chan struct{})) // an error leaves it empty
				answers <- got
			}()
			id := nextEvent(t, base)
			if status, _ := post(t, base+"invocation/another/response", "{}", nil); status != http.StatusBadRequest {
				t.Errorf("an answer to another request: status %d", status)
			}
			if status, _ := post(t, base+"invocation/"+id+"/"+c.path, c.body, nil); status != c.status {
				t.Errorf("status %d, want %d", status, c.status)
			}
			got := <-answers
			if got.Request != id || got.Failed != c.want.Failed || got.Type != c.want.Type || got.Message != c.want.Message {
				t.Errorf("answer %+v, want %+v", got, c.want)
			}
			if !c.want.Failed && !bytes.Equal(got.Payload, c.want.Payload) {
				t.Errorf("payload %q", got.Payload)
			}
			if status, _ := post(t, base+"init/error", "{}", nil); status != http.StatusAccepted || len(a.initErrors) != 1 {
				t.Errorf("an error of the start: status %d, %d noted", status, len(a.initErrors))
			}
		})
	}
}

// nextEvent takes an event as a function does and gives the request's id.
func nextEvent(t *testing.T, base string) (id string) {
	t.Helper()
	response, err := http.Get(base + "invocation/next")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	event, err := io.ReadAll(response.Body)
	id = response.Header.Get("Lambda-Runtime-Aws-Request-Id")
	if err != nil || string(event) != "{}" || id == "" || response.Header.Get("Lambda-Runtime-Deadline-Ms") == "" {
		t.Errorf("event %q, request %q: %v", event, id, err)
	}
	return id
}

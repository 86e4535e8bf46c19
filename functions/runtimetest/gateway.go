package runtimetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/object/s3endpoint"
)

// gateway is every AWS service as one process sees it. It notes each call, so
// that what a function does can be held to what its role allows.
type gateway struct {
	region *Region
	server *httptest.Server
	dynamo http.Handler
	s3     http.Handler
	bus    *Bus

	mu    sync.Mutex
	calls map[catalogue.Call]bool
	count map[string]int // calls by service
	down  map[string]bool
}

func newGateway(r *Region) *gateway {
	g := &gateway{region: r, bus: &Bus{}, calls: map[catalogue.Call]bool{}, count: map[string]int{}, down: map[string]bool{}}
	drop, work, reports := r.Value(catalogue.BucketDrop), r.Value(catalogue.BucketWork), r.Value(catalogue.BucketReports)
	g.s3 = s3endpoint.New(r.Objects, map[string]s3endpoint.Access{
		drop: s3endpoint.Drop, work: s3endpoint.Drop, reports: s3endpoint.Drop, ForeignBucket: s3endpoint.ReadOnly,
	})
	if to, err := url.Parse(r.endpoint); err == nil && r.endpoint != "" {
		g.dynamo = &httputil.ReverseProxy{
			Rewrite:  func(p *httputil.ProxyRequest) { p.SetURL(to) },
			ErrorLog: log.New(io.Discard, "", 0), // a client that has gone
		}
	}
	g.server = httptest.NewServer(g)
	return g
}

func (g *gateway) close() { g.server.Close() }

// Down has a service (dynamodb, s3, states, secretsmanager, events) answer 503
// from now on, or answer again.
func (p *Process) Down(service string, down bool) {
	p.gateway.mu.Lock()
	defer p.gateway.mu.Unlock()
	p.gateway.down[service] = down
}

// Requests gives how many requests the process has sent to a service.
func (p *Process) Requests(service string) int {
	p.gateway.mu.Lock()
	defer p.gateway.mu.Unlock()
	return p.gateway.count[service]
}

// ServeHTTP knows S3 by the absence of X-Amz-Target, which all other services'
// protocols have (Smithy, "AWS JSON 1.0 protocol").
func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	service := map[string]string{
		"": "s3", "DynamoDB_20120810": "dynamodb", "AWSStepFunctions": "states", "secretsmanager": "secretsmanager", "AWSEvents": "events",
	}[target]
	if service != "s3" {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}
		g.note(service, operation, body)
		r.Body = io.NopCloser(bytes.NewReader(body))
	} else {
		g.noteS3(r)
	}
	g.mu.Lock()
	g.count[service]++
	down := g.down[service]
	g.mu.Unlock()
	switch {
	case down:
		http.Error(w, "scripted", http.StatusServiceUnavailable)
	case service == "s3":
		g.s3.ServeHTTP(w, r)
	case service == "dynamodb" && g.dynamo != nil:
		g.dynamo.ServeHTTP(w, r)
	case operation == "StartExecution":
		serve(w, r, g.region.Machine.start)
	case operation == "DescribeExecution":
		serve(w, r, g.region.Machine.describe)
	case operation == "GetSecretValue":
		serve(w, r, g.region.secret)
	case operation == "PutEvents":
		serve(w, r, g.bus.put)
	default:
		http.Error(w, "no such service", http.StatusNotImplemented)
	}
}

// noteS3 names the operation of a request (Amazon S3 API Reference).
func (g *gateway) noteS3(r *http.Request) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	q := r.URL.Query()
	operation := map[string]string{"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}[r.Method]
	switch {
	case key == "":
		operation = "ListObjectsV2"
	case r.Method == "POST" && q.Has("uploads"):
		operation = "CreateMultipartUpload"
	case r.Method == "PUT" && q.Has("uploadId"):
		operation = "UploadPart"
	case r.Method == "POST" && q.Has("uploadId"):
		operation = "CompleteMultipartUpload"
	case r.Method == "DELETE" && q.Has("uploadId"):
		operation = "AbortMultipartUpload"
	}
	g.add("s3:"+operation, bucket)
}

// note names what a request of another service does, and to what.
func (g *gateway) note(service, operation string, body []byte) {
	type named struct{ TableName string }
	var said struct {
		TableName, SecretId string                     //nolint:revive // the service's own spelling
		StateMachineArn     string                     `json:"stateMachineArn"`
		ExecutionArn        string                     `json:"executionArn"`
		RequestItems        map[string]json.RawMessage // BatchGetItem, by table
		TransactItems       []map[string]named         // TransactWriteItems, by kind
		Entries             []struct{ EventBusName string }
	}
	if json.Unmarshal(body, &said) != nil {
		g.add(service+":"+operation, "")
		return
	}
	on := []string{said.TableName + said.SecretId + said.StateMachineArn + machineOf(said.ExecutionArn)}
	for name := range said.RequestItems {
		on = append(on, name)
	}
	for _, e := range said.Entries {
		on = append(on, e.EventBusName)
	}
	for _, write := range said.TransactItems {
		for kind, w := range write {
			// IAM asks for each write of a transaction by the name of the single one.
			g.add("dynamodb:"+map[string]string{"Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem"}[kind]+
				map[string]string{"ConditionCheck": "ConditionCheckItem"}[kind], w.TableName)
			on = append(on, w.TableName)
		}
	}
	for _, resource := range on {
		if resource != "" {
			g.add(service+":"+operation, resource)
		}
	}
}

func (g *gateway) add(operation, resource string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.calls[catalogue.Call{Operation: operation, Resource: g.region.settingOf(resource)}] = true
}

// made are the calls of all processes that have ended.
var made struct {
	mu    sync.Mutex
	calls map[string]map[catalogue.Call]bool
}

// Unmade gives those calls of a function's catalogue entry that no process has
// made so far. When all tests have run, such a call is a right that the
// function's role should not have.
func Unmade(f catalogue.Function) (list []catalogue.Call) {
	made.mu.Lock()
	defer made.mu.Unlock()
	for _, call := range f.Calls {
		if !made.calls[f.Name][call] && !slices.Contains(list, call) {
			list = append(list, call)
		}
	}
	return list
}

// check holds the calls of a process to its function's entry.
func (g *gateway) check(tb testing.TB, f catalogue.Function) {
	tb.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	made.mu.Lock()
	defer made.mu.Unlock()
	if made.calls == nil {
		made.calls = map[string]map[catalogue.Call]bool{}
	}
	if made.calls[f.Name] == nil {
		made.calls[f.Name] = map[catalogue.Call]bool{}
	}
	for call := range g.calls {
		made.calls[f.Name][call] = true
		if !slices.Contains(f.Calls, call) {
			tb.Errorf("%s calls %s on %s, which the catalogue does not list", f.Name, call.Operation, call.Resource)
		}
	}
}

// fault is an error answer of a service.
type fault struct{ kind, message string }

func (f *fault) Error() string { return fmt.Sprintf("%s: %s", f.kind, f.message) }

// serve answers one request of the AWS JSON protocol.
func serve[In, Out any](w http.ResponseWriter, r *http.Request, answer func(In) (Out, *fault)) {
	var in In
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, "{}", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	out, refused := answer(in)
	if refused != nil {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": refused.kind, "message": refused.message}) // the client has gone
		return
	}
	_ = json.NewEncoder(w).Encode(out) // the client has gone
}

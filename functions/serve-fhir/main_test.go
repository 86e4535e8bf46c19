package main

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/internal/functiontest"
)

func TestSettings(t *testing.T) { functiontest.CheckSettings(t, name, run, settings{}) }

// ask gives an event to the function and reads the answer as a client does.
func ask(t *testing.T, r *functiontest.Region, event string) (status int, header http.Header, resource map[string]any) {
	t.Helper()
	var a events.APIGatewayProxyResponse
	if err := json.Unmarshal([]byte(r.Must(t, event)), &a); err != nil {
		t.Fatal(err)
	}
	body := []byte(a.Body)
	header = http.Header(a.MultiValueHeaders)
	if a.IsBase64Encoded {
		raw, err := base64.StdEncoding.DecodeString(a.Body)
		if err != nil {
			t.Fatal(err)
		}
		body = raw
	}
	if header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if body, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(body, &resource); err != nil {
		t.Fatalf("%v: %.200s", err, body)
	}
	return a.StatusCode, header, resource
}

func TestServe(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	r.Deliver(t, "")
	person := r.AnyPerson(t)

	status, _, metadata := ask(t, r, functiontest.Sample(t, name+".metadata"))
	if status != http.StatusOK || metadata["resourceType"] != "CapabilityStatement" {
		t.Errorf("metadata: %d, %v", status, metadata["resourceType"])
	}
	if n := r.AuditEvents(t); n != 0 {
		t.Errorf("%d audit events before anything was looked at", n)
	}
	status, header, bundle := ask(t, r, functiontest.Sample(t, name+".everything", samples.Person, person.ID))
	if status != http.StatusOK || bundle["resourceType"] != "Bundle" || header.Get("Content-Encoding") != "gzip" {
		t.Errorf("everything: %d, %v, %v", status, bundle["resourceType"], header)
	}
	if header.Get("X-Request-Id") != "60e0b220-8136-4ca5-ae46-1d97ef59d068" {
		t.Errorf("request id %q", header.Get("X-Request-Id"))
	}
	form := url.Values{"identifier": {"https://fhir.nhs.uk/Id/nhs-number|" + person.Sources[0].Details.NHSNumber}}.Encode()
	search := functiontest.Sample(t, name+".search", body(t), base64.StdEncoding.EncodeToString([]byte(form)))
	status, _, bundle = ask(t, r, search)
	if status != http.StatusOK || bundle["total"] != 1.0 {
		t.Errorf("search: %d, %v", status, bundle)
	}
	if n := r.AuditEvents(t); n < 2 {
		t.Errorf("%d audit events after two looks", n)
	}
	for _, personal := range []string{person.Sources[0].Details.NHSNumber, person.Sources[0].Details.Names[0].Family} {
		if strings.Contains(r.Log.String(), personal) {
			t.Errorf("something personal was logged: %s", &r.Log)
		}
	}
	if !r.Logged("FHIR_ANSWERED") {
		t.Errorf("not logged: %s", &r.Log)
	}
	r.CheckCalls(t)
}

// body gives the base64 of the search sample.
func body(t *testing.T) string {
	var e events.APIGatewayProxyRequest
	if err := json.Unmarshal([]byte(functiontest.Sample(t, name+".search")), &e); err != nil {
		t.Fatal(err)
	}
	return e.Body
}

// Whatever comes, there is an answer in FHIR's words, and the next request works.
func TestBadRequests(t *testing.T) {
	r := functiontest.New(t, name, run, true)
	everything := functiontest.Sample(t, name+".everything")
	post := func(raw []byte) string {
		return functiontest.Sample(t, name+".search", body(t), base64.StdEncoding.EncodeToString(raw))
	}
	for _, c := range []struct {
		name, event string
		status      int
	}{
		{"nothing", `{}`, http.StatusNotFound},
		{"no headers", `{"httpMethod":"GET","path":"/fhir/R4/Patient/x"}`, http.StatusUnauthorized},
		{"no caller", functiontest.Sample(t, name+".everything", `"subject": "555021935107"`, `"subject": ""`), http.StatusUnauthorized},
		{"no role", functiontest.Sample(t, name+".everything", `"role": "R8000"`, `"role": ""`), http.StatusForbidden},
		{"nobody of this id", everything, http.StatusNotFound},
		{"a binary body", post([]byte{0, 0xff, 0xfe, 0x80}), http.StatusBadRequest},
		{"base64 that is none", functiontest.Sample(t, name+".search", body(t), "CANARY*"), http.StatusBadRequest},
		{"10 MB", post([]byte("identifier=" + strings.Repeat("9", 10<<20))), http.StatusRequestEntityTooLarge},
		{"a method that is not offered", functiontest.Sample(t, name+".everything", `"httpMethod": "GET"`, `"httpMethod": "DELETE"`), http.StatusMethodNotAllowed},
		{"a path out of the base", functiontest.Sample(t, name+".everything", `"path": "/fhir/R4`, `"path": "/fhir/R4/../..`), http.StatusNotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			status, _, resource := ask(t, r, c.event)
			if status != c.status || resource["resourceType"] != "OperationOutcome" {
				t.Errorf("%d, want %d: %v", status, c.status, resource)
			}
		})
	}
	if status, _, _ := ask(t, r, functiontest.Sample(t, name+".metadata")); status != http.StatusOK {
		t.Errorf("afterwards: %d", status)
	}
}

// A key that cannot be read, or is none, is no start.
func TestKeys(t *testing.T) {
	for label, spoil := range map[string]func(*functiontest.Services){
		"no right":     func(s *functiontest.Services) { s.Down = "GetSecretValue" },
		"too short":    func(s *functiontest.Services) { s.Secret = map[string]any{"SecretBinary": []byte("CANARY")} },
		"not base64":   func(s *functiontest.Services) { s.Secret = map[string]any{"SecretString": "CANARY*"} },
		"nothing":      func(s *functiontest.Services) { s.Secret = map[string]any{} },
		"short base64": func(s *functiontest.Services) { s.Secret = map[string]any{"SecretString": "Q0FOQVJZ"} },
	} {
		r := functiontest.New(t, name, run, false)
		spoil(r.Services)
		_, err := run(t.Context(), func(name string) string { return r.Env[name] })
		if err == nil {
			t.Errorf("%s: started", label)
		}
	}
	r := functiontest.New(t, name, run, false)
	r.Services.Secret = map[string]any{"SecretString": base64.StdEncoding.EncodeToString(functiontest.Key)}
	if _, err := run(t.Context(), func(name string) string { return r.Env[name] }); err != nil {
		t.Errorf("base64: %v", err)
	}
}

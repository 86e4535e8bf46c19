package apigateway_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/lambdakit/apigateway"
)

// kit gives a kit whose lines are looked through for what must not be in them.
func kit(t *testing.T) (*lambdakit.Kit, context.Context, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	ctx := lambdakit.WithOutput(t.Context(), &out)
	t.Cleanup(func() {
		if strings.Contains(out.String(), "CANARY") {
			t.Errorf("something personal was logged:\n%s", out.String())
		}
	})
	return lambdakit.New(ctx, "serve-fhir", "dev"), ctx, &out
}

func sample(t *testing.T, name string) events.APIGatewayProxyRequest {
	t.Helper()
	raw, err := samples.FS.ReadFile("triggers/" + name)
	if err != nil {
		t.Fatal(err)
	}
	var e events.APIGatewayProxyRequest
	if err := json.Unmarshal(raw, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// seen is what a handler found in a request.
type seen struct {
	Method, Path, Query, Host, Remote, Body string
	Header                                  http.Header
	Caller                                  access.Caller
	BodyErr, CallerErr                      bool
}

// echo gives the event to a handler that looks at everything.
func echo(t *testing.T, e events.APIGatewayProxyRequest) seen {
	t.Helper()
	k, ctx, _ := kit(t)
	var s seen
	_, err := apigateway.Proxy(k, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		s = seen{Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Host: r.Host, Remote: r.RemoteAddr, Body: string(body), Header: r.Header, BodyErr: err != nil}
		caller, err := apigateway.Authorized{}.Authenticate(r.Context(), r.Header.Get("Authorization"))
		s.Caller, s.CallerErr = caller, err != nil
	}))(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestRequestOfASample(t *testing.T) {
	t.Parallel()
	s := echo(t, sample(t, "serve-fhir.search.json"))
	if s.Method != "POST" || s.Path != "/fhir/R4/Patient/_search" || s.Remote != "192.0.2.20" ||
		s.Host != "a1b2c3d4e5.execute-api.eu-west-2.amazonaws.com" || s.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("%+v", s)
	}
	if want := "identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9000000009"; s.Body != want {
		t.Errorf("body %q, want %q", s.Body, want)
	}
	want := access.Caller{Subject: "555021935107", Organisation: "RZZ", Role: "R8000", Client: "example-client", Issuer: "https://issuer.example", TokenID: "7d1b0c1e"}
	if diff := cmp.Diff(want, s.Caller); diff != "" || s.CallerErr {
		t.Errorf("caller (-want +got):\n%s", diff)
	}
}

func TestRequest(t *testing.T) {
	t.Parallel()
	type event = events.APIGatewayProxyRequest
	for _, c := range []struct {
		name  string
		event event
		check func(seen) bool
	}{
		{"nothing but a path", event{HTTPMethod: "GET", Path: "/fhir/R4/metadata"}, func(s seen) bool {
			return s.Path == "/fhir/R4/metadata" && len(s.Header) == 0 && s.Body == "" && s.CallerErr
		}},
		{"nothing at all", event{}, func(s seen) bool { return s.CallerErr && s.Body == "" }},
		{"an escaped path", event{Path: "/fhir/R4/Patient/1/%24everything"}, func(s seen) bool { return s.Path == "/fhir/R4/Patient/1/$everything" }},
		{"a path that is no escape", event{Path: "/fhir/R4/100%"}, func(s seen) bool { return s.Path == "/fhir/R4/100%" }},
		{"a parameter twice", event{
			QueryStringParameters:           map[string]string{"_type": "b"},
			MultiValueQueryStringParameters: map[string][]string{"_type": {"a", "b"}},
		}, func(s seen) bool { return s.Query == "_type=a&_type=b" }},
		{"parameters once", event{QueryStringParameters: map[string]string{"identifier": "https://x|1 2"}}, func(s seen) bool { return s.Query == "identifier=https%3A%2F%2Fx%7C1+2" }},
		{"a header twice", event{MultiValueHeaders: map[string][]string{"accept": {"a", "b"}}}, func(s seen) bool { return len(s.Header.Values("Accept")) == 2 }},
		{"headers once", event{Headers: map[string]string{"x-request-id": "1"}}, func(s seen) bool { return s.Header.Get("X-Request-Id") == "1" }},
		{"a binary body", event{Body: base64.StdEncoding.EncodeToString([]byte{0, 0xff, 0xfe}), IsBase64Encoded: true}, func(s seen) bool { return s.Body == "\x00\xff\xfe" }},
		{"a text body", event{Body: "a=b"}, func(s seen) bool { return s.Body == "a=b" }},
		{"10 MB", event{Body: base64.StdEncoding.EncodeToString(make([]byte, 10<<20)), IsBase64Encoded: true}, func(s seen) bool { return len(s.Body) == 10<<20 }},
		{"base64 that is none", event{Body: "CANARY*", IsBase64Encoded: true}, func(s seen) bool { return s.BodyErr && s.Body == "" }},
		{"the domain for a host", event{RequestContext: events.APIGatewayProxyRequestContext{DomainName: "care.example"}}, func(s seen) bool { return s.Host == "care.example" }},
		{"a caller without an issuer", event{RequestContext: events.APIGatewayProxyRequestContext{Authorizer: map[string]any{"subject": "x"}}}, func(s seen) bool { return s.CallerErr }},
		{"a context of other types", event{RequestContext: events.APIGatewayProxyRequestContext{Authorizer: map[string]any{"subject": 1, "issuer": []any{}}}}, func(s seen) bool { return s.CallerErr }},
		{"headers that claim a caller", event{Headers: map[string]string{"subject": "x", "issuer": "y"}}, func(s seen) bool { return s.CallerErr }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if s := echo(t, c.event); !c.check(s) {
				s.Body = s.Body[:min(len(s.Body), 40)]
				t.Errorf("%+v", s)
			}
		})
	}
}

// answer runs a handler and gives the answer as API Gateway gets it.
func answer(t *testing.T, handler http.HandlerFunc) events.APIGatewayProxyResponse {
	t.Helper()
	k, ctx, _ := kit(t)
	a, err := apigateway.Proxy(k, handler)(ctx, events.APIGatewayProxyRequest{HTTPMethod: "GET", Path: "/"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestAnswer(t *testing.T) {
	t.Parallel()
	a := answer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Add("Vary", "Accept")
		w.Header().Add("Vary", "Authorization")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusNotFound)
		w.Header().Set("Late", "1")
		w.WriteHeader(http.StatusOK)
		_, _ = io.WriteString(w, `{"a":"é"}`)
	})
	want := events.APIGatewayProxyResponse{
		StatusCode: http.StatusNotFound, Body: `{"a":"é"}`, MultiValueHeaders: map[string][]string{"Vary": {"Accept", "Authorization"}},
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if a := answer(t, func(http.ResponseWriter, *http.Request) {}); a.StatusCode != http.StatusOK || a.Body != "" {
		t.Errorf("a handler that writes nothing: %+v", a)
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	text := strings.Repeat(`{"resourceType":"Observation"}`, 1000)
	a := answer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, text)
		_ = z.Close()
	})
	raw, err := base64.StdEncoding.DecodeString(a.Body)
	if err != nil || !a.IsBase64Encoded || a.MultiValueHeaders["Content-Encoding"][0] != "gzip" {
		t.Fatalf("%v, %+v", err, a.MultiValueHeaders)
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != text {
		t.Errorf("%v, %d bytes", err, len(got))
	}
}

// An answer over Lambda's limit would reach the client as a bare 502. It is
// withheld in words instead, and what it held is gone with it.
func TestAnswerOverTheLimit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		body   string
		status int
	}{
		{"text at the limit", strings.Repeat("x", apigateway.MaxAnswer-400), http.StatusOK},
		{"text over it", strings.Repeat("x", apigateway.MaxAnswer), http.StatusInternalServerError},
		{"quotes, shorter as base64", strings.Repeat(`"`, 4<<20), http.StatusOK},
		{"quotes over it in any form", strings.Repeat(`"`, 5<<20), http.StatusInternalServerError},
		{"binary over it", strings.Repeat("\xff", 5<<20), http.StatusInternalServerError},
		{"line separators", strings.Repeat("\u2028", apigateway.MaxAnswer/6-100), http.StatusOK},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k, ctx, out := kit(t)
			h := lambdakit.Handler(k, apigateway.Proxy(k, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Request-Id", "1")
				w.Header().Set("Content-Length", "9")
				_, _ = io.WriteString(w, c.body)
			})))
			raw, err := h.Invoke(ctx, []byte(`{"httpMethod":"GET","path":"/"}`))
			if err != nil || len(raw) > 6<<20 {
				t.Fatalf("%v, %d bytes", err, len(raw))
			}
			var a events.APIGatewayProxyResponse
			if err := json.Unmarshal(raw, &a); err != nil || a.StatusCode != c.status {
				t.Fatalf("%v, status %d", err, a.StatusCode)
			}
			if refused := c.status != http.StatusOK; refused != strings.Contains(out.String(), lambdakit.AnswerTooLarge) ||
				refused != strings.Contains(a.Body[:min(len(a.Body), 500)], "too-costly") {
				t.Errorf("%.300s\n%s", a.Body, out)
			}
			if a.StatusCode != http.StatusOK && (a.MultiValueHeaders["X-Request-Id"] == nil || a.MultiValueHeaders["Content-Length"] != nil) {
				t.Errorf("headers %v", a.MultiValueHeaders)
			}
		})
	}
}

func TestAuthorizedWithoutProxy(t *testing.T) {
	t.Parallel()
	if _, err := (apigateway.Authorized{}).Authenticate(t.Context(), "Bearer x"); !failure.Is(err, failure.Unauthenticated) {
		t.Errorf("%v", err)
	}
}

func FuzzRequest(f *testing.F) {
	for _, name := range []string{"metadata", "everything", "search"} {
		raw, err := samples.FS.ReadFile("triggers/serve-fhir." + name + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		k := lambdakit.New(lambdakit.WithOutput(t.Context(), io.Discard), "serve-fhir", "dev")
		h := lambdakit.Handler(k, apigateway.Proxy(k, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err == nil {
				_, _ = w.Write(body)
			}
		})))
		if out, err := h.Invoke(t.Context(), raw); err == nil && !json.Valid(out) {
			t.Errorf("%q", out)
		}
	})
}

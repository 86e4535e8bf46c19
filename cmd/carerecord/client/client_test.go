package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/cmd/carerecord/client"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
)

func TestNewRefusesWhatWouldShowTheToken(t *testing.T) {
	t.Parallel()
	for api, good := range map[string]bool{
		"https://api.example.nhs.uk/fhir/R4": true, "http://127.0.0.1:8080/fhir/R4": true, "http://localhost:8080/fhir/R4": true, "http://[::1]/fhir/R4/": true,
		"http://api.example.nhs.uk/fhir/R4": false, "http://127.0.0.1.example.com/": false, "ftp://127.0.0.1/": false, "api.example.nhs.uk": false, "": false,
		"https://user:secret@api.example.nhs.uk/": false, "https://api.example.nhs.uk/?a=b": false, "https://api.example.nhs.uk/#a": false, "://": false,
	} {
		if _, err := client.New(api, "token"); (err == nil) != good || err != nil && !failure.Is(err, failure.Invalid) {
			t.Errorf("%q: %v", api, err)
		}
	}
	for _, token := range []string{"", "two words", "line\nbreak", "tokén"} {
		if _, err := client.New("https://api.example.nhs.uk", token); !failure.Is(err, failure.Invalid) {
			t.Errorf("a token that is none: %v", err)
		}
	}
}

// asked is what a server of the test was asked.
type asked struct{ Method, Path, Query, Type, Authorization, Body string }

// serve gives a client of a server that answers everything alike.
func serve(t *testing.T, status int, body string) (*client.Client, *asked) {
	t.Helper()
	got := &asked{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		*got = asked{r.Method, r.URL.Path, r.URL.RawQuery, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), string(text)}
		w.Header().Set("Location", "https://elsewhere.example.com/")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	c, err := client.New(s.URL+"/fhir/R4/", "t.o.k")
	if err != nil {
		t.Fatal(err)
	}
	return c, got
}

func TestRequests(t *testing.T) {
	t.Parallel()
	c, got := serve(t, http.StatusOK, "{}")
	for name, step := range map[string]struct {
		do   func() ([]byte, error)
		want asked
	}{
		"get": {
			func() ([]byte, error) { return c.Get(t.Context(), "Task", url.Values{"_sort": {"-score"}}) },
			asked{"GET", "/fhir/R4/Task", "_sort=-score", "", "Bearer t.o.k", ""},
		},
		"form": {
			func() ([]byte, error) { return c.Form(t.Context(), "Patient/$link", url.Values{"reason": {"a b"}}) },
			asked{"POST", "/fhir/R4/Patient/$link", "", "application/x-www-form-urlencoded", "Bearer t.o.k", "reason=a+b"},
		},
		"resource": {
			func() ([]byte, error) { return c.Send(t.Context(), "Patient/$match", []byte(`{"a":1}`)) },
			asked{"POST", "/fhir/R4/Patient/$match", "", "application/fhir+json", "Bearer t.o.k", `{"a":1}`},
		},
	} {
		body, err := step.do()
		if diff := cmp.Diff(step.want, *got); err != nil || string(body) != "{}" || diff != "" {
			t.Errorf("%s: %v, %s (-want +got):\n%s", name, err, body, diff)
		}
	}
}

const outcome = `{"resourceType":"OperationOutcome","issue":[
	{"severity":"error","code":"conflict","details":{"text":"decided already"},"expression":["answer"]},
	{"severity":"information","code":"informational","diagnostics":"see the manual"}]}`

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status int
		body   string
		text   string
		kind   failure.Kind
	}{
		{409, outcome, "decided already (answer)\nsee the manual", failure.Conflict},
		{403, outcome, "decided already (answer)\nsee the manual", failure.Forbidden},
		{422, outcome, "decided already (answer)\nsee the manual", failure.Invalid},
		{500, "<html>", "the API answers with status 500 (Internal Server Error)", failure.Internal},
		{502, "", "the API answers with status 502 (Bad Gateway)", failure.Internal},
		{503, "{}", "the API answers with status 503 (Service Unavailable)", failure.Unavailable},
		{302, "", "the API answers with status 302 (Found)", failure.Invalid}, // not followed: the token is for this API alone
	} {
		api, _ := serve(t, c.status, c.body)
		_, err := api.Get(t.Context(), "Task", nil)
		var refused *client.Refused
		if !errors.As(err, &refused) || refused.Status != c.status || err.Error() != c.text || failure.KindOf(err) != c.kind {
			t.Errorf("status %d: %v, %v", c.status, err, failure.KindOf(err))
		}
	}
	api, err := client.New("http://127.0.0.1:1", "t")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := api.Get(t.Context(), "secret-path", nil); !failure.Is(err, failure.Unavailable) || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody answers: %v", err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	task, err := client.Read[client.Task]([]byte(`{"resourceType":"Task","id":"x","code":{"coding":[{"system":"s/task","code":"a"},{"system":"s/review-kind","code":"possible"}]},
		"input":[{"type":{"coding":[{"system":"s/review-part","code":"person"}]},"valueReference":{"reference":"Patient/1"}},{"type":{"coding":[{"system":"other","code":"person"}]}}]}`), "Task")
	if err != nil || task.ID != "x" || task.Code.Code("/review-kind") != "possible" || task.Code.Code("/none") != "" {
		t.Errorf("%+v, %v", task, err)
	}
	if parts := client.Of(task.Input, "person"); len(parts) != 1 || parts[0].ValueReference.Reference != "Patient/1" {
		t.Errorf("parts %+v", parts)
	}
	for _, body := range []string{"", "[]", "{}", `{"resourceType":"Bundle"}`, `{"resourceType":"Task","id":1}`} {
		if _, err := client.Read[client.Task]([]byte(body), "Task"); !failure.Is(err, failure.Internal) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	for link, want := range map[string]string{
		`{"relation":"next","url":"https://a/Task?code=b&_page=1.5~20240501%23x"}`: "1.5~20240501#x", `{"relation":"self","url":"https://a/Task?_page=1"}`: "",
	} {
		b, err := client.Read[client.Bundle]([]byte(`{"resourceType":"Bundle","link":[`+link+`]}`), "Bundle")
		if err != nil || b.Page() != want {
			t.Errorf("%s: %q, %v", link, b.Page(), err)
		}
	}
}

func TestEvidence(t *testing.T) {
	t.Parallel()
	p, err := client.Read[client.Parameters]([]byte(`{"resourceType":"Parameters","parameter":[{"name":"a","extension":[{"url":"https://x/match-evidence","extension":[
		{"url":"outcome","valueCode":"review"},{"url":"rule","valueCode":"details"},{"url":"model","valueString":"fs1"},{"url":"prior","valueDecimal":-20},
		{"url":"bits","valueDecimal":1.25},{"url":"lead","valueDecimal":0},{"url":"guard","valueCode":"twin"},{"url":"guard","valueCode":"place"},
		{"url":"field","extension":[{"url":"name","valueCode":"family"},{"url":"level","valueCode":"exact"},{"url":"bits","valueDecimal":21.25}]},
		{"url":"field","extension":[{"url":"name","valueCode":"sex"},{"url":"level","valueCode":"missing"}]}]}]}]}`), "Parameters")
	if err != nil {
		t.Fatal(err)
	}
	got, ok := client.Evidence(p.Of("a")[0].Extension)
	want := matching.Decision{
		Outcome: matching.Possible, Rule: matching.RuleDetails, Version: "fs1", Prior: -20, Bits: 1.25, Lead: new(float64), Guards: []string{"twin", "place"},
		Fields: []matching.Field{{Name: "family", Level: "exact", Bits: 21.25}, {Name: "sex", Level: "missing"}},
	}
	if diff := cmp.Diff(want, got); !ok || diff != "" {
		t.Errorf("%v (-want +got):\n%s", ok, diff)
	}
	if _, ok := client.Evidence(nil); ok {
		t.Error("evidence out of nothing")
	}
}

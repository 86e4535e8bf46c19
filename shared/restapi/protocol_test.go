package restapi_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/restapi"
)

func TestAuthentication(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	noRole := r.tokenFor(t, access.Claims{Subject: "u", Organisation: "RXX"})
	badRole := r.tokenFor(t, access.Claims{Subject: "u", Organisation: "RXX", Role: "nurse"})
	badOrg := r.tokenFor(t, access.Claims{Subject: "u", Organisation: "rxx/..", Role: "R8000"})
	for name, c := range map[string]struct {
		value      string
		status     int
		code, text string
		challenge  string
		audited    int
	}{
		"no token":     {"", 401, "login", "no bearer token", `Bearer realm="carerecord"`, 0},
		"basic":        {"Basic abc", 401, "login", "no bearer token", `Bearer realm="carerecord"`, 0},
		"not a token":  {"Bearer abc", 401, "unknown", "token malformed or signed with an algorithm that is not accepted", `error="invalid_token"`, 0},
		"without role": {"Bearer " + noRole, 403, "forbidden", "the token names no job role by its code (claim role)", "", 1},
		"a bad role":   {"Bearer " + badRole, 403, "forbidden", "the token names no job role by its code (claim role)", "", 1},
		"a bad org":    {"Bearer " + badOrg, 403, "forbidden", "the token names no organisation by its ODS code (claim org)", "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(r.events(t))
			w := r.do(t, "GET", everything, header("Authorization", c.value))
			b := read(t, w)
			if w.Code != c.status || b.Issue[0].Code != c.code || b.Issue[0].Details.Text != c.text {
				t.Errorf("status %d, issue %+v", w.Code, b.Issue)
			}
			if got := w.Header().Get("WWW-Authenticate"); !strings.Contains(got, c.challenge) || (c.challenge == "") != (got == "") {
				t.Errorf("WWW-Authenticate %q, want %q", got, c.challenge)
			}
			if strings.Contains(w.Body.String(), family) {
				t.Error("data left")
			}
			if got := len(r.events(t)) - before; got != c.audited {
				t.Errorf("%d audit events, want %d", got, c.audited)
			}
		})
	}
	twice := r.do(t, "GET", everything, func(req *http.Request) { req.Header.Add("Authorization", "Bearer x") })
	if twice.Code != http.StatusUnauthorized {
		t.Errorf("two Authorization headers: status %d, want 401", twice.Code)
	}
}

func TestRoutesAndMethods(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for target, c := range map[string]struct {
		method string
		status int
		allow  string
	}{
		"/":                            {"GET", 404, ""},
		"/fhir/R4":                     {"GET", 404, ""},
		"/fhir/R4/":                    {"GET", 404, ""},
		"/fhir/STU3/metadata":          {"GET", 404, ""},
		"/fhir/R4/Nonsense":            {"GET", 404, ""},
		"/fhir/R4//Patient":            {"GET", 404, ""},
		"/fhir/R4/Patient/../Patient":  {"GET", 404, ""},
		"/fhir/R4/Patient/1/2/3":       {"GET", 404, ""},
		"/fhir/R4/Patient":             {"POST", 405, "GET, HEAD"},
		"/fhir/R4/Observation":         {"DELETE", 405, "GET, HEAD"},
		"/fhir/R4/Patient/_search":     {"GET", 405, "POST"},
		"/fhir/R4/Observation/_search": {"PUT", 405, "POST"},
		"/fhir/R4/metadata":            {"POST", 405, "GET, HEAD"},
		everything:                     {"POST", 405, "GET, HEAD"},
		"/fhir/R4/Patient/" + person:   {"POST", 405, "GET, HEAD"},
		"/fhir/R4/Patient/$match":      {"GET", 405, "POST"},
		"/fhir/R4/Patient/$ihe-pix":    {"PUT", 405, "GET, HEAD, POST"},
		"/fhir/R4/Patient/$everything": {"GET", 404, ""},
		"/fhir/R4/Patient/$nonsense":   {"POST", 404, ""},
		"/fhir/R4/Observation/$match":  {"POST", 404, ""},
		"/fhir/R4/Patient/1/$match":    {"POST", 404, ""},
		"/fhir/R4/Task/$metrics":       {"POST", 405, "GET, HEAD"},
		"/fhir/R4/Task/1/$decide":      {"GET", 405, "POST"},
	} {
		w := r.do(t, c.method, "https://care.test"+target+"?identifier=x")
		if b := read(t, w); w.Code != c.status || w.Header().Get("Allow") != c.allow || b.ResourceType != "OperationOutcome" {
			t.Errorf("%s %s: status %d, Allow %q, %s; want %d, %q", c.method, target, w.Code, w.Header().Get("Allow"), b.ResourceType, c.status, c.allow)
		}
	}
}

func TestEveryAnswerHasTheseHeaders(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for _, target := range []string{everything, "/fhir/R4/metadata", "/nowhere", "/fhir/R4/Patient?identifier=x"} {
		h := r.do(t, "GET", target).Header()
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": "application/fhir+json; charset=utf-8",
			"Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q, want %q", target, name, h.Get(name), want)
			}
		}
		if h.Get("X-Request-Id") == "" || h.Get("Strict-Transport-Security") == "" || h.Get("Content-Security-Policy") == "" {
			t.Errorf("%s: headers %v", target, h)
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for sent, kept := range map[string]bool{
		"60E0B220-8136-4CA5-AE46-1D97EF59D068": true, "01JNA5Y8T0ABCDEFGHJKMNPQRS": true,
		number: false, family: false, "": false, "60E0B220-8136-4CA5-AE46-1D97EF59D068x": false,
	} {
		got := r.do(t, "GET", "/fhir/R4/metadata", header("X-Request-Id", sent)).Header().Get("X-Request-Id")
		if (got == sent) != kept || got == "" {
			t.Errorf("sent %q, got %q", sent, got)
		}
	}
}

func TestNegotiation(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for name, c := range map[string]struct {
		accept, format string
		status         int
	}{
		"none":                   {"", "", 200},
		"FHIR JSON":              {"application/fhir+json", "", 200},
		"JSON with charset":      {"application/json; charset=utf-8", "", 200},
		"anything":               {"*/*", "", 200},
		"a browser":              {"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "", 200},
		"XML":                    {"application/fhir+xml", "", 406},
		"XML or JSON":            {"application/fhir+xml, application/fhir+json;q=0.5", "", 200},
		"no JSON":                {"application/fhir+json;q=0", "", 406},
		"_format json":           {"application/fhir+xml", "json", 200},
		"_format xml":            {"application/fhir+json", "xml", 406},
		"_format as a type":      {"", "application/fhir%2Bjson", 200},
		"_format, plus as blank": {"", "application/fhir+json", 200},
	} {
		target := "/fhir/R4/metadata"
		if c.format != "" {
			target += "?_format=" + c.format
		}
		if w := r.do(t, "GET", target, header("Accept", c.accept)); w.Code != c.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.status)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	search := "/fhir/R4/Patient/_search"
	good := form(url.Values{"_id": {person}})
	for name, c := range map[string]struct {
		change []func(*http.Request)
		status int
	}{
		"good":           {[]func(*http.Request){good}, 200},
		"JSON":           {[]func(*http.Request){good, header("Content-Type", "application/fhir+json")}, 415},
		"no type":        {[]func(*http.Request){good, header("Content-Type", "")}, 415},
		"too long":       {[]func(*http.Request){form(url.Values{"_id": {strings.Repeat("a", 70<<10)}})}, 413},
		"not a form":     {[]func(*http.Request){form(nil), func(r *http.Request) { r.Body = readCloser{strings.NewReader("a=%zz")} }}, 400},
		"query too long": {[]func(*http.Request){good, func(r *http.Request) { r.URL.RawQuery = strings.Repeat("a", 9<<10) }}, 413},
	} {
		if w := r.do(t, "POST", search, c.change...); w.Code != c.status {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.status)
		}
	}
	names, _ := read(t, r.do(t, "POST", "/fhir/R4/Observation/_search", form(url.Values{"patient": {person}}))).in(t, "match")
	if len(names) != 2 {
		t.Errorf("search of a type by form gives %v", names)
	}
}

func TestGzipAndHead(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	plain := r.do(t, "GET", everything).Body.Bytes()
	w := r.do(t, "GET", everything, header("Accept-Encoding", "br, gzip;q=1.0"))
	z, err := gzip.NewReader(w.Body)
	check(t, err)
	unpacked, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(plain, unpacked) || w.Header().Get("Content-Encoding") != "gzip" {
		t.Errorf("gzip answer differs, error %v, encoding %q", err, w.Header().Get("Content-Encoding"))
	}
	for _, refuses := range []string{"", "gzip;q=0", "br"} {
		if w := r.do(t, "GET", everything, header("Accept-Encoding", refuses)); w.Header().Get("Content-Encoding") != "" {
			t.Errorf("Accept-Encoding %q was answered with %q", refuses, w.Header().Get("Content-Encoding"))
		}
	}
	head := r.do(t, "HEAD", everything)
	if head.Code != 200 || head.Body.Len() != 0 || len(r.events(t)) == 0 {
		t.Errorf("HEAD: status %d, %d bytes", head.Code, head.Body.Len())
	}
}

// TestErrors holds the one table from kinds to HTTP and OperationOutcome.
func TestErrors(t *testing.T) {
	t.Parallel()
	for kind, want := range map[failure.Kind]struct {
		status int
		code   string
	}{
		failure.Internal: {500, "exception"}, failure.Invalid: {400, "invalid"}, failure.Conflict: {409, "conflict"},
		failure.Throttled: {429, "throttled"}, failure.Unavailable: {503, "transient"}, failure.Forbidden: {403, "forbidden"},
		failure.TooLarge: {413, "too-long"}, failure.NotSupported: {501, "not-supported"}, failure.Gone: {410, "deleted"},
	} {
		r := newRegion(t)
		r.entries.err = failure.New(kind, "record.Read", "secret %s", family)
		w := r.do(t, "GET", everything)
		b := read(t, w)
		if w.Code != want.status || b.Issue[0].Code != want.code {
			t.Errorf("%s: status %d, issue %+v; want %d, %s", kind, w.Code, b.Issue, want.status, want.code)
		}
		if strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: the answer shows an inner error", kind)
		}
		retry := w.Header().Get("Retry-After") != ""
		if retry != (kind == failure.Throttled || kind == failure.Unavailable) {
			t.Errorf("%s: Retry-After %v", kind, retry)
		}
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.panics = true
	w := r.do(t, "GET", everything)
	if b := read(t, w); w.Code != 500 || b.Issue[0].Code != "exception" || strings.Contains(w.Body.String()+r.log.String(), family) {
		t.Errorf("status %d, issue %+v", w.Code, b.Issue)
	}
	if !strings.Contains(r.log.String(), "FHIR_PANIC") || len(r.events(t)) != 1 {
		t.Errorf("log %q, %d events", r.log, len(r.events(t)))
	}
}

// statement is what tests look at in a CapabilityStatement.
type statement struct {
	ResourceType, FHIRVersion, Kind, Status string
	Rest                                    []struct {
		Mode     string
		Resource []struct {
			Type        string
			Interaction []struct{ Code string }
			SearchParam []struct{ Name string }
			Operation   []struct{ Name, Definition string }
		}
		Security struct{ Description string }
	}
}

func capability(t testing.TB, r *region) (c statement) {
	t.Helper()
	w := r.do(t, "GET", "/fhir/R4/metadata", header("Authorization", ""))
	check(t, json.Unmarshal(w.Body.Bytes(), &c))
	if w.Code != 200 || c.ResourceType != "CapabilityStatement" || c.FHIRVersion != "4.0.1" || c.Rest[0].Mode != "server" {
		t.Fatalf("status %d, %+v", w.Code, c)
	}
	return c
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	c := capability(t, r)
	var got []string
	for _, resource := range c.Rest[0].Resource {
		if resource.Type != "Patient" && resource.Type != "Task" {
			continue
		}
		for _, p := range resource.SearchParam {
			got = append(got, resource.Type+"?"+p.Name)
		}
		for _, o := range resource.Operation {
			got = append(got, resource.Type+"/$"+o.Name+" "+o.Definition)
		}
	}
	const own, hl7 = " https://github.com/carerecord/carerecord/fhir/OperationDefinition/", " http://hl7.org/fhir/OperationDefinition/"
	want := []string{
		"Patient?_id", "Patient?identifier", "Patient?family", "Patient?given", "Patient?name", "Patient?birthdate", "Patient?gender", "Patient?address-postalcode",
		"Patient/$everything" + hl7 + "Patient-everything", "Patient/$match" + hl7 + "Patient-match",
		"Patient/$ihe-pix https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
		"Patient/$link" + own + "Patient-link", "Patient/$unlink" + own + "Patient-unlink",
		"Patient/$merge" + hl7 + "Patient-merge", "Patient/$unmerge" + own + "Patient-unmerge",
		"Patient/$decisions" + own + "Patient-decisions",
		"Task?patient", "Task?code", "Task?status", "Task/$metrics" + own + "Task-metrics", "Task/$decide" + own + "Task-decide",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("offered (-want +got):\n%s", diff)
	}
	if !strings.Contains(c.Rest[0].Security.Description, "R0001, R5105, R8013") {
		t.Errorf("who reviews: %q", c.Rest[0].Security.Description)
	}
	if len(r.events(t)) != 0 {
		t.Error("metadata is audited")
	}
}

func TestNewRefusesHalfAConfig(t *testing.T) {
	t.Parallel()
	if _, err := restapi.New(restapi.Config{BaseURL: baseURL}); !failure.Is(err, failure.Invalid) {
		t.Errorf("got %v, want invalid", err)
	}
}

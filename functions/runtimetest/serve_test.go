package runtimetest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/restapi"
)

// httpAnswer is what API Gateway makes of a function's answer.
type httpAnswer struct {
	status   int
	header   http.Header
	body     []byte // as the client reads it, after gzip
	resource map[string]any
}

func proxied(t testing.TB, payload []byte) httpAnswer {
	t.Helper()
	var said events.APIGatewayProxyResponse
	if err := json.Unmarshal(payload, &said); err != nil {
		t.Fatal(err)
	}
	a := httpAnswer{status: said.StatusCode, header: said.MultiValueHeaders, body: []byte(said.Body)}
	if said.IsBase64Encoded {
		raw, err := base64.StdEncoding.DecodeString(said.Body)
		if err != nil {
			t.Fatal(err)
		}
		a.body = raw
	}
	if a.header.Get("Content-Encoding") == "gzip" {
		plain, err := gzip.NewReader(bytes.NewReader(a.body))
		if err != nil {
			t.Fatal(err)
		}
		if a.body, err = io.ReadAll(plain); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Unmarshal(a.body, &a.resource); err != nil {
		t.Fatalf("the body is not JSON: %v", err)
	}
	return a
}

// request is a sample event of the API, changed.
func request(t testing.TB, name string, change func(*events.APIGatewayProxyRequest)) []byte {
	t.Helper()
	var event events.APIGatewayProxyRequest
	if err := json.Unmarshal(trigger(t, name), &event); err != nil {
		t.Fatal(err)
	}
	change(&event)
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// everythingEvent is the sample event for another person and size of page.
func everythingEvent(t testing.TB, person string, count int, compressed bool) []byte {
	t.Helper()
	return request(t, "serve-fhir.everything", func(e *events.APIGatewayProxyRequest) {
		e.Path = strings.ReplaceAll(e.Path, samples.Person, person)
		e.MultiValueQueryStringParameters = map[string][]string{"_count": {strconv.Itoa(count)}}
		e.QueryStringParameters = nil
		if !compressed {
			delete(e.MultiValueHeaders, "Accept-Encoding")
			delete(e.Headers, "Accept-Encoding")
		}
	})
}

// sampleAccess lets in whom the sample events' authorizer let in.
type sampleAccess struct{ caller access.Caller }

func (a sampleAccess) Authenticate(context.Context, string) (access.Caller, error) {
	return a.caller, nil
}

// The record of a person from the binary, on DynamoDB and through API Gateway's
// events, is that of the same handler in this process.
func TestEverything(t *testing.T) {
	t.Parallel()
	r := delivered(t)
	person := sharedPerson(t)
	event := bytes.ReplaceAll(trigger(t, "serve-fhir.everything"), []byte(samples.Person), []byte(person))
	before := len(dump(t, r.Table(catalogue.TableAudit)))
	p := r.Start(t, "serve-fhir")
	got := proxied(t, p.Invoke(t, event).Payload)
	want := everythingHere(t, r, event)
	if got.status != http.StatusOK || len(got.body) < 1000 {
		t.Fatalf("status %d, %d bytes", got.status, len(got.body))
	}
	for _, answer := range []map[string]any{got.resource, want} {
		delete(answer, "id")
		delete(answer, "meta")
		delete(answer, "timestamp")
	}
	if diff := cmp.Diff(want, got.resource); diff != "" {
		t.Errorf("$everything (-in process +binary): %d bytes of difference", len(diff))
	}
	if after := len(dump(t, r.Table(catalogue.TableAudit))); after <= before {
		t.Errorf("%d audit items, before the look %d", after, before)
	}
	if sum, err := audit.Verify(t.Context(), r.Table(catalogue.TableAudit)); err != nil {
		t.Errorf("the audit chain: %+v, %v", sum, err)
	}
}

// everythingHere answers the event by restapi alone.
func everythingHere(t *testing.T, r *runtimetest.Region, text []byte) map[string]any {
	t.Helper()
	var event events.APIGatewayProxyRequest
	if err := json.Unmarshal(text, &event); err != nil {
		t.Fatal(err)
	}
	said := event.RequestContext.Authorizer
	here := world.reference
	api, err := restapi.New(restapi.Config{
		Index: here.service.Index, Record: here.service.Record, Hasher: here.service.Hasher,
		Audit:   audit.New(here.tables.Table("audit"), audit.Config{Writer: "here"}),
		Access:  sampleAccess{access.Caller{Subject: said["subject"].(string), Organisation: said["organisation"].(string), Role: said["role"].(string), Issuer: said["issuer"].(string)}},
		BaseURL: r.Value(catalogue.BaseURL), Log: slog.New(slog.DiscardHandler),
		Freshness: func(ctx context.Context, organisations []string) ([]restapi.FeedState, error) {
			feeds, err := here.service.Freshness(ctx, organisations)
			states := make([]restapi.FeedState, len(feeds))
			for i, f := range feeds {
				states[i] = restapi.FeedState(f)
			}
			return states, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, httptest.NewRequest(http.MethodGet, event.Path+"?_count=50", nil))
	var resource map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &resource); err != nil {
		t.Fatal(err)
	}
	return resource
}

// Requests that no client of ours sends: each gets an OperationOutcome, and
// the process answers the next one.
func TestRequestsOutOfTheOrdinary(t *testing.T) {
	t.Parallel()
	r := delivered(t)
	p := r.Start(t, "serve-fhir")
	binary := base64.StdEncoding.EncodeToString([]byte{0xff, 0xfe, 0, 1, '%', 'z'})
	for name, c := range map[string]struct {
		sample string
		status int
		change func(*events.APIGatewayProxyRequest)
	}{
		"no headers": {"serve-fhir.metadata", 200, func(e *events.APIGatewayProxyRequest) {
			e.Headers, e.MultiValueHeaders = nil, nil
		}},
		"nobody was let in":           {"serve-fhir.everything", 401, func(e *events.APIGatewayProxyRequest) { e.RequestContext.Authorizer = nil }},
		"no such person":              {"serve-fhir.everything", 404, func(*events.APIGatewayProxyRequest) {}},
		"no such route":               {"serve-fhir.metadata", 404, func(e *events.APIGatewayProxyRequest) { e.Path = "/fhir/R4/Nothing" }},
		"a binary body":               {"serve-fhir.search", 400, func(e *events.APIGatewayProxyRequest) { e.Body = binary }},
		"not the base64 that it says": {"serve-fhir.search", 400, func(e *events.APIGatewayProxyRequest) { e.Body = "%%%" }},
		"a body of 10 MB": {"serve-fhir.search", 413, func(e *events.APIGatewayProxyRequest) {
			e.Body = base64.StdEncoding.EncodeToString([]byte("identifier=" + strings.Repeat("9", 10<<20)))
		}},
		"a search by two values of one header": {"serve-fhir.search", 415, func(e *events.APIGatewayProxyRequest) {
			e.MultiValueHeaders["Content-Type"] = []string{"text/plain"}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			a := p.Invoke(t, request(t, c.sample, c.change))
			if a.Failed {
				t.Fatalf("the function failed: %s", a.Type)
			}
			got := proxied(t, a.Payload)
			kind := "OperationOutcome"
			if c.status == 200 {
				kind = "CapabilityStatement"
			}
			if got.status != c.status || got.resource["resourceType"] != kind {
				t.Errorf("status %d, a %v; want %d, a %s", got.status, got.resource["resourceType"], c.status, kind)
			}
		})
	}
}

// A record of more than Lambda can answer at once comes in pages that each fit,
// whatever number of entries a client asks for and with gzip or without.
func TestRecordLargerThanAnAnswer(t *testing.T) {
	t.Parallel()
	r := stored(t)
	pool := tasks(t, r)
	pool["receive-delivery"] = r.Start(t, "receive-delivery")
	letters := slices.Repeat([]string{noise(1_300_000)}, 5) // 1.7 MB each as base64
	drop(t, r, pool, "NZZ99/bundles/1.json", bundle(letters...))
	h := hasher(t, r)
	person, err := index.New(r.Table(catalogue.TableIndex), h, matching.NewMatcher(matching.Default())).FindSource(t.Context(), index.SourceKey(h, "NZZ99", "bundles", "p1"))
	if err != nil {
		t.Fatal(err)
	}
	p := r.Start(t, "serve-fhir")
	for _, compressed := range []bool{true, false} {
		found, pages := 0, 0
		event := everythingEvent(t, person, 1000, compressed)
		for ; event != nil && pages < 20; pages++ {
			a := p.Invoke(t, event)
			if a.Failed {
				t.Fatalf("gzip %t, page %d: %s", compressed, pages, a.Type)
			}
			page := proxied(t, a.Payload)
			if page.status != http.StatusOK {
				t.Fatalf("gzip %t, page %d: status %d", compressed, pages, page.status)
			}
			found += bytes.Count(page.body, []byte(`"resourceType":"DocumentReference"`))
			event = following(t, page.resource)
		}
		if found != len(letters) || pages < 2 {
			t.Errorf("gzip %t: %d letters on %d pages, want %d on several", compressed, found, pages, len(letters))
		}
	}
}

// following is the event of the page that a Bundle's link next leads to; nil:
// it was the last.
func following(t *testing.T, bundle map[string]any) []byte {
	t.Helper()
	links, _ := bundle["link"].([]any)
	for _, l := range links {
		link, _ := l.(map[string]any)
		if link["relation"] != "next" {
			continue
		}
		to, err := url.Parse(link["url"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return request(t, "serve-fhir.everything", func(e *events.APIGatewayProxyRequest) {
			e.Path, e.QueryStringParameters, e.MultiValueQueryStringParameters = to.Path, nil, to.Query()
		})
	}
	return nil
}

// A store that does not answer is a 503 after the product's own retries, and
// no more than that: the next request is answered.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	r := delivered(t)
	p := r.Start(t, "serve-fhir")
	event := bytes.ReplaceAll(trigger(t, "serve-fhir.everything"), []byte(samples.Person), []byte(sharedPerson(t)))
	p.Down("dynamodb", true)
	if a := proxied(t, p.Invoke(t, event).Payload); a.status != http.StatusServiceUnavailable || a.resource["resourceType"] != "OperationOutcome" {
		t.Errorf("status %d, a %v", a.status, a.resource["resourceType"])
	}
	p.Down("dynamodb", false)
	if a := proxied(t, p.Invoke(t, event).Payload); a.status != http.StatusOK {
		t.Errorf("afterwards status %d", a.status)
	}
}

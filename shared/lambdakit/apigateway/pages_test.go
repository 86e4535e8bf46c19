package apigateway_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/lambdakit/apigateway"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/restapi"
	"github.com/carerecord/carerecord/shared/table/embedded"
	"github.com/carerecord/carerecord/shared/version"
)

// largeRecord makes the API of a region with one person of many entries, each
// of which refers to one of the practitioners.
func largeRecord(t *testing.T, entries, entryBytes, practitioners, practitionerBytes int) (lambda.Handler, context.Context, string) {
	t.Helper()
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	h, err := opaque.NewHasher([]byte(strings.Repeat("k", opaque.KeySize)))
	if err != nil {
		t.Fatal(err)
	}
	at := version.Instant{Time: time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)}
	origin := record.Origin{Organisation: "RZZ", Feed: "bundles", Delivery: "01KAS3R8F0Z6M4Q2V7X9C1B5N3", Row: 1}
	owner := h.ID("source-patient", "RZZ", "", "1")
	x, store := index.New(db.Table("index"), h, matching.NewMatcher(matching.Default())), record.New(db.Table("record"))
	err = x.Apply(t.Context(), at.Time, []index.Statement{{
		Key: owner, Organisation: "RZZ", Value: "1", At: at, Origin: origin,
		Details: &demographics.Details{BirthDate: "1980-02-29", Names: []demographics.Name{{Family: "Canary"}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	links, err := x.Links(t.Context(), owner)
	if err != nil || links[owner] == "" {
		t.Fatalf("%v, %v", err, links)
	}
	var list []record.Entry
	add := func(owner, kind, id string, size int, ref string) {
		// Many short members: as much to escape as FHIR ever has.
		head := fmt.Sprintf(`{"resourceType":%q,"id":%q,"extension":[`, kind, id)
		body := head + strings.TrimSuffix(strings.Repeat(`{"url":"a","valueCode":"b"},`, (size-len(head))/28), ",") + `]}`
		e := record.Entry{Owner: owner, Type: kind, ID: id, At: at, Hash: "h" + id, Resource: []byte(body), Origin: origin}
		if ref != "" {
			e.Refs = []string{ref}
		}
		list = append(list, e)
	}
	directory := record.DirectoryOwner(h, "RZZ", "bundles")
	for i := range practitioners {
		add(directory, "Practitioner", fmt.Sprintf("p%d", i), practitionerBytes, "")
	}
	for i := range entries {
		add(owner, "Observation", fmt.Sprintf("o%05d", i), entryBytes, fmt.Sprintf("Practitioner/p%d", i%practitioners))
	}
	if _, err := store.Load(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	k, ctx, _ := kit(t)
	api, err := restapi.New(restapi.Config{
		Index: x, Record: store, Hasher: h, Audit: audit.New(db.Table("audit"), audit.Config{Writer: "serve-fhir"}),
		Access: apigateway.Authorized{}, BaseURL: "https://care.example/fhir/R4", Log: k.Log,
		Freshness: func(context.Context, []string) ([]restapi.FeedState, error) { return nil, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return lambdakit.Handler(k, apigateway.Proxy(k, api)), ctx, links[owner]
}

// get asks for a URL and gives the answer and its size as Lambda counts it.
func get(ctx context.Context, t *testing.T, h lambda.Handler, path string, query url.Values, encoding string) (events.APIGatewayProxyResponse, int) {
	t.Helper()
	e := events.APIGatewayProxyRequest{
		HTTPMethod: http.MethodGet, Path: path, MultiValueQueryStringParameters: query, Headers: map[string]string{"Accept-Encoding": encoding},
		RequestContext: events.APIGatewayProxyRequestContext{Authorizer: map[string]any{"subject": "s", "issuer": "i", "organisation": "RZZ", "role": "R8000"}},
	}
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	out, err := h.Invoke(ctx, raw)
	if err != nil {
		t.Fatal(err)
	}
	var a events.APIGatewayProxyResponse
	if err := json.Unmarshal(out, &a); err != nil {
		t.Fatal(err)
	}
	return a, len(out)
}

// A record of 16 MB comes in pages, each of which fits Lambda's 6 MB without
// any compression, and no entry is left out.
func TestPagesFit(t *testing.T) {
	t.Parallel()
	const entries = 8000
	h, ctx, person := largeRecord(t, entries, 2000, 50, 1500)
	path, query := "/fhir/R4/Patient/"+person+"/$everything", url.Values{}
	seen := map[string]bool{}
	for pages := 1; ; pages++ {
		a, size := get(ctx, t, h, path, query, "identity")
		if a.StatusCode != http.StatusOK || size > 6<<20 {
			t.Fatalf("page %d: status %d, %d bytes", pages, a.StatusCode, size)
		}
		text := plain(t, a)
		var bundle struct {
			Link  []struct{ Relation, URL string }
			Entry []struct {
				Resource struct{ ResourceType, ID string }
				Search   struct{ Mode string }
			}
		}
		if err := json.Unmarshal(text, &bundle); err != nil {
			t.Fatal(err)
		}
		for _, e := range bundle.Entry {
			if e.Resource.ResourceType == "Observation" {
				seen[e.Resource.ID] = true
			}
		}
		next := ""
		for _, l := range bundle.Link {
			if l.Relation == "next" {
				next = l.URL
			}
		}
		if next == "" {
			t.Logf("%d pages", pages)
			break
		}
		u, err := url.Parse(next)
		if err != nil || pages > 50 {
			t.Fatal(err, pages)
		}
		query = u.Query()
	}
	if len(seen) != entries {
		t.Errorf("%d of %d entries", len(seen), entries)
	}
}

// Where every small entry brings a large practitioner of its own, a page could
// be too large. With gzip it is not, with _count it is not, and without either
// the client is told so.
func TestPagesWithVeryMuchBesideThem(t *testing.T) {
	t.Parallel()
	h, ctx, person := largeRecord(t, 3000, 200, 3000, 3000)
	path := "/fhir/R4/Patient/" + person + "/$everything"
	a, size := get(ctx, t, h, path, nil, "identity")
	if size > 6<<20 || a.StatusCode == http.StatusInternalServerError && !strings.Contains(string(plain(t, a)), "too-costly") {
		t.Errorf("plain: status %d, %d bytes", a.StatusCode, size)
	}
	t.Logf("plain: status %d", a.StatusCode)
	if a, size := get(ctx, t, h, path, nil, "gzip"); a.StatusCode != http.StatusOK || size > 6<<20 {
		t.Errorf("gzip: status %d, %d bytes", a.StatusCode, size)
	}
	if a, size := get(ctx, t, h, path, url.Values{"_count": {"500"}}, "identity"); a.StatusCode != http.StatusOK || size > 6<<20 {
		t.Errorf("_count: status %d, %d bytes", a.StatusCode, size)
	}
}

func plain(t *testing.T, a events.APIGatewayProxyResponse) []byte {
	t.Helper()
	if !a.IsBase64Encoded {
		return []byte(a.Body)
	}
	raw, err := base64.StdEncoding.DecodeString(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

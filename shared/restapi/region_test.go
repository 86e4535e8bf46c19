package restapi_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/restapi"
	"github.com/carerecord/carerecord/shared/table/embedded"
	"github.com/carerecord/carerecord/shared/version"
)

const (
	baseURL  = "https://care.test/fhir/R4"
	numberID = "https://fhir.nhs.uk/Id/nhs-number"
	number   = "9434765919" // valid by Modulus 11; also a canary
	local    = "CANARY-77"
	family   = "Canaryfamily"
	person   = "01JNA5Y8T0ABCDEFGHJKMNPQRS"
	oldID    = "01JNA5Y8T0ZZZZZZZZZZZZZZZZ"
	other    = "01JNA5Y8T0BBBBBBBBBBBBBBBB" // who may be the same as person
	clinic   = "srcclinic00000000000000000"
	review   = "rev0000000000000000000000a"
	hospital = "srchospital000000000000000"
	practice = "srcpractice000000000000000"
)

var now = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// entries is a store of entries. afterRead runs once after each Read.
type entries struct {
	mu        sync.Mutex
	owned     map[string][]record.Entry
	err       error
	directory int // calls of Directory
}

func (s *entries) put(e record.Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.DeleteFunc(slices.Clone(s.owned[e.Owner]), func(o record.Entry) bool { return o.Type == e.Type && o.ID == e.ID })
	list = append(list, e)
	slices.SortFunc(list, func(a, b record.Entry) int { return cmp.Compare(a.Type+"#"+a.ID, b.Type+"#"+b.ID) })
	s.owned[e.Owner] = list
}

func (s *entries) Read(_ context.Context, owner string, sel record.Selection) iter.Seq2[record.Entry, error] {
	s.mu.Lock()
	list := s.owned[owner]
	s.mu.Unlock()
	return func(yield func(record.Entry, error) bool) {
		if s.err != nil {
			yield(record.Entry{}, s.err)
			return
		}
		passed, n := sel.After == "", 0
		for _, e := range list {
			// Keys are compared, so that a cursor of an entry that is gone works too.
			if !passed && e.Type+"#"+e.ID <= placeOf(sel.After) {
				continue
			}
			if sel.Type != "" && e.Type != sel.Type {
				continue
			}
			if n++; sel.Limit > 0 && n > sel.Limit || !yield(e, nil) {
				return
			}
		}
	}
}

func (s *entries) Directory(_ context.Context, owner string, refs ...string) ([]record.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.directory++
	var found []record.Entry
	for _, e := range s.owned[owner] {
		if slices.Contains(refs, e.Type+"/"+e.ID) {
			found = append(found, e)
		}
	}
	return found, s.err
}

// trail wraps a real chain. It can fail, and it looks at the response when an
// event is stored.
type trail struct {
	chain *audit.Chain
	table *embedded.Table
	err   error
	onto  *httptest.ResponseRecorder
	late  bool // an answer had begun when its event was stored
}

func (a *trail) Record(ctx context.Context, e audit.Event) error {
	if a.onto != nil && (a.onto.Body.Len() > 0 || len(a.onto.Header()["Content-Length"]) > 0) {
		a.late = true
	}
	if a.err != nil {
		return a.err
	}
	return a.chain.Record(ctx, e)
}

// events gives the stored AuditEvents.
func (a *trail) events(t testing.TB) []string {
	t.Helper()
	var list []string
	if err := audit.Events(t.Context(), a.table, func(e []byte) error { list = append(list, string(e)); return nil }); err != nil {
		t.Fatal(err)
	}
	return list
}

type region struct {
	*people
	*entries
	*trail
	issuer  *access.Issuer
	hasher  *opaque.Hasher
	feeds   []restapi.FeedState
	feedErr error
	log     *bytes.Buffer
	handler http.Handler
	token   string // of a clinician
	warden  string // of a reviewer
}

func newRegion(t testing.TB) *region {
	t.Helper()
	hasher, err := opaque.NewHasher(bytes.Repeat([]byte{7}, opaque.KeySize))
	check(t, err)
	db, err := embedded.Memory()
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	issuer, err := access.NewIssuer(access.IssuerConfig{File: filepath.Join(t.TempDir(), "k"), URL: "https://issuer.test", Audience: "carerecord", Now: clock})
	check(t, err)
	r := &region{
		people:  &people{persons: map[string]index.Person{}, aliases: map[string]string{oldID: person}, numbers: map[string][]string{number: {person}}, sources: map[string]string{}},
		entries: &entries{owned: map[string][]record.Entry{}},
		trail:   &trail{table: db.Table("audit")}, issuer: issuer, hasher: hasher, log: &bytes.Buffer{},
	}
	r.chain = audit.New(r.table, audit.Config{Writer: "test", Now: clock})
	r.feeds = []restapi.FeedState{
		{Organisation: "RXX", Name: "Hospital", Feed: "adt", Delivery: "d1", Received: now.Add(-time.Hour)},
		{Organisation: "Y00001", Name: "Practice", Feed: "patients"},
	}
	r.token = r.tokenFor(t, access.Claims{Subject: "user-1", Organisation: "RXX", Role: "R8000", Name: "Dr Test"})
	r.warden = r.tokenFor(t, access.Claims{Subject: "user-2", Organisation: "RXX", Role: "R8013", Name: "Ms Records"})
	r.populate()
	r.question()
	r.handler = r.serve(t)
	return r
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (r *region) tokenFor(t testing.TB, c access.Claims) string {
	t.Helper()
	token, err := r.issuer.Token(c, time.Hour)
	check(t, err)
	return token
}

func (r *region) serve(t testing.TB) http.Handler { return r.serveIndex(t, r.people) }

func (r *region) serveIndex(t testing.TB, x restapi.Index) http.Handler {
	return r.serveAt(t, x, clock)
}

// serveAt serves by another clock; tokens are judged by the usual one.
func (r *region) serveAt(t testing.TB, x restapi.Index, at func() time.Time) http.Handler {
	t.Helper()
	verifier, err := access.NewVerifier(access.VerifierConfig{Issuer: "https://issuer.test", Audience: "carerecord", Keys: r.issuer.Keys(), Now: clock})
	check(t, err)
	h, err := restapi.New(restapi.Config{
		Index: x, Record: r.entries, Audit: r.trail, Access: verifier, Hasher: r.hasher, BaseURL: baseURL, Now: at,
		Freshness: func(context.Context, []string) ([]restapi.FeedState, error) { return r.feeds, r.feedErr },
		Log:       slog.New(slog.NewJSONHandler(r.log, nil)),
	})
	check(t, err)
	return h
}

// populate makes one person of a hospital patient and a practice patient.
func (r *region) populate() {
	r.persons[person] = index.Person{ID: person, Sources: []index.SourcePatient{
		{Key: practice, Organisation: "Y00001", System: "patients", Value: local, At: version.Instant{Time: now.Add(-48 * time.Hour)}, Details: demographics.Details{
			NHSNumber: number, NHSStatus: "02", BirthDate: "1970-01", Sex: "male", Deceased: "",
			Names: []demographics.Name{{Family: family, Given: []string{"Jan"}}},
		}},
		{Key: hospital, Organisation: "RXX", Value: "MRN/1 2", At: version.Instant{Time: now.Add(-24 * time.Hour)}, Details: demographics.Details{
			NHSNumber: number, NHSStatus: "01", BirthDate: "1970-01-31", Practice: "Y00001",
			Names: []demographics.Name{{Use: "usual", Family: family, Given: []string{"Jan"}}, {Family: family, Given: []string{"Jan"}}},
		}},
	}}
	r.sources[index.SourceKey(r.hasher, "Y00001", "patients", local)] = person
	doctor := record.DirectoryOwner(r.hasher, "RXX", "")
	ward := record.DirectoryOwner(r.hasher, "RXX", "adt")
	r.put(entry(doctor, "Practitioner", "doc1", `{"resourceType":"Practitioner","id":"doc1"}`, 9, "Organization/org1"))
	r.put(entry(ward, "Organization", "org1", `{"resourceType":"Organization","id":"org1"}`, 9))
	r.put(entry(hospital, "Encounter", "enc1", `{"resourceType":"Encounter","id":"enc1","subject":{"reference":"Patient/@"},"note":"\"Patient/@\""}`, 1, "Practitioner/doc1", "Location/gone", "Condition/other"))
	r.put(entry(hospital, "Observation", "obs1", `{"resourceType":"Observation","id":"obs1","subject":{"reference":"Patient/@"},"valueQuantity":{"value":1.50}}`, 1))
	r.put(entry(hospital, "Observation", "obs2", `{"resourceType":"Observation","id":"obs2","subject":{"reference":"Patient/@"}}`, 2))
	r.put(entry(practice, "Condition", "con1", `{"resourceType":"Condition","id":"con1","subject":{"reference":"Patient/@"}}`, 4))
}

// entry makes an entry that came from a row of the hospital's delivery d1.
func entry(owner, kind, id, resource string, row int, refs ...string) record.Entry {
	return record.Entry{
		Owner: owner, Type: kind, ID: id, Resource: []byte(resource), Refs: refs,
		At:     version.Instant{Time: now.Add(-24 * time.Hour), Row: row},
		Origin: record.Origin{Organisation: "RXX", Feed: "adt", Delivery: "d1", Row: row, Line: int64(10 * row), Offset: int64(100 * row), Path: fmt.Sprintf("MSH[%d]", row)},
	}
}

// do makes a request with the region's token unless told otherwise.
func (r *region) do(t testing.TB, method, target string, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	req := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	req.Header.Set("Authorization", "Bearer "+r.token)
	for _, c := range change {
		c(req)
	}
	w := httptest.NewRecorder()
	r.onto = w
	r.handler.ServeHTTP(w, req)
	r.onto = nil
	return w
}

func form(values url.Values) func(*http.Request) {
	return func(r *http.Request) {
		body := values.Encode()
		*r = *r.Clone(r.Context())
		r.Body, r.ContentLength = readCloser{strings.NewReader(body)}, int64(len(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

// fhirJSON sends a resource.
func fhirJSON(body string) func(*http.Request) {
	return func(r *http.Request) {
		*r = *r.Clone(r.Context())
		r.Body, r.ContentLength = readCloser{strings.NewReader(body)}, int64(len(body))
		r.Header.Set("Content-Type", "application/fhir+json")
	}
}

// as makes the request with another token.
func as(token string) func(*http.Request) { return header("Authorization", "Bearer "+token) }

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

func header(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if value == "" {
			r.Header.Del(name)
			return
		}
		r.Header.Set(name, value)
	}
}

// bundle is what tests look at in an answer.
type bundle struct {
	ResourceType string
	Type         string
	Total        *int
	Link         []struct{ Relation, URL string }
	Entry        []struct {
		FullURL  string
		Resource json.RawMessage
		Search   struct {
			Mode      string
			Score     *float64
			Extension []extension
		}
	}
	Issue []issue
}

type issue struct {
	Severity, Code string
	Details        struct {
		Text   string
		Coding []struct{ System, Code string }
	}
	Expression []string
}

type extension struct {
	URL                    string
	ValueCode, ValueString string
	ValueDecimal           *float64
	Extension              []extension
}

func read(t testing.TB, w *httptest.ResponseRecorder) bundle {
	t.Helper()
	var b bundle
	if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil {
		t.Fatalf("status %d, body is not JSON: %v", w.Code, err)
	}
	return b
}

// in gives the resources of a mode as "Type/id" and as text.
func (b bundle) in(t testing.TB, mode string) (names, bodies []string) {
	t.Helper()
	for _, e := range b.Entry {
		var head struct{ ResourceType, ID string }
		check(t, json.Unmarshal(e.Resource, &head))
		if e.Search.Mode == mode {
			names, bodies = append(names, head.ResourceType+"/"+head.ID), append(bodies, string(e.Resource))
		}
	}
	return names, bodies
}

func (b bundle) link(relation string) string {
	for _, l := range b.Link {
		if l.Relation == relation {
			return strings.TrimPrefix(l.URL, "https://care.test")
		}
	}
	return ""
}

// placeOf reads a record.Cursor as the store does.
func placeOf(c record.Cursor) string { return decodeCursor(string(c)) }

type responses struct {
	method   string
	recorder *httptest.ResponseRecorder
}

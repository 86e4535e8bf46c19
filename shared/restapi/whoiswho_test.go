package restapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table/engines"
	"github.com/carerecord/carerecord/shared/version"
)

// registry is the API on a real index and a real audit trail of an engine.
type registry struct {
	*region
	index  *index.Index
	audits engines.Table
	hours  int
}

func newRegistry(t *testing.T, open engines.Open) *registry {
	t.Helper()
	r := newRegion(t)
	tables := open("index", "audit")
	r.chain = audit.New(tables[1], audit.Config{Writer: "test", Now: clock})
	g := &registry{region: r, index: index.New(tables[0], r.hasher, matcher), audits: tables[1]}
	// Time passes between what humans do: the later of two decisions counts.
	var seconds atomic.Int64
	r.handler = r.serveAt(t, g.index, func() time.Time { return now.Add(time.Duration(seconds.Add(1)) * time.Second) })
	return g
}

// says lets an organisation state details of its patient 1, an hour after what
// was said before.
func (g *registry) says(t *testing.T, organisation string, d demographics.Details) {
	t.Helper()
	g.hours++
	check(t, g.index.Apply(t.Context(), now, []index.Statement{{
		Key: index.SourceKey(g.hasher, organisation, "pas", "1"), Organisation: organisation, System: "pas", Value: "1", Details: &d,
		At:     version.Instant{Time: now.Add(time.Duration(g.hours-100) * time.Hour), Row: 1},
		Origin: record.Origin{Organisation: organisation, Feed: "pas", Delivery: fmt.Sprintf("01JNA5Y8T0%016d", g.hours), Row: 1},
	}}))
}

// sourceID is how the API names the patient 1 of an organisation.
func sourceID(organisation string) string { return "urn:carerecord:patient:" + organisation + ":pas|1" }

// personOf asks the API whose the patient of an organisation is.
func (g *registry) personOf(t *testing.T, organisation string) string {
	t.Helper()
	names, _ := read(t, g.do(t, "POST", "/fhir/R4/Patient/_search", form(url.Values{"identifier": {sourceID(organisation)}}))).in(t, "match")
	if len(names) != 1 {
		t.Fatalf("the patient of %s is %v", organisation, names)
	}
	return strings.TrimPrefix(names[0], "Patient/")
}

// reviewerSays posts an operation as a reviewer and wants the status.
func (g *registry) reviewerSays(t *testing.T, status int, target string, values url.Values, change ...func(*http.Request)) {
	t.Helper()
	values.Set("reason", "checked with the patient")
	w := g.do(t, "POST", "/fhir/R4/"+target, append([]func(*http.Request){as(g.warden), form(values)}, change...)...)
	if w.Code != status {
		t.Fatalf("%s: status %d, want %d: %s", target, w.Code, status, w.Body)
	}
}

func appleyard(given ...string) demographics.Details {
	return demographics.Details{
		BirthDate: "1980-05-17", Sex: "male", Names: []demographics.Name{{Family: "Appleyard", Given: given}},
		Addresses: []demographics.Address{{Postcode: "LS1 4AP", Lines: []string{"1 The Headrow"}}},
	}
}

// TestWhoIsWho walks through the work of a reviewer with the real parts: a
// possible match comes into the queue, is decided, undone, made by hand and
// undone by two; whoever was seen is in the trail.
func TestWhoIsWho(t *testing.T) {
	t.Parallel()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		g := newRegistry(t, open)
		g.says(t, "RXX", appleyard("Jonathan", "Mark"))
		thin := appleyard()
		thin.Addresses = nil
		g.says(t, "RYY", thin) // no given name, no address: too thin to link
		hospital, clinic := g.personOf(t, "RXX"), g.personOf(t, "RYY")
		if hospital == clinic {
			t.Fatal("linked by a family name and a birth date")
		}
		id := g.decideTheOnlyReview(t, hospital, clinic)
		if a, b := g.personOf(t, "RXX"), g.personOf(t, "RYY"); a != b {
			t.Errorf("decided to be the same, and two people: %s, %s", a, b)
		}
		g.reviewerSays(t, 409, "Task/"+id+"/$decide", url.Values{"answer": {"different"}})
		g.undoAndRedo(t)
		g.mergeAndUnmerge(t)
		if sum, err := audit.Verify(t.Context(), g.audits); err != nil || sum.Events == 0 {
			t.Errorf("the trail: %+v, %v", sum, err)
		}
	})
}

// decideTheOnlyReview reads the queue and answers what is in it.
func (g *registry) decideTheOnlyReview(t *testing.T, people ...string) string {
	t.Helper()
	names, _ := read(t, g.do(t, "GET", "/fhir/R4/Task?code=patient-link-review&status=requested&_sort=-score", as(g.warden))).in(t, "match")
	if len(names) != 1 {
		t.Fatalf("the queue has %v", names)
	}
	k, status := g.review(t, "/fhir/R4/"+names[0])
	var named []string
	for _, p := range k.Input {
		if ref, ok := strings.CutPrefix(p.ValueReference.Reference, "Patient/"); ok {
			named = append(named, ref)
		}
	}
	slices.Sort(named)
	slices.Sort(people)
	if diff := cmp.Diff(people, named); status != 200 || k.Status != "requested" || len(k.Contained) != 2 || k.Contained[0].Name[0].Family != "Appleyard" || diff != "" {
		t.Errorf("status %d, %+v; people (-want +got):\n%s", status, k, diff)
	}
	g.reviewerSays(t, 200, names[0]+"/$decide", url.Values{"answer": {"wait"}})
	if k, _ := g.review(t, "/fhir/R4/"+names[0]); k.Status != "on-hold" {
		t.Errorf("after wait: %s", k.Status)
	}
	if n := g.metric(t, "waiting"); n != 1 {
		t.Errorf("%d wait", n)
	}
	g.reviewerSays(t, 200, names[0]+"/$decide", url.Values{"answer": {"same"}})
	if k, _ := g.review(t, "/fhir/R4/"+names[0]); k.Status != "completed" || len(k.Output) != 4 {
		t.Errorf("after same: %s, %+v", k.Status, k.Output)
	}
	if n := g.metric(t, "waiting"); n != 0 {
		t.Errorf("%d wait after the decision", n)
	}
	return strings.TrimPrefix(names[0], "Task/")
}

func (g *registry) metric(t *testing.T, name string) int {
	t.Helper()
	var m outcome
	check(t, json.Unmarshal(g.do(t, "GET", "/fhir/R4/Task/$metrics", as(g.warden)).Body.Bytes(), &m))
	for _, p := range m.Parameter {
		if p.Name == name && p.ValueInteger != nil {
			return *p.ValueInteger
		}
	}
	return -1
}

// undoAndRedo takes a source patient out of its person, and puts it back.
func (g *registry) undoAndRedo(t *testing.T) {
	t.Helper()
	g.reviewerSays(t, 200, "Patient/$unlink", url.Values{"sourceIdentifier": {sourceID("RYY")}})
	if a, b := g.personOf(t, "RXX"), g.personOf(t, "RYY"); a == b {
		t.Error("unlinked, and still one person")
	}
	g.reviewerSays(t, 409, "Patient/$unlink", url.Values{"sourceIdentifier": {sourceID("RYY")}})
	g.reviewerSays(t, 200, "Patient/$link", url.Values{"sourceIdentifier": {sourceID("RYY"), sourceID("RXX")}})
	if a, b := g.personOf(t, "RXX"), g.personOf(t, "RYY"); a != b {
		t.Error("linked, and still two people")
	}
}

// mergeAndUnmerge joins a third person and gives their id back, for which two
// people are needed: everybody is who they were.
func (g *registry) mergeAndUnmerge(t *testing.T) {
	t.Helper()
	g.says(t, "RZZ", demographics.Details{BirthDate: "1955-02-03", Sex: "female", Names: []demographics.Name{{Family: "Quill", Given: []string{"Edith"}}}})
	survivor, former := g.personOf(t, "RXX"), g.personOf(t, "RZZ")
	before := g.do(t, "GET", "/fhir/R4/Patient/"+former).Body.String()
	g.reviewerSays(t, 200, "Patient/"+survivor+"/$merge", url.Values{"source-patient": {"Patient/" + former}})
	if got := g.do(t, "GET", "/fhir/R4/Patient/"+former).Body.String(); g.personOf(t, "RZZ") != survivor || !strings.Contains(got, `"type":"replaced-by"`) {
		t.Errorf("after the merge: %s", got)
	}
	g.reviewerSays(t, 409, "Patient/"+survivor+"/$merge", url.Values{"source-patient": {"Patient/" + former}})
	g.reviewerSays(t, 202, "Patient/"+former+"/$unmerge", url.Values{})
	g.reviewerSays(t, 403, "Patient/"+former+"/$unmerge", url.Values{})
	second := g.tokenFor(t, access.Claims{Subject: "user-3", Organisation: "RXX", Role: "R5105"})
	g.reviewerSays(t, 200, "Patient/"+former+"/$unmerge", url.Values{}, as(second))
	if after := g.do(t, "GET", "/fhir/R4/Patient/"+former).Body.String(); after != before {
		t.Errorf("unmerged, and not who it was (-before +after):\n%s", cmp.Diff(before, after))
	}
	g.reviewerSays(t, 404, "Patient/"+former+"/$unmerge", url.Values{}, as(second))
}

// TestFindOnTheRealIndex: people are found by what their sources say and said,
// by matching and by searching.
func TestFindOnTheRealIndex(t *testing.T) {
	t.Parallel()
	engines.Run(t, func(t *testing.T, open engines.Open) {
		g := newRegistry(t, open)
		before := appleyard("Jonathan", "Mark")
		before.Names[0].Family, before.Addresses = "Turner-Hall", []demographics.Address{{Postcode: "M1 1AE"}}
		before.NHSNumber, before.NHSStatus = number, "01"
		after := appleyard("Jonathan", "Mark")
		after.NHSNumber, after.NHSStatus = number, "01"
		g.says(t, "RXX", before)
		g.says(t, "RXX", after)
		id := g.personOf(t, "RXX")
		for search, score := range map[string]string{
			"family=Appleyard&birthdate=1980-05-17":                                                          "1.00",
			"given=jonathan&birthdate=1980-05-17":                                                            "1.00",
			"name=Jonathan&birthdate=1980-05-17":                                                             "1.00",
			"family=Turner-Hall&birthdate=1980-05-17":                                                        "0.50", // formerly
			"family=Hall&address-postalcode=M1 1AE":                                                          "0.00",
			"family=Appleyard&address-postalcode=LS1 4AP":                                                    "1.00",
			"family=Appleyard&address-postalcode=M1 1AE&birthdate=1980-05-17":                                "0.67",
			"family=Appleyard&given=Jo*&birthdate=1980-05-17&gender=male":                                    "0.75",
			"family=Appleyard&given=Jonathan&birthdate=1980":                                                 "1.00",
			"family=Appleyard&birthdate=ge1980-05-12&birthdate=le1980-05-19":                                 "1.00",
			"_fuzzy-match=true&family=Apleyard&given=Jonothan&birthdate=1980-05-17":                          "0.33",
			"_fuzzy-match=true&family=Jonathan&given=Appleyard&birthdate=1980-05-17":                         "0.33",
			"family=Jonathan&given=Appleyard&birthdate=1980-05-17":                                           "",
			"family=Apleyard&given=Jonathan&birthdate=1980-05-17":                                            "",
			"family=Appleyard&birthdate=1980-05-18":                                                          "",
			"family=Appleyard&birthdate=1980-05-17&gender=female":                                            "",
			"family=Turner-Hall&birthdate=1980-05-17&_history=false":                                         "",
			"_exact-match=true&family=Turner-Hall&birthdate=1980-05-17":                                      "",
			"_fuzzy-match=true&family=Appleyard&birthdate=1980-05-17&gender=male&address-postalcode=LS1 4AP": "1.00",
		} {
			var want []string
			if score != "" {
				want = []string{id + " " + score}
			}
			if got, _ := g.found(t, query(t, search)); !cmp.Equal(want, got) {
				t.Errorf("%s: found %v, want %v", search, got, want)
			}
		}
		for body, want := range map[string]string{
			`"identifier":[{"system":"` + numberID + `","value":"` + number + `"}],"birthDate":"1980-05-17"`:                                     id + " certain 1",
			`"name":[{"family":"Appleyard","given":["Jonathan","Mark"]}],"birthDate":"1980-05-17","address":[{"postalCode":"LS1 4AP"}]`:          id + " certain",
			`"name":[{"family":"Turner-Hall","given":["Jonathan","Mark"]}],"birthDate":"1980-05-17","address":[{"postalCode":"M1 1AE"}]`:         id + " certain",
			`"name":[{"family":"Quill","given":["Edith"]}],"birthDate":"1955-02-03","address":[{"postalCode":"LS1 4AP"}]`:                        "",
			`"name":[{"family":"Appleyard","given":["Jonathan"]}],"birthDate":"1948-11-30","address":[{"postalCode":"LS1 4AP"}],"gender":"male"`: "",
		} {
			got := read(t, g.do(t, "POST", matchURL, fhirJSON(`{"resourceType":"Patient",`+body+`}`))).grades(t)
			if (want == "") != (len(got) == 0) || len(got) > 1 || want != "" && !strings.HasPrefix(got[0], want) {
				t.Errorf("$match of %s: %v, want %q", body, got, want)
			}
		}
	})
}

package restapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/restapi"
)

const everything = "/fhir/R4/Patient/" + person + "/$everything"

func TestEverything(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	w := r.do(t, "GET", everything)
	b := read(t, w)
	if w.Code != http.StatusOK || b.Type != "searchset" || b.Total != nil || b.link("next") != "" || b.link("self") != everything {
		t.Errorf("status %d, type %q, total %v, links %v", w.Code, b.Type, b.Total, b.Link)
	}
	names, bodies := b.in(t, "match")
	// The Patient, then sources by key ("srch..." before "srcp..."), then type and id.
	if diff := cmp.Diff([]string{"Patient/" + person, "Encounter/enc1", "Observation/obs1", "Observation/obs2", "Condition/con1"}, names); diff != "" {
		t.Errorf("matches (-want +got):\n%s", diff)
	}
	// References to the patient lead to the person; a text that looks alike and numbers stay.
	want := `{"resourceType":"Encounter","id":"enc1","subject":{"reference":"Patient/` + person + `"},"note":"\"Patient/@\""}`
	if bodies[1] != want {
		t.Errorf("got %s\nwant %s", bodies[1], want)
	}
	if !strings.Contains(bodies[2], `"value":1.50`) {
		t.Errorf("a number lost its text: %s", bodies[2])
	}
	for _, e := range b.Entry {
		var head struct{ ResourceType, ID string }
		check(t, json.Unmarshal(e.Resource, &head))
		if head.ResourceType != "OperationOutcome" && e.FullURL != baseURL+"/"+head.ResourceType+"/"+head.ID {
			t.Errorf("fullUrl %q of %s/%s", e.FullURL, head.ResourceType, head.ID)
		}
	}
}

func TestEverythingIncludesTheDirectory(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for range 2 {
		names, _ := read(t, r.do(t, "GET", everything)).in(t, "include")
		directory := slices.DeleteFunc(names, func(s string) bool { return strings.HasPrefix(s, "Provenance/") })
		// org1 is referred to by doc1, which enc1 refers to.
		if diff := cmp.Diff([]string{"Organization/org1", "Practitioner/doc1"}, directory); diff != "" {
			t.Errorf("included (-want +got):\n%s", diff)
		}
	}
	// Two owners for doc1, two for org1; nothing more for the second view.
	if r.directory != 4 {
		t.Errorf("%d calls of Directory, want 4", r.directory)
	}
}

type provenance struct {
	ResourceType string
	Target       []struct{ Reference string }
	Recorded     time.Time
	Agent        []struct {
		Who struct {
			Identifier struct{ System, Value string }
		}
	}
	Entity []struct {
		Role string
		What struct {
			Identifier struct{ System, Value string }
		}
		Extension []struct {
			URL       string
			Extension []map[string]any
		}
	}
}

func TestEverythingHasProvenance(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	_, bodies := read(t, r.do(t, "GET", everything)).in(t, "include")
	byTarget := map[string]provenance{}
	for _, body := range bodies {
		var p provenance
		check(t, json.Unmarshal([]byte(body), &p))
		for _, target := range p.Target {
			byTarget[target.Reference] = p
		}
	}
	for _, ref := range []string{"Encounter/enc1", "Observation/obs1", "Observation/obs2", "Condition/con1", "Practitioner/doc1", "Organization/org1"} {
		if _, ok := byTarget[ref]; !ok {
			t.Errorf("no Provenance of %s", ref)
		}
	}
	// enc1 and obs1 came from one row and share one.
	p := byTarget["Encounter/enc1"]
	if len(p.Target) != 2 || p.Target[1].Reference != "Observation/obs1" {
		t.Errorf("targets %v", p.Target)
	}
	if who := p.Agent[0].Who.Identifier; who.System != "https://fhir.nhs.uk/Id/ods-organization-code" || who.Value != "RXX" || !p.Recorded.Equal(now.Add(-24*time.Hour)) {
		t.Errorf("agent %v, recorded %v", who, p.Recorded)
	}
	source := p.Entity[0]
	if source.Role != "source" || source.What.Identifier.Value != "d1" || source.What.Identifier.System != "urn:carerecord:delivery" {
		t.Errorf("entity %+v", source)
	}
	want := []map[string]any{
		{"url": "feed", "valueString": "adt"},
		{"url": "row", "valueInteger": 1.0},
		{"url": "line", "valueDecimal": 10.0},
		{"url": "offset", "valueDecimal": 100.0},
		{"url": "path", "valueString": "MSH[1]"},
	}
	if diff := cmp.Diff(want, source.Extension[0].Extension); diff != "" {
		t.Errorf("place (-want +got):\n%s", diff)
	}
}

// TestCompleteness: the answer says how fresh every feed is, and that records
// may be withheld, always in the same words.
func TestCompleteness(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	texts := func(target string) (list []string) {
		_, bodies := read(t, r.do(t, "GET", target)).in(t, "outcome")
		var o bundle
		check(t, json.Unmarshal([]byte(bodies[0]), &o))
		for _, i := range o.Issue {
			list = append(list, i.Severity+": "+i.Details.Text)
		}
		return list
	}
	const fixed = "information: This answer holds what the feeds named here have sent and the region has loaded. Records may be missing or withheld; nothing here says whether any are."
	want := []string{
		"information: Hospital (RXX), feed adt: up to date with the delivery of 2026-03-01T08:00:00Z.",
		"information: Practice (Y00001), feed patients: nothing was loaded yet.", fixed,
	}
	if diff := cmp.Diff(want, texts(everything)); diff != "" {
		t.Errorf("everything (-want +got):\n%s", diff)
	}
	r.feeds = r.feeds[:1]
	want[1] = "information: Y00001 has no feed at present: what it sent earlier is shown, and is not brought up to date."
	if diff := cmp.Diff(want, texts(everything)); diff != "" {
		t.Errorf("without a feed (-want +got):\n%s", diff)
	}
	want[1] = fixed
	if diff := cmp.Diff(want[:2], texts("/fhir/R4/Patient?_id=01JNA5Y8T00000000000000000")); diff != "" {
		t.Errorf("nobody found (-want +got):\n%s", diff)
	}
}

func TestFreshnessUnknownMeansNoAnswer(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.feedErr = failure.New(failure.Unavailable, "feeds", "down")
	for _, target := range []string{everything, "/fhir/R4/Patient?_id=" + person} {
		if w := r.do(t, "GET", target); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("status %d, want 503 with Retry-After", w.Code)
		}
	}
}

func TestTypesAndParameters(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	strict := header("Prefer", "handling=strict; respond-async")
	plain := func(*http.Request) {}
	for name, c := range map[string]struct {
		target string
		change func(*http.Request)
		status int
		want   []string
		code   string
	}{
		"one _type":                {everything + "?_type=Observation", plain, 200, []string{"Observation/obs1", "Observation/obs2"}, ""},
		"several, Patient as well": {everything + "?_type=Patient,Condition,Encounter", plain, 200, []string{"Patient/" + person, "Encounter/enc1", "Condition/con1"}, ""},
		"unknown _type":            {everything + "?_type=Obs", plain, 400, nil, "code-invalid"},
		"_since ignored":           {everything + "?_since=2026-01-01&_type=Condition", plain, 200, []string{"Condition/con1"}, ""},
		"_since, strict":           {everything + "?_since=2026-01-01", strict, 400, nil, "not-supported"},
		"_count of nothing":        {everything + "?_count=0", plain, 400, nil, "value"},
		"_count no number":         {everything + "?_count=many", plain, 400, nil, "value"},
		"_count twice":             {everything + "?_count=1&_count=2", plain, 400, nil, "invalid"},
		"_page of another":         {everything + "?_page=e30", plain, 400, nil, "value"},
		"query not well formed":    {everything + "?a=%zz", plain, 400, nil, "structure"},
		"type search":              {"/fhir/R4/Observation?patient=" + person, plain, 200, []string{"Observation/obs1", "Observation/obs2"}, ""},
		"with Patient/":            {"/fhir/R4/Condition?patient=Patient/" + person, plain, 200, []string{"Condition/con1"}, ""},
		"by a merged id":           {"/fhir/R4/Condition?patient=" + oldID, plain, 200, []string{"Condition/con1"}, ""},
		"type without entries":     {"/fhir/R4/Immunization?patient=" + person, plain, 200, nil, ""},
		"no patient":               {"/fhir/R4/Observation", plain, 400, nil, "required"},
		"unknown patient":          {"/fhir/R4/Observation?patient=01JNA5Y8T00000000000000000", plain, 400, nil, "not-found"},
		"a number as patient":      {"/fhir/R4/Observation?patient=" + number, plain, 400, nil, "not-found"},
		"status ignored":           {"/fhir/R4/Condition?status=final&patient=" + person, plain, 200, []string{"Condition/con1"}, ""},
		"status, strict":           {"/fhir/R4/Condition?status=final&patient=" + person, strict, 400, nil, "not-supported"},
		"unknown type":             {"/fhir/R4/Obs?patient=" + person, plain, 404, nil, "not-supported"},
		"read of an entry":         {"/fhir/R4/Observation/obs1", plain, 501, nil, "not-supported"},
		"unknown operation":        {"/fhir/R4/Patient/" + person + "/$summary", plain, 404, nil, "not-supported"},
		"unknown Patient":          {"/fhir/R4/Patient/01JNA5Y8T00000000000000000", plain, 404, nil, "not-found"},
		"a number as Patient":      {"/fhir/R4/Patient/" + number + "/$everything", plain, 404, nil, "not-found"},
	} {
		t.Run(name, func(t *testing.T) {
			w := r.do(t, "GET", c.target, c.change)
			b := read(t, w)
			names, _ := b.in(t, "match")
			if diff := cmp.Diff(c.want, names); diff != "" || w.Code != c.status {
				t.Errorf("status %d, want %d; matches (-want +got):\n%s", w.Code, c.status, diff)
			}
			if c.code != "" && (len(b.Issue) != 1 || b.Issue[0].Code != c.code) {
				t.Errorf("issues %+v, want code %s", b.Issue, c.code)
			}
		})
	}
}

func TestIgnoredParametersAreNamed(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	b := read(t, r.do(t, "GET", "/fhir/R4/Condition?status=final&patient="+person))
	if _, bodies := b.in(t, "outcome"); !strings.Contains(bodies[0], `"warning","code":"not-supported"`) || !strings.Contains(bodies[0], `"expression":["status"]`) {
		t.Errorf("outcome %s", bodies[0])
	}
	if strings.Contains(b.link("self"), "status") {
		t.Errorf("the self link %s claims a parameter that was ignored", b.link("self"))
	}
}

func TestRevinclude(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	target := "/fhir/R4/Condition?patient=" + person
	for parameters, want := range map[string]int{"": 0, "&_revinclude=Provenance:target": 1} {
		if names, _ := read(t, r.do(t, "GET", target+parameters)).in(t, "include"); len(names) != want {
			t.Errorf("%q includes %v, want %d", parameters, names, want)
		}
	}
	if w := r.do(t, "GET", target+"&_revinclude=List:item"); w.Code != http.StatusBadRequest {
		t.Errorf("status %d, want 400", w.Code)
	}
}

// TestPagesEndByBytes: without _count no answer grows beyond what a Lambda may give.
func TestPagesEndByBytes(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	text := strings.Repeat("a", 300<<10)
	for n := range 40 {
		r.put(entry(hospital, "DocumentReference", fmt.Sprintf("doc%02d", n), `{"resourceType":"DocumentReference","id":"`+fmt.Sprintf("doc%02d", n)+`","d":"`+text+`"}`, n+10))
	}
	r.put(entry(hospital, "DocumentReference", "huge", `{"resourceType":"DocumentReference","id":"huge","d":"`+strings.Repeat(text, 15)+`"}`, 60))
	var all []string
	pages := 0
	for next := everything; next != ""; pages++ {
		w := r.do(t, "GET", next)
		b := read(t, w)
		names, _ := b.in(t, "match")
		// An entry that is larger than a page stands alone.
		if w.Body.Len() > 5<<20 && !slices.Equal(names, []string{"DocumentReference/huge"}) {
			t.Errorf("page %d has %d bytes and %d matches", pages, w.Body.Len(), len(names))
		}
		all, next = append(all, names...), b.link("next")
	}
	if len(all) != 46 || len(slices.Compact(slices.Sorted(slices.Values(all)))) != 46 || pages < 4 {
		t.Errorf("%d matches on %d pages, want 46 different ones on at least 4", len(all), pages)
	}
}

func TestFreshnessStatesMayComeInAnyOrder(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	first := r.do(t, "GET", everything).Body.String()
	r.feeds = []restapi.FeedState{r.feeds[1], r.feeds[0]}
	if second := r.do(t, "GET", everything).Body.String(); first != second {
		t.Error("the same view gives different answers")
	}
}

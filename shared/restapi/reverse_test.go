package restapi_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
)

// TestChangesByHand: what a reviewer asks for reaches the index with who, when
// and why, and the answer says who is who now.
func TestChangesByHand(t *testing.T) {
	t.Parallel()
	clinicKey := func(r *region) string { return index.SourceKey(r.hasher, "RYY", "clinic", "CANARY-88") }
	hospitalKey := func(r *region) string { return index.SourceKey(r.hasher, "RXX", "", "MRN/1 2") }
	const clinicID, hospitalID = "urn:carerecord:patient:RYY:clinic|CANARY-88", "urn:carerecord:patient:RXX:|MRN/1 2"
	for name, c := range map[string]struct {
		target  string
		values  url.Values
		change  func(*region) string
		results []string
	}{
		"merge":               {"Patient/" + person + "/$merge", url.Values{"source-patient": {"Patient/" + other}}, func(*region) string { return "merge " + person + " " + other }, []string{person}},
		"merge by URL":        {"Patient/" + person + "/$merge", url.Values{"source-patient": {baseURL + "/Patient/" + other}}, func(*region) string { return "merge " + person + " " + other }, []string{person}},
		"merge with other":    {"Patient/" + other + "/$merge", url.Values{"other": {person}}, func(*region) string { return "merge " + other + " " + person }, []string{other}},
		"merge of a survivor": {"Patient/" + other + "/$merge", url.Values{"source-patient": {oldID}}, func(*region) string { return "merge " + other + " " + person }, []string{other}},
		"unmerge":             {"Patient/" + oldID + "/$unmerge", url.Values{}, func(*region) string { return "unmerge " + oldID }, []string{person}},
		"link":                {"Patient/$link", url.Values{"sourceIdentifier": {clinicID, hospitalID}}, func(r *region) string { return "link " + clinicKey(r) + " " + hospitalKey(r) }, []string{other, person}},
		"unlink":              {"Patient/$unlink", url.Values{"sourceIdentifier": {clinicID}}, func(r *region) string { return "unlink " + clinicKey(r) }, []string{other}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			c.values.Set("reason", "the patient says so")
			w := r.do(t, "POST", "/fhir/R4/"+c.target, as(r.warden), form(c.values))
			var got outcome
			check(t, json.Unmarshal(w.Body.Bytes(), &got))
			if w.Code != 200 || got.ResourceType != "Parameters" || got.Parameter[0].Name != "outcome" || !strings.Contains(string(got.Parameter[0].Resource), `"severity":"information"`) {
				t.Fatalf("status %d, %s", w.Code, w.Body)
			}
			var results []string
			for _, p := range got.Parameter[1:] {
				var head struct{ ResourceType, ID string }
				check(t, json.Unmarshal(p.Resource, &head))
				if p.Name != "result" || head.ResourceType != "Patient" {
					t.Errorf("%s is a %s", p.Name, head.ResourceType)
				}
				results = append(results, head.ID)
			}
			if diff := cmp.Diff(c.results, results); diff != "" || !cmp.Equal([]string{c.change(r)}, r.changes) {
				t.Errorf("%v (-want +got):\n%s", r.changes, diff)
			}
			want := []index.Act{{By: "user-2", Organisation: "RXX", Role: "R8013", Reason: "the patient says so", At: now}}
			if diff := cmp.Diff(want, r.acts); diff != "" {
				t.Errorf("act (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnmergeNeedsTwo: the first request is noted and answered with 202.
func TestUnmergeNeedsTwo(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.waits = true
	w := r.do(t, "POST", "/fhir/R4/Patient/"+oldID+"/$unmerge", as(r.warden), form(url.Values{"reason": {"x"}}))
	b := read(t, w)
	if w.Code != http.StatusAccepted || b.ResourceType != "OperationOutcome" || b.Issue[0].Severity != "information" || !strings.Contains(b.Issue[0].Details.Text, "second reviewer") {
		t.Errorf("status %d, %s", w.Code, w.Body)
	}
}

func TestChangeRefusals(t *testing.T) {
	t.Parallel()
	const clinicID = "urn:carerecord:patient:RYY:clinic|CANARY-88"
	merge, unmerge := "Patient/"+person+"/$merge", "Patient/"+oldID+"/$unmerge"
	nobody := "01JNA5Y8T00000000000000000"
	says := func(kind failure.Kind) error { return failure.New(kind, "index.Any", "of %s", family) }
	for name, c := range map[string]struct {
		target  string
		values  url.Values
		refuses error
		status  int
		code    string
		text    string
	}{
		"merge with nobody":       {merge, url.Values{"source-patient": {nobody}}, nil, 400, "not-found", "source-patient names nobody"},
		"merge with a number":     {merge, url.Values{"source-patient": {number}}, nil, 400, "not-found", "source-patient names nobody"},
		"merge with nothing":      {merge, url.Values{}, nil, 400, "required", "source-patient is required"},
		"merge with two":          {merge, url.Values{"source-patient": {other}, "other": {other}}, nil, 400, "invalid", "given more than once"},
		"merge of nobody":         {"Patient/" + nobody + "/$merge", url.Values{"other": {other}}, nil, 404, "not-found", "there is no such Patient"},
		"merge of one":            {merge, url.Values{"other": {other}}, says(failure.Conflict), 409, "conflict", "these two are one person already"},
		"unmerge of nobody":       {"Patient/" + nobody + "/$unmerge", url.Values{}, nil, 404, "not-found", "there is no such Patient"},
		"unmerge of one who is":   {unmerge, url.Values{}, says(failure.NotFound), 404, "not-found", "never given up"},
		"unmerge by one person":   {unmerge, url.Values{}, says(failure.Forbidden), 403, "forbidden", "a second person has to ask too"},
		"unmerge done meanwhile":  {unmerge, url.Values{}, says(failure.Conflict), 409, "conflict", "given back already"},
		"link of one":             {"Patient/$link", url.Values{"sourceIdentifier": {clinicID}}, nil, 400, "required", "sourceIdentifier is needed 2 times"},
		"link of three":           {"Patient/$link", url.Values{"sourceIdentifier": {clinicID, clinicID, clinicID}}, nil, 400, "required", "sourceIdentifier is needed 2 times"},
		"link with itself":        {"Patient/$link", url.Values{"sourceIdentifier": {clinicID, clinicID}}, says(failure.Invalid), 400, "invalid", "the request is not valid"},
		"unlink of an NHS number": {"Patient/$unlink", url.Values{"sourceIdentifier": {numberID + "|" + number}}, nil, 400, "code-invalid", "the system is not"},
		"unlink of nobody":        {"Patient/$unlink", url.Values{"sourceIdentifier": {clinicID + "9"}}, nil, 400, "not-found", "sourceIdentifier names nobody"},
		"unlink of no form":       {"Patient/$unlink", url.Values{"sourceIdentifier": {local}}, nil, 400, "value", "has the form"},
		"unlink of the only one":  {"Patient/$unlink", url.Values{"sourceIdentifier": {clinicID}}, says(failure.Conflict), 409, "conflict", "the person's only one"},
		"not at the moment":       {"Patient/$unlink", url.Values{"sourceIdentifier": {clinicID}}, says(failure.Throttled), 429, "throttled", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			r.refuses = c.refuses
			c.values.Set("reason", "x")
			w := r.do(t, "POST", "/fhir/R4/"+c.target, as(r.warden), form(c.values))
			b := read(t, w)
			if w.Code != c.status || b.Issue[0].Code != c.code || !strings.Contains(b.Issue[0].Details.Text, c.text) || personal(w.Body.String()) {
				t.Errorf("status %d, issue %+v; want %d, %s, %q", w.Code, b.Issue, c.status, c.code, c.text)
			}
			if changed := len(r.changes) > 0; changed != (c.refuses != nil) {
				t.Errorf("the index was asked: %v", changed)
			}
		})
	}
}

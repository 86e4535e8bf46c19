package restapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
)

// task is what tests look at in a Task.
type task struct {
	ResourceType, ID, Status, Intent, Description, AuthoredOn, LastModified string
	Code                                                                    struct {
		Coding []struct{ System, Code string }
	}
	For       struct{ Reference string }
	Contained []struct {
		ResourceType, ID string
		Active           bool
		Name             []struct{ Family string }
		Identifier       []struct{ System, Value string }
		Meta             map[string]any
	}
	Extension     []extension
	Input, Output []struct {
		Type                                  struct{ Coding []struct{ Code string } }
		ValueCode, ValueString, ValueDateTime string
		ValueIdentifier                       struct{ System, Value string }
		ValueReference                        struct{ Reference string }
	}
}

// parts gives input and output as "code value".
func (k task) parts() (list []string) {
	for _, p := range append(k.Input, k.Output...) {
		value := p.ValueCode + p.ValueString + p.ValueDateTime + p.ValueIdentifier.Value + p.ValueReference.Reference
		list = append(list, p.Type.Coding[0].Code+" "+value)
	}
	return list
}

func (r *region) review(t testing.TB, target string) (task, int) {
	t.Helper()
	w := r.do(t, "GET", target, as(r.warden))
	var k task
	check(t, json.Unmarshal(w.Body.Bytes(), &k))
	return k, w.Code
}

// TestReadReview: both sides as they are now, with the evidence.
func TestReadReview(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	k, status := r.review(t, "/fhir/R4/Task/"+review)
	got := map[string]any{
		"status": status, "id": k.ID, "state": k.Status, "intent": k.Intent, "for": k.For.Reference, "asks": k.Description,
		"authored": k.AuthoredOn, "modified": k.LastModified, "codes": fmt.Sprint(k.Code.Coding),
		"bits": k.Extension[0].part("bits").decimal(), "row": k.Extension[1].part("feed").ValueString,
		"left": k.Contained[0].Name[0].Family + " " + k.Contained[0].Identifier[1].Value, "right": k.Contained[1].Identifier[0].Value,
		"ids": k.Contained[0].ID + " " + k.Contained[1].ID, "parts": k.parts(),
	}
	want := map[string]any{
		"status": 200, "id": review, "state": "requested", "intent": "order", "for": "Patient/" + person, "asks": "These two may be one person. Are they?",
		"authored": "2026-02-28T09:00:00Z", "modified": "2026-02-28T09:00:00Z",
		"codes": "[{https://github.com/carerecord/carerecord/fhir/CodeSystem/task patient-link-review} {https://github.com/carerecord/carerecord/fhir/CodeSystem/review-kind possible}]",
		"bits":  8.13, "row": "clinic", "left": family + " MRN/1 2", "right": "CANARY-88", "ids": "left right",
		"parts": []string{"delivery d7", "source-patient #left", "source-patient #right", "person Patient/" + person, "person Patient/" + other},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Task (-want +got):\n%s", diff)
	}
	for _, c := range k.Contained {
		if c.Meta["lastUpdated"] != nil || c.ResourceType != "Patient" { // dom-4 of R4 DomainResource
			t.Errorf("contained %s: %v", c.ID, c.Meta)
		}
	}
}

// TestReviewNamesWhoItIsAboutNow: the people are those of both sides now, not
// those of when the question came up; the trail has them, and says what for.
func TestReviewNamesWhoItIsAboutNow(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	c := r.reviews[review]
	c.Person, c.Sides[1].Person = oldID, ""
	r.reviews[review] = c
	k, _ := r.review(t, "/fhir/R4/Task/"+review)
	if want := []string{"person Patient/" + person, "person Patient/" + other}; k.For.Reference != "Patient/"+person || !cmp.Equal(want, k.parts()[3:]) {
		t.Errorf("for %s, parts %v", k.For.Reference, k.parts())
	}
	for _, e := range r.events(t) {
		if strings.Contains(e, oldID) || !strings.Contains(e, `"code":"HOPERAT"`) || !strings.Contains(e, `"reference":"Task/`+review+`"`) {
			t.Errorf("event %s", e)
		}
	}
}

// TestReviewStates maps the states of a review to R4 task-status.
func TestReviewStates(t *testing.T) {
	t.Parallel()
	for state, want := range map[index.ReviewState]string{
		index.ReviewOpen: "requested", index.ReviewWaiting: "on-hold", index.ReviewDecided: "completed", index.ReviewClosed: "cancelled",
	} {
		r := newRegion(t)
		c := r.reviews[review]
		c.State = state
		if state == index.ReviewWaiting || state == index.ReviewDecided {
			c.Answer, c.Act = index.AnswerSame, &index.Act{By: "user-9", Organisation: "RXX", Role: "R8013", Reason: "same address", At: now}
		}
		r.reviews[review] = c
		k, _ := r.review(t, "/fhir/R4/Task/"+review)
		if k.Status != want {
			t.Errorf("%s: status %s, want %s", state, k.Status, want)
		}
		if c.Act == nil {
			continue
		}
		answered := k.parts()[len(k.Input):]
		if diff := cmp.Diff([]string{"answer same", "reason same address", "decided-by user-9", "decided-at 2026-03-01T09:00:00Z"}, answered); diff != "" || k.LastModified != "2026-03-01T09:00:00Z" {
			t.Errorf("%s: answer at %s (-want +got):\n%s", state, k.LastModified, diff)
		}
	}
}

// TestReviewOfAnOverlay shows the update that is held beside the details that stand.
func TestReviewOfAnOverlay(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	c := r.reviews[review]
	c.Kind, c.With, c.Other, c.Sides = index.ReviewOverlay, "", "", c.Sides[:1]
	c.Sides[0].Update = &demographics.Details{Names: []demographics.Name{{Family: "Somebodyelse"}}}
	c.Sides[0].MergedInto = "another"
	r.reviews[review] = c
	k, _ := r.review(t, "/fhir/R4/Task/"+review)
	if len(k.Contained) != 2 || k.Contained[1].ID != "held-update" || k.Contained[1].Name[0].Family != "Somebodyelse" || k.Contained[0].Name[0].Family != family || k.Contained[0].Active {
		t.Errorf("contained %+v", k.Contained)
	}
	if want := []string{"delivery d7", "source-patient #left", "held-update #held-update", "person Patient/" + person}; !cmp.Equal(want, k.parts()) {
		t.Errorf("parts %v, want %v", k.parts(), want)
	}
}

// TestReviewKindsAreAsked: a kind that nobody worded would ask nothing.
func TestReviewKindsAreAsked(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for _, kind := range index.ReviewKinds() {
		c := r.reviews[review]
		c.Kind = kind
		r.reviews[review] = c
		if k, _ := r.review(t, "/fhir/R4/Task/"+review); !strings.HasSuffix(k.Description, ".") && !strings.HasSuffix(k.Description, "?") {
			t.Errorf("%s asks %q", kind, k.Description)
		}
	}
}

func TestNoReview(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for _, id := range []string{"rev0000000000000000000000b", number, "x", "..", "$x"} {
		w := r.do(t, "GET", "/fhir/R4/Task/"+url.PathEscape(id), as(r.warden))
		if w.Code != 404 {
			t.Errorf("%q: status %d", id, w.Code)
		}
	}
}

// fill puts n reviews into the queue, every third waiting.
func (r *region) fill(n int) {
	open := r.queue[0]
	r.queue = nil
	for i := range n {
		one := open
		one.ID = fmt.Sprintf("rev%023d", i)
		if i%3 == 2 {
			one.State = index.ReviewWaiting
		}
		r.queue = append(r.queue, one)
	}
}

// TestQueue walks the queue by its next links: each review comes once, in order.
func TestQueue(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		search string
		want   int
		pages  int
	}{
		"all at once":          {"code=patient-link-review", 20, 1},
		"pages":                {"code=patient-link-review&_count=7", 20, 3},
		"one at a time":        {"_count=1", 20, 20},
		"open ones":            {"status=requested&_count=5", 14, 3},
		"waiting ones":         {"status=on-hold&_count=4", 6, 2},
		"both":                 {"status=requested,on-hold&_sort=-score", 20, 1},
		"kinds":                {"code=possible,overlay&_sort=authored-on", 20, 1},
		"kinds with systems":   {"code=https://github.com/carerecord/carerecord/fhir/CodeSystem/review-kind|possible", 20, 1},
		"the code with system": {"code=https://github.com/carerecord/carerecord/fhir/CodeSystem/task|patient-link-review", 20, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			r.fill(20)
			var got []string
			pages := 0
			for next := "/fhir/R4/Task?" + c.search; next != "" && pages < 30; pages++ {
				w := r.do(t, "GET", next, as(r.warden))
				b := read(t, w)
				if w.Code != 200 || b.Total != nil {
					t.Fatalf("status %d, total %v, %+v", w.Code, b.Total, b.Issue)
				}
				names, _ := b.in(t, "match")
				got, next = append(got, names...), b.link("next")
			}
			if len(got) != c.want || pages != c.pages {
				t.Errorf("%d reviews on %d pages, want %d on %d", len(got), pages, c.want, c.pages)
			}
			for i := range got[1:] {
				if got[i] >= got[i+1] {
					t.Errorf("%s comes before %s", got[i], got[i+1])
				}
			}
		})
	}
}

// TestQueueIsAudited: whoever is named on a page has one event, however many
// reviews are about them.
func TestQueueIsAudited(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.fill(60)
	w := r.do(t, "GET", "/fhir/R4/Task?code=patient-link-review", as(r.warden))
	if n := len(r.events(t)); w.Code != 200 || n != 2 {
		t.Errorf("status %d, %d events, want one for each person", w.Code, n)
	}
}

func TestQueueRefusals(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for search, code := range map[string]string{
		"code=nonsense": "code-invalid", "code=possible,": "code-invalid", "code=https://elsewhere.test|possible": "code-invalid", "code=a&code=b": "invalid", "code=": "required",
		"status=completed": "not-supported", "status=cancelled": "not-supported", "status=open": "code-invalid", "_sort=score": "not-supported", "_sort=-authored-on": "not-supported",
		"_count=0": "value", "_page=nowhere": "value",
	} {
		w := r.do(t, "GET", "/fhir/R4/Task?"+search, as(r.warden))
		if b := read(t, w); w.Code != 400 || b.Issue[0].Code != code {
			t.Errorf("%s: status %d, issue %+v; want %s", search, w.Code, b.Issue, code)
		}
	}
	b := read(t, r.do(t, "GET", "/fhir/R4/Task?owner=x", as(r.warden)))
	if _, outcomes := b.in(t, "outcome"); len(outcomes) != 1 || !strings.Contains(outcomes[0], `"expression":["owner"]`) {
		t.Errorf("a parameter that is not offered: %v", outcomes)
	}
}

// TestClinicalTasks: with patient, a search for Tasks is one in a person's record.
func TestClinicalTasks(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.put(entry(hospital, "Task", "task1", `{"resourceType":"Task","id":"task1","for":{"reference":"Patient/@"}}`, 1))
	names, _ := read(t, r.do(t, "GET", "/fhir/R4/Task?patient="+person)).in(t, "match")
	if !cmp.Equal([]string{"Task/task1"}, names) {
		t.Errorf("found %v", names)
	}
	for _, w := range []responses{
		{"GET", r.do(t, "GET", "/fhir/R4/Task?code=patient-link-review")},
		{"POST", r.do(t, "POST", "/fhir/R4/Task/_search", form(url.Values{"code": {"patient-link-review"}}))},
	} {
		if w.recorder.Code != http.StatusForbidden {
			t.Errorf("%s: a clinician at the queue: status %d", w.method, w.recorder.Code)
		}
	}
}

func decision(answer, reason string) func(*http.Request) {
	return fhirJSON(`{"resourceType":"Parameters","parameter":[{"name":"answer","valueCode":"` + answer + `"},{"name":"reason","valueString":"` + reason + `"}]}`)
}

// TestDecide: the answer, who gave it, when and why, reach the index.
func TestDecide(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"same", "different", "wait"} {
		r := newRegion(t)
		w := r.do(t, "POST", "/fhir/R4/Task/"+review+"/$decide", as(r.warden), decision(answer, " the same address "))
		var got outcome
		check(t, json.Unmarshal(w.Body.Bytes(), &got))
		if w.Code != 200 || got.Parameter[0].Name != "return" || !strings.Contains(string(got.Parameter[0].Resource), `"status":"completed"`) {
			t.Errorf("%s: status %d, %s", answer, w.Code, w.Body)
		}
		want := []index.Act{{By: "user-2", Organisation: "RXX", Role: "R8013", Reason: "the same address", At: now}}
		if diff := cmp.Diff(want, r.acts); diff != "" || !cmp.Equal([]string{"decide " + review + " " + answer}, r.changes) {
			t.Errorf("%s: %v (-want +got):\n%s", answer, r.changes, diff)
		}
	}
}

func TestDecideRefusals(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("é", 2001)
	for name, c := range map[string]struct {
		target  string
		change  func(*http.Request)
		refuses error
		status  int
		code    string
		text    string
	}{
		"no such answer":      {review, decision("perhaps", "x"), nil, 400, "code-invalid", "answer is same, different or wait"},
		"no answer":           {review, form(url.Values{"reason": {"x"}}), nil, 400, "required", "answer is required"},
		"no reason":           {review, form(url.Values{"answer": {"same"}}), nil, 400, "required", "reason is required"},
		"a blank reason":      {review, decision("same", "  "), nil, 400, "required", "reason is empty"},
		"a long reason":       {review, decision("same", long), nil, 400, "too-long", "reason has at most 2000 characters"},
		"no such review":      {"rev0000000000000000000000b", decision("same", "x"), nil, 404, "not-found", "there is no such Task here"},
		"a number":            {number, decision("same", "x"), nil, 404, "not-found", "there is no such Task here"},
		"decided meanwhile":   {review, decision("same", "x"), failure.New(failure.Conflict, "index.Decide", "by "+family), 409, "conflict", "this review was decided already"},
		"settled meanwhile":   {review, decision("same", "x"), failure.New(failure.Gone, "index.Decide", "of "+family), 410, "deleted", "this review was closed"},
		"not at the moment":   {review, decision("same", "x"), failure.New(failure.Unavailable, "index.Decide", family), 503, "transient", ""},
		"the index says no":   {review, decision("same", "x"), failure.New(failure.Invalid, "index.Decide", family), 400, "invalid", "the request is not valid"},
		"2000 letters do fit": {review, decision("same", long[:4000]), failure.New(failure.Conflict, "index.Decide", ""), 409, "conflict", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			r.refuses = c.refuses
			w := r.do(t, "POST", "/fhir/R4/Task/"+c.target+"/$decide", as(r.warden), c.change)
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

func TestMetrics(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	w := r.do(t, "GET", "/fhir/R4/Task/$metrics?days=2", as(r.warden))
	var m outcome
	check(t, json.Unmarshal(w.Body.Bytes(), &m))
	var got []string
	for _, p := range m.Parameter {
		line := p.Name + p.ValueDateTime
		if p.ValueInteger != nil {
			line += fmt.Sprint(" ", *p.ValueInteger)
		}
		for _, part := range p.Part {
			line += " " + part.ValueCode + part.ValueDate
			if part.ValueInteger != nil {
				line += fmt.Sprint(*part.ValueInteger)
			}
		}
		got = append(got, line)
	}
	want := []string{
		"waiting 1", "open overlay 2", "open conflict 0", "open merge 0", "open merged-numbers 0", "open possible 0", "open duplicate 0", "open crowded-number 0",
		"oldest2026-02-27T09:00:00Z", "decisions 2026-03-01 3", "decisions 2026-02-28 0",
	}
	if diff := cmp.Diff(want, got); diff != "" || w.Code != 200 {
		t.Errorf("status %d (-want +got):\n%s", w.Code, diff)
	}
	for search, days := range map[string]int{"": 30, "?days=1": 1, "?days=500": 92} {
		if r.do(t, "GET", "/fhir/R4/Task/$metrics"+search, as(r.warden)); len(r.days) != days || r.days[0] != "2026-03-01" {
			t.Errorf("%q: %d days from %s", search, len(r.days), r.days[0])
		}
	}
	if w := r.do(t, "GET", "/fhir/R4/Task/$metrics?days=0", as(r.warden)); w.Code != 400 {
		t.Errorf("no day: status %d", w.Code)
	}
}

// TestMetricsCountDaysInLondon: in summer a day begins an hour before it does in UTC.
func TestMetricsCountDaysInLondon(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.handler = r.serveAt(t, r.people, func() time.Time { return time.Date(2026, 7, 1, 23, 30, 0, 0, time.UTC) })
	if w := r.do(t, "GET", "/fhir/R4/Task/$metrics?days=2", as(r.warden)); w.Code != 200 || !cmp.Equal([]string{"2026-07-02", "2026-07-01"}, r.days) {
		t.Errorf("status %d, days %v", w.Code, r.days)
	}
}

package restapi_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// looks are requests that show something of a person, or try to.
func looks() map[string]func(*testing.T, *region) *httptest.ResponseRecorder {
	get := func(target string) func(*testing.T, *region) *httptest.ResponseRecorder {
		return func(t *testing.T, r *region) *httptest.ResponseRecorder { return r.do(t, "GET", target) }
	}
	return map[string]func(*testing.T, *region) *httptest.ResponseRecorder{
		"read":       get("/fhir/R4/Patient/" + person),
		"merged":     get("/fhir/R4/Patient/" + oldID),
		"everything": get(everything),
		"page":       get(everything + "?_count=1"),
		"type":       get("/fhir/R4/Observation?patient=" + person),
		"search":     get("/fhir/R4/Patient?identifier=" + numberID + "|" + number),
		"search form": func(t *testing.T, r *region) *httptest.ResponseRecorder {
			return r.do(t, "POST", "/fhir/R4/Patient/_search", form(url.Values{"identifier": {numberID + "|" + number}}))
		},
		"nobody":  get("/fhir/R4/Patient?identifier=" + numberID + "|9000000009"),
		"no read": get("/fhir/R4/Patient/01JNA5Y8T00000000000000000"),
		"invalid": get("/fhir/R4/Patient?identifier=" + number),
		"typed":   get("/fhir/R4/Patient/" + number + "/$everything?patient=" + number + "&_type=" + family + "&" + family + "=" + number + "&_page=" + number),
	}
}

// TestPromise7NoLookWithoutATrace: every look is stored before its answer
// leaves, and when it cannot be stored no answer leaves.
func TestPromise7NoLookWithoutATrace(t *testing.T) {
	t.Parallel()
	for name, look := range looks() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			w := look(t, r)
			if events := r.events(t); len(events) != 1 {
				t.Fatalf("%d events, want 1", len(events))
			} else if id := w.Header().Get("X-Request-Id"); !strings.Contains(events[0], id) {
				t.Errorf("the event does not name request %s", id)
			} else if named := strings.Contains(events[0], `"Patient/`+person+`"`); named != strings.Contains(w.Body.String(), person) {
				t.Errorf("the event names the patient: %v", named)
			}
			if r.late {
				t.Error("the answer had begun before its event was stored")
			}
			for _, err := range []error{failure.New(failure.Unavailable, "audit.Record", "down"), failure.New(failure.Throttled, "audit.Record", "slow"), errors.New("any")} {
				r.trail.err = err
				w := look(t, r)
				if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), family) || strings.Contains(w.Body.String(), person) {
					t.Errorf("without audit (%v): status %d", err, w.Code)
				}
			}
			if !strings.Contains(r.log.String(), "FHIR_AUDIT_FAILED") {
				t.Error("the log does not say that auditing failed")
			}
		})
	}
}

// TestPromise7AtEveryFault fails each storage call of the audit trail in turn:
// whoever got data is in the trail.
func TestPromise7AtEveryFault(t *testing.T) {
	t.Parallel()
	for plan := range table.EveryCall(table.Stop, nil) {
		r := newRegion(t)
		r.chain = audit.New(plan.Wrap(r.table), audit.Config{Now: clock})
		w := r.do(t, "GET", everything)
		if shown := w.Code == http.StatusOK; shown && len(r.events(t)) != 1 || !shown && w.Code != http.StatusServiceUnavailable {
			t.Errorf("stop at call %d: status %d with %d events", plan.At(), w.Code, len(r.events(t)))
		}
	}
}

// TestPromise8NothingPersonalInALog: names, NHS numbers and local ids are in no
// log line, no audit event or key, no header and no link, whatever was asked.
func TestPromise8NothingPersonalInALog(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for name, look := range looks() {
		w := look(t, r)
		b := read(t, w)
		for _, l := range b.Link {
			if personal(l.URL) {
				t.Errorf("%s: a link holds a personal value", name)
			}
		}
		for header, values := range w.Header() {
			if personal(strings.Join(values, " ")) {
				t.Errorf("%s: header %s holds a personal value", name, header)
			}
		}
		if w.Code >= 400 && personal(w.Body.String()) {
			t.Errorf("%s: the error repeats a personal value", name)
		}
	}
	r.do(t, family, "/"+number, header("X-Request-Id", number), header("Authorization", family), header("Accept", family))
	r.people.err = errors.New(family)
	r.do(t, "GET", everything)
	r.panics = true
	r.do(t, "GET", everything)
	if lines := strings.Count(r.log.String(), "\n"); lines < len(looks())+3 {
		t.Errorf("only %d log lines", lines)
	}
	if personal(r.log.String()) || strings.Contains(r.log.String(), "identifier=") || strings.Contains(r.log.String(), person) {
		t.Errorf("the log holds a personal value:\n%s", r.log)
	}
	for _, e := range r.events(t) {
		if personal(e) || personal(decoded(e)) {
			t.Errorf("an audit event holds a personal value: %s", e)
		}
	}
	items, err := table.Dump(t.Context(), r.table)
	check(t, err)
	for _, i := range items {
		if personal(i.Partition+i.Sort) || personal(string(i.Body)) {
			t.Errorf("audit item %v holds a personal value", i.Key)
		}
	}
}

func personal(s string) bool {
	return strings.Contains(s, family) || strings.Contains(s, number) || strings.Contains(s, local) ||
		strings.Contains(s, base64.StdEncoding.EncodeToString([]byte(number)))
}

// decoded gives the text of an event's base64 query.
func decoded(event string) string {
	_, rest, _ := strings.Cut(event, `"query":"`)
	query, _, _ := strings.Cut(rest, `"`)
	text, _ := base64.StdEncoding.DecodeString(query)
	return string(text)
}

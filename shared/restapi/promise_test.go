package restapi_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// look is a request that shows something of a person, changes who is who, or
// tries to.
type look struct {
	method, target string
	change         []func(*http.Request)
	reviewer       bool // open to reviewers alone
	changes        bool
}

func (r *region) ask(t testing.TB, l look, change ...func(*http.Request)) *httptest.ResponseRecorder {
	t.Helper()
	all := l.change
	if l.reviewer {
		all = append([]func(*http.Request){as(r.warden)}, all...)
	}
	return r.do(t, l.method, l.target, append(all, change...)...)
}

// canaryPatient is a Patient to be matched, full of what must stay secret.
const canaryPatient = `{"resourceType":"Patient","identifier":[{"system":"` + numberID + `","value":"` + number + `"}],` +
	`"name":[{"family":"` + family + `","given":["Jan"]}],"birthDate":"1970-01-31"}`

// looks has every route of the API, and ways to miss them.
func looks() map[string]look {
	get := func(target string) look { return look{method: "GET", target: "/fhir/R4/" + target} }
	post := func(target string, changes bool, change ...func(*http.Request)) look {
		return look{method: "POST", target: "/fhir/R4/" + target, change: change, reviewer: changes, changes: changes}
	}
	reviewer := func(l look) look { l.reviewer = true; return l }
	const (
		clinicID   = "urn:carerecord:patient:RYY:clinic|CANARY-88"
		hospitalID = "urn:carerecord:patient:RXX:|MRN/1 2"
	)
	why := family + " says so, " + number
	return map[string]look{
		"read":                get("Patient/" + person),
		"merged":              get("Patient/" + oldID),
		"everything":          get("Patient/" + person + "/$everything"),
		"page":                get("Patient/" + person + "/$everything?_count=1"),
		"type":                get("Observation?patient=" + person),
		"clinical tasks":      get("Task?patient=" + person),
		"search":              get("Patient?identifier=" + numberID + "|" + number),
		"search form":         post("Patient/_search", false, form(url.Values{"identifier": {numberID + "|" + number}})),
		"details":             post("Patient/_search", false, form(url.Values{"family": {family}, "birthdate": {"1970-01-31"}})),
		"details in the URL":  get("Patient?family=" + family + "&birthdate=1970-01-31&given=Jan"),
		"too many":            get("Patient?family=" + family + "&birthdate=1970-01-31&_max-results=1"),
		"too little":          get("Patient?family=" + family),
		"match":               post("Patient/$match", false, fhirJSON(canaryPatient)),
		"match parameters":    post("Patient/$match", false, fhirJSON(`{"resourceType":"Parameters","parameter":[{"name":"resource","resource":`+canaryPatient+`},{"name":"`+family+`","valueString":"`+number+`"}]}`)),
		"match of nothing":    post("Patient/$match", false, fhirJSON(`{"resourceType":"Patient","name":[{"text":"`+family+`"}]}`)),
		"match malformed":     post("Patient/$match", false, fhirJSON(`{"resourceType":"Patient","birthDate":"`+family+`","name":[{"`+family+`":}]}`)),
		"cross-reference":     post("Patient/$ihe-pix", false, form(url.Values{"sourceIdentifier": {"urn:carerecord:patient:Y00001:patients|" + local}})),
		"cross-reference URL": get("Patient/$ihe-pix?sourceIdentifier=" + numberID + "|" + number + "&targetSystem=" + family),
		"nobody":              get("Patient?identifier=" + numberID + "|9000000009"),
		"no read":             get("Patient/01JNA5Y8T00000000000000000"),
		"invalid":             get("Patient?identifier=" + number),
		"typed":               get("Patient/" + number + "/$everything?patient=" + number + "&_type=" + family + "&" + family + "=" + number + "&_page=" + number),

		"reviews":       reviewer(get("Task?code=patient-link-review&_page=" + number)),
		"queue":         reviewer(get("Task?code=patient-link-review&status=requested&" + family + "=" + number)),
		"queue form":    reviewer(post("Task/_search", false, form(url.Values{"code": {"possible"}}))),
		"review":        reviewer(get("Task/" + review)),
		"no review":     reviewer(get("Task/" + number)),
		"decisions":     reviewer(get("Patient/" + person + "/$decisions")),
		"no decisions":  reviewer(get("Patient/" + number + "/$decisions")),
		"metrics":       reviewer(get("Task/$metrics")),
		"decide":        post("Task/"+review+"/$decide", true, form(url.Values{"answer": {"same"}, "reason": {why}})),
		"decide badly":  post("Task/"+review+"/$decide", true, form(url.Values{"answer": {family}, "reason": {why}})),
		"merge":         post("Patient/"+person+"/$merge", true, form(url.Values{"source-patient": {"Patient/" + other}, "reason": {why}})),
		"merge nobody":  post("Patient/"+person+"/$merge", true, form(url.Values{"source-patient": {"Patient/" + number}, "reason": {why}})),
		"unmerge":       post("Patient/"+oldID+"/$unmerge", true, form(url.Values{"reason": {why}})),
		"link":          post("Patient/$link", true, form(url.Values{"sourceIdentifier": {clinicID, hospitalID}, "reason": {why}})),
		"unlink":        post("Patient/$unlink", true, form(url.Values{"sourceIdentifier": {clinicID}, "reason": {why}})),
		"unlink nobody": post("Patient/$unlink", true, form(url.Values{"sourceIdentifier": {clinicID + "9"}, "reason": {why}})),
		"without why":   post("Patient/$unlink", true, form(url.Values{"sourceIdentifier": {clinicID}})),
	}
}

// TestLooksHaveEveryRoute: what the capability statement offers is among the
// looks, so that the promises below are tried on all of it.
func TestLooksHaveEveryRoute(t *testing.T) {
	t.Parallel()
	var tried []string
	for _, l := range looks() {
		tried = append(tried, l.target)
	}
	for _, resource := range capability(t, newRegion(t)).Rest[0].Resource {
		for _, o := range resource.Operation {
			found := slices.ContainsFunc(tried, func(target string) bool {
				path, _, _ := strings.Cut(target, "?")
				return strings.HasPrefix(path, "/fhir/R4/"+resource.Type+"/") && strings.HasSuffix(path, "/$"+o.Name)
			})
			if !found {
				t.Errorf("no look tries %s/$%s", resource.Type, o.Name)
			}
		}
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
			w := r.ask(t, look)
			checkTrace(t, r, w, look.changes)
			if r.late {
				t.Error("the answer had begun before its event was stored")
			}
			done := len(r.changes)
			for _, err := range []error{failure.New(failure.Unavailable, "audit.Record", "down"), failure.New(failure.Throttled, "audit.Record", "slow"), errors.New("any")} {
				r.trail.err = err
				w := r.ask(t, look)
				if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), family) || strings.Contains(w.Body.String(), person) || strings.Contains(w.Body.String(), other) {
					t.Errorf("without audit (%v): status %d", err, w.Code)
				}
			}
			if !strings.Contains(r.log.String(), "FHIR_AUDIT_FAILED") {
				t.Error("the log does not say that auditing failed")
			}
			if len(r.changes) != done {
				t.Error("a change was made that could not be audited")
			}
		})
	}
}

// checkTrace holds the events of one request against its answer: whoever is in
// the answer has an event, and every event is of this request. A change may name
// who is in its answer no more: they were given up.
func checkTrace(t *testing.T, r *region, w *httptest.ResponseRecorder, changes bool) {
	t.Helper()
	events := r.events(t)
	for _, e := range events {
		if id := w.Header().Get("X-Request-Id"); !strings.Contains(e, id) {
			t.Errorf("an event does not name request %s", id)
		}
	}
	if len(events) == 0 {
		t.Fatal("no event")
	}
	for _, id := range []string{person, other} {
		named := slices.ContainsFunc(events, func(e string) bool { return strings.Contains(e, `"Patient/`+id+`"`) })
		if shown := strings.Contains(w.Body.String(), id); shown && !named {
			t.Errorf("%s is in the answer and in no event", id)
		} else if named && !shown && w.Code < 300 && !changes {
			t.Errorf("an event names %s, who is not in the answer", id)
		}
	}
}

// TestPromise7ChangesAreTracedTwice: that a change is asked for is stored before
// it is made, and what became of it after.
func TestPromise7ChangesAreTracedTwice(t *testing.T) {
	t.Parallel()
	for name, look := range looks() {
		if !look.changes {
			continue
		}
		r := newRegion(t)
		w := r.ask(t, look)
		asked := 0
		for _, e := range r.events(t) {
			if strings.Contains(e, `"outcomeDesc":"asked"`) {
				asked++
			}
		}
		if (w.Code < 300) != (asked > 0) || (asked > 0) != (len(r.changes) == 1) {
			t.Errorf("%s: status %d, %d changes and %d events that ask for one", name, w.Code, len(r.changes), asked)
		}
		if n := len(r.events(t)); w.Code < 300 && n < 2*asked {
			t.Errorf("%s: %d events, of which %d ask", name, n, asked)
		}
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
		w := r.ask(t, look)
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
		strings.Contains(s, "CANARY-88") || strings.Contains(s, base64.StdEncoding.EncodeToString([]byte(number)))
}

// decoded gives the text of an event's base64 query.
func decoded(event string) string {
	_, rest, _ := strings.Cut(event, `"query":"`)
	query, _, _ := strings.Cut(rest, `"`)
	text, _ := base64.StdEncoding.DecodeString(query)
	return string(text)
}

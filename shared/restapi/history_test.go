package restapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/record"
)

const decisionsURL = "/fhir/R4/Patient/" + person + "/$decisions"

// linked gives the person of region an event for each source patient: the
// hospital's was compared with the clinic's and then pinned apart from it.
func (r *region) linked() {
	r.history = map[string][]index.Event{
		hospital: {
			{Person: person, Decision: r.matches[1].Decision, With: clinic, Origin: record.Origin{Organisation: "RXX", Feed: "adt", Delivery: "d1", Row: 3}},
			{Number: 1, Person: person, Former: oldID, With: practice, Origin: record.Origin{Feed: "adt", Delivery: "d2"}, Decision: matching.Decision{
				Outcome: matching.Link, Rule: matching.RulePin, Version: matching.Version, By: "user-9", Reason: "seen together",
			}},
		},
		practice: {{Person: person, Decision: matching.Decision{Outcome: matching.New, Rule: matching.RuleNone, Version: "certain-1"}}},
	}
	r.sources[clinic] = other
}

// flat gives a parameter and what is below it, a line each.
func flat(p parameter, depth string) (lines []string) {
	text := p.String()
	if p.ValueInteger != nil {
		text += fmt.Sprint(" ", *p.ValueInteger)
	}
	lines = append(lines, depth+text)
	for _, part := range p.Part {
		lines = append(lines, flat(part, depth+" ")...)
	}
	return lines
}

// TestDecisions: every decision on every source patient, the first one first,
// with whom it was compared by name, and who decided by hand.
func TestDecisions(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.linked()
	w := r.do(t, "GET", decisionsURL, as(r.warden))
	var got outcome
	check(t, json.Unmarshal(w.Body.Bytes(), &got))
	var lines []string
	for _, p := range got.Parameter {
		lines = append(lines, flat(p, "")...)
	}
	want := []string{
		"person Patient/" + person,
		"source",
		" sourceIdentifier urn:carerecord:patient:RXX:|MRN/1 2",
		" decision", "  number 0", "  linked-to Patient/" + person,
		"  with urn:carerecord:patient:RYY:clinic|CANARY-88", "  delivery urn:carerecord:delivery|d1",
		" decision", "  number 1", "  linked-to Patient/" + person, "  formerly Patient/" + oldID,
		"  with urn:carerecord:patient:Y00001:patients|" + local, "  delivery urn:carerecord:delivery|d2",
		"  decided-by urn:carerecord:subject|user-9", "  reason",
		"source",
		" sourceIdentifier urn:carerecord:patient:Y00001:patients|" + local,
		" decision", "  number 0", "  linked-to Patient/" + person,
	}
	if diff := cmp.Diff(want, lines); w.Code != 200 || diff != "" {
		t.Errorf("status %d (-want +got):\n%s", w.Code, diff)
	}
	for _, part := range []string{`"valueString":"seen together"`, `{"url":"bits","valueDecimal":8.13}`, `{"url":"row","valueInteger":3}`} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%s is not in the answer", part)
		}
	}
	if events := r.events(t); len(events) != 2 || !strings.Contains(events[0]+events[1], other) {
		t.Errorf("%d audit events, want one of each person whose identifiers were shown", len(events))
	}
}

// TestDecisionsAreBounded: of very many the newest are shown, and how many came before.
func TestDecisionsAreBounded(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.linked()
	for i := range 130 {
		r.history[practice] = append(r.history[practice], index.Event{Number: 1 + i, Person: person, Decision: r.history[practice][0].Decision})
	}
	w := r.do(t, "GET", decisionsURL, as(r.warden))
	var got outcome
	check(t, json.Unmarshal(w.Body.Bytes(), &got))
	parts := got.Parameter[2].Part
	if len(parts) != 102 || parts[1].Name != "earlier" || *parts[1].ValueInteger != 31 || *parts[101].Part[0].ValueInteger != 130 {
		t.Errorf("%d parts of 131 decisions, the second is %s", len(parts), parts[1].Name)
	}
}

// TestDecisionsAreForReviewers: a clinician does not see them.
func TestDecisionsAreForReviewers(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	if w := r.do(t, "GET", decisionsURL); w.Code != 403 {
		t.Errorf("status %d, want 403", w.Code)
	}
}

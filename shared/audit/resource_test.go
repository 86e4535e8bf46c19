package audit_test

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/audit"
)

const person = "01JNA5Y8T0ABCDEFGHJKMNPQRS"

func resource(t *testing.T, e audit.Event) map[string]any {
	t.Helper()
	e.Recorded = start
	body, err := e.Resource("id-1")
	if err != nil {
		t.Fatal(err)
	}
	var r map[string]any
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// at follows a path of member names and array positions.
func at(v any, path ...any) any {
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[s]
		case int:
			a, _ := v.([]any)
			if s >= len(a) {
				return nil
			}
			v = a[s]
		}
	}
	return v
}

// TestResource holds the shape of IHE BALP: PatientQuery, PatientRead, Query.
func TestResource(t *testing.T) {
	t.Parallel()
	everything := event(1)
	read := event(2)
	read.Interaction = audit.Read
	search := event(3)
	search.Interaction, search.Patient, search.Outcome, search.Reason = audit.Search, "", audit.MinorFailure, "invalid"
	for name, c := range map[string]struct {
		event                                 audit.Event
		profile, subtype, action, client, srv string
		outcome, reason                       any
		entities                              int
	}{
		"operation": {everything, "PatientQuery", "operation", "E", "110153", "110152", "0", nil, 3},
		"read":      {read, "PatientRead", "read", "R", "110152", "110153", "0", nil, 3},
		"search":    {search, "Query", "search-type", "E", "110153", "110152", "4", "invalid", 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := resource(t, c.event)
			got := map[string]any{
				"type": at(r, "type", "code"), "profile": at(r, "meta", "profile", 0), "subtype": at(r, "subtype", 0, "code"),
				"action": r["action"], "outcome": r["outcome"], "reason": r["outcomeDesc"], "recorded": r["recorded"],
				"client": at(r, "agent", 0, "type", "coding", 0, "code"), "server": at(r, "agent", 1, "type", "coding", 0, "code"),
				"user": at(r, "agent", 2, "type", "coding", 0, "code"), "subject": at(r, "agent", 2, "who", "identifier", "value"),
				"role": at(r, "agent", 2, "role", 0, "coding", 0, "code"), "organisation": at(r, "agent", 0, "who", "identifier", "value"),
				"purpose": at(r, "agent", 2, "purposeOfUse", 0, "coding", 0, "code"), "requestor": at(r, "agent", 2, "requestor"),
				"request": at(r, "entity", 0, "what", "identifier", "value"), "request type": at(r, "entity", 0, "type", "code"),
				"entities": len(r["entity"].([]any)), "observer": at(r, "source", "observer", "identifier", "value"),
			}
			want := map[string]any{
				"type": "rest", "profile": "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit." + c.profile,
				"subtype": c.subtype, "action": c.action, "outcome": c.outcome, "reason": c.reason, "recorded": "2026-03-01T09:00:00Z",
				"client": c.client, "server": c.srv, "user": "IRCP", "subject": "user-1", "role": "R8000", "organisation": "RXX",
				"purpose": "TREAT", "requestor": true, "request": c.event.RequestID, "request type": "XrequestId",
				"entities": c.entities, "observer": "https://care.test/fhir/R4",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("AuditEvent (-want +got):\n%s", diff)
			}
		})
	}
}

func TestResourceEntities(t *testing.T) {
	t.Parallel()
	r := resource(t, event(1))
	query, err := base64.StdEncoding.DecodeString(at(r, "entity", 1, "query").(string))
	if err != nil || string(query) != "Patient/$everything" {
		t.Errorf("query %q, error %v", query, err)
	}
	got := []any{at(r, "entity", 1, "role", "code"), at(r, "entity", 2, "role", "code"), at(r, "entity", 2, "what", "reference")}
	if diff := cmp.Diff([]any{"24", "1", "Patient/" + person}, got); diff != "" {
		t.Errorf("entities (-want +got):\n%s", diff)
	}
}

// A review is read by its own id and is about a person; its purpose is not
// treatment.
func TestResourceOfAReview(t *testing.T) {
	t.Parallel()
	e := event(1)
	e.Interaction, e.Type, e.Of, e.Purpose = audit.Read, "Task", "0123456789abcdefghjkmnpqrs", audit.Operations
	r := resource(t, e)
	got := []any{at(r, "entity", 1, "what", "reference"), at(r, "entity", 2, "what", "reference"), at(r, "agent", 2, "purposeOfUse", 0, "coding", 0, "code")}
	if diff := cmp.Diff([]any{"Task/0123456789abcdefghjkmnpqrs", "Patient/" + person, "HOPERAT"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	isType := func(s string) bool { return s == "Observation" || s == "Condition" }
	const nhs = "https://fhir.nhs.uk/Id/nhs-number"
	for name, c := range map[string]struct {
		parameters string
		want       string
	}{
		"none":                         {"", "R"},
		"NHS number":                   {"identifier=" + nhs + "%7C9434765919", "R?identifier=" + nhs + "|masked"},
		"bare identifier":              {"identifier=9434765919", "R?identifier=masked"},
		"a number as system":           {"identifier=9434765919%7Cx", "R?identifier=masked"},
		"a name as system":             {"identifier=https://fhir.nhs.uk/Id/Smith%7Cx", "R?identifier=masked"},
		"person id":                    {"patient=Patient/" + person, "R?patient=Patient/" + person},
		"a number as patient":          {"patient=9434765919", "R?patient=masked"},
		"types":                        {"_type=Observation,Condition", "R?_type=Observation,Condition"},
		"a name as type":               {"_type=Observation,Smith", "R?_type=masked"},
		"count":                        {"_count=50", "R?_count=50"},
		"a number as count":            {"_count=9434765919", "R?_count=masked"},
		"a name":                       {"family=Smith&given:exact=Ann", "R?family=masked&given:exact=masked"},
		"an unknown parameter":         {"surname=Smith", "R?masked=masked"},
		"a way to search":              {"_fuzzy-match=true&_max-results=5&birthdate=ge1970-01-31", "R?_fuzzy-match=true&_max-results=5&birthdate=masked"},
		"a name as a yes or no":        {"_fuzzy-match=Smith", "R?_fuzzy-match=masked"},
		"source and target":            {"sourceIdentifier=" + nhs + "%7C9434765919&targetSystem=" + nhs, "R?sourceIdentifier=" + nhs + "|masked&targetSystem=masked"},
		"reviews":                      {"code=overlay,conflict&status=requested,on-hold&_sort=-score", "R?_sort=-score&code=overlay,conflict&status=requested,on-hold"},
		"a name among the kinds":       {"code=overlay,Smith", "R?code=masked"},
		"an answer with its reason":    {"answer=same&reason=Ann+Smith+says+so", "R?answer=same&reason=masked"},
		"a merge":                      {"other=Patient/" + person + "&source-patient=Patient/9434765919", "R?other=Patient/" + person + "&source-patient=masked"},
		"days":                         {"days=30", "R?days=30"},
		"a name as a parameter's name": {"smith=", "R?masked=masked"},
		"in order of name":             {"patient=x&_count=2&_count=1", "R?_count=1&_count=2&patient=masked"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			values, err := url.ParseQuery(c.parameters)
			if err != nil {
				t.Fatal(err)
			}
			if got := audit.Query("R", values, isType); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// FuzzQuery: no run of five digits or longer, other than in an opaque id, and
// no text of the caller's own gets through.
func FuzzQuery(f *testing.F) {
	f.Add("identifier=https://fhir.nhs.uk/Id/nhs-number|9434765919")
	f.Add("_id=9434765919&patient=Patient/9434765919&_count=1")
	f.Add("9434765919=1;%zz")
	f.Add("code=overlay,9434765919&answer=9434765919&days=9434765919&other=9434765919")
	f.Fuzz(func(t *testing.T, query string) {
		values, _ := url.ParseQuery(query)
		got := audit.Query("R", values, func(string) bool { return false })
		if strings.Contains(got, "9434765919") || len(got) > 1100 {
			t.Errorf("got %q", got)
		}
	})
}

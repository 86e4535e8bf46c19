package restapi_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/index"
)

// outcome is what tests look at in a Parameters answer.
type outcome struct {
	ResourceType string
	Parameter    []parameter
}

type parameter struct {
	Name                                string
	ValueCode, ValueDate, ValueDateTime string
	ValueInteger                        *int
	ValueIdentifier                     struct{ System, Value string }
	ValueReference                      struct{ Reference string }
	Resource                            json.RawMessage
	Part                                []parameter
}

func (p parameter) String() string {
	switch {
	case p.ValueIdentifier.Value != "":
		return p.Name + " " + p.ValueIdentifier.System + "|" + p.ValueIdentifier.Value
	case p.ValueReference.Reference != "":
		return p.Name + " " + p.ValueReference.Reference
	}
	return p.Name
}

const (
	practiceSystem = "urn:carerecord:patient:Y00001:patients"
	hospitalSystem = "urn:carerecord:patient:RXX:"
)

// TestCrossReference follows IHE ITI-83: what of a person is answered, and the
// identifier that was asked with is not.
func TestCrossReference(t *testing.T) {
	t.Parallel()
	nhsNumber, hospitalID, practiceID := "targetIdentifier "+numberID+"|"+number, "targetIdentifier "+hospitalSystem+"|MRN/1 2", "targetIdentifier "+practiceSystem+"|"+local
	id := "targetId Patient/" + person
	for name, c := range map[string]struct {
		source  string
		targets []string
		want    []string
	}{
		"by NHS number":            {numberID + "|" + number, nil, []string{hospitalID, practiceID, id}},
		"by one with blanks":       {numberID + "|943 476 5919", nil, []string{hospitalID, practiceID, id}},
		"by its object identifier": {"urn:oid:2.16.840.1.113883.2.1.4.1|" + number, nil, []string{hospitalID, practiceID, id}},
		"by a local id":            {practiceSystem + "|" + local, nil, []string{nhsNumber, hospitalID, id}},
		"by the person's id":       {baseURL + "|Patient/" + person, nil, []string{nhsNumber, hospitalID, practiceID}},
		"by an id given up":        {baseURL + "|" + oldID, nil, []string{nhsNumber, hospitalID, practiceID, id}},
		"one target":               {practiceSystem + "|" + local, []string{numberID}, []string{nhsNumber}},
		"two targets":              {practiceSystem + "|" + local, []string{numberID, hospitalSystem}, []string{nhsNumber, hospitalID}},
		"the region's own ids":     {practiceSystem + "|" + local, []string{baseURL}, []string{id}},
		"what was asked with":      {practiceSystem + "|" + local, []string{practiceSystem}, nil},
		"an organisation's other":  {practiceSystem + "|" + local, []string{"urn:carerecord:patient:RXX:other"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			values := url.Values{"sourceIdentifier": {c.source}, "targetSystem": c.targets}
			if len(c.targets) == 0 {
				values.Del("targetSystem")
			}
			for _, w := range []responses{
				{"GET", r.do(t, "GET", "/fhir/R4/Patient/$ihe-pix?"+values.Encode())},
				{"POST", r.do(t, "POST", "/fhir/R4/Patient/$ihe-pix", form(values))},
			} {
				var got outcome
				check(t, json.Unmarshal(w.recorder.Body.Bytes(), &got))
				var list []string
				for _, p := range got.Parameter {
					list = append(list, p.String())
				}
				if diff := cmp.Diff(c.want, list); w.recorder.Code != 200 || got.ResourceType != "Parameters" || diff != "" {
					t.Errorf("%s: status %d, a %s (-want +got):\n%s", w.method, w.recorder.Code, got.ResourceType, diff)
				}
			}
		})
	}
}

// TestCrossReferenceRefusals: the failures of IHE ITI-83 with its words.
func TestCrossReferenceRefusals(t *testing.T) {
	t.Parallel()
	known := practiceSystem + "|" + local
	for name, c := range map[string]struct {
		values     url.Values
		status     int
		code, text string
	}{
		"nobody has the number":     {url.Values{"sourceIdentifier": {numberID + "|9000000009"}}, 404, "not-found", "sourceIdentifier Patient Identifier not found"},
		"nobody has the local id":   {url.Values{"sourceIdentifier": {practiceSystem + "|none"}}, 404, "not-found", "sourceIdentifier Patient Identifier not found"},
		"nobody has the id":         {url.Values{"sourceIdentifier": {baseURL + "|Patient/01JNA5Y8T00000000000000000"}}, 404, "not-found", "sourceIdentifier Patient Identifier not found"},
		"a number as id":            {url.Values{"sourceIdentifier": {baseURL + "|Patient/" + number}}, 404, "not-found", "sourceIdentifier Patient Identifier not found"},
		"a domain of nobody":        {url.Values{"sourceIdentifier": {"https://elsewhere.test|1"}}, 400, "code-invalid", "the system is neither"},
		"an organisation unknown":   {url.Values{"sourceIdentifier": {"urn:carerecord:patient:R9999:x|1"}}, 400, "code-invalid", "sourceIdentifier Assigning Authority not found"},
		"a target of nobody":        {url.Values{"sourceIdentifier": {known}, "targetSystem": {"https://elsewhere.test"}}, 403, "code-invalid", "targetSystem not found"},
		"a target unknown":          {url.Values{"sourceIdentifier": {known}, "targetSystem": {numberID, "urn:carerecord:patient:R9999:x"}}, 403, "code-invalid", "targetSystem not found"},
		"no source":                 {url.Values{"targetSystem": {numberID}}, 400, "required", "sourceIdentifier is required"},
		"two sources":               {url.Values{"sourceIdentifier": {known, known}}, 400, "invalid", "sourceIdentifier is given more than once"},
		"a source without a system": {url.Values{"sourceIdentifier": {number}}, 400, "value", "sourceIdentifier has the form [system]|[value]"},
		"no NHS number":             {url.Values{"sourceIdentifier": {numberID + "|9434765918"}}, 400, "value", "the value is no NHS number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			w := r.do(t, "POST", "/fhir/R4/Patient/$ihe-pix", form(c.values))
			b := read(t, w)
			if w.Code != c.status || b.ResourceType != "OperationOutcome" || b.Issue[0].Code != c.code || !strings.HasPrefix(b.Issue[0].Details.Text, c.text) {
				t.Errorf("status %d, issue %+v; want %d, %s, %q", w.Code, b.Issue, c.status, c.code, c.text)
			}
			if personal(w.Body.String()) {
				t.Errorf("a value is repeated: %s", w.Body)
			}
		})
	}
}

// TestCrossReferenceOfSeveral: identifiers of two people are never put together.
func TestCrossReferenceOfSeveral(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.numbers[number] = []string{person, other}
	w := r.do(t, "POST", "/fhir/R4/Patient/$ihe-pix", form(url.Values{"sourceIdentifier": {numberID + "|" + number}}))
	b := read(t, w)
	if w.Code != 409 || b.Issue[0].Code != "multiple-matches" || strings.Contains(w.Body.String(), person) {
		t.Errorf("status %d, %s", w.Code, w.Body)
	}
}

// TestFormerNumbers: a number that a source stated before is shown as old, after
// what is stated now, and is no cross-reference. One whose status speaks against
// it does not lead.
func TestFormerNumbers(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	p := r.persons[person]
	p.Sources = slices.Clone(p.Sources)
	p.Sources[0].Details.NHSNumber, p.Sources[0].Details.NHSStatus = priorNumber, "05"
	p.Sources[0].At = p.Sources[1].At
	p.Sources[0].At.Row = 9 // the newest
	p.Sources[1].Details.NHSStatus = ""
	p.Sources[1].Former = []string{"9000000025", number}
	r.persons[person] = p
	var got struct {
		Identifier []struct{ Use, System, Value string }
	}
	check(t, json.Unmarshal(r.do(t, "GET", "/fhir/R4/Patient/"+person).Body.Bytes(), &got))
	var list []string
	for _, i := range got.Identifier {
		if i.System == numberID {
			list = append(list, i.Value+" "+i.Use)
		}
	}
	if diff := cmp.Diff([]string{number + " ", priorNumber + " ", "9000000025 old"}, list); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	w := r.do(t, "GET", "/fhir/R4/Patient/$ihe-pix?sourceIdentifier="+url.QueryEscape(practiceSystem+"|"+local))
	if w.Code != 200 || strings.Contains(w.Body.String(), "9000000025") {
		t.Errorf("status %d, %s", w.Code, w.Body)
	}
}

// TestHeldUpdates: an answer says that the newest details of a source are held.
func TestHeldUpdates(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	p := r.persons[person]
	p.Sources = []index.SourcePatient{p.Sources[0], p.Sources[1]}
	p.Sources[1].Held = true
	for _, target := range []string{everything, "/fhir/R4/Patient?_id=" + person} {
		for _, want := range []bool{false, true} {
			if want {
				r.persons[person] = p
			} else {
				r.populate()
			}
			_, outcomes := read(t, r.do(t, "GET", target)).in(t, "outcome")
			if got := strings.Contains(outcomes[0], `"code":"incomplete"`); got != want {
				t.Errorf("%s: held %v, want %v", target, got, want)
			}
		}
	}
}

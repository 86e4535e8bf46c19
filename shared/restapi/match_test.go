package restapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
)

const matchURL = "/fhir/R4/Patient/$match"

// part finds a part of a complex extension.
func (e extension) part(url string) extension {
	for _, p := range e.Extension {
		if p.URL == url {
			return p
		}
	}
	return extension{}
}

func (e extension) decimal() float64 {
	if e.ValueDecimal == nil {
		return 0
	}
	return *e.ValueDecimal
}

const gradeURL = "http://hl7.org/fhir/StructureDefinition/match-grade"

// grades gives the matches of an answer as "id grade score".
func (b bundle) grades(t testing.TB) (list []string) {
	t.Helper()
	for _, e := range b.Entry {
		if e.Search.Mode != "match" {
			continue
		}
		id := e.FullURL[strings.LastIndexByte(e.FullURL, '/')+1:]
		g := extension{Extension: e.Search.Extension}.part(gradeURL)
		list = append(list, fmt.Sprintf("%s %s %v", id, g.ValueCode, *e.Search.Score))
	}
	return list
}

// TestMatch follows FHIR R4 Patient-match and the cases of IHE ITI-119.
func TestMatch(t *testing.T) {
	t.Parallel()
	parameters := func(more string) string {
		return `{"resourceType":"Parameters","parameter":[{"name":"resource","resource":` + canaryPatient + `}` + more + `]}`
	}
	sure, maybe := person+" certain 1", other+" possible 0.9964"
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"a Patient alone":           {canaryPatient, []string{sure, maybe}},
		"Parameters":                {parameters(""), []string{sure, maybe}},
		"only certain":              {parameters(`,{"name":"onlyCertainMatches","valueBoolean":true}`), []string{sure}},
		"not only certain":          {parameters(`,{"name":"onlyCertainMatches","valueBoolean":false}`), []string{sure, maybe}},
		"one":                       {parameters(`,{"name":"count","valueInteger":1}`), []string{sure}},
		"more than there are":       {parameters(`,{"name":"count","valueInteger":100000}`), []string{sure, maybe}},
		"a parameter not offered":   {parameters(`,{"name":"onlySingleMatch","valueBoolean":true}`), []string{sure, maybe}},
		"white space between":       {"\n " + strings.ReplaceAll(parameters(""), ",", " ,\n"), []string{sure, maybe}},
		"the resource comes second": {`{"resourceType":"Parameters","parameter":[{"name":"count","valueInteger":2},{"name":"resource","resource":` + canaryPatient + `}]}`, []string{sure, maybe}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			w := r.do(t, "POST", matchURL, fhirJSON(c.body))
			b := read(t, w)
			if diff := cmp.Diff(c.want, b.grades(t)); w.Code != 200 || diff != "" || b.Type != "searchset" || *b.Total != len(c.want) {
				t.Errorf("status %d, a %s of %v (-want +got):\n%s", w.Code, b.Type, b.Total, diff)
			}
			want := []demographics.Details{{NHSNumber: number, BirthDate: "1970-01-31", Names: []demographics.Name{{Family: family, Given: []string{"Jan"}}}}}
			if diff := cmp.Diff(want, r.asked); diff != "" {
				t.Errorf("the index was asked (-want +got):\n%s", diff)
			}
		})
	}
}

// TestMatchOnlyCertain: several who may be the person, and none certain, are an
// empty answer and no error (IHE ITI-119, case 5).
func TestMatchOnlyCertain(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.matches = r.matches[1:]
	w := r.do(t, "POST", matchURL+"?onlyCertainMatches=true", fhirJSON(canaryPatient))
	b := read(t, w)
	if w.Code != 200 || *b.Total != 0 || b.grades(t) != nil {
		t.Errorf("status %d, total %d, %v", w.Code, *b.Total, b.grades(t))
	}
}

// TestGrades: a match is as sure as the index is, and a veto is a no.
func TestGrades(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		outcome     matching.Outcome
		guards      []string
		probability float64
		want        string
	}{
		"linked":                  {matching.Link, nil, 0.99999999, "certain 0.9999"},
		"most probable":           {matching.Possible, nil, 0.951, "probable 0.951"},
		"less":                    {matching.Possible, nil, 0.9499, "possible 0.9499"},
		"a guard speaks against":  {matching.Possible, []string{"twin"}, 0.9999, "possible 0.9999"},
		"for and against":         {matching.Conflict, nil, 0.97, "possible 0.97"},
		"two verified numbers":    {matching.Conflict, matching.VetoNumber.Names(), 0.5, "certainly-not 0.5"},
		"somebody else":           {matching.New, nil, 0.4, ""},
		"no probability":          {matching.Possible, nil, -1, "possible 0"},
		"more than certain":       {matching.Link, nil, 2, "certain 1"},
		"certain by a sure rule":  {matching.Link, nil, 1, "certain 1"},
		"next to nothing, listed": {matching.Possible, nil, 0.00004, "possible 0"},
	} {
		r := newRegion(t)
		r.matches = []index.Match{{Person: person, Probability: c.probability, Decision: matching.Decision{Outcome: c.outcome, Guards: c.guards}}}
		var want []string
		if c.want != "" {
			want = []string{person + " " + c.want}
		}
		if diff := cmp.Diff(want, read(t, r.do(t, "POST", matchURL, fhirJSON(canaryPatient))).grades(t)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestMatchShowsItsEvidence: levels and bits of every field, and no value.
func TestMatchShowsItsEvidence(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	b := read(t, r.do(t, "POST", matchURL, fhirJSON(canaryPatient)))
	e := extension{Extension: b.Entry[1].Search.Extension}.part("https://github.com/carerecord/carerecord/fhir/StructureDefinition/match-evidence")
	got := map[string]any{
		"outcome": e.part("outcome").ValueCode, "rule": e.part("rule").ValueCode, "model": e.part("model").ValueString, "guard": e.part("guard").ValueCode,
		"prior": e.part("prior").decimal(), "bits": e.part("bits").decimal(), "lead": e.part("lead").decimal(),
		"field": e.part("field").part("name").ValueCode, "level": e.part("field").part("level").ValueCode, "field bits": e.part("field").part("bits").decimal(),
	}
	want := map[string]any{
		"outcome": "review", "rule": "details", "model": "fs1-test", "guard": "place", "prior": -20.0, "bits": 8.13, "lead": 1.25,
		"field": "family", "level": "exact", "field bits": 12.5,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}
	if n := len(b.Entry[0].Search.Extension[1].Extension); n != 5 { // outcome, rule, model and two fields; no bits of a certain rule
		t.Errorf("the certain match has %d parts of evidence", n)
	}
}

// TestMatchWarns of what was sent and cannot be used.
func TestMatchWarns(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	body := `{"resourceType":"Patient","identifier":[{"system":"` + numberID + `","value":"9434765918"}],"gender":"m",` +
		`"name":[{"family":"` + family + `","given":["Jan"]}],"birthDate":"1970-01-31","address":[{"postalCode":"nowhere"}]}`
	b := read(t, r.do(t, "POST", matchURL, fhirJSON(body)))
	_, outcomes := b.in(t, "outcome")
	for _, want := range []string{
		`"expression":["Patient.identifier[0].value"]`, "no NHS number: fails the Modulus 11 check; it was left out of the match",
		`"expression":["Patient.gender"]`, "not a code of the element's list",
	} {
		if len(outcomes) != 1 || !strings.Contains(outcomes[0], want) {
			t.Errorf("no warning %q in %s", want, outcomes)
		}
	}
	if strings.Contains(outcomes[0], "postalCode") || strings.Contains(outcomes[0], "9434765918") {
		t.Errorf("a postcode that is kept as stated is warned of, or a value is repeated: %s", outcomes)
	}
}

// TestMatchOfTooLittle: where nothing can be looked for, the answer says what to add.
func TestMatchOfTooLittle(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]string{
		"nothing":                     ``,
		"only names":                  `,"name":[{"family":"Smith","given":["Ann"]}]`,
		"only a birth date":           `,"birthDate":"1970-01-31"`,
		"a year and a family name":    `,"birthDate":"1970","name":[{"family":"Smith"}]`,
		"a postcode and given name":   `,"address":[{"postalCode":"LS1 4AP"}],"name":[{"given":["Ann"]}]`,
		"placeholders":                `,"birthDate":"1900-01-01","name":[{"family":"Unknown","given":["Baby"]}],"address":[{"postalCode":"ZZ99 3VZ"}]`,
		"a number that is not usable": `,"identifier":[{"system":"` + numberID + `","value":"9434765918"}]`,
		"only sex and a telephone":    `,"gender":"female","telecom":[{"system":"phone","value":"0113 496 0000"}]`,
	} {
		r := newRegion(t)
		w := r.do(t, "POST", matchURL, fhirJSON(`{"resourceType":"Patient"`+members+`}`))
		b := read(t, w)
		if w.Code != http.StatusUnprocessableEntity || b.Issue[0].Code != "required" || b.Issue[0].Details.Coding[0].Code != "TOO_FEW_VALUES_SUBMITTED" {
			t.Errorf("%s: status %d, issue %+v", name, w.Code, b.Issue)
			continue
		}
		if diff := cmp.Diff([]string{"Patient.identifier", "Patient.birthDate", "Patient.name", "Patient.address.postalCode"}, b.Issue[0].Expression); diff != "" {
			t.Errorf("%s: expression (-want +got):\n%s", name, diff)
		}
		if !strings.Contains(b.Issue[0].Details.Text, "a postcode with a family name") || len(r.asked) > 0 {
			t.Errorf("%s: says %q; asked %v", name, b.Issue[0].Details.Text, r.asked)
		}
	}
	for name, members := range map[string]string{
		"a number":                     `,"identifier":[{"system":"` + numberID + `","value":"` + number + `"}]`,
		"a date and a given name":      `,"birthDate":"1970-01-31","name":[{"given":["Ann"]}]`,
		"a date and a family name":     `,"birthDate":"1970-01-31","name":[{"family":"Smith"}]`,
		"a postcode and a family name": `,"address":[{"postalCode":"LS1 4AP"}],"name":[{"family":"Smith"}]`,
		"a year and both names":        `,"birthDate":"1970","name":[{"family":"Smith","given":["Ann"]}]`,
	} {
		r := newRegion(t)
		if w := r.do(t, "POST", matchURL, fhirJSON(`{"resourceType":"Patient"`+members+`}`)); w.Code != 200 {
			t.Errorf("%s: status %d", name, w.Code)
		}
	}
}

// TestMatchOfSomebodyGone: who was merged away between the look-up and the
// reading is shown as the survivor, and who is no more is not shown.
func TestMatchOfSomebodyGone(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.matches[0].Person, r.matches[1].Person = oldID, "01JNA5Y8T00000000000000000"
	w := r.do(t, "POST", matchURL, fhirJSON(canaryPatient))
	if diff := cmp.Diff([]string{person + " certain 1"}, read(t, w).grades(t)); w.Code != 200 || diff != "" {
		t.Errorf("status %d (-want +got):\n%s", w.Code, diff)
	}
}

func TestMatchErrors(t *testing.T) {
	t.Parallel()
	for kind, status := range map[failure.Kind]int{failure.Unavailable: 503, failure.Throttled: 429, failure.Internal: 500} {
		r := newRegion(t)
		r.people.err = failure.New(kind, "index.Match", "secret %s", family)
		w := r.do(t, "POST", matchURL, fhirJSON(canaryPatient))
		if w.Code != status || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: status %d, %s", kind, w.Code, w.Body)
		}
	}
}

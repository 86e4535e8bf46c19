package restapi_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestBodies: what is no body of an operation is refused with where and why, and
// never with what it held.
func TestBodies(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for name, c := range map[string]struct {
		body       string
		status     int
		code       string
		expression string
		text       string
	}{
		"nothing":                {"", 400, "structure", "", "the body is no FHIR JSON: the JSON ends in the middle at byte 0"},
		"not JSON":               {"<Patient/>", 400, "structure", "", "the body is no FHIR JSON: not JSON at byte 0"},
		"cut off":                {`{"resourceType":"Patient"`, 400, "structure", "", "the body is no FHIR JSON: the JSON ends in the middle at byte 25"},
		"an array":               {`[]`, 400, "structure", "", "not JSON"},
		"a name twice":           {`{"resourceType":"Patient","` + family + `":1,"` + family + `":2}`, 400, "structure", "", "a member name stands twice in an object"},
		"not UTF-8":              {"{\"resourceType\":\"Patient\",\"a\":\"\xff\"}", 400, "structure", "", "not UTF-8"},
		"no type":                {`{"id":"1"}`, 400, "structure", "", "not an object with a string resourceType"},
		"two resources":          {canaryPatient + canaryPatient, 400, "structure", "", "not JSON"},
		"another type":           {`{"resourceType":"Observation"}`, 400, "invalid", "resource", "the resource is not a Patient"},
		"another type within":    {`{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Person"}}]}`, 400, "invalid", "resource", "the resource is not a Patient"},
		"no type within":         {`{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"id":"1"}}]}`, 400, "structure", "", "not an object with a string resourceType"},
		"no resource":            {`{"resourceType":"Parameters","parameter":[{"name":"count","valueInteger":1}]}`, 400, "required", "resource", "resource is required"},
		"no parameter":           {`{"resourceType":"Parameters"}`, 400, "required", "resource", "resource is required"},
		"a resource as text":     {`{"resourceType":"Parameters","parameter":[{"name":"resource","valueString":"` + family + `"}]}`, 400, "required", "resource", "resource is a Patient"},
		"two resources within":   {`{"resourceType":"Parameters","parameter":[{"name":"resource","resource":` + canaryPatient + `},{"name":"resource","resource":` + canaryPatient + `}]}`, 400, "invalid", "Parameters.parameter[1]", "resource is given more than once"},
		"a parameter of no form": {`{"resourceType":"Parameters","parameter":[{"name":"count","valueInteger":1},7]}`, 400, "structure", "Parameters.parameter[1]", "a parameter has a name and one value"},
		"no list of parameters":  {`{"resourceType":"Parameters","parameter":{"name":"count"}}`, 400, "structure", "Parameters.parameter", "a parameter has a name and one value"},
		"two values":             {`{"resourceType":"Parameters","parameter":[{"name":"count","valueInteger":1,"valueString":"2"}]}`, 400, "structure", "Parameters.parameter[0]", "a parameter has a name and one value"},
		"no name":                {`{"resourceType":"Parameters","parameter":[{"valueInteger":1}]}`, 400, "structure", "Parameters.parameter[0]", "a parameter has a name and one value"},
		"parts":                  {`{"resourceType":"Parameters","parameter":[{"name":"count","part":[]}]}`, 400, "value", "Parameters.parameter[0]", "this parameter takes one value"},
		"a complex value":        {`{"resourceType":"Parameters","parameter":[{"name":"count","valueAddress":{"city":"` + family + `"}}]}`, 400, "value", "Parameters.parameter[0]", "this parameter takes one value"},
		"no number":              {`{"resourceType":"Parameters","parameter":[{"name":"count","valueString":"` + family + `"},{"name":"resource","resource":` + canaryPatient + `}]}`, 400, "value", "count", "count is a whole number above 0"},
		"nobody at all":          {`{"resourceType":"Parameters","parameter":[{"name":"count","valueInteger":0},{"name":"resource","resource":` + canaryPatient + `}]}`, 400, "value", "count", "count is a whole number above 0"},
		"no yes or no":           {`{"resourceType":"Parameters","parameter":[{"name":"onlyCertainMatches","valueString":"1"},{"name":"resource","resource":` + canaryPatient + `}]}`, 400, "value", "onlyCertainMatches", "onlyCertainMatches is true or false"},
		"deep":                   {`{"resourceType":"Patient","a":` + strings.Repeat("[", 20000), 400, "structure", "", "the body is no FHIR JSON"},
		"too large":              {`{"resourceType":"Patient","id":"` + strings.Repeat("a", 70<<10) + `"}`, 413, "too-long", "", "the body has more than 65536 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			w := r.do(t, "POST", matchURL, fhirJSON(c.body))
			b := read(t, w)
			if w.Code != c.status || b.ResourceType != "OperationOutcome" || b.Issue[0].Code != c.code || !strings.Contains(b.Issue[0].Details.Text, c.text) {
				t.Fatalf("status %d, issue %+v; want %d, %s, %q", w.Code, b.Issue, c.status, c.code, c.text)
			}
			if got := strings.Join(b.Issue[0].Expression, " "); got != c.expression {
				t.Errorf("expression %q, want %q", got, c.expression)
			}
			if personal(w.Body.String()) {
				t.Errorf("a value is repeated: %s", w.Body)
			}
		})
	}
}

func TestBodyTypes(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	body := fhirJSON(canaryPatient)
	for kind, status := range map[string]int{
		"application/fhir+json": 200, "application/json": 200, "application/fhir+json; charset=utf-8": 200,
		"application/fhir+xml": 415, "text/plain": 415, "": 415, "multipart/form-data; boundary=x": 415, "application/x-www-form-urlencoded": 400,
	} {
		if w := r.do(t, "POST", matchURL, body, header("Content-Type", kind)); w.Code != status {
			t.Errorf("%q: status %d, want %d", kind, w.Code, status)
		}
	}
	// A search takes a form alone.
	if w := r.do(t, "POST", "/fhir/R4/Patient/_search", fhirJSON(`{"resourceType":"Parameters"}`)); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("a search by JSON: status %d", w.Code)
	}
	// With handling=strict what is not offered is refused.
	strict := fhirJSON(`{"resourceType":"Parameters","parameter":[{"name":"resource","resource":` + canaryPatient + `},{"name":"surname","valueString":"x"}]}`)
	if w := r.do(t, "POST", matchURL, strict, header("Prefer", "handling=strict")); w.Code != http.StatusBadRequest {
		t.Errorf("strict: status %d", w.Code)
	}
}

// TestValuesComeTheSameWay: a value of a Parameters means what it means in a form.
func TestValuesComeTheSameWay(t *testing.T) {
	t.Parallel()
	const target = "/fhir/R4/Patient/$ihe-pix"
	r := newRegion(t)
	want := r.do(t, "POST", target, form(url.Values{"sourceIdentifier": {"urn:carerecord:patient:Y00001:patients|" + local}})).Body.String()
	for name, value := range map[string]string{
		"Identifier": `"valueIdentifier":{"system":"urn:carerecord:patient:Y00001:patients","value":"` + local + `"}`,
		"string":     `"valueString":"urn:carerecord:patient:Y00001:patients|` + local + `"`,
		"escaped":    `"valueString":"urn:carerecord:patient:Y00001:patients|\u0043ANARY-77"`,
	} {
		w := r.do(t, "POST", target, fhirJSON(`{"resourceType":"Parameters","parameter":[{"name":"sourceIdentifier",`+value+`}]}`))
		if got := w.Body.String(); w.Code != 200 || got != want {
			t.Errorf("%s: status %d, %s", name, w.Code, got)
		}
	}
}

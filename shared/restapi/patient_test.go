package restapi_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func decodeCursor(s string) string {
	place, _ := base64.RawURLEncoding.DecodeString(s)
	return string(place)
}

func TestPatientSearch(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	const localSystem = "urn:carerecord:patient:Y00001:patients"
	for name, c := range map[string]struct {
		parameters url.Values
		status     int
		found      bool
		code       string
	}{
		"NHS number":                  {url.Values{"identifier": {numberID + "|" + number}}, 200, true, ""},
		"NHS number with blanks":      {url.Values{"identifier": {numberID + "|943 476 5919"}}, 200, true, ""},
		"local id":                    {url.Values{"identifier": {localSystem + "|" + local}}, 200, true, ""},
		"id":                          {url.Values{"_id": {person}}, 200, true, ""},
		"merged id":                   {url.Values{"_id": {oldID}}, 200, true, ""},
		"id and number":               {url.Values{"_id": {person}, "identifier": {numberID + "|" + number}}, 200, true, ""},
		"another's id and the number": {url.Values{"_id": {"01JNA5Y8T00000000000000000"}, "identifier": {numberID + "|" + number}}, 200, false, ""},
		"unknown number":              {url.Values{"identifier": {numberID + "|9000000009"}}, 200, false, ""},
		"unknown local id":            {url.Values{"identifier": {localSystem + "|none"}}, 200, false, ""},
		"unknown id":                  {url.Values{"_id": {"01JNA5Y8T00000000000000000"}}, 200, false, ""},
		"a number as id":              {url.Values{"_id": {number}}, 200, false, ""},
		"wrong check digit":           {url.Values{"identifier": {numberID + "|9434765918"}}, 400, false, "value"},
		"repeated digit":              {url.Values{"identifier": {numberID + "|1111111111"}}, 400, false, "value"},
		"no system":                   {url.Values{"identifier": {number}}, 400, false, "value"},
		"empty system":                {url.Values{"identifier": {"|" + number}}, 400, false, "value"},
		"empty value":                 {url.Values{"identifier": {numberID + "|"}}, 400, false, "value"},
		"two bars":                    {url.Values{"identifier": {numberID + "|1|2"}}, 400, false, "value"},
		"a list":                      {url.Values{"identifier": {numberID + "|" + number + "," + numberID + "|1"}}, 400, false, "not-supported"},
		"foreign system":              {url.Values{"identifier": {"https://elsewhere.test|1"}}, 400, false, "code-invalid"},
		"twice":                       {url.Values{"identifier": {"a|1", "a|2"}}, 400, false, "invalid"},
		"nothing":                     {url.Values{}, 400, false, "required"},
		"only a name":                 {url.Values{"family": {family}}, 400, false, "required"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, w := range []*responses{
				{"GET", r.do(t, "GET", "/fhir/R4/Patient?"+c.parameters.Encode())},
				{"POST", r.do(t, "POST", "/fhir/R4/Patient/_search", form(c.parameters))},
			} {
				b := read(t, w.recorder)
				if w.recorder.Code != c.status {
					t.Fatalf("%s: status %d, want %d", w.method, w.recorder.Code, c.status)
				}
				if c.code != "" {
					if b.ResourceType != "OperationOutcome" || b.Issue[0].Code != c.code || b.Issue[0].Severity != "error" {
						t.Errorf("%s: issue %+v, want code %s", w.method, b.Issue, c.code)
					}
					continue
				}
				names, _ := b.in(t, "match")
				want, total := []string(nil), 0
				if c.found {
					want, total = []string{"Patient/" + person}, 1
				}
				if diff := cmp.Diff(want, names); diff != "" || b.Total == nil || *b.Total != total {
					t.Errorf("%s: matches (-want +got):\n%s", w.method, diff)
				}
				if outcomes, _ := b.in(t, "outcome"); len(outcomes) != 1 {
					t.Errorf("%s: %d outcomes, want 1", w.method, len(outcomes))
				}
				if strings.Contains(w.recorder.Header().Get("Location")+b.link("self"), number) {
					t.Errorf("%s: a link holds the NHS number", w.method)
				}
			}
		})
	}
}

func TestPatientRead(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	w := r.do(t, "GET", "/fhir/R4/Patient/"+person)
	var got map[string]any
	check(t, json.Unmarshal(w.Body.Bytes(), &got))
	var want map[string]any
	// The hospital spoke last and its NHS number is verified; the birth date is
	// its own, the gender the practice's, as the hospital gave none.
	check(t, json.Unmarshal([]byte(`{
	 "resourceType":"Patient","id":"`+person+`",
	 "meta":{"lastUpdated":"2026-02-28T09:00:00Z","profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]},
	 "identifier":[
	  {"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9434765919","extension":[{
	   "url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
	   "valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland","code":"01","display":"Number present and verified"}]}}]},
	  {"system":"urn:carerecord:patient:RXX:","value":"MRN/1 2","assigner":{"type":"Organization","identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"RXX"}}},
	  {"system":"urn:carerecord:patient:Y00001:patients","value":"CANARY-77","assigner":{"type":"Organization","identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"Y00001"}}}],
	 "active":true,
	 "name":[{"use":"usual","family":"Canaryfamily","given":["Jan"]},{"family":"Canaryfamily","given":["Jan"]}],
	 "gender":"male","birthDate":"1970-01-31",
	 "generalPractitioner":[{"type":"Organization","identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"Y00001"}}]}`), &want))
	if diff := cmp.Diff(want, got); diff != "" || w.Code != http.StatusOK {
		t.Errorf("status %d, Patient (-want +got):\n%s", w.Code, diff)
	}
}

// TestPatientReadOfAMergedID follows IHE PIXm (ITI-104).
func TestPatientReadOfAMergedID(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	var got struct {
		ID     string
		Active *bool
		Link   []struct {
			Other struct{ Reference string }
			Type  string
		}
		Identifier []any
	}
	check(t, json.Unmarshal(r.do(t, "GET", "/fhir/R4/Patient/"+oldID).Body.Bytes(), &got))
	if got.ID != oldID || got.Active == nil || *got.Active || len(got.Link) != 1 || got.Link[0].Type != "replaced-by" ||
		got.Link[0].Other.Reference != "Patient/"+person || got.Identifier != nil {
		t.Errorf("got %+v", got)
	}
	names, _ := read(t, r.do(t, "GET", "/fhir/R4/Patient/"+oldID+"/$everything")).in(t, "match")
	if len(names) == 0 || names[0] != "Patient/"+person {
		t.Errorf("$everything of the merged id gives %v", names)
	}
}

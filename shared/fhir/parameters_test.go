package fhir_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/fhir"
)

// TestParameters reads the elements of an R4 Parameters, and their values as
// they would stand in a query.
func TestParameters(t *testing.T) {
	t.Parallel()
	type read struct {
		Name, Kind, Text, Path string
	}
	for name, c := range map[string]struct {
		parameter string
		want      []read
	}{
		"none":                       {``, nil},
		"null":                       {`,"parameter":null`, []read{}},
		"no list":                    {`,"parameter":{}`, []read{{"", "", "", "parameter"}}},
		"empty":                      {`,"parameter":[]`, []read{}},
		"string":                     {`,"parameter":[{"name":"a","valueString":"b|c"}]`, []read{{"a", "valueString", "b|c", "parameter[0]"}}},
		"value first":                {`,"parameter":[{"valueCode":"x","name":"a"}]`, []read{{"a", "valueCode", "x", "parameter[0]"}}},
		"boolean":                    {`,"parameter":[{"name":"a","valueBoolean":true},{"name":"a","valueBoolean":false}]`, []read{{"a", "valueBoolean", "true", "parameter[0]"}, {"a", "valueBoolean", "false", "parameter[1]"}}},
		"number":                     {`,"parameter":[{"name":"a","valueInteger":-7}]`, []read{{"a", "valueInteger", "-7", "parameter[0]"}}},
		"identifier":                 {`,"parameter":[{"name":"a","valueIdentifier":{"system":"urn:x|y","value":"1,\\$"}}]`, []read{{"a", "valueIdentifier", `urn:x\|y|1\,\\\$`, "parameter[0]"}}},
		"identifier without a value": {`,"parameter":[{"name":"a","valueIdentifier":{"system":"urn:x"}}]`, []read{{"a", "valueIdentifier", "", "parameter[0]"}}},
		"reference":                  {`,"parameter":[{"name":"a","valueReference":{"reference":"Patient/1"}}]`, []read{{"a", "valueReference", "Patient/1", "parameter[0]"}}},
		"resource":                   {`,"parameter":[{"name":"a","resource":{"resourceType":"Flag"}}]`, []read{{"a", "resource", "", "parameter[0]"}}},
		"parts":                      {`,"parameter":[{"name":"a","part":[{"name":"b"}]}]`, []read{{"a", "part", "", "parameter[0]"}}},
		"complex":                    {`,"parameter":[{"name":"a","valueAddress":{"city":"x"}}]`, []read{{"a", "valueAddress", "", "parameter[0]"}}},
		"empty text":                 {`,"parameter":[{"name":"a","valueString":""}]`, []read{{"a", "valueString", "", "parameter[0]"}}},
		"no value":                   {`,"parameter":[{"name":"a"}]`, []read{{"a", "", "", "parameter[0]"}}},
		"two values":                 {`,"parameter":[{"name":"a","valueCode":"x","valueString":"y"}]`, []read{{"", "", "", "parameter[0]"}}},
		"no object":                  {`,"parameter":["a",{"name":"b","valueCode":"x"}]`, []read{{"", "", "", "parameter[0]"}, {"b", "valueCode", "x", "parameter[1]"}}},
		"a name that is no text":     {`,"parameter":[{"name":1,"valueCode":"x"}]`, []read{{"", "valueCode", "x", "parameter[0]"}}},
		"escaped":                    {`,"parameter":[{"name":"\u0061","valueString":"\u00e9"}]`, []read{{"a", "valueString", "é", "parameter[0]"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d fhir.Document
			if err := d.Parse([]byte(`{"resourceType":"Parameters"` + c.parameter + `}`)); err != nil {
				t.Fatal(err)
			}
			var got []read
			for _, p := range d.Parameters() {
				text, ok := p.Text()
				if ok != (text != "") {
					t.Errorf("text %q, %v", text, ok)
				}
				got = append(got, read{p.Name, p.Kind, text, p.Path})
			}
			if len(c.want) == 0 && len(got) == 0 {
				return
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// FuzzParameters: whatever resource comes, its parameters are read or are of no form.
func FuzzParameters(f *testing.F) {
	f.Add(`{"resourceType":"Parameters","parameter":[{"name":"a","valueIdentifier":{"system":"s","value":"v"}},[],{"part":[]},"x"]}`)
	f.Add(`{"resourceType":"Parameters","parameter":[{"name":"a","valueReference":7,"resource":{}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		var d fhir.Document
		if d.Parse([]byte(text)) != nil {
			return
		}
		for _, p := range d.Parameters() {
			if text, ok := p.Text(); p.Path == "" || ok != (text != "") {
				t.Errorf("%+v has the text %q", p, text)
			}
		}
	})
}

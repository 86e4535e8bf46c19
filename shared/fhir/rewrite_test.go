package fhir_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
)

func opaque(reference string) string { return "X/" + strings.ReplaceAll(reference, "/", "-") }

func TestRewrite(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in, want string
		refs           []string
	}{
		{"id after type", `{"resourceType":"Flag","status":"active"}`, `{"resourceType":"Flag","id":"n1","status":"active"}`, nil},
		{"id in its place", `{"id":"old","status":"active","resourceType":"Flag"}`, `{"status":"active","resourceType":"Flag","id":"n1"}`, nil},
		{"white space goes", "{ \"resourceType\" : \"Flag\",\n\t\"a\" : [ 1 , { } , [ ] ] }\r\n", `{"resourceType":"Flag","id":"n1","a":[1,{},[]]}`, nil},
		{
			"numbers and unknown members stay", `{"resourceType":"Observation","valueQuantity":{"value":88.00640,"x":1.0,"y":-0,"z":1E+400},"zzz":null}`,
			`{"resourceType":"Observation","id":"n1","valueQuantity":{"value":88.00640,"x":1.0,"y":-0,"z":1E+400},"zzz":null}`, nil,
		},
		{
			"string escapes stay", `{"resourceType":"Flag","text":"a\u0041\/\n é 😀"}`,
			`{"resourceType":"Flag","id":"n1","text":"a\u0041\/\n é 😀"}`, nil,
		},
		{
			"meta loses what is the region's", `{"resourceType":"Flag","meta":{"versionId":"3","profile":["p"],"lastUpdated":"2020-01-01T00:00:00Z","tag":[],"source":"#s"},"a":1}`,
			`{"resourceType":"Flag","id":"n1","meta":{"profile":["p"],"tag":[]},"a":1}`, nil,
		},
		{"empty meta goes", `{"resourceType":"Flag","meta":{"source":"s"},"a":1}`, `{"resourceType":"Flag","id":"n1","a":1}`, nil},
		{"meta first and empty", `{"meta":{},"resourceType":"Flag"}`, `{"resourceType":"Flag","id":"n1"}`, nil},
		{"meta that is no object", `{"resourceType":"Flag","meta":[1]}`, `{"resourceType":"Flag","id":"n1","meta":[1]}`, nil},
		{
			"nested id and meta stay", `{"resourceType":"Flag","contained":[{"resourceType":"Patient","id":"p","meta":{"source":"s"}}]}`,
			`{"resourceType":"Flag","id":"n1","contained":[{"resourceType":"Patient","id":"p","meta":{"source":"s"}}]}`, nil,
		},
		{
			"references at any depth", `{"resourceType":"Encounter","subject":{"reference":"Patient/@"},"participant":[{"individual":{"reference":"Practitioner/1","display":"Practitioner/1"}},{"individual":{"reference":"Practitioner/1"}}],"partOf":{"reference":"#c"},"serviceProvider":{"reference":"Organization/2"}}`,
			`{"resourceType":"Encounter","id":"n1","subject":{"reference":"Patient/@"},"participant":[{"individual":{"reference":"X/Practitioner-1","display":"Practitioner/1"}},{"individual":{"reference":"X/Practitioner-1"}}],"partOf":{"reference":"#c"},"serviceProvider":{"reference":"X/Organization-2"}}`,
			[]string{"X/Practitioner-1", "X/Organization-2"},
		},
		{
			"reference that is no string", `{"resourceType":"Consent","data":[{"reference":{"reference":"A/1"}},{"reference":null},{"reference":["B/1"]}]}`,
			`{"resourceType":"Consent","id":"n1","data":[{"reference":{"reference":"X/A-1"}},{"reference":null},{"reference":["B/1"]}]}`,
			[]string{"X/A-1"},
		},
		{
			"escapes in names and references", `{"resourceType":"Flag","\u0069d":"old","author":{"\u0072eference":"A\/1"}}`,
			`{"resourceType":"Flag","id":"n1","author":{"\u0072eference":"X/A-1"}}`,
			[]string{"X/A-1"},
		},
		{
			"reference inside a dropped part of meta", `{"resourceType":"Flag","meta":{"source":{"reference":"A/1"},"extension":[{"valueReference":{"reference":"B/1"}}]},"author":{"reference":"C/1"}}`,
			`{"resourceType":"Flag","id":"n1","meta":{"extension":[{"valueReference":{"reference":"X/B-1"}}]},"author":{"reference":"X/C-1"}}`,
			[]string{"X/B-1", "X/C-1"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, refs, err := fhir.Rewrite([]byte(c.in), "n1", opaque)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(out)); diff != "" {
				t.Errorf("resource (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.refs, refs); diff != "" {
				t.Errorf("refs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRewriteRefuses(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		reason   fhir.Reason
		offset   int64
		path     string
	}{
		{"nothing", ``, fhir.ReasonTruncated, 0, ""},
		{"an array", `[]`, fhir.ReasonSyntax, 0, ""},
		{"cut", `{"resourceType":"Flag","a":[1`, fhir.ReasonTruncated, 29, "a"},
		{"two values", `{"resourceType":"Flag"} {}`, fhir.ReasonSyntax, 25, ""},
		{"a name twice", `{"resourceType":"Patient","gender":"male","gender":"female"}`, fhir.ReasonDuplicate, 42, "gender"},
		{"a nested name twice", `{"resourceType":"Patient","name":[{"family":"A","family":"B"}]}`, fhir.ReasonDuplicate, 48, "name[0].family"},
		{"not UTF-8", "{\"resourceType\":\"Patient\",\"x\":\"caf\xe9\"}", fhir.ReasonEncoding, 34, "x"},
		{"NUL", "{\"resourceType\":\"Patient\",\"x\":\"a\x00b\"}", fhir.ReasonEncoding, 32, "x"},
		{"NUL between tokens", "{\"resourceType\":\"Patient\"\x00}", fhir.ReasonEncoding, 25, ""},
		{"no type", `{"id":"1"}`, fhir.ReasonShape, 0, "resourceType"},
		{"a type that is no string", `{"resourceType":7}`, fhir.ReasonShape, 0, "resourceType"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := fhir.Rewrite([]byte(c.in), "n1", opaque)
			if !failure.Is(err, failure.Invalid) {
				t.Fatalf("want invalid, got %v", err)
			}
			form, ok := fhir.FormOf(err)
			if !ok {
				t.Fatalf("no FormError in %v", err)
			}
			if diff := cmp.Diff(fhir.FormError{Reason: c.reason, Offset: c.offset, Path: c.path}, *form); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSetSource(t *testing.T) {
	t.Parallel()
	at := time.Date(2024, 5, 6, 7, 8, 9, 120_000_000, time.FixedZone("", 3600))
	const updated = `"lastUpdated":"2024-05-06T06:08:09.12Z"`
	cases := []struct {
		name, in, source string
		at               time.Time
		want             string
	}{
		{"after the id", `{"resourceType":"Flag","id":"1","a":1}`, "urn:x", at, `{"resourceType":"Flag","id":"1","meta":{` + updated + `,"source":"urn:x"},"a":1}`},
		{"no id", `{"resourceType":"Flag"}`, "urn:x", at, `{"resourceType":"Flag","meta":{` + updated + `,"source":"urn:x"}}`},
		{"into meta", `{"resourceType":"Flag","id":"1","meta":{"profile":["p}"]},"a":1}`, "urn:x", at, `{"resourceType":"Flag","id":"1","meta":{` + updated + `,"source":"urn:x","profile":["p}"]},"a":1}`},
		{"meta at the end", `{"resourceType":"Flag","id":"1","t":"\\\"","meta":{"tag":[]}}`, "urn:x", at, `{"resourceType":"Flag","id":"1","t":"\\\"","meta":{` + updated + `,"source":"urn:x","tag":[]}}`},
		{"a deeper meta is another", `{"resourceType":"Flag","id":"1","contained":[{"meta":{"tag":[]}}]}`, "urn:x", at, `{"resourceType":"Flag","id":"1","meta":{` + updated + `,"source":"urn:x"},"contained":[{"meta":{"tag":[]}}]}`},
		{"again", `{"resourceType":"Flag","id":"1","meta":{"lastUpdated":"2000-01-01T00:00:00Z","source":"urn:old","tag":[]}}`, "urn:x", at, `{"resourceType":"Flag","id":"1","meta":{` + updated + `,"source":"urn:x","tag":[]}}`},
		{"meta that is no object", `{"resourceType":"Flag","id":"1","meta":null,"a":1}`, "urn:x", at, `{"resourceType":"Flag","id":"1","meta":{` + updated + `,"source":"urn:x"},"a":1}`},
		{"source alone", `{"resourceType":"Flag","id":"1"}`, `a"b`, time.Time{}, `{"resourceType":"Flag","id":"1","meta":{"source":"a\"b"}}`},
		{"time alone", `{"resourceType":"Flag","id":"1"}`, "", at, `{"resourceType":"Flag","id":"1","meta":{` + updated + `}}`},
		{"neither", `{"resourceType":"Flag","id":"1"}`, "", time.Time{}, `{"resourceType":"Flag","id":"1"}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, err := fhir.SetSource([]byte(c.in), c.source, c.at)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, string(out)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for _, bad := range []string{"", "{", "{}", "[]", `"`, `{"a"`, `{"a":`, `{"a":1`, `{"a":"\`, `{"a":1,}`} {
		if _, err := fhir.SetSource([]byte(bad), "s", at); !failure.Is(err, failure.Invalid) {
			t.Errorf("SetSource(%q): want invalid, got %v", bad, err)
		}
	}
}

// FuzzRewrite holds Rewrite to what it says, with encoding/json as the judge:
// decoded, the copy equals the original with the documented changes made.
func FuzzRewrite(f *testing.F) {
	for _, seed := range []string{
		`{"resourceType":"Flag","id":"o","meta":{"source":"s","tag":[{}]},"a":[1.0,{"reference":"A/1"}]}`,
		`{"\u0069d":1,"resourceType":"Flag","x":{"reference":"Patient/@","y":"\ud83d\ude00"}}`,
		`{"meta":{"lastUpdated":""},"resourceType":"F"}`, `{"resourceType":"F","reference":"#c"}`, `{"a":1`, `[]`, "\xef\xbb\xbf{}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		out, refs, err := fhir.Rewrite(in, "n1", opaque)
		if err != nil {
			if !failure.Is(err, failure.Invalid) {
				t.Fatalf("kind of %v", err)
			}
			return
		}
		want := decode(t, in).(map[string]any)
		want["id"] = "n1"
		if meta, ok := want["meta"].(map[string]any); ok {
			delete(meta, "source")
			delete(meta, "versionId")
			delete(meta, "lastUpdated")
			if len(meta) == 0 {
				delete(want, "meta")
			}
		}
		seen := mapReferences(want, nil)
		if diff := cmp.Diff(want, decode(t, out)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		slices.Sort(refs)
		slices.Sort(seen)
		if diff := cmp.Diff(slices.Compact(seen), refs); diff != "" {
			t.Errorf("refs (-want +got):\n%s", diff)
		}
		stamped, err := fhir.SetSource(out, "urn:s", time.Unix(1, 0))
		if err != nil {
			t.Fatal(err)
		}
		if got := decode(t, stamped).(map[string]any)["meta"].(map[string]any)["source"]; got != "urn:s" {
			t.Errorf("source %v", got)
		}
		if meta, stated := decode(t, out).(map[string]any)["meta"]; stated {
			if _, isObject := meta.(map[string]any); !isObject {
				return // a meta that says nothing gives way to the source
			}
		}
		if again, _, err := fhir.Rewrite(stamped, "n1", func(r string) string { return r }); err != nil || !bytes.Equal(again, out) {
			t.Errorf("stamped and rewritten again: %s, %v", again, err)
		}
	})
}

func decode(t *testing.T, b []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func mapReferences(v any, seen []string) []string {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			text, isText := value.(string)
			if name == "reference" && isText && text != fhir.OwnPatient && !strings.HasPrefix(text, "#") {
				v[name] = opaque(text)
				seen = append(seen, opaque(text))
				continue
			}
			seen = mapReferences(value, seen)
		}
	case []any:
		for _, value := range v {
			seen = mapReferences(value, seen)
		}
	}
	return seen
}

package fhir_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
)

func TestBundleWriter(t *testing.T) {
	t.Parallel()
	self, next := fhir.Link{Relation: "self", URL: `http://a/Flag?x="1"&y=2`}, fhir.Link{Relation: "next", URL: "http://a/2"}
	cases := []struct {
		name string
		head fhir.BundleHead
		fill func(b *fhir.BundleWriter) error
		want string
	}{
		{
			"searchset",
			fhir.BundleHead{ID: "b1", Type: "searchset", Total: 2, Timestamp: received, Links: []fhir.Link{self, next}},
			func(b *fhir.BundleWriter) error {
				b.Entry("http://a/Flag/1", []byte(`{"resourceType":"Flag"}`), fhir.ModeMatch)
				b.Entry("", fhir.OperationOutcome(fhir.Issue{Severity: fhir.SeverityWarning, Code: fhir.IssueIncomplete}), fhir.ModeOutcome)
				return b.End()
			},
			`{"resourceType":"Bundle","id":"b1","type":"searchset","timestamp":"2026-03-01T00:00:00Z","total":2,"link":[{"relation":"self","url":"http://a/Flag?x=\"1\"&y=2"},{"relation":"next","url":"http://a/2"}],"entry":[{"fullUrl":"http://a/Flag/1","resource":{"resourceType":"Flag"},"search":{"mode":"match"}},{"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"incomplete"}]},"search":{"mode":"outcome"}}]}`,
		},
		{
			"links at the end",
			fhir.BundleHead{Type: "collection", Total: -1},
			func(b *fhir.BundleWriter) error {
				b.Entry("urn:uuid:1", []byte(`{}`), fhir.NoMode)
				return b.End(next)
			},
			`{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:1","resource":{}}],"link":[{"relation":"next","url":"http://a/2"}]}`,
		},
		{
			"graded",
			fhir.BundleHead{Type: "searchset", Total: -1},
			func(b *fhir.BundleWriter) error {
				score := 0.25
				b.Found("", []byte(`{}`), fhir.EntrySearch{Mode: fhir.ModeMatch, Score: &score, Extension: []byte(`[{"url":"urn:x"}]`)})
				b.Found("", []byte(`{}`), fhir.EntrySearch{})
				return b.End()
			},
			`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{},"search":{"extension":[{"url":"urn:x"}],"mode":"match","score":0.25}},{"resource":{}}]}`,
		},
		{"empty", fhir.BundleHead{Type: "searchset"}, func(b *fhir.BundleWriter) error { return b.End() }, `{"resourceType":"Bundle","type":"searchset","total":0}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var out bytes.Buffer
			if err := c.fill(fhir.NewBundleWriter(&out, c.head)); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !json.Valid(out.Bytes()) {
				t.Error("not JSON")
			}
		})
	}
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("gone") }

func TestBundleWriterStreams(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	b := fhir.NewBundleWriter(&out, fhir.BundleHead{Type: "collection", Links: []fhir.Link{{Relation: "self", URL: "u"}}})
	resource := []byte(`{"x":"` + strings.Repeat("x", 10_000) + `"}`)
	for range 20 {
		b.Entry("", resource, fhir.NoMode)
	}
	if out.Len() < 100_000 || b.Entries() != 20 {
		t.Errorf("%d bytes out after %d entries", out.Len(), b.Entries())
	}
	if err := b.End(fhir.Link{Relation: "next", URL: "u"}); !failure.Is(err, failure.Invalid) {
		t.Errorf("links twice: %v", err)
	}
	b = fhir.NewBundleWriter(broken{}, fhir.BundleHead{Type: "collection"})
	for range 20 {
		b.Entry("", resource, fhir.NoMode)
	}
	if err := b.End(); !failure.Is(err, failure.Unavailable) {
		t.Errorf("broken writer: %v", err)
	}
}

func TestOperationOutcome(t *testing.T) {
	t.Parallel()
	got := fhir.OperationOutcome(fhir.Issue{
		Severity: fhir.SeverityError, Code: fhir.IssueValue,
		Details: []fhir.Coding{{System: fhir.SpineCodeSystem, Code: "INVALID_VALUE", Display: "Invalid value"}},
		Text:    "t", Diagnostics: "d", Expression: []string{"Patient.birthDate"},
	})
	want := `{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"value","details":{"coding":[{"system":"https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode","code":"INVALID_VALUE","display":"Invalid value"}],"text":"t"},"diagnostics":"d","expression":["Patient.birthDate"]}]}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := string(fhir.OperationOutcome()); !strings.Contains(got, `"code":"informational"`) {
		t.Errorf("all well: %s", got)
	}
	if !json.Valid(fhir.OperationOutcome(fhir.Issue{Diagnostics: "\xff"})) {
		t.Error("what is no UTF-8 spoils the outcome")
	}
}

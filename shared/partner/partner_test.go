package partner_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/csvfeed"
	"github.com/carerecord/carerecord/shared/extract/registers"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/sample"
)

const small = `
partners:
  - ods: RZZ
    name: Simulated Hospital
    feeds:
      - {name: adt, format: hl7v2}
  - ods: Z99901
    name: Sample Surgery
    feeds:
      - {name: bundles, format: fhir}
      - name: patients
        format: csv
        mapping:
          delimiter: pipe
          encoding: windows-1252
          header: [id, dob, sex, line 1, line 2, note]
          nulls: [NULL, 0]
          fields:
            localId: {column: id, system: "https://example.org/patients"}
            birthDate: {column: dob, format: D MMM YYYY}
            sex: {column: sex, codes: {1: male, 2: female}}
            addressLines: [line 1, line 2]
`

func TestParse(t *testing.T) {
	t.Parallel()
	got, err := partner.Parse("partners.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	format, err := registers.ParseDateFormat("D MMM YYYY")
	if err != nil {
		t.Fatal(err)
	}
	want := &partner.Register{Partners: []partner.Partner{
		{ODS: "RZZ", Name: "Simulated Hospital", Feeds: []partner.Feed{{Name: "adt", Format: "hl7v2"}}},
		{ODS: "Z99901", Name: "Sample Surgery", Feeds: []partner.Feed{
			{Name: "bundles", Format: "fhir"},
			{Name: "patients", Format: "csv", CSV: &registers.Mapping{
				Delimiter: '|', Encoding: csvfeed.Windows1252,
				Header: []string{"id", "dob", "sex", "line 1", "line 2", "note"}, Nulls: []string{"NULL", "0"},
				Fields: map[string]registers.Source{
					"localId":      {Columns: []string{"id"}, System: "https://example.org/patients"},
					"birthDate":    {Columns: []string{"dob"}, Format: format},
					"sex":          {Columns: []string{"sex"}, Codes: map[string]string{"1": "male", "2": "female"}},
					"addressLines": {Columns: []string{"line 1", "line 2"}},
				},
			}},
		}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	r, err := partner.Parse("partners.yaml", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		ods, feed string
		found     bool
		namespace string
	}{
		{"RZZ", "adt", true, ""},
		{"Z99901", "bundles", true, "bundles"},
		{"Z99901", "patients", true, "patients"},
		{"RZZ", "patients", false, ""},
		{"rzz", "adt", false, ""},
		{"RYY", "adt", false, ""},
	}
	for _, c := range cases {
		p, f, ok := r.Find(c.ods, c.feed)
		if ok != c.found {
			t.Errorf("%s/%s: found %v", c.ods, c.feed, ok)
		} else if ok && (p.ODS != c.ods || f.Name != c.feed || f.Namespace() != c.namespace) {
			t.Errorf("%s/%s: got %s/%s, namespace %q", c.ods, c.feed, p.ODS, f.Name, f.Namespace())
		}
	}
}

func TestTheSampleRegisterHasAFeedForEveryDelivery(t *testing.T) {
	t.Parallel()
	data, err := sample.FS.ReadFile(sample.Partners)
	if err != nil {
		t.Fatal(err)
	}
	r, err := partner.Parse(sample.Partners, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range sample.Deliveries() {
		if _, _, ok := r.Find(d.ODS, d.Feed); !ok {
			t.Errorf("no feed %s/%s", d.ODS, d.Feed)
		}
	}
}

func TestErrorsAreOfAKindAndGiveTheirParts(t *testing.T) {
	t.Parallel()
	_, err := partner.Parse("p.yaml", []byte("partners: 1\n"))
	var problems partner.Problems
	if !failure.Is(err, failure.Invalid) || !errors.As(err, &problems) {
		t.Fatalf("error %v", err)
	}
	want := partner.Problems{{File: "p.yaml", Line: 1, Field: "partners", Reason: "must be a list"}}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzParse: no text may stop the program, and what is taken can be found.
func FuzzParse(f *testing.F) {
	f.Add(small)
	for _, c := range badRegisters {
		f.Add(c.yaml)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := partner.Parse("p.yaml", []byte(text))
		if err != nil {
			if !failure.Is(err, failure.Invalid) || r != nil {
				t.Fatalf("error %v with %v", err, r)
			}
			return
		}
		for _, p := range r.Partners {
			for _, feed := range p.Feeds {
				if _, _, ok := r.Find(p.ODS, feed.Name); !ok || (feed.CSV != nil) != (feed.Format == partner.CSV) {
					t.Errorf("feed %s/%s", p.ODS, feed.Name)
				}
			}
		}
	})
}

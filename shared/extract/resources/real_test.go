package resources_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/extract/resources"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/sample"
)

var received = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

// source serves a file from memory.
func source(content []byte) extract.Source {
	return extract.Source{
		Open: func(context.Context) (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader(content)), nil
		},
		Size: int64(len(content)), Received: received,
	}
}

func rowsOf(t testing.TB, content []byte, reader resources.Reader) []extract.Row {
	t.Helper()
	var rows []extract.Row
	for row, err := range reader.Rows(t.Context(), source(content)) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// realFiles gives every real FHIR file that is at hand: those of the sample
// region, and more of the same from the folder of data beside the project.
func realFiles(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	add := func(from fs.FS, root string) {
		err := fs.WalkDir(from, root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := fs.ReadFile(from, path)
			files[path] = content
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add(sample.FS, "fhir")
	if folder := dataFolder(); folder != "" {
		add(os.DirFS(folder), "fhir")
	}
	return files
}

func dataFolder() string {
	dir, _ := os.Getwd()
	for dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		if info, err := os.Stat(filepath.Join(dir, "shared", "data")); err == nil && info.IsDir() {
			return filepath.Join(dir, "shared", "data")
		}
	}
	return ""
}

// tally is what encoding/json, reading a file whole, finds in it.
type tally struct {
	Types   map[string]int
	Numbers []string // the text of every number
}

func (c *tally) resource(v map[string]any) {
	kind, _ := v["resourceType"].(string)
	if kind != "Bundle" {
		c.Types[kind]++
		c.numbers(v)
		return
	}
	entries, _ := v["entry"].([]any)
	for _, e := range entries {
		if inner, ok := e.(map[string]any)["resource"].(map[string]any); ok {
			c.resource(inner)
		}
	}
}

func (c *tally) numbers(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			c.numbers(inner)
		}
	case []any:
		for _, inner := range v {
			c.numbers(inner)
		}
	case json.Number:
		c.Numbers = append(c.Numbers, v.String())
	}
}

func tallyOf(t testing.TB, content []byte) *tally {
	t.Helper()
	c := &tally{Types: map[string]int{}}
	d := json.NewDecoder(bytes.NewReader(content))
	d.UseNumber()
	for {
		var v map[string]any
		if err := d.Decode(&v); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		c.resource(v)
	}
	slices.Sort(c.Numbers)
	return c
}

// TestRealFiles accounts for every resource of every real file.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	for path, content := range realFiles(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			want := tallyOf(t, content)
			got := &tally{Types: map[string]int{}}
			var refused []string
			for i, row := range rowsOf(t, content, resources.Reader{}) {
				if row.Rejected() {
					refused = append(refused, row.Faults[0].Code)
					want.Types[row.Kind] -= min(1, want.Types[row.Kind])
					continue
				}
				if row.Number != i+1 {
					t.Fatalf("row %d has number %d", i+1, row.Number)
				}
				checkRow(t, content, row)
				for _, e := range row.Entries {
					got.resource(object(t, e.Resource))
				}
			}
			if diff := cmp.Diff(refusedIn(path), refused); diff != "" {
				t.Errorf("refused (-want +got):\n%s", diff)
			}
			maps.DeleteFunc(want.Types, func(_ string, n int) bool { return n == 0 })
			slices.Sort(got.Numbers)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// refusedIn names what the real files hold that is not to be kept.
func refusedIn(path string) []string {
	switch filepath.Base(path) {
	case "UKCore-Observation-FingerJointInflamed-Example.json":
		return []string{extract.PatientMissing.Name} // has no subject
	case "UKCore-Bundle-Batch-Example.json":
		return []string{extract.MethodUnknown.Name, extract.MethodUnknown.Name, extract.MethodUnknown.Name} // of GETs
	case "UKCore-Bundle-Sn-NoAllergyData-Example.json":
		return []string{extract.FileEmpty.Name} // a Bundle without entries
	}
	return nil
}

func object(t testing.TB, text []byte) map[string]any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v map[string]any
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

var openReference = regexp.MustCompile(`"reference":"urn:uuid:[^"]*"`)

// checkRow holds a kept row to its place and its references.
func checkRow(t *testing.T, content []byte, row extract.Row) {
	t.Helper()
	if content[row.Place.Offset] != '{' {
		t.Errorf("row %d: no object at offset %d", row.Number, row.Place.Offset)
	}
	if line := int64(bytes.Count(content[:row.Place.Offset], []byte("\n"))) + 1; line != row.Place.Line {
		t.Errorf("row %d: line %d, want %d", row.Number, row.Place.Line, line)
	}
	for _, e := range row.Entries {
		dangling := slices.ContainsFunc(row.Faults, func(f extract.Fault) bool { return f.Code == extract.ReferenceOpen.Name })
		if open := openReference.Match(e.Resource); open && !dangling {
			t.Errorf("row %d: an open reference and no word of it", row.Number)
		}
		if !json.Valid(e.Resource) {
			t.Errorf("row %d: not JSON", row.Number)
		}
	}
}

// TestSynthea: whole lives as transaction Bundles, in which every reference
// has its target and everything but the directory is of one patient.
func TestSynthea(t *testing.T) {
	t.Parallel()
	for path, content := range realFiles(t) {
		if !strings.Contains(path, "synthea/") {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			if bytes.Count(content, []byte(`"urn:uuid:`)) == 0 {
				t.Fatal("no urn:uuid in the file")
			}
			subjects := map[extract.Patient]int{}
			for _, row := range rowsOf(t, content, resources.Reader{}) {
				if row.Subject == nil {
					if !fhir.Directory(row.Kind) {
						t.Errorf("%s without a subject", row.Kind)
					}
				} else {
					subjects[*row.Subject]++
				}
				if bytes.Contains(row.Entries[0].Resource, []byte(`"reference":"urn:`)) {
					t.Errorf("row %d: an open reference", row.Number)
				}
				if row.Kind != "Patient" && row.Subject != nil && !bytes.Contains(row.Entries[0].Resource, []byte(`"reference":"Patient/@"`)) {
					t.Errorf("row %d: no reference to its own patient", row.Number)
				}
				if row.Entries[0].Date == "" && row.Subject != nil && row.Kind != "Patient" && row.Kind != "Goal" {
					t.Errorf("row %d: %s without a date", row.Number, row.Kind)
				}
				for _, f := range row.Faults {
					t.Errorf("row %d: %+v", row.Number, f)
				}
			}
			if len(subjects) != 1 {
				t.Errorf("%d patients", len(subjects))
			}
		})
	}
}

// TestBulk: an export of 13 patients. Observations were left out of it, so
// that references to them lead nowhere; relative ones are no fault, as their
// target may come in another file.
func TestBulk(t *testing.T) {
	t.Parallel()
	patients := map[string]bool{}
	files := realFiles(t)
	of := func(kind string) (rows []extract.Row) {
		for path, content := range files {
			if strings.HasPrefix(path, "fhir/bulk") && filepath.Base(path) == kind+".ndjson" {
				rows = append(rows, rowsOf(t, content, resources.Reader{})...)
			}
		}
		return rows
	}
	for _, row := range of("Patient") {
		patients[row.Subject.Value] = true
		if row.Details == nil || len(row.Details.Names) == 0 || row.Details.BirthDate == "" {
			t.Errorf("row %d: no details", row.Number)
		}
	}
	if len(patients) == 0 {
		t.Fatal("no patients")
	}
	for _, kind := range []string{"Condition", "AllergyIntolerance", "Immunization", "Encounter", "MedicationRequest", "Procedure"} {
		for _, row := range of(kind) {
			if row.Subject == nil || !patients[row.Subject.Value] {
				t.Errorf("%s row %d: not of a patient of the export", kind, row.Number)
			}
		}
	}
	for _, kind := range []string{"Organization", "Practitioner"} {
		for _, row := range of(kind) {
			if row.Subject != nil {
				t.Errorf("%s row %d has a subject", kind, row.Number)
			}
		}
	}
}

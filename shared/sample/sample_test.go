package sample_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/sample"
	"github.com/carerecord/carerecord/shared/sample/internal/practicelist"
)

var update = flag.Bool("update", false, "write gp/practice-list.csv anew")

const listFile = "gp/practice-list.csv"

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(sample.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestPracticeListIsWhatItsGeneratorMakes(t *testing.T) {
	made := practicelist.Make(read(t, "hl7/simhospital.hl7"))
	if *update {
		if err := os.WriteFile(listFile, made, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(read(t, listFile)), string(made)); diff != "" {
		t.Errorf("run go test ./shared/sample -update (-file +made):\n%s", diff)
	}
}

func TestEveryFileIsDeliveredOnce(t *testing.T) {
	delivered := map[string]int{sample.Partners: 1}
	names := map[string]bool{}
	for _, d := range sample.Deliveries() {
		delivered[d.File]++
		key := d.ODS + "/" + d.Feed + "/" + path.Base(d.File)
		if names[key] {
			t.Errorf("%s is dropped twice", key)
		}
		names[key] = true
	}
	want := map[string]int{}
	err := fs.WalkDir(sample.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			want[name] = 1
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, delivered); diff != "" {
		t.Errorf("files and deliveries (-want +got):\n%s", diff)
	}
}

func TestPracticeListHasTheRowsItPromises(t *testing.T) {
	r := csv.NewReader(bytes.NewReader(read(t, listFile)))
	r.FieldsPerRecord = -1
	records, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := practicelist.Shared + practicelist.Swapped + practicelist.Impostors + practicelist.Unnumbered +
		practicelist.Strangers + practicelist.Nameless + practicelist.Faults
	if got := len(records) - 1; got != want {
		t.Errorf("%d rows, want %d", got, want)
	}
	ids, short := map[string]bool{}, 0
	for _, record := range records[1:] {
		if len(record) != len(records[0]) {
			short++
		}
		if ids[record[0]] {
			t.Errorf("local id %s twice", record[0])
		}
		ids[record[0]] = true
	}
	if short != practicelist.Refused {
		t.Errorf("%d short rows, want %d", short, practicelist.Refused)
	}
}

func TestTheLargestPatientIsInTheLargestBundle(t *testing.T) {
	largest := ""
	for _, d := range sample.Deliveries() {
		if d.Feed == "bundles" && (largest == "" || len(read(t, d.File)) > len(read(t, largest))) {
			largest = d.File
		}
	}
	var bundle struct {
		Entry []struct {
			Resource struct{ ResourceType, ID string }
		}
	}
	if err := json.Unmarshal(read(t, largest), &bundle); err != nil {
		t.Fatal(err)
	}
	var patients []string
	for _, e := range bundle.Entry {
		if e.Resource.ResourceType == "Patient" {
			patients = append(patients, e.Resource.ID)
		}
	}
	if diff := cmp.Diff([]string{sample.LargestPatient}, patients); diff != "" {
		t.Errorf("patients of %s (-want +got):\n%s", largest, diff)
	}
}

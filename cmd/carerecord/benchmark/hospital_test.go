package benchmark_test

import (
	"bytes"
	"io/fs"
	"regexp"
	"testing"

	"github.com/carerecord/carerecord/cmd/carerecord/benchmark"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/sample"
)

// TestHospitalCopiesAreNewPatients counts the distinct numbers of three copies
// of the hospital's 403 patients.
func TestHospitalCopiesAreNewPatients(t *testing.T) {
	t.Parallel()
	messages, err := fs.ReadFile(sample.FS, "hl7/simhospital.hl7")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := (benchmark.Hospital{Messages: messages, Copies: 3}).WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, pattern string
		want          int
	}{
		{"NHS numbers", `(\d{10})\^\^\^NHSNBR`, 3 * 403},
		{"MRNs", `(K\d-\d+)\^\^\^SIMULATOR MRN`, 3 * (403 + 0)},
		{"orders", `OBR\|\d+\|K\d-\d+\|(K\d-\d+)`, 3 * 610},
	} {
		seen := map[string]bool{}
		for _, m := range regexp.MustCompile(c.pattern).FindAllSubmatch(out.Bytes(), -1) {
			seen[string(m[1])] = true
		}
		if len(seen) != c.want {
			t.Errorf("%s: %d distinct, want %d", c.name, len(seen), c.want)
		}
		if c.name != "NHS numbers" {
			continue
		}
		for number := range seen {
			if _, err := nhs.ParseNumber(number); err != nil {
				t.Fatalf("a generated NHS number is refused: %v", err)
			}
		}
	}
}

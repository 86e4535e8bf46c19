// Results are measured here, not races, and the race detector makes training ten
// times as slow.

//go:build !race

package linkage_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/linkage"
)

const febrlNumber = ",id=soc_sec_id"

// accuracy links a register of the test data without a model, as a user would,
// and measures the pairs of records that were put together.
func accuracy(t *testing.T, files []string, fields, id string, truth linkage.Truth, between bool) linkage.Accuracy {
	t.Helper()
	o := linkage.Options{Layout: layout(t, fields), Files: files, Between: between, Folder: t.TempDir()}
	o.ID = id
	name := filepath.Join(t.TempDir(), "people.csv")
	out, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if _, err := linkage.Link(t.Context(), o, linkage.Outputs{People: out}); err != nil {
		t.Fatal(err)
	}
	e, err := linkage.Evaluate(t.Context(), o, truth, name, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("precision %.5f, recall %.5f, F1 %.5f", e.Pairs.Precision(), e.Pairs.Recall(), e.Pairs.F1())
	return e.Pairs
}

var febrlTruth = linkage.Truth{Pattern: regexp.MustCompile(`^rec-(\d+)-`)}

// FEBRL's registers, unsupervised, one command for all. The bounds for dataset 3
// are the project's aims; those for 1 and 2 are what a plain Fellegi-Sunter
// model with clusters reached on them (1.0000, 1.0000, .9889; 1.0000, 1.0000,
// .9933), less what three pairs make.
func TestFEBRL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, file, fields string
		least              float64
	}{
		{"3, all fields", "dataset3.csv", febrl + febrlAddress + febrlNumber, 0.9997},
		{"3, without an identifier", "dataset3.csv", febrl + febrlAddress, 0.9990},
		{"3, names, birth date and postcode", "dataset3.csv", febrl, 0.9895},
		{"2, all fields", "dataset2.csv", febrl + febrlAddress + febrlNumber, 0.9985},
		{"2, without an identifier", "dataset2.csv", febrl + febrlAddress, 0.9985},
		{"2, names, birth date and postcode", "dataset2.csv", febrl, 0.9890},
		{"1, all fields", "dataset1.csv", febrl + febrlAddress + febrlNumber, 0.9970},
		{"1, without an identifier", "dataset1.csv", febrl + febrlAddress, 0.9970},
		{"1, names, birth date and postcode", "dataset1.csv", febrl, 0.9889},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := accuracy(t, []string{filepath.Join("testdata", c.file)}, c.fields, "rec_id", febrlTruth, false); got.F1() < c.least {
				t.Errorf("F1 %.5f, want %.4f at least: %+v", got.F1(), c.least, got)
			}
		})
	}
}

// The same between two files: the originals and their first duplicates.
func TestFEBRLBetweenFiles(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("testdata/dataset3.csv")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(content), "\n")
	originals, duplicates := lines[0]+"\n", lines[0]+"\n"
	for _, line := range lines[1:] {
		switch id, _, _ := strings.Cut(line, ","); {
		case strings.HasSuffix(id, "-org"):
			originals += line + "\n"
		case strings.HasSuffix(id, "-dup-0"):
			duplicates += line + "\n"
		}
	}
	files := save(t, originals, duplicates)
	if got := accuracy(t, files, febrl+febrlAddress, "rec_id", febrlTruth, true); got.True != 1165 || got.F1() < 0.9990 {
		t.Errorf("F1 %.5f: %+v", got.F1(), got)
	}
}

// A register of many gaps: a third of the fields is missing or wrong.
func TestFake1000(t *testing.T) {
	t.Parallel()
	got := accuracy(t, []string{"testdata/fake_1000.csv"}, "given=first_name,family=surname,dob=dob,email=email,other=city", "unique_id", linkage.Truth{Column: "cluster"}, false)
	if got.Precision() < 0.99 || got.F1() < 0.94 {
		t.Errorf("precision %.5f, F1 %.5f: %+v", got.Precision(), got.F1(), got)
	}
}

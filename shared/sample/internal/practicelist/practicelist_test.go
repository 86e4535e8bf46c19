package practicelist_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/sample/internal/practicelist"
)

func hospital(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../../hl7/simhospital.hl7")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func records(t *testing.T, list []byte) [][]string {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(list))
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all[1:]
}

// known maps a hospital NHS number to birth date (YYYYMMDD) and family name,
// read with nothing but the separators of HL7 v2.
func known(data []byte) map[string][2]string {
	out := map[string][2]string{}
	for segment := range strings.SplitSeq(string(data), "\r") {
		if fields := strings.Split(strings.TrimSpace(segment), "|"); fields[0] == "PID" {
			_, second, _ := strings.Cut(fields[3], "~")
			number, _, _ := strings.Cut(second, "^")
			family, _, _ := strings.Cut(fields[5], "^")
			out[number] = [2]string{fields[7][:8], family}
		}
	}
	return out
}

func TestHowTheListAgreesWithTheHospital(t *testing.T) {
	data := hospital(t)
	people := known(data)
	got := map[string]int{}
	for _, r := range records(t, practicelist.Make(data)) {
		person, shared := people[r[1]]
		if !shared {
			got["other"]++
			continue
		}
		birth, family := person[0], person[1]
		day, month, year := birth[6:], birth[4:6], birth[:4]
		switch r[7] {
		case day + "/" + month + "/" + year:
			got["same birth date"]++
		case month + "/" + day + "/" + year:
			got["day and month swapped"]++
			if r[4] != family {
				t.Error("a swapped date with another family name cannot be cross-checked")
			}
		default:
			got["another birth date"]++
			parts := strings.Split(r[7], "/")
			if parts[0] == day || parts[1] == month || parts[2] == year || r[4][:1] == family[:1] {
				t.Error("an impostor is like the person whose number they carry")
			}
		}
	}
	want := map[string]int{
		"same birth date": practicelist.Shared, "day and month swapped": practicelist.Swapped,
		"another birth date": practicelist.Impostors,
		"other":              practicelist.Unnumbered + practicelist.Strangers + practicelist.Nameless + practicelist.Faults,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestStrangersCarryDistinctNumbersOfTheTestRange(t *testing.T) {
	data := hospital(t)
	people := known(data)
	seen := map[string]bool{}
	for _, r := range records(t, practicelist.Make(data)) {
		number := r[1]
		if _, shared := people[number]; shared || number == "" || number == "NULL" || number == "9999999999" {
			continue
		}
		if !strings.HasPrefix(number, "999") || len(number) != 10 || seen[number] {
			t.Errorf("number %s is no new one of the test range", number)
		}
		seen[number] = true
	}
	if len(seen) != practicelist.Strangers+practicelist.Faults-1 {
		t.Errorf("%d numbers of the test range", len(seen))
	}
}

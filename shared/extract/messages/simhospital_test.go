package messages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/extract/messages"
	"github.com/carerecord/carerecord/shared/hl7v2"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/sample"
)

func simhospital(t testing.TB) []byte {
	t.Helper()
	data, err := sample.FS.ReadFile("hl7/simhospital.hl7")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// lines counts what a file holds without any of our code: by the beginnings of
// its lines.
func lines(data []byte) (count map[string]int, kinds map[string]int, documentOBX int) {
	count, kinds = map[string]int{}, map[string]int{}
	kind := ""
	for _, line := range regexp.MustCompile(`[\r\n]+`).Split(string(data), -1) {
		fields := strings.Split(line, "|")
		count[fields[0]]++
		switch {
		case fields[0] == "MSH":
			kind = fields[8]
			kinds[kind]++
		case fields[0] == "OBX" && strings.HasPrefix(kind, "MDM"):
			documentOBX++
		}
	}
	return count, kinds, documentOBX
}

// TestSimhospital reads the whole of a simulated hospital: every message is a
// row, no row is refused, and every segment becomes the entry it should.
func TestSimhospital(t *testing.T) {
	t.Parallel()
	data := simhospital(t)
	rows := read(t, data)
	count, kinds, documentOBX := lines(data)

	gotKinds, entries, numbers, codes := map[string]int{}, map[string]int{}, map[string]bool{}, map[string]bool{}
	for i, r := range rows {
		if r.Number != i+1 || r.Rejected() || r.At.IsZero() {
			t.Errorf("row %d: number %d, rejected %t, at %v", i+1, r.Number, r.Rejected(), r.At)
		}
		gotKinds[r.Kind]++
		numbers[r.Details.NHSNumber] = true
		for _, e := range r.Entries {
			entries[e.Type]++
		}
		for _, f := range r.Faults {
			codes[f.Code] = true
		}
	}
	want := map[string]int{"ADT^A01": 400, "ORU^R01": 610, "MDM^T02": 2, "ADT^A34": 1}
	if diff := cmp.Diff(want, gotKinds); diff != "" || len(rows) != 1013 {
		t.Errorf("%d rows of kinds (-want +got)\n%s", len(rows), diff)
	}
	wantEntries := map[string]int{
		"Patient":            count["MSH"] + count["MRG"],
		"Encounter":          kinds["ADT^A01"],
		"AllergyIntolerance": count["AL1"],
		"DiagnosticReport":   count["OBR"],
		"Observation":        count["OBX"] - documentOBX,
		"DocumentReference":  count["TXA"],
	}
	if diff := cmp.Diff(wantEntries, entries); diff != "" {
		t.Errorf("entries (-want +got)\n%s", diff)
	}
	if count["AL1"] != 162 || count["OBR"] != 610 || count["OBX"] != 3413 {
		t.Errorf("the file is not the one that was counted: %v", count)
	}
	if delete(numbers, ""); len(numbers) != 403 {
		t.Errorf("%d NHS numbers, want 403", len(numbers))
	}
	// The simulator makes postcodes at random; some cannot be postcodes.
	if diff := cmp.Diff(map[string]bool{"postcode-form": true}, codes); diff != "" {
		t.Errorf("faults (-want +got)\n%s", diff)
	}
}

// Every number and every note of the file comes out in its order, digit by
// digit and letter by letter.
func TestSimhospitalKeepsNumbersAndNotes(t *testing.T) {
	t.Parallel()
	data := simhospital(t)
	var wantNumbers, wantNotes, numbers, notes []string
	for _, line := range regexp.MustCompile(`[\r\n]+`).Split(string(data), -1) {
		f := strings.Split(line, "|")
		if f[0] == "NTE" {
			wantNotes = append(wantNotes, strings.TrimRight(f[3], " "))
		}
		if f[0] == "OBX" && f[2] == "NM" && f[5] != "" {
			wantNumbers = append(wantNumbers, f[5])
		}
	}
	for _, r := range read(t, data) {
		for _, e := range r.Entries {
			if e.Type != "Observation" {
				continue
			}
			var o struct {
				ValueQuantity struct {
					Value      json.Number
					Comparator string
				}
				Note []struct{ Text string }
			}
			if err := json.Unmarshal(e.Resource, &o); err != nil {
				t.Fatal(err)
			}
			if bytes.Contains(e.Resource, []byte(`"unit":`)) || o.ValueQuantity.Value != "" {
				numbers = append(numbers, o.ValueQuantity.Comparator+o.ValueQuantity.Value.String())
			}
			for _, n := range o.Note {
				notes = append(notes, strings.Split(n.Text, "\n")...)
			}
		}
	}
	if diff := cmp.Diff(wantNotes, notes); diff != "" {
		t.Errorf("notes (-want +got)\n%s", diff)
	}
	// Numbers without a type in OBX-2 are quantities too: they stand between.
	for _, n := range numbers {
		if len(wantNumbers) > 0 && n == wantNumbers[0] {
			wantNumbers = wantNumbers[1:]
		}
	}
	if len(wantNumbers) > 0 {
		t.Errorf("lost numbers, from %s on: %d", wantNumbers[0], len(wantNumbers))
	}
}

// What the simulator says of one merge, as its message states it.
func TestSimhospitalMerge(t *testing.T) {
	t.Parallel()
	for _, r := range read(t, simhospital(t)) {
		if r.Kind != "ADT^A34" {
			continue
		}
		if diff := cmp.Diff(&extract.Patient{System: "SIMULATOR MRN", Value: "618454581"}, r.Merge); diff != "" {
			t.Errorf("prior (-want +got)\n%s", diff)
		}
		if diff := cmp.Diff(&extract.Patient{System: "SIMULATOR MRN", Value: "2777246431"}, r.Subject); diff != "" {
			t.Errorf("survivor (-want +got)\n%s", diff)
		}
	}
}

// checkRow holds a row to what extract.Row promises and FHIR requires.
func checkRow(t testing.TB, r extract.Row) {
	t.Helper()
	if r.Rejected() && (r.Details != nil || r.Merge != nil || r.Entries != nil) {
		t.Fatalf("row %d is rejected and has content", r.Number)
	}
	if r.Number > 0 && !r.Rejected() && (r.Subject == nil || r.Details == nil || len(r.Entries) == 0) {
		t.Fatalf("row %d is kept and empty", r.Number)
	}
	ids := map[string]bool{}
	for _, e := range r.Entries {
		var head struct{ ResourceType, ID, Status string }
		if err := json.Unmarshal(e.Resource, &head); err != nil {
			t.Fatalf("%s: %v", e.Type, err)
		}
		if head.ResourceType != e.Type || head.ID != "" || e.ID == "" || ids[e.Type+"/"+e.ID] {
			t.Fatalf("%s/%s: type %q, id %q, twice %t", e.Type, e.ID, head.ResourceType, head.ID, ids[e.Type+"/"+e.ID])
		}
		ids[e.Type+"/"+e.ID] = true
		needsStatus := []string{"Encounter", "Observation", "DiagnosticReport", "Procedure", "DocumentReference"}
		if slices.Contains(needsStatus, e.Type) && head.Status == "" {
			t.Fatalf("%s without a status", e.Type)
		}
		if bytes.Contains(e.Resource, []byte("{}")) || bytes.Contains(e.Resource, []byte("[]")) {
			if !bytes.ContainsAny(e.Resource, `\`) && !regexp.MustCompile(`"[^"]*(\{\}|\[\])[^"]*"`).Match(e.Resource) {
				t.Fatalf("empty member in %s", e.Resource)
			}
		}
	}
	for _, f := range r.Faults {
		if f.Row != r.Number || f.Place.Line < 1 {
			t.Fatalf("fault %s: row %d of %d, line %d", f.Code, f.Row, r.Number, f.Place.Line)
		}
		if f.Found != "" && len([]rune(f.Found)) > 60 {
			t.Fatalf("fault %s shows %d characters", f.Code, len(f.Found))
		}
	}
	if d := r.Details; d != nil && d.NHSNumber != "" {
		if n, err := nhs.ParseNumber(d.NHSNumber); n != d.NHSNumber || err != nil {
			t.Fatal("an NHS number that is none")
		}
	}
}

// FuzzReader holds every row of any file to the contract; messages of the
// simulated hospital and one of every kind of segment are where it starts.
func FuzzReader(f *testing.F) {
	rows := bytes.Split(simhospital(f), []byte("\n\n"))
	for _, i := range []int{0, 4, 5, 143, 270} {
		f.Add(rows[i])
	}
	const head = "MSH|^~\\&|A|B|||20240508||%s|1|P|2.4\rPID|1||633^^^R0A^MR~9449305552^^^NHS^NH||GREY^Ann||1980|F|||1^2^3^4^M1 1AE||1^PRN||||||||A\r"
	for kind, rest := range map[string]string{
		"ADT^A01": "PV1|1|I|W||||C1^X|||||||||||V1\rNK1|1|A^B|C|||1\rAL1|1|DA|X^Y^SCT|MO|R|2020\rDG1|1||A^B^I10||2020|F\rPR1|1||H01^X||202001010000||5\r",
		"ADT^A40": "MRG|99^^^R0A\rPID|2||1\rMRG|2\r",
		"ORU^R01": "ORC|RE|1|2\rOBR|1|1|2|C|||2020\rNTE|1||x\rOBX|1|SN|C||>^1^-^2|u\rOBX|2|ED|C||^TEXT^^A^Hi\rOBX|3|CE|C||A^B~C\rNTE|1||y\r",
		"MDM^T02": "TXA|1|PN||||||||||1||||||AU\rOBX|1|TX|x||text\r",
	} {
		f.Add([]byte(fmt.Sprintf(head, kind) + rest))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n := 0
		for row, err := range (messages.Reader{}).Rows(context.Background(), source(data)) {
			if err != nil {
				t.Fatal(err)
			}
			checkRow(t, row)
			if row.Number > 0 {
				if n++; row.Number != n {
					t.Fatalf("row %d has number %d", n, row.Number)
				}
			}
		}
	})
}

func TestSimhospitalRowsKeepTheContract(t *testing.T) {
	t.Parallel()
	for _, r := range read(t, simhospital(t)) {
		checkRow(t, r)
	}
}

// The same patient is the same whatever delimiters a sender uses.
func TestCustomDelimiters(t *testing.T) {
	t.Parallel()
	d := hl7v2.Delimiters{Field: '*', Component: ':', Repetition: '+', Escape: '!', Subcomponent: '$'}
	text := "MSH*:+!$*A*B***20240508**ADT:A31*1*P*2.4\rPID*1**633:::R0A:MR+9449305552:::NHS:NH**" + hl7v2.Escape("O'Neil*:+!$", d) + ":Ann\r"
	r := read(t, []byte(text))[0]
	if r.Details == nil || r.Details.NHSNumber != "9449305552" || r.Details.Names[0].Family != "O'Neil*:+!$" || r.Subject.Value != "633" {
		t.Errorf("%+v, %+v", r.Subject, r.Details)
	}
}

func BenchmarkReader(b *testing.B) {
	data := simhospital(b)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	rows, made := 0, 0
	for b.Loop() {
		for row, err := range (messages.Reader{}).Rows(context.Background(), source(data)) {
			if err != nil {
				b.Fatal(err)
			}
			rows++
			for _, e := range row.Entries {
				made += len(e.Resource)
			}
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(made)/float64(b.N)/1e6, "MB-made/op")
}

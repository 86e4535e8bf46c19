package messages_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/extract/messages"
	"github.com/carerecord/carerecord/shared/failure"
)

var received = time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)

// source gives data as a file received on 1 June 2024.
func source(data []byte) extract.Source {
	return extract.Source{
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
		Size: int64(len(data)), Received: received,
	}
}

func read(t testing.TB, data []byte) []extract.Row {
	t.Helper()
	var rows []extract.Row
	for row, err := range (messages.Reader{}).Rows(context.Background(), source(data)) {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

// TestGolden reads the archives of testdata: in.hl7 is the file, want.json the
// rows without places and faults, want.faults a line for each fault: row, code,
// path, line, what was found.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no golden cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			part := map[string][]byte{}
			for _, f := range archive.Files {
				part[f.Name] = f.Data
			}
			rows := read(t, part["in.hl7"])
			if diff := cmp.Diff(string(part["want.faults"]), faultLines(rows)); diff != "" {
				t.Errorf("faults (-want +got)\n%s", diff)
			}
			for i := range rows {
				rows[i].Place, rows[i].Faults = extract.Place{}, nil
			}
			got, err := json.Marshal(rows)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(document(t, part["want.json"]), document(t, got)); diff != "" {
				t.Errorf("rows (-want +got)\n%s", diff)
			}
		})
	}
}

// document decodes JSON with its numbers as they are spelt, and without the
// empty place that every row has.
func document(t *testing.T, data []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var rows []map[string]any
	if err := d.Decode(&rows); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	for _, r := range rows {
		delete(r, "place")
	}
	return rows
}

func faultLines(rows []extract.Row) string {
	var b strings.Builder
	for _, r := range rows {
		for _, f := range r.Faults {
			path := f.Place.Path
			if path == "" {
				path = "-"
			}
			fmt.Fprintf(&b, "%d %s %s line %d %q\n", f.Row, f.Code, path, f.Place.Line, f.Found)
		}
	}
	return b.String()
}

func TestWholeFile(t *testing.T) {
	t.Parallel()
	const msh = "MSH|^~\\&|A|B|||20240508||ADT^A31|1|P|2.4\r"
	const pid = "PID|1||633\r"
	tests := []struct {
		name, in string
		rows     int // rows with a number
		want     string
	}{
		{"empty", "", 0, "0 file-empty - line 1 \"\"\n"},
		{"blank", "\r\n\r\n", 0, "0 file-empty - line 1 \"\"\n"},
		{"zip", "PK\x03\x04rest", 0, "0 file-compressed - line 1 \"a zip archive\"\n"},
		{"gzip", "\x1f\x8b\x08rest", 0, "0 file-compressed - line 1 \"a gzip file\"\n"},
		{"JSON", "\n {\"resourceType\":\"Bundle\"}", 0, "0 file-format - line 1 \"JSON\"\n"},
		{"XML", "<?xml version=\"1.0\"?>", 0, "0 file-format - line 1 \"XML or HTML\"\n"},
		{"UTF-16", "\xff\xfeM\x00S\x00H\x00", 0, "0 file-format - line 1 \"UTF-16 text\"\n"},
		{"CSV", "id,name\r\n1,Ann\r\n", 0, "0 file-format - line 1 \"xx,xxxx\"\n"},
		{"no MSH at all", pid, 1, "1 row-syntax - line 1 \"xxx|9||999\"\n"},
		{"text before the first message", "Extract 1\r" + msh + pid, 2, "1 row-syntax - line 1 \"xxxxxxx 9\"\n"},
		{"segments before the first message", pid + msh + pid, 2, "1 row-syntax - line 1 \"xxx|9||999\"\n"},
		{"delimiters", "MSH|\r" + msh + pid, 2, "1 row-syntax MSH-2 line 1 \"xxx|\"\n"},
		{"NUL", msh + "PID|1||6\x0033\r" + msh + pid, 2, "1 row-encoding PID line 2 \"NUL\"\n"},
		{"unclosed batch", "FHS|^~\\&\r" + msh + pid, 1, "0 file-truncated FTS line 1 \"\"\n"},
		{"trailers that count otherwise", "FHS|^~\\&\rBHS|^~\\&\r" + msh + pid + "BTS|7\rFTS|2\r", 1, "0 file-count BTS-1 line 5 \"1\"\n0 file-count FTS-1 line 6 \"1\"\n"},
		{"closed batch", "FHS|^~\\&\rBHS|^~\\&\r" + msh + pid + "BTS|1\rFTS|1\r", 1, ""},
		{"no last terminator", msh + "PID|1||633||GREY", 1, "0 file-open-end PID line 2 \"\"\n"},
		{"cut in a name", msh + pid + msh + "PI", 2, "2 row-syntax - line 4 \"xx\"\n0 file-truncated - line 4 \"\"\n"},
		{"cut before a required field", msh + "PID|1||6", 1, "1 row-syntax PID line 2 \"xxx|9||9\"\n0 file-truncated PID line 2 \"\"\n"},
		{"cut in the header", msh + pid + "MSH|^~\\&|A|B|||2024", 2, "2 row-syntax MSH line 3 \"xxx|^~\\\\&|x|x|||9999\"\n0 file-truncated MSH line 3 \"\"\n"},
		{
			"Windows-1252, reported once", msh + "PID|1||1||GR\xc9Y\r" + msh + "PID|1||2||GR\xc9Y\r", 2,
			"1 file-encoding - line 1 \"Windows-1252\"\n",
		},
		{"unmapped segment, reported once", msh + pid + "ZAA|1\rZAA|2\r" + msh + pid + "ZAA|1\rZBB|1\r", 2, "1 segment-not-mapped ZAA line 3 \"ZAA\"\n2 segment-not-mapped ZBB line 8 \"ZBB\"\n"},
		{"MLLP", "\x0b" + msh + pid + "\x1c\r\x0b" + msh + pid + "\x1c\r", 2, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rows := read(t, []byte(tt.in))
			if diff := cmp.Diff(tt.want, faultLines(rows)); diff != "" {
				t.Errorf("faults (-want +got)\n%s", diff)
			}
			numbered := 0
			for _, r := range rows {
				if r.Number > 0 {
					numbered++
					if r.Number != numbered {
						t.Errorf("row %d has number %d", numbered, r.Number)
					}
				}
				if r.Rejected() && (r.Details != nil || r.Merge != nil || r.Entries != nil) {
					t.Errorf("row %d is rejected and has content", r.Number)
				}
			}
			if numbered != tt.rows {
				t.Errorf("%d rows, want %d", numbered, tt.rows)
			}
		})
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	rows := read(t, []byte("MSH|^~\\&|A|B|||20240508||ADT^A31|1|P|2.4\rPID|1||1||GR\xc9Y\x07^Zo\\F\\e \\X22\\\r"))
	if got, want := rows[0].Details.Names[0].Family, "GRÉY\a"; got != want {
		t.Errorf("family %q, want %q", got, want)
	}
	// FHIR allows no control characters; the rest is escaped as JSON asks.
	if got, want := string(rows[0].Entries[0].Resource), `"name":[{"family":"GRÉY","given":["Zo|e \""]}]`; !strings.Contains(got, want) {
		t.Errorf("%s\nlacks %s", got, want)
	}
}

// A resend and an amendment name the same entries; another order does not.
func TestEntryIDsAreStable(t *testing.T) {
	t.Parallel()
	result := func(order, value, status string) string {
		return "MSH|^~\\&|A|B|||20240508||ORU^R01|1|P|2.4\rPID|1||633\rOBR|1||" + order + "|FBC|||20240508\r" +
			"OBX|1|NM|HB||" + value + "||||||" + status + "\rOBX|2|NM|HB||1||||||F\r"
	}
	ids := func(text string) (out []string) {
		for _, e := range read(t, []byte(text))[0].Entries {
			out = append(out, e.Type+"/"+e.ID)
		}
		return out
	}
	first := ids(result("F1", "120", "P"))
	want := []string{"Patient/633", "Observation/F1|FBC|HB", "Observation/F1|FBC|HB#2", "DiagnosticReport/F1|FBC"}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff(first, ids(result("F1", "125", "C"))); diff != "" {
		t.Errorf("amendment (-want +got)\n%s", diff)
	}
	if other := ids(result("F2", "120", "F")); other[1] == first[1] {
		t.Errorf("another order has the same id %s", other[1])
	}
}

func TestEncounterStatus(t *testing.T) {
	t.Parallel()
	tests := []struct{ event, class, discharged, want string }{
		{"A01", "I", "", "in-progress"},
		{"A01", "I", "20240509", "finished"},
		{"A02", "I", "", "in-progress"},
		{"A03", "I", "", "finished"},
		{"A04", "O", "", "in-progress"},
		{"A05", "P", "", "planned"},
		{"A08", "P", "", "planned"},
		{"A08", "U", "", "unknown"},
		{"A11", "I", "", "cancelled"},
		{"A12", "I", "", "in-progress"},
		{"A13", "I", "", "in-progress"},
		{"A38", "P", "", "cancelled"},
	}
	for _, tt := range tests {
		text := fmt.Sprintf("MSH|^~\\&|A|B|||20240510||ADT^%s|1|P|2.4\rPID|1||633\rPV1|1|%s%sV1%s20240508|%s\r",
			tt.event, tt.class, strings.Repeat("|", 17), strings.Repeat("|", 25), tt.discharged)
		rows := read(t, []byte(text))
		var e struct{ Status string }
		if err := json.Unmarshal(rows[0].Entries[1].Resource, &e); err != nil || e.Status != tt.want {
			t.Errorf("%s %s %s: %q, %v; want %q", tt.event, tt.class, tt.discharged, e.Status, err, tt.want)
		}
		if id := rows[0].Entries[1].ID; id != "V1" {
			t.Errorf("Encounter id %q", id)
		}
	}
	// Without a visit number the patient and the time of admission name the visit.
	rows := read(t, []byte("MSH|^~\\&|A|B|||20240510||ADT^A01|1|P|2.4\rPID|1||633\rPV1|1|I"+strings.Repeat("|", 42)+"202405081000\r"))
	if id := rows[0].Entries[1].ID; id != "633|PV1|202405081000" {
		t.Errorf("Encounter id %q", id)
	}
}

func TestRowsStops(t *testing.T) {
	t.Parallel()
	text := []byte(strings.Repeat("MSH|^~\\&|A|B|||20240508||ADT^A31|1|P|2.4\rPID|1||633\r", 10))
	n := 0
	for range (messages.Reader{}).Rows(context.Background(), source(text)) {
		if n++; n == 3 {
			break
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n = 0
	var last error
	for _, err := range (messages.Reader{}).Rows(ctx, source(text)) {
		if n++; n == 3 {
			cancel()
		}
		last = err
	}
	if n != 4 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d rows, then %v", n-1, last)
	}
}

func TestErrorsOfReading(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection lost")
	open := func(r io.Reader, err error) extract.Source {
		return extract.Source{Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(r), err }}
	}
	late := io.MultiReader(strings.NewReader(strings.Repeat("MSH|^~\\&|A|B|||20240508||ADT^A31|1|P|2.4\rPID|1||633\r", 100)), iotest.ErrReader(broken))
	tests := []struct {
		name string
		src  extract.Source
		kind failure.Kind
	}{
		{"opening", open(nil, failure.New(failure.NotFound, "object.Open", "gone")), failure.NotFound},
		{"first bytes", open(iotest.ErrReader(broken), nil), failure.Unavailable},
		{"later", open(late, nil), failure.Unavailable},
	}
	for _, tt := range tests {
		var last error
		for _, err := range (messages.Reader{}).Rows(context.Background(), tt.src) {
			last = err
		}
		if !failure.Is(last, tt.kind) {
			t.Errorf("%s: %v", tt.name, last)
		}
	}
}

// Results and allergies are kept in whatever kind of message they come.
func TestResultsInOtherMessages(t *testing.T) {
	t.Parallel()
	rows := read(t, []byte("MSH|^~\\&|A|B|||20240510||ADT^A08|1|P|2.4\rPID|1||633\rOBX|1|NM|HT^Height||172|cm|||||F|||20240508\rNTE|1||standing\rAL1|1||^Nuts\r"+
		"MSH|^~\\&|A|B|||20240510||ORU^R01|2|P|2.4\rPID|1||633\rAL1|1||^Nuts\rOBR|1||F1|X\rPID|2||634\rOBR|1||F2|X\r"))
	var got []string
	for _, r := range rows {
		for _, e := range r.Entries {
			got = append(got, fmt.Sprintf("%d %s %s", r.Number, e.Type, e.ID))
		}
	}
	want := []string{
		"1 Patient 633", "1 Observation 633|OBX|20240508|HT", "1 AllergyIntolerance 633|AL1|Nuts|",
		"2 Patient 633", "2 AllergyIntolerance 633|AL1|Nuts|", "2 DiagnosticReport F1|X",
		"3 Patient 634", "3 DiagnosticReport F2|X",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if r := string(rows[0].Entries[1].Resource); !strings.Contains(r, `"valueQuantity":{"value":172,"unit":"cm"}`) || !strings.Contains(r, `"note":[{"text":"standing"}]`) {
		t.Error(r)
	}
	if rows[2].Place.Line != 10 {
		t.Errorf("the second patient's row is at line %d", rows[2].Place.Line)
	}
}

// A message type that is no message type may be anything, so it is masked.
func TestUnknownKindIsMasked(t *testing.T) {
	t.Parallel()
	for kind, found := range map[string]string{"SIU^S12": "SIU^S12", "ACK": "ACK", "GREY^AN": "xxxx^xx"} {
		rows := read(t, []byte("MSH|^~\\&|A|B|||20240510||"+kind+"|1|P|2.4\rPID|1||633\r"))
		if f := rows[0].Faults; len(f) != 1 || f[0].Found != found {
			t.Errorf("%s: %+v", kind, f)
		}
	}
}

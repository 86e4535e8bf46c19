package registers_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/extract/registers"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/sample"
)

const plain = `
header: [id, surname, dob]
fields:
  localId: id
  family: surname
  birthDate: {column: dob, format: YYYY-MM-DD}
`

func TestAFileOfAnotherFormatLoadsNothing(t *testing.T) {
	t.Parallel()
	m := mappingOf(t, plain)
	cases := []struct{ name, file, code, found string }{
		{"empty", "", "file-empty", "no row"},
		{"white lines", "\r\n\r\n\n", "file-empty", "no row"},
		{"byte order mark alone", "\xEF\xBB\xBF", "file-empty", "no row"},
		{"zip", "PK\x03\x04\x14\x00\x00\x00", "file-compressed", "a zip archive"},
		{"gzip", "\x1F\x8B\x08\x00", "file-compressed", "a gzip file"},
		{"Excel", "PK\x03\x04\x14\x00\x06\x00\x08\x00[Content_Types].xml", "file-format", "an Excel workbook"},
		{"old Excel", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "file-format", "an Excel workbook"},
		{"HL7 v2", "MSH|^~\\&|A|B\rPID|1\r", "file-format", "HL7 v2"},
		{"HL7 v2 in MLLP", "\x0BMSH|^~\\&|A|B\r\x1C\r", "file-format", "HL7 v2"},
		{"FHIR", " \n{\"resourceType\":\"Bundle\"}", "file-format", "JSON"},
		{"XML", "\xEF\xBB\xBF<?xml version=\"1.0\"?>", "file-format", "XML or HTML"},
		{"PDF", "%PDF-1.7", "file-format", "a PDF document"},
		{"UTF-16", "\xFF\xFEi\x00d\x00", "file-format", "UTF-16 text"},
		{"NUL bytes", "\x00\x00\x00\x00", "file-format", "a forbidden byte"},
		{"header with an open quote", "id,\"surname,dob\n1,Ash,1950-01-01\n", "file-format", "a quote that is never closed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := rows(t, m, text(c.file))
			if len(got) != 1 || got[0].Number != 0 || len(got[0].Faults) != 1 || got[0].Entries != nil {
				t.Fatalf("got %s", shown(got))
			}
			if f := got[0].Faults[0]; f.Code != c.code || f.Found != c.found || f.Row != 0 {
				t.Errorf("got %s, found %q; want %s, %q", f.Code, f.Found, c.code, c.found)
			}
		})
	}
}

// TestTheSamplePracticeList counts what the sample's README promises of each
// sort of row.
func TestTheSamplePracticeList(t *testing.T) {
	t.Parallel()
	register, err := sample.FS.ReadFile(sample.Partners)
	if err != nil {
		t.Fatal(err)
	}
	r, err := partner.Parse(sample.Partners, register)
	if err != nil {
		t.Fatal(err)
	}
	_, feed, ok := r.Find(sample.Practice, "patients")
	if !ok {
		t.Fatal("no such feed")
	}
	list, err := sample.FS.ReadFile("gp/practice-list.csv")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	for _, row := range rows(t, feed.CSV, source(func() io.Reader { return bytes.NewReader(list) })) {
		got["rows"]++
		for _, f := range row.Faults {
			if f.Code != "postcode-form" { // the simulator draws postcodes by chance
				got[f.Code]++
			}
		}
		if row.Details != nil && row.Details.NHSNumber != "" {
			got["with a number"]++
		}
		for _, e := range row.Entries {
			got[e.Type]++
		}
	}
	want := map[string]int{
		"rows": 127, "Patient": 126, "EpisodeOfCare": 126,
		// All but the 2 and 4 without, the short row and the two bad numbers.
		"with a number": 127 - 6 - 1 - 2,
		"row-syntax":    1, "nhs-number-check-digit": 1, "nhs-number-repeated-digit": 1,
		"birth-date-impossible": 1, "birth-date-placeholder": 1, "field-code": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestErrorsOfTheSourceEndTheSequence(t *testing.T) {
	t.Parallel()
	m := mappingOf(t, plain)
	broken := errors.New("connection reset")
	missing := failure.New(failure.NotFound, "dir.Open", "no such object")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	cut := io.MultiReader(strings.NewReader("id,surname,dob\n"+strings.Repeat("1,Ash,1950-01-01\n", 40)+"2,Bi"), iotest.ErrReader(broken))
	cases := []struct {
		name string
		ctx  context.Context
		src  extract.Source
		want error
		kind failure.Kind
		rows int
	}{
		{"broken stream", context.Background(), source(func() io.Reader { return cut }), broken, failure.Unavailable, 40},
		{"not there", context.Background(), extract.Source{Open: func(context.Context) (io.ReadCloser, error) { return nil, missing }}, missing, failure.NotFound, 0},
		{"cancelled", cancelled, text("id,surname,dob\n1,Ash,1950-01-01\n"), context.Canceled, failure.Unavailable, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			count, err := 0, error(nil)
			for row, e := range (registers.Reader{Mapping: m}).Rows(c.ctx, c.src) {
				if e != nil {
					err = e
				} else if row.Number > 0 {
					count++
				}
			}
			if !errors.Is(err, c.want) || failure.KindOf(err) != c.kind || count != c.rows {
				t.Errorf("%d rows, error %v of kind %s", count, err, failure.KindOf(err))
			}
		})
	}
}

func TestACallerMayStop(t *testing.T) {
	t.Parallel()
	m := mappingOf(t, plain)
	file := "id,surname,dob\n1,M\xFCller,1950-01-01\n2,Birch,1950-01-02\n"
	for stop := range 3 {
		n := 0
		for range (registers.Reader{Mapping: m}).Rows(context.Background(), text(file)) {
			if n++; n > stop {
				break
			}
		}
		if n != stop+1 {
			t.Errorf("%d rows, want %d", n, stop+1)
		}
	}
}

// TestALongLineCostsNoMemory reads 200 MB of one line between two good rows.
func TestALongLineCostsNoMemory(t *testing.T) {
	m := mappingOf(t, plain)
	open := func() io.Reader {
		return io.MultiReader(strings.NewReader("id,surname,dob\n1,Ash,1950-01-01\n"),
			io.LimitReader(endless{}, 200<<20), strings.NewReader("\n3,Cedar,1950-01-03\n"))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := rows(t, m, source(open))
	runtime.ReadMemStats(&after)
	if len(got) != 3 || got[1].Faults[0].Code != "row-too-long" || got[0].Rejected() || got[2].Rejected() {
		t.Errorf("got %s", shown(got))
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 16<<20 {
		t.Errorf("%d bytes allocated", used)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// TestEveryRecordIsOneRow: whatever fields hold, rows read = rows written, and
// each is either whole or refused.
func TestEveryRecordIsOneRow(t *testing.T) {
	t.Parallel()
	m := mappingOf(t, plain)
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 20).Draw(t, "n")
		var file strings.Builder
		file.WriteString("dob,id,surname\r\n")
		for i := range n {
			fields := rapid.SliceOfN(rapid.StringOf(rapid.SampledFrom([]rune("019-/aé\"\n "))), 1, 5).Draw(t, "fields")
			fmt.Fprintf(&file, "\"%d\"", i)
			for _, f := range fields {
				fmt.Fprintf(&file, ",\"%s\"", strings.ReplaceAll(f, `"`, `""`))
			}
			file.WriteString("\r\n")
		}
		number := 0
		for row, err := range (registers.Reader{Mapping: m}).Rows(context.Background(), text(file.String())) {
			if err != nil {
				t.Fatal(err)
			}
			number++
			if row.Number != number || row.Rejected() == (row.Subject != nil && len(row.Entries) > 0) {
				t.Fatalf("row %d: number %d, rejected %v, %d entries", number, row.Number, row.Rejected(), len(row.Entries))
			}
		}
		if number != n {
			t.Errorf("%d rows, want %d", number, n)
		}
	})
}

// FuzzRows: any file ends in rows whose parts agree with each other.
func FuzzRows(f *testing.F) {
	f.Add("id,surname,dob\n1,Ash,1950-01-01\n")
	f.Add("dob,surname,id\r\n31/02/1950,\"A\"\"b\",1\r\n")
	f.Add("id,surname,dob\n1,M\xFCller,1950-02-31\n\x00\n\"\n")
	f.Add("{\"resourceType\":\"Patient\"}")
	m := mappingOf(f, plain)
	f.Fuzz(func(t *testing.T, file string) {
		if !strings.Contains(file, "\n") {
			file = "id,surname,dob\n" + file
		}
		for _, row := range rows(t, m, text(file)) {
			for _, fault := range row.Faults {
				if fault.Row != row.Number || !utf8.ValidString(fault.Found) {
					t.Errorf("fault of row %d in row %d", fault.Row, row.Number)
				}
			}
			for _, e := range row.Entries {
				if !json.Valid(e.Resource) || row.Rejected() {
					t.Errorf("entry %s of row %d", e.Type, row.Number)
				}
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	m := mappingOf(b, plain)
	file := "id,surname,dob\n" + strings.Repeat("10021,Trivedi,1937-12-27\n", 10000)
	b.SetBytes(int64(len(file)))
	b.ReportAllocs()
	for b.Loop() {
		rows(b, m, text(file))
	}
	b.ReportMetric(float64(10000*b.N)/b.Elapsed().Seconds(), "rows/s")
}

func BenchmarkSampleRows(b *testing.B) {
	register, _ := sample.FS.ReadFile(sample.Partners)
	r, err := partner.Parse(sample.Partners, register)
	if err != nil {
		b.Fatal(err)
	}
	_, feed, _ := r.Find(sample.Practice, "patients")
	list, _ := sample.FS.ReadFile("gp/practice-list.csv")
	b.SetBytes(int64(len(list)))
	b.ReportAllocs()
	for b.Loop() {
		rows(b, feed.CSV, source(func() io.Reader { return bytes.NewReader(list) }))
	}
	b.ReportMetric(float64(127*b.N)/b.Elapsed().Seconds(), "rows/s")
}

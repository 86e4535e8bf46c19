package csvfeed_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/csvfeed"
)

// TestReadsWhatTheStandardLibraryWrites takes encoding/csv as an oracle that
// shares no code with the lexer.
func TestReadsWhatTheStandardLibraryWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		delimiter := rapid.SampledFrom([]byte(",|\t;")).Draw(t, "delimiter")
		field := rapid.StringOf(rapid.SampledFrom([]rune("ab\"\n,;|\té€ '")))
		records := rapid.SliceOf(rapid.SliceOfN(field, 1, 6)).Draw(t, "records")
		var file bytes.Buffer
		w := csv.NewWriter(&file)
		w.Comma = rune(delimiter)
		var want [][]string
		for _, r := range records {
			if len(r) == 1 && r[0] == "" {
				continue // written as an empty line, which is no record
			}
			if err := w.Write(r); err != nil {
				t.Fatal(err)
			}
			want = append(want, r)
		}
		w.Flush()
		got, err := collect(&file, csvfeed.Options{Delimiter: delimiter})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, texts(got)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// TestReadsAsTheStandardLibraryReads compares both on any text that the
// standard library takes, the places of the fields included.
func TestReadsAsTheStandardLibraryReads(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		input := rapid.StringOf(rapid.SampledFrom([]rune("ab\"\",,\n\né"))).Draw(t, "input")
		compare(t, input)
	})
}

type reporter interface{ Errorf(string, ...any) }

func compare(t reporter, input string) {
	oracle := csv.NewReader(strings.NewReader(input))
	oracle.FieldsPerRecord = -1
	mine := csvfeed.NewReader(strings.NewReader(input), csvfeed.Options{})
	for {
		want, wantErr := oracle.Read()
		got, gotErr := mine.Read()
		if wantErr != nil && wantErr != io.EOF {
			return // it does not go on after a quote out of place; its own tests say what we do
		}
		if wantErr == io.EOF || gotErr != nil {
			if wantErr != gotErr {
				t.Errorf("end: %v, want %v", gotErr, wantErr)
			}
			return
		}
		if diff := cmp.Diff([][]string{want}, texts([]csvfeed.Record{*got})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", input, diff)
			return
		}
		for i, f := range got.Fields {
			line, _ := oracle.FieldPos(i)
			if f.Place.Line != int64(line) {
				t.Errorf("%q: field %d on line %d, want %d", input, i, f.Place.Line, line)
			}
		}
	}
}

// TestLinkageFilesReadAsTheStandardLibraryReadsThem uses files that no one
// here wrote, where they are at hand.
func TestLinkageFilesReadAsTheStandardLibraryReadsThem(t *testing.T) {
	t.Parallel()
	files, _ := filepath.Glob("../../../shared/data/linkage/*.csv")
	if len(files) == 0 {
		t.Skip("the linkage files are not here")
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, string(data))
	}
}

// FuzzRead holds the lexer to what is true of any input: it ends, nothing is
// read twice, places lead back to the bytes, and the cut of the stream into
// reads changes nothing.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "a,b\r\nc,d", "\"a\nb\",c", "\"", "\"a\"b,\n\"\"\"", "\xEF\xBB\xBFa", "\xFF\xFE", "\x00", "a\r\r\n,\",\",\n", "Zo\xEB,\x81\n",
	} {
		f.Add(seed, byte(','))
	}
	f.Fuzz(func(t *testing.T, input string, delimiter byte) {
		if strings.IndexByte("\"\r\n\x00", delimiter) >= 0 {
			return
		}
		o := csvfeed.Options{Delimiter: delimiter}
		got := all(t, strings.NewReader(input), o)
		last := csvfeed.Place{Line: 1, Offset: -1}
		for _, r := range got {
			if r.Place.Offset <= last.Offset || r.Place.Line < last.Line || r.Trouble.Offset > int64(len(input)) {
				t.Fatalf("record at %v after %v", r.Place, last)
			}
			last = r.Place
			for _, field := range r.Fields {
				checkPlace(t, input, r, field)
			}
		}
		if diff := cmp.Diff(got, all(t, small{strings.NewReader(input)}, o)); diff != "" {
			t.Errorf("one read, small reads (-one +small):\n%s", diff)
		}
	})
}

func checkPlace(t *testing.T, input string, r csvfeed.Record, f csvfeed.Field) {
	at := input[f.Place.Offset:]
	if strings.HasPrefix(at, `"`) || r.Encoding == csvfeed.Windows1252 {
		return
	}
	if !strings.HasPrefix(at, f.Text) {
		t.Errorf("%q does not stand at byte %d", f.Text, f.Place.Offset)
	}
}

// small gives at most 3 bytes a read.
type small struct{ src io.Reader }

func (s small) Read(p []byte) (int, error) { return s.src.Read(p[:min(3, len(p))]) }

func BenchmarkRead(b *testing.B) {
	row := "SS10021,9990000018,01,Mrs,Trivedi,Jacqueline,Pauline,27/12/1937,F,\"Flat 2, Name House\",Flanker Road,Westerham,PK17 5AI,070 0130 6118,,01/01/1938,,Z99901\r\n"
	for name, line := range map[string]string{"utf-8": row, "windows-1252": strings.Replace(row, "Trivedi", "Triv\xE9di", 1)} {
		b.Run(name, func(b *testing.B) {
			file := strings.Repeat(line, 20000)
			b.SetBytes(int64(len(file)))
			b.ReportAllocs()
			for b.Loop() {
				r := csvfeed.NewReader(strings.NewReader(file), csvfeed.Options{})
				for {
					if _, err := r.Read(); err == io.EOF {
						break
					}
				}
			}
		})
	}
}

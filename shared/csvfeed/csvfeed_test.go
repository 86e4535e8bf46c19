package csvfeed_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/csvfeed"
)

// all reads everything, keeping each record.
func all(t *testing.T, src io.Reader, o csvfeed.Options) []csvfeed.Record {
	t.Helper()
	records, err := collect(src, o)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

func collect(src io.Reader, o csvfeed.Options) ([]csvfeed.Record, error) {
	r := csvfeed.NewReader(src, o)
	var out []csvfeed.Record
	for {
		record, err := r.Read()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		kept := *record
		kept.Fields = append([]csvfeed.Field(nil), record.Fields...)
		out = append(out, kept)
	}
}

func texts(records []csvfeed.Record) [][]string {
	var out [][]string
	for _, r := range records {
		var row []string
		for _, f := range r.Fields {
			row = append(row, f.Text)
		}
		out = append(out, row)
	}
	return out
}

func TestReadsTheGrammar(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		input string
		o     csvfeed.Options
		want  [][]string
	}{
		{"nothing", "", csvfeed.Options{}, nil},
		{"one field", "a", csvfeed.Options{}, [][]string{{"a"}}},
		{"RFC 4180 2.1: CRLF after each record", "aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", csvfeed.Options{}, [][]string{{"aaa", "bbb", "ccc"}, {"zzz", "yyy", "xxx"}}},
		{"RFC 4180 2.2: the last record may lack it", "aaa,bbb,ccc\r\nzzz,yyy,xxx", csvfeed.Options{}, [][]string{{"aaa", "bbb", "ccc"}, {"zzz", "yyy", "xxx"}}},
		{"RFC 4180 2.4: spaces are part of a field", " a , b", csvfeed.Options{}, [][]string{{" a ", " b"}}},
		{"RFC 4180 2.6: line break inside quotes", "\"aaa\",\"b \r\nbb\",\"ccc\"\r\nzzz,yyy,xxx", csvfeed.Options{}, [][]string{{"aaa", "b \r\nbb", "ccc"}, {"zzz", "yyy", "xxx"}}},
		{"RFC 4180 2.7: doubled quotes", `"aaa","b""bb","ccc"`, csvfeed.Options{}, [][]string{{"aaa", `b"bb`, "ccc"}}},
		{"only doubled quotes", `"""",""`, csvfeed.Options{}, [][]string{{`"`, ""}}},
		{"LF", "a,b\nc,d\n", csvfeed.Options{}, [][]string{{"a", "b"}, {"c", "d"}}},
		{"CR alone", "a,b\rc,d\r", csvfeed.Options{}, [][]string{{"a", "b"}, {"c", "d"}}},
		{"mixed line ends", "a\r\nb\nc\rd", csvfeed.Options{}, [][]string{{"a"}, {"b"}, {"c"}, {"d"}}},
		{"empty lines are no records", "\n\r\na\n\n\rb\n\n", csvfeed.Options{}, [][]string{{"a"}, {"b"}}},
		{"empty fields", ",\n,,\n", csvfeed.Options{}, [][]string{{"", ""}, {"", "", ""}}},
		{"delimiter at the very end", "a,", csvfeed.Options{}, [][]string{{"a", ""}}},
		{"quoted empty record", `""`, csvfeed.Options{}, [][]string{{""}}},
		{"a quote inside a field is text", `5' 6" tall,b"`, csvfeed.Options{}, [][]string{{`5' 6" tall`, `b"`}}},
		{"pipe", `a|"b|c"|d,e`, csvfeed.Options{Delimiter: '|'}, [][]string{{"a", "b|c", "d,e"}}},
		{"tab", "a\t\"b\tc\"\td", csvfeed.Options{Delimiter: '\t'}, [][]string{{"a", "b\tc", "d"}}},
		{"semicolon", `a;"b;c";d`, csvfeed.Options{Delimiter: ';'}, [][]string{{"a", "b;c", "d"}}},
		{"byte order mark", "\xEF\xBB\xBFa,b\n", csvfeed.Options{}, [][]string{{"a", "b"}}},
		{"byte order mark before a quote", "\xEF\xBB\xBF\"a,b\"\n", csvfeed.Options{}, [][]string{{"a,b"}}},
		{"byte order mark alone", "\xEF\xBB\xBF", csvfeed.Options{}, nil},
		{"UTF-8", "Zoë,Łukasz\n", csvfeed.Options{}, [][]string{{"Zoë", "Łukasz"}}},
		{"Windows-1252", "Zo\xEB,\"O\x92Neil \"\"\x80\"\"\"\n", csvfeed.Options{}, [][]string{{"Zoë", `O’Neil "€"`}}},
		{"Windows-1252 declared: UTF-8 is not looked for", "Zo\xC3\xAB\n", csvfeed.Options{Encoding: csvfeed.Windows1252}, [][]string{{"ZoÃ«"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, src := range []io.Reader{strings.NewReader(c.input), iotest.OneByteReader(strings.NewReader(c.input))} {
				if diff := cmp.Diff(c.want, texts(all(t, src, c.o))); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestKnowsThePlaceOfEveryField(t *testing.T) {
	t.Parallel()
	input := "\xEF\xBB\xBFid,name\r\n" + // bytes 3 to 12, line 1
		"\r\n" + // line 2
		"1,\"a\nb\"\r" + // byte 14, lines 3 and 4
		"é,\"\"\n" + // byte 22, line 5
		"\x80,x" // byte 28, line 6
	got := all(t, strings.NewReader(input), csvfeed.Options{})
	type place = csvfeed.Place
	want := []csvfeed.Record{
		{Place: place{1, 3}, Trouble: place{1, 3}, Encoding: csvfeed.UTF8, Fields: []csvfeed.Field{{"id", place{1, 3}}, {"name", place{1, 6}}}},
		{Place: place{3, 14}, Trouble: place{3, 14}, Encoding: csvfeed.UTF8, Fields: []csvfeed.Field{{"1", place{3, 14}}, {"a\nb", place{3, 16}}}},
		{Place: place{5, 22}, Trouble: place{5, 22}, Encoding: csvfeed.UTF8, Fields: []csvfeed.Field{{"é", place{5, 22}}, {"", place{5, 25}}}},
		{Place: place{6, 28}, Trouble: place{6, 28}, Encoding: csvfeed.Windows1252, Fields: []csvfeed.Field{{"€", place{6, 28}}, {"x", place{6, 30}}}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnErrorOfTheStreamIsNoEndOfTheFile(t *testing.T) {
	t.Parallel()
	broken := errors.New("connection reset")
	for _, cut := range []string{"a,b\nc,", "a,b\n\"c", "a,b\n\"c\"x"} {
		src := io.MultiReader(strings.NewReader(cut), iotest.ErrReader(broken))
		records, err := collect(src, csvfeed.Options{})
		if !errors.Is(err, broken) {
			t.Errorf("%q: error %v, want the stream's", cut, err)
		}
		if len(records) == 0 || len(records) > 1 && records[1].Problem == csvfeed.None {
			t.Errorf("%q: a record that was cut was given as whole", cut)
		}
	}
}

func TestReadAfterTheEndStaysAtTheEnd(t *testing.T) {
	t.Parallel()
	r := csvfeed.NewReader(strings.NewReader("a\n"), csvfeed.Options{})
	for i, want := range []error{nil, io.EOF, io.EOF} {
		if _, err := r.Read(); err != want {
			t.Errorf("read %d: %v, want %v", i, err, want)
		}
	}
}

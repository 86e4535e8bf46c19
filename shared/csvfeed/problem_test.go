package csvfeed_test

import (
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/csvfeed"
)

// shown writes a record as "line@offset problem line@offset" or its fields.
func shown(records []csvfeed.Record) []string {
	names := map[csvfeed.Problem]string{
		csvfeed.TooLong: "too long", csvfeed.OpenQuote: "open quote", csvfeed.StrayQuote: "stray quote",
		csvfeed.Forbidden: "forbidden", csvfeed.NotUTF8: "not UTF-8",
	}
	var out []string
	for _, r := range records {
		if r.Problem != csvfeed.None {
			out = append(out, fmt.Sprintf("%d@%d %s at %d@%d", r.Place.Line, r.Place.Offset, names[r.Problem], r.Trouble.Line, r.Trouble.Offset))
			continue
		}
		fields := texts([]csvfeed.Record{r})[0]
		for i, f := range fields {
			if len(f) > 20 {
				fields[i] = fmt.Sprintf("%d bytes", len(f))
			}
		}
		out = append(out, fmt.Sprintf("%d@%d %s", r.Place.Line, r.Place.Offset, strings.Join(fields, "|")))
	}
	return out
}

func TestRecoversAfterWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	full := strings.Repeat("x", csvfeed.MaxRecord)
	lines := strings.Repeat("some, text\n", csvfeed.MaxRecord/8)
	cases := []struct {
		name  string
		input string
		o     csvfeed.Options
		want  []string
	}{
		{"a quote that never closes", "a,\"b\nc,d\ne,f\n", csvfeed.Options{}, []string{"1@0 open quote at 1@2", "2@5 c|d", "3@9 e|f"}},
		{"it is the second quoted field", "\"a\nb\",\"c\nd,e\n", csvfeed.Options{}, []string{"1@0 open quote at 2@6", "3@9 d|e"}},
		{"a later quote seems to close it", "a,\"b\nc,\"d\"\ne,f\n", csvfeed.Options{}, []string{"1@0 stray quote at 1@2", "2@5 c|d", "3@11 e|f"}},
		{"text after a closing quote", "a,\"b\"c,d\r\ne,f\r\n", csvfeed.Options{}, []string{"1@0 stray quote at 1@2", "2@10 e|f"}},
		{"space after a closing quote", "\"a\" ,b\nc,d", csvfeed.Options{}, []string{"1@0 stray quote at 1@0", "2@7 c|d"}},
		{"open at the end of the file", "a\n\"", csvfeed.Options{}, []string{"1@0 a", "2@2 open quote at 2@2"}},
		{"NUL", "a\nb,c\x00d\ne", csvfeed.Options{}, []string{"1@0 a", "2@2 forbidden at 2@5", "3@8 e"}},
		{"NUL on the second line of a record", "\"a\nb\x00\",c\nd", csvfeed.Options{}, []string{"1@0 forbidden at 2@4", "3@9 d"}},
		{"tab is allowed", "a\tb\n", csvfeed.Options{}, []string{"1@0 a\tb"}},
		{"a byte without meaning", "a\x81\xE9\nb", csvfeed.Options{}, []string{"1@0 forbidden at 1@1", "2@4 b"}},
		{"UTF-8 declared", "é\nf,\xE9\ng", csvfeed.Options{Encoding: csvfeed.UTF8}, []string{"1@0 é", "2@3 not UTF-8 at 2@5", "3@7 g"}},
		{"the longest record", full + "\r\nb", csvfeed.Options{}, []string{"1@0 1048576 bytes", "2@1048578 b"}},
		{"one byte more", "x" + full + "\r\nb", csvfeed.Options{}, []string{"1@0 too long at 1@0", "2@1048579 b"}},
		{"much more", "a\n" + full + full + full + "\rb", csvfeed.Options{}, []string{"1@0 a", "2@2 too long at 2@2", "3@3145731 b"}},
		{"too long and the last", full + "x", csvfeed.Options{}, []string{"1@0 too long at 1@0"}},
		{"too long inside a quote on one line", "\"" + full + full + "\"\nb", csvfeed.Options{}, []string{"1@0 too long at 1@0", "2@2097155 b"}},
		{"too long after a quoted line break", "\"a\nb\"," + full + "\nc", csvfeed.Options{}, []string{"1@0 too long at 1@0", "3@1048583 c"}},
		{"CRLF across the limit", "\"" + full[:csvfeed.MaxRecord-2] + "\r\n" + full + "\"\nc", csvfeed.Options{}, []string{"1@0 open quote at 1@0", "2@1048577 too long at 2@1048577", "3@2097155 c"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			for _, src := range []io.Reader{strings.NewReader(c.input), iotest.HalfReader(strings.NewReader(c.input))} {
				if diff := cmp.Diff(c.want, shown(all(t, src, c.o))); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
		})
	}
	t.Run("a quote still open at the limit loses its line only", func(t *testing.T) {
		t.Parallel()
		got := all(t, strings.NewReader("a,\"b\n"+lines), csvfeed.Options{})
		if len(got) != 1+csvfeed.MaxRecord/8 || got[0].Problem != csvfeed.OpenQuote || got[1].Fields[0].Text != "some" {
			t.Errorf("%d records, the first two %v", len(got), shown(got[:2]))
		}
	})
}

// TestMemoryDoesNotGrowWithALine reads 200 MB without a line end.
func TestMemoryDoesNotGrowWithALine(t *testing.T) {
	const size = 200 << 20
	for _, first := range []string{"x", `"`} {
		src := io.MultiReader(strings.NewReader("a,b\n"+first), io.LimitReader(endless{}, size), strings.NewReader("\nc,d\n"))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		got := shown(all(t, src, csvfeed.Options{}))
		runtime.ReadMemStats(&after)
		want := []string{"1@0 a|b", "2@4 too long at 2@4", fmt.Sprintf("3@%d c|d", 4+1+size+1)}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 8*csvfeed.MaxRecord {
			t.Errorf("%d bytes allocated", used)
		}
	}
}

// endless gives the letter x for ever.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

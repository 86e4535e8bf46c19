package resources_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/extract/resources"
	"github.com/carerecord/carerecord/shared/failure"
)

func codes(rows []extract.Row) (list []string) {
	for _, row := range rows {
		switch {
		case len(row.Faults) == 0:
			list = append(list, "ok")
		case row.Number == 0:
			list = append(list, "file:"+row.Faults[0].Code)
		default:
			list = append(list, row.Faults[0].Code)
		}
	}
	return list
}

func TestLimits(t *testing.T) {
	t.Parallel()
	const limit = 1 << 20
	long := strings.Repeat("x", 3*limit)
	many := strings.Repeat(`{"a":"`+strings.Repeat("y", 100)+`"},`, 3*limit/100)
	const good = `{"resourceType":"Location","id":"a"}`
	cases := []struct {
		name, in string
		want     []string
	}{
		{"a long string in a line", good + "\n" + `{"x":"` + long + `"}` + "\n" + good + "\n", []string{"ok", "row-too-long", "ok"}},
		{"a long first line", `{"x":"` + long + `"}` + "\n" + good + "\n" + good, []string{"row-too-long", "ok", "ok"}},
		{"a long last line", good + "\n" + `{"x":"` + long, []string{"ok", "row-too-long"}},
		{"a large entry of small parts", `{"resourceType":"Bundle","entry":[{"resource":` + good + `},{"resource":{"resourceType":"Flag","x":[` + many + `0]}},{"resource":` + good + `}]}`, []string{"ok", "row-too-long", "ok"}},
		{"a long string in a Bundle", `{"resourceType":"Bundle","entry":[{"resource":` + good + `},{"resource":{"resourceType":"Flag","x":"` + long + `"}},{"resource":` + good + `}]}`, []string{"ok", "file:row-too-long"}},
		{"one large resource of small parts", `{"resourceType":"Flag","x":[` + many + `0]}`, []string{"row-too-long"}},
		{"one line without an end", `{"x":"` + long, []string{"file:row-too-long"}},
		{"white space without an end", `{"x":` + strings.Repeat(" ", 3*limit), []string{"file:row-too-long"}},
		{"an entry just within the limit", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Location","x":"` + long[:limit-100] + `"}}]}`, []string{"ok"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rows := rowsOf(t, []byte(c.in), resources.Reader{Limit: limit})
			if diff := cmp.Diff(c.want, codes(rows)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			for _, row := range rows {
				for _, f := range row.Faults {
					if f.Place.Line == 0 || len(f.Found) > 200 {
						t.Errorf("fault without a place, or with too much: %+v", f.Place)
					}
				}
			}
		})
	}
}

// TestMemory reads files far larger than what may be held at a time. It does
// not run beside others: it looks at the heap.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 800 MB")
	}
	const size, limit, held = 200 << 20, 4 << 20, 40 << 20
	entry := `{"resource":{"resourceType":"Location","id":"a","description":"` + strings.Repeat("z", 4000) + `"}},`
	cases := []struct{ name, head, part, tail string }{
		{"one line of one string", `{"resourceType":"Location","x":"`, strings.Repeat("x", 1024), ``},
		{"one line, one Bundle", `{"resourceType":"Bundle","entry":[`, entry, `7]}`},
		{"one line of numbers", `{"resourceType":"Location","x":[`, strings.Repeat("1,", 512), `1]}`},
		{"NDJSON with a long line", `{"resourceType":"Location"}` + "\n{", strings.Repeat("x", 1024), ``},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			open, bytes := endless(c.head, c.part, c.tail, size/len(c.part))
			rows, peak := 0, uint64(0)
			src := extract.Source{Open: open, Size: bytes, Received: received}
			watch := watchHeap(t)
			for _, err := range (resources.Reader{Limit: limit}).Rows(t.Context(), src) {
				if err != nil {
					t.Fatal(err)
				}
				rows++
			}
			if peak = watch(); peak > held {
				t.Errorf("%d MiB held", peak>>20)
			}
			if rows == 0 {
				t.Error("no rows")
			}
		})
	}
}

// watchHeap gives the largest heap that was seen until its result is called.
func watchHeap(t *testing.T) func() uint64 {
	t.Helper()
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	done, result := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		for {
			select {
			case <-done:
				result <- peak
				return
			default:
				var now runtime.MemStats
				runtime.ReadMemStats(&now)
				if now.HeapAlloc > before.HeapAlloc {
					peak = max(peak, now.HeapAlloc-before.HeapAlloc)
				}
				time.Sleep(5 * time.Millisecond)
			}
		}
	}()
	return func() uint64 { close(done); return <-result }
}

func TestHostileBytes(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		want     []string
	}{
		{"not UTF-8 in a line", "{\"resourceType\":\"Flag\",\"x\":\"caf\xe9\"}\n{\"resourceType\":\"Location\"}", []string{"row-encoding", "ok"}},
		{"NUL in a line", "{\"resourceType\":\"Flag\",\"x\":\"a\x00\"}\n{\"resourceType\":\"Location\"}", []string{"row-encoding", "ok"}},
		{"not UTF-8 in a Bundle", "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Flag\",\"x\":\"caf\xe9\"}},{\"resource\":{\"resourceType\":\"Location\"}}]}", []string{"row-encoding", "ok"}},
		{"not UTF-8 in a line that is a Bundle", "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"Flag\",\"x\":\"caf\xe9\"}},{\"resource\":{\"resourceType\":\"Location\"}}]}\n{\"resourceType\":\"Location\"}", []string{"row-encoding", "ok", "ok"}},
		{"zip", "PK\x03\x04\x14\x00", []string{"file:file-compressed"}},
		{"gzip", "\x1f\x8b\x08", []string{"file:file-compressed"}},
		{"UTF-16", "\xff\xfe{\x00", []string{"file:file-format"}},
		{"NUL bytes", "\x00\x00\x00", []string{"file:file-format"}},
		{"only a mark", "\xef\xbb\xbf", []string{"file:file-empty"}},
		{"deep", `{"resourceType":"Flag","x":` + strings.Repeat("[", 20000), []string{"file:file-syntax"}},
		{"deep and whole", `{"resourceType":"Flag","x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}\n" + `{"resourceType":"Location"}`, []string{"row-syntax", "ok"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, codes(rowsOf(t, []byte(c.in), resources.Reader{}))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

type failing struct{ after io.Reader }

func (f failing) Read(p []byte) (int, error) {
	n, err := f.after.Read(p)
	if err == io.EOF {
		err = failure.New(failure.Unavailable, "object.Get", "cut off")
	}
	return n, err
}

// TestReadingFails: an error of the store ends the sequence and is no fault of
// the partner's file.
func TestReadingFails(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", `{"resourceType":"Location"}`, "{\"resourceType\":\"Location\"}\n{\"resourceType\":\"Location\"}\n", `{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Location"}},`} {
		opened := 0
		src := extract.Source{Received: received, Open: func(context.Context) (io.ReadCloser, error) {
			if opened++; opened > 3 {
				return nil, errors.New("gone")
			}
			return io.NopCloser(failing{bytes.NewReader([]byte(text))}), nil
		}}
		var last error
		for row, err := range (resources.Reader{}).Rows(t.Context(), src) {
			if last = err; err == nil && row.Number == 0 {
				t.Errorf("%q: a fault of the file: %+v", text, row.Faults)
			}
		}
		if !failure.Is(last, failure.Unavailable) {
			t.Errorf("%q: %v", text, last)
		}
	}
}

func TestStops(t *testing.T) {
	t.Parallel()
	line := `{"resourceType":"Location"}`
	for _, text := range []string{strings.Repeat(line+"\n", 9), `{"resourceType":"Bundle","entry":[` + strings.Repeat(`{"resource":`+line+`},`, 9) + `7]}`} {
		n := 0
		for range (resources.Reader{}).Rows(t.Context(), source([]byte(text))) {
			if n++; n == 2 {
				break
			}
		}
		if n != 2 {
			t.Errorf("%d rows", n)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, err := range (resources.Reader{}).Rows(ctx, source([]byte(text))) {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("want canceled, got %v", err)
			}
		}
	}
}

// FuzzReader: whatever the bytes, reading ends, twice in the same rows; rows
// are numbered from 1, have a place in the file, and hold valid JSON of the
// type they say. A Bundle that is sound JSON has the rows that encoding/json
// counts in it.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		`{"resourceType":"Bundle","entry":[{"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{"resourceType":"Patient","id":"p"}},{"resource":{"resourceType":"Flag","subject":{"reference":"urn:uuid:22222222-2222-4222-8222-222222222222"}}}]}`,
		"{\"resourceType\":\"Patient\",\"id\":\"p\"}\n\n{\"resourceType\":\"Flag\",\"subject\":{\"identifier\":{\"system\":\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\"9434765919\"}}}\r\n{",
		`{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"1","assigner":{"reference":"urn:uuid:x"}}]}`,
		`{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Flag","contained":[{"resourceType":"Patient","id":"x"}],"subject":{"reference":"#x"}}}]}}]}`,
		"\xef\xbb\xbf[", `{"entry":[`, `{"resourceType":"Bundle","entry":{}}`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		reader := resources.Reader{Limit: 4096}
		rows := rowsOf(t, in, reader)
		if diff := cmp.Diff(rows, rowsOf(t, in, reader)); diff != "" {
			t.Fatalf("not the same again:\n%s", diff)
		}
		number := 0
		for _, row := range rows {
			if row.Number != 0 {
				number++
			}
			if row.Number != 0 && row.Number != number || row.Place.Line < 1 || row.Place.Offset > int64(len(in)) {
				t.Fatalf("row %d at %+v", row.Number, row.Place)
			}
			if row.Rejected() == (len(row.Entries) > 0) && row.Number > 0 {
				t.Fatalf("row %d: %d entries, %+v", row.Number, len(row.Entries), row.Faults)
			}
			for _, e := range row.Entries {
				var head struct{ ResourceType string }
				if err := json.Unmarshal(e.Resource, &head); err != nil || head.ResourceType != e.Type || e.ID == "" {
					t.Fatalf("entry %q: %v", e.Resource, err)
				}
			}
		}
		if len(rows) == 0 {
			t.Fatal("neither a row nor a fault")
		}
		if !jsontext.Value(in).IsValid() || len(in) > 4096 {
			return
		}
		var bundle map[string]any
		if err := json.Unmarshal(in, &bundle); err == nil && bundle["resourceType"] == "Bundle" && number != count(bundle, 1) {
			t.Errorf("%d rows of %d", number, count(bundle, 1))
		}
	})
}

// count is how many rows the entries of a Bundle make.
func count(bundle map[string]any, depth int) (n int) {
	entries, _ := bundle["entry"].([]any)
	for _, e := range entries {
		entry, _ := e.(map[string]any)
		request, _ := entry["request"].(map[string]any)
		method, _ := request["method"].(string)
		inner, _ := entry["resource"].(map[string]any)
		if taken := method == "" || method == "POST" || method == "PUT"; taken && inner["resourceType"] == "Bundle" && depth == 1 {
			n += count(inner, 2)
			continue
		}
		n++
	}
	return n
}

package registers_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/extract/registers"
	"github.com/carerecord/carerecord/shared/partner"
)

var update = flag.Bool("update", false, "write the wanted part of the golden cases anew; read the difference before keeping it")

// received is when every file of these tests came.
var received = time.Date(2026, 5, 4, 9, 30, 0, 0, time.UTC)

// mappingOf reads a mapping by way of a partner register, as the product does.
func mappingOf(t testing.TB, yaml string) *registers.Mapping {
	t.Helper()
	indented := "        " + strings.ReplaceAll(strings.TrimSpace(yaml), "\n", "\n        ")
	r, err := partner.Parse("register.yaml", []byte("partners:\n  - ods: Z99901\n    name: S\n    feeds:\n      - name: patients\n        format: csv\n        mapping:\n"+strings.ReplaceAll("  "+indented, "\n", "\n  ")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return r.Partners[0].Feeds[0].CSV
}

func source(open func() io.Reader) extract.Source {
	return extract.Source{
		Received: received,
		Open:     func(context.Context) (io.ReadCloser, error) { return io.NopCloser(open()), nil },
	}
}

func text(s string) extract.Source {
	return source(func() io.Reader { return strings.NewReader(s) })
}

func rows(t testing.TB, m *registers.Mapping, src extract.Source) []extract.Row {
	t.Helper()
	var out []extract.Row
	for row, err := range (registers.Reader{Mapping: m}).Rows(context.Background(), src) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, row)
	}
	return out
}

// TestGolden runs the archives in testdata: a mapping, an input, and the rows
// wanted, written for people to read. "\xHH" in an input is that byte.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden cases: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			golden(t, name)
		})
	}
}

func golden(t *testing.T, name string) {
	archive, err := txtar.ParseFile(name)
	if err != nil {
		t.Fatal(err)
	}
	part := map[string]*txtar.File{}
	for i := range archive.Files {
		part[archive.Files[i].Name] = &archive.Files[i]
	}
	m := mappingOf(t, string(part["mapping.yaml"].Data))
	got := shown(rows(t, m, text(unescaped(string(part["input.csv"].Data)))))
	if *update {
		part["want"].Data = []byte(got)
		if err := os.WriteFile(name, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(string(part["want"].Data), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// unescaped turns \xHH into the byte.
func unescaped(s string) string {
	parts := strings.Split(s, `\x`)
	var b strings.Builder
	b.WriteString(parts[0])
	for _, p := range parts[1:] {
		var c byte
		fmt.Sscanf(p[:2], "%x", &c)
		b.WriteByte(c)
		b.WriteString(p[2:])
	}
	return b.String()
}

// shown writes rows for people to read.
func shown(rows []extract.Row) string {
	var b strings.Builder
	for _, r := range rows {
		switch {
		case r.Number == 0:
			fmt.Fprintf(&b, "file\n")
		case r.Rejected():
			fmt.Fprintf(&b, "row %d %s @%d:%d rejected\n", r.Number, r.Kind, r.Place.Line, r.Place.Offset)
		default:
			fmt.Fprintf(&b, "row %d %s @%d:%d subject %q\n", r.Number, r.Kind, r.Place.Line, r.Place.Offset, r.Subject.Value)
		}
		for _, f := range r.Faults {
			fmt.Fprintf(&b, "  %s %s @%d:%d", f.Severity, f.Code, f.Place.Line, f.Place.Offset)
			if f.Place.Path != "" {
				fmt.Fprintf(&b, " %s", f.Place.Path)
			}
			fmt.Fprintf(&b, "\n    found %s\n    expected %s\n", f.Found, f.Expected)
		}
		if r.Details != nil {
			details, err := json.Marshal(r.Details)
			if err != nil {
				panic(err)
			}
			fmt.Fprintf(&b, "  details %s\n", details)
		}
		for _, e := range r.Entries {
			fmt.Fprintf(&b, "  entry %s %q %s\n    %s\n", e.Type, e.ID, e.Date, e.Resource)
		}
	}
	return b.String()
}

package resources_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/extract/resources"
)

// TestGolden reads the cases of testdata: an input, and the rows wanted of it,
// written by hand. In inputs "<CR>" and "<BOM>" stand for what an editor would
// not show, and "<CUT>" for the end of the file.
func TestGolden(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i+1 < len(archive.Files); i += 2 {
			input, want := archive.Files[i], archive.Files[i+1]
			t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar")+"/"+input.Name, func(t *testing.T) {
				t.Parallel()
				text := strings.NewReplacer("<CR>", "\r", "<BOM>", "\ufeff").Replace(string(input.Data))
				text, _, _ = strings.Cut(text, "<CUT>")
				got := render(t, rowsOf(t, []byte(text), resources.Reader{}))
				if diff := cmp.Diff(strings.Split(string(want.Data), "\n"), strings.Split(got, "\n")); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		}
	}
}

// render writes rows as the cases have them.
func render(t *testing.T, rows []extract.Row) string {
	t.Helper()
	var b strings.Builder
	for _, row := range rows {
		if row.Number == 0 {
			b.WriteString("file\n")
		} else {
			fmt.Fprintf(&b, "row %d %s line %d %s\n", row.Number, orDash(row.Kind), row.Place.Line, orDash(row.Place.Path))
		}
		if row.Subject != nil {
			fmt.Fprintf(&b, "  subject %s %s\n", orDash(row.Subject.System), row.Subject.Value)
		}
		if !row.At.IsZero() {
			fmt.Fprintf(&b, "  at %s\n", row.At.Format(time.RFC3339Nano))
		}
		if row.Details != nil {
			details, _ := json.Marshal(row.Details)
			fmt.Fprintf(&b, "  details %s\n", details)
		}
		for _, e := range row.Entries {
			fmt.Fprintf(&b, "  entry %s %s date %s\n    %s\n", e.Type, e.ID, orDash(e.Date), e.Resource)
		}
		for _, f := range row.Faults {
			fmt.Fprintf(&b, "  %s %s line %d %s found %s\n", f.Severity, f.Code, f.Place.Line, orDash(f.Place.Path), orDash(f.Found))
		}
	}
	return b.String()
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

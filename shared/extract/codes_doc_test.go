package extract_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/extract"
)

var update = flag.Bool("update", false, "write docs/fault-codes.md anew")

const (
	page  = "../../docs/fault-codes.md"
	begin = "<!-- codes -->\n"
	end   = "<!-- end of codes -->\n"
)

// TestThePageListsEveryFaultCode holds docs/fault-codes.md to the list.
func TestThePageListsEveryFaultCode(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, found := strings.Cut(string(data), begin)
	got, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatalf("%s has lost its marks", page)
	}
	want := table(extract.Codes())
	if *update {
		if err := os.WriteFile(page, []byte(head+begin+want+end+tail), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run go test ./shared/extract -update (-list +page):\n%s", diff)
	}
}

func table(codes []extract.Code) string {
	var b strings.Builder
	b.WriteString("| code | severity | expected | effect | what to do |\n|---|---|---|---|---|\n")
	for _, c := range codes {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", c.Name, c.Severity, c.Expected, c.Effect, c.Remedy)
	}
	return b.String()
}

// TestEveryCodeIsComplete: a partner learns from a code what happened and what
// to do, and an error always refuses something.
func TestEveryCodeIsComplete(t *testing.T) {
	t.Parallel()
	for _, c := range extract.Codes() {
		if c.Expected == "" || c.Effect == "" || c.Remedy == "" || strings.Contains(c.Expected+c.Effect+c.Remedy, "|") {
			t.Errorf("%s is not complete", c.Name)
		}
		switch c.Severity {
		case extract.Error, extract.Warning, extract.Information:
		default:
			t.Errorf("%s has severity %q", c.Name, c.Severity)
		}
	}
}

func TestMaskKeepsTheShapeOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", ""},
		{"943 476 5919", "999 999 9999"},
		{"O'Brien-Łukasz", "x'xxxxx-xxxxxx"},
		{"a\x00b\tc\x7f", "x�x�x�"},
		{"٣", "x"},
		{strings.Repeat("ab", 30), strings.Repeat("x", 40) + "…"},
	} {
		if got := extract.Mask(c.in); got != c.want {
			t.Errorf("Mask(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

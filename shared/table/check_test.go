package table_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/table"
)

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		r         table.Range
		low, high string
		ok        bool
	}{
		{"all", table.Range{}, "", "", true},
		{"prefix", table.Range{Prefix: "a#"}, "a#", "a$", true},
		{"prefix at the edge of one byte", table.Range{Prefix: "a\x7f"}, "a\x7f", "a\u0080", true},
		{"prefix before the surrogates", table.Range{Prefix: "\ud7ff"}, "\ud7ff", "\ue000", true},
		{"prefix of the last character", table.Range{Prefix: "a\U0010ffff"}, "a\U0010ffff", "b", true},
		{"prefix without an end", table.Range{Prefix: "\U0010ffff"}, "\U0010ffff", "", true},
		{"prefix and from", table.Range{Prefix: "a", From: "ab"}, "ab", "b", true},
		{"prefix and to", table.Range{Prefix: "a", To: "ab"}, "a", "ab", true},
		{"apart", table.Range{Prefix: "b", To: "a"}, "b", "a", false},
		{"empty", table.Range{From: "a", To: "a"}, "a", "a", false},
	} {
		low, high, ok := c.r.Bounds()
		if low != c.low || high != c.high || ok != c.ok {
			t.Errorf("%s: %q to %q, %v; want %q to %q, %v", c.name, low, high, ok, c.low, c.high, c.ok)
		}
	}
}

// The bounds hold exactly the keys that the words of Range describe.
func TestBoundsHoldWhatTheRangeSays(t *testing.T) {
	t.Parallel()
	text := rapid.StringOfN(rapid.SampledFrom([]rune{0, 'a', 0x7f, 0x80, 0xd7ff, 0xe000, 0xffff, 0x10ffff}), 0, 3, -1)
	rapid.Check(t, func(t *rapid.T) {
		r := table.Range{Prefix: text.Draw(t, "prefix"), From: text.Draw(t, "from"), To: text.Draw(t, "to")}
		key := text.Draw(t, "key")
		want := strings.HasPrefix(key, r.Prefix) && key >= r.From && (r.To == "" || key < r.To)
		low, high, ok := r.Bounds()
		if got := ok && key >= low && (high == "" || key < high); got != want {
			t.Fatalf("%+v holds %q: %v, want %v", r, key, got, want)
		}
		if !utf8.ValidString(low) || !utf8.ValidString(high) {
			t.Fatalf("%+v has the bounds %q and %q, not valid UTF-8", r, low, high)
		}
	})
}

func TestDemands(t *testing.T) {
	t.Parallel()
	type demand struct {
		Version uint64
		Any     bool
	}
	got := map[string]demand{}
	for name, c := range map[string]table.Condition{"always": table.Always, "zero": {}, "absent": table.Absent, "at 0": table.AtVersion(0), "at 7": table.AtVersion(7)} {
		v, any := c.Demands()
		got[name] = demand{v, any}
	}
	want := map[string]demand{"always": {0, false}, "zero": {0, false}, "absent": {0, true}, "at 0": {0, true}, "at 7": {7, true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("demands (-want +got):\n%s", diff)
	}
}

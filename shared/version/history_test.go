package version_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/version"
)

func at(second int) version.Instant {
	return version.Instant{Time: time.Unix(int64(second), 0).UTC(), Row: 1}
}

func said(hash string, second int, delivery string) version.Statement {
	return version.Statement{At: at(second), Hash: hash, Delivery: delivery}
}

// script reads "A1 B2" as content A at second 1, then B at second 2, each of a
// delivery of its own.
func script(text string) []version.Statement {
	var list []version.Statement
	var hash rune
	var second int
	for rest := text; ; {
		if n, _ := fmt.Sscanf(rest, "%c%d", &hash, &second); n != 2 {
			return list
		}
		list = append(list, said(string(hash), second, fmt.Sprintf("d%03d", second)))
		for rest != "" && rest[0] != ' ' {
			rest = rest[1:]
		}
		if rest == "" {
			return list
		}
		rest = rest[1:]
	}
}

func runs(h version.History) string {
	text := ""
	for _, r := range h.Runs() {
		text += fmt.Sprintf("%s[%d,%d]", r.From.Hash, r.From.At.Time.Unix(), r.Until.Time.Unix())
	}
	return text
}

func TestRuns(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, statements, want string }{
		{"nothing", "", ""},
		{"one statement", "A1", "A[1,1]"},
		{"the same again", "A1 A5", "A[1,5]"},
		{"changed", "A1 B2", "A[1,1]B[2,2]"},
		{"a late one goes to the past", "B2 A1", "A[1,1]B[2,2]"},
		{"a late one splits a run", "A1 A3 A5 B2", "A[1,1]B[2,2]A[3,5]"},
		{"back to what it was", "A1 B2 A3", "A[1,1]B[2,2]A[3,3]"},
		{"a late confirmation moves the start", "A5 A1", "A[1,5]"},
		{"two at one instant, by hash", "B1 A1", "A[1,1]B[1,1]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, runs(version.Of(script(c.statements)...))); diff != "" {
				t.Errorf("runs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddTellsTheEffect(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, before, added string
		want                version.Effect
	}{
		{"the first", "", "A1", version.CurrentChanged},
		{"the very same", "A1", "A1", version.Nothing},
		{"confirmed later", "A1", "A2", version.Confirmed},
		{"confirmed for the past", "A2", "A1", version.Confirmed},
		{"newer content", "A1", "B2", version.CurrentChanged},
		{"older content", "B2", "A1", version.PastChanged},
		{"between two", "A1 A3", "B2", version.PastChanged},
		{"back again", "A1 B2", "A3", version.CurrentChanged},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, effect := version.Of(script(c.before)...).Add(script(c.added)[0])
			if effect != c.want {
				t.Errorf("effect %d, want %d", effect, c.want)
			}
		})
	}
}

func TestAnotherDeliveryOfTheSameStatement(t *testing.T) {
	t.Parallel()
	h := version.Of(said("A", 1, "d1"))
	if _, effect := h.Add(said("A", 1, "d2")); effect != version.Nothing {
		t.Errorf("a later delivery of the same statement: effect %d, want nothing", effect)
	}
	if !h.Begins(said("A", 1, "d1")) {
		t.Error("the delivery that brought the content must find that it did")
	}
	if h.Begins(said("A", 1, "d2")) {
		t.Error("a later delivery of the same statement brought nothing")
	}
}

func TestBegins(t *testing.T) {
	t.Parallel()
	list := script("A1 A2 B3 A4 A5")
	h := version.Of(list...)
	for i, want := range []bool{true, false, true, true, false} {
		if got := h.Begins(list[i]); got != want {
			t.Errorf("statement %d begins a run: %v, want %v", i, got, want)
		}
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	var h version.History
	for i := range 10_000 {
		h, _ = h.Add(said(string(rune('A'+i%3)), i, fmt.Sprintf("d%06d", i)))
	}
	body, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if len(body) > 1024 {
		t.Errorf("10,000 statements of three contents take %d bytes, the most is 1,024", len(body))
	}
	if first, _ := h.First("A"); first.At != at(0) {
		t.Errorf("first statement at %v, want %v", first.At, at(0))
	}
}

func statement(t *rapid.T) version.Statement {
	return version.Statement{
		At:       version.Instant{Time: time.Unix(int64(rapid.IntRange(0, 20).Draw(t, "second")), 5).UTC(), Row: rapid.IntRange(0, 2).Draw(t, "row")},
		Hash:     rapid.SampledFrom([]string{"A", "B", "C"}).Draw(t, "hash"),
		Delivery: rapid.SampledFrom([]string{"d1", "d2", "d3"}).Draw(t, "delivery"),
	}
}

// The history is a function of the set of statements.
func TestPromise3OrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(statement), 1, 40).Draw(t, "statements")
		want := version.Of(list...)
		again := append(rapid.Permutation(list).Draw(t, "order"), rapid.SliceOf(rapid.SampledFrom(list)).Draw(t, "twice")...)
		got := version.Of(again...)
		if !got.Equal(want) {
			t.Fatalf("another order gives another history:\nwant %v\ngot  %v", want.Runs(), got.Runs())
		}
		newest := list[0]
		for _, s := range list {
			if c := s.At.Compare(newest.At); c > 0 || c == 0 && s.Hash > newest.Hash {
				newest = s
			}
			if !got.Knows(s.Hash) {
				t.Fatalf("content %s was stated and is not known", s.Hash)
			}
		}
		if cur := got.Current(); cur.At != newest.At || cur.Hash != newest.Hash {
			t.Fatalf("current %v, want %v", cur, newest)
		}
	})
}

func TestFirstIsTheEarliest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Custom(statement), 1, 40).Draw(t, "statements")
		h := version.Of(list...)
		for _, hash := range h.Contents() {
			first, _ := h.First(hash)
			for _, s := range list {
				if s.Hash == hash && (s.At.Compare(first.At) < 0 || s.At == first.At && s.Delivery < first.Delivery) {
					t.Fatalf("%v is earlier than the first, %v", s, first)
				}
			}
		}
	})
}

func TestStoredFormReturns(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := version.Of(rapid.SliceOf(rapid.Custom(statement)).Draw(t, "statements")...)
		body, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got version.History
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if !got.Equal(want) {
			t.Fatalf("stored and read again: want %v, got %v", want, got)
		}
	})
}

func TestInstantReturns(t *testing.T) {
	t.Parallel()
	for _, want := range []version.Instant{
		{},
		{Time: time.Unix(1588341961, 123456789).UTC(), Row: 7},
		{Time: time.Date(10_000, 1, 1, 4, 0, 0, 0, time.UTC), Row: 1}, // 31 December 9999 in New York
	} {
		body, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got version.Instant
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if got.Compare(want) != 0 || got.Row != want.Row {
			t.Errorf("stored %s and read %v, want %v", body, got, want)
		}
	}
}

func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"h":["A"],"d":["d"],"s":[[0,0,1,0,1]]}`))
	f.Add([]byte(`{"h":[],"d":[],"s":[[0,0,1,0,1]]}`))
	f.Add([]byte(`{"s":[[-1,0,0,0,0]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var h version.History
		if json.Unmarshal(data, &h) != nil {
			return
		}
		if _, err := json.Marshal(h); err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
	})
}

// TestPassingStatementsNeverReplace orders what was said in passing before
// everything else, whenever it was said.
func TestPassingStatementsNeverReplace(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2026, 1, n, 0, 0, 0, 0, time.UTC) }
	own := version.Statement{At: version.Instant{Time: day(1), Row: 1}, Hash: "own", Delivery: "d1"}
	early := version.Statement{At: version.Instant{Time: day(2), Row: 1, Passing: true}, Hash: "early", Delivery: "d2"}
	late := version.Statement{At: version.Instant{Time: day(3), Row: 1, Passing: true}, Hash: "late", Delivery: "d3"}
	if got := version.Of(early, late).Current().Hash; got != "late" {
		t.Errorf("of two in passing the current is %q, want the newest", got)
	}
	for _, order := range [][]version.Statement{{own, early, late}, {late, own, early}, {early, late, own}} {
		h := version.Of(order...)
		if got := h.Current().Hash; got != "own" {
			t.Errorf("the current is %q, want what was said of it", got)
		}
		stored, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		var back version.History
		if err := json.Unmarshal(stored, &back); err != nil || !back.Equal(h) {
			t.Errorf("stored and read it differs: %v", err)
		}
	}
}

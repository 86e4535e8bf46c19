package tabletest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

var queries = []contract{
	{"an empty partition has nothing", func(t *testing.T, s table.Table) {
		commit(t, s, put(key("p", "a"), "", table.Always))
		same(t, "sort keys", []string(nil), sorts(t, s, table.Range{Partition: "q"}))
		same(t, "the start of a partition's name is another", []string(nil), sorts(t, s, table.Range{Partition: "p\x00"}))
	}},
	{"ranges", testRanges},
	{"the order is that of the bytes", func(t *testing.T, s table.Table) {
		// In the order of UTF-8, which is not that of UTF-16: U+FFFD before U+10000.
		ordered := []string{"\x00", "\x00\x00", "\x01", " ", "A", "B", "Z", "a", "a\x00", "a\x00z", "a\x01", "a ", "aa", "b", "z", "\u007f", "\u0080", "é", "\u00ff", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0010ffff", "\U0010ffff\x00"}
		shuffled := slices.Clone(ordered)
		for i := range shuffled {
			j := (i*7 + 3) % len(shuffled)
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		}
		for _, k := range shuffled {
			commit(t, s, put(key("p", k), "", table.Always))
		}
		same(t, "first first", ordered, sorts(t, s, table.Range{Partition: "p"}))
		slices.Reverse(ordered)
		same(t, "last first", ordered, sorts(t, s, table.Range{Partition: "p", Reverse: true}))
	}},
	{"a partition does not run into the next", func(t *testing.T, s table.Table) {
		for _, p := range []string{"a", "a\x00", "a\x00\x01", "a\x01", "ab", "b"} {
			commit(t, s, put(key(p, "x"), "", table.Always), put(key(p, "\U0010ffff"), "", table.Always))
		}
		for _, p := range []string{"a", "a\x00", "a\x00\x01", "a\x01", "ab", "b"} {
			items, err := query(t.Context(), s, table.Range{Partition: p, Reverse: p == "a"})
			if err != nil || len(items) != 2 || items[0].Partition != p {
				t.Errorf("partition %q has %d items, %v, want its 2", p, len(items), err)
			}
		}
	}},
	{"more than 1 MB in both directions", func(t *testing.T, s table.Table) {
		var writes []table.Write
		var wanted []string
		for i := range 60 { // 60 of 50 KB are three pages of DynamoDB
			k := key("p", fmt.Sprintf("%03d", i))
			wanted = append(wanted, k.Sort)
			writes = append(writes, table.Write{Key: k, Body: noise(uint64(i), 50_000)})
		}
		fill(t, s, writes...)
		same(t, "forward", wanted, sorts(t, s, table.Range{Partition: "p"}))
		same(t, "limit over a page", wanted[:45], sorts(t, s, table.Range{Partition: "p", Limit: 45}))
		same(t, "from and to over a page", wanted[5:50], sorts(t, s, table.Range{Partition: "p", From: "005", To: "050"}))
		slices.Reverse(wanted)
		same(t, "reverse", wanted, sorts(t, s, table.Range{Partition: "p", Reverse: true}))
		items, err := query(t.Context(), s, table.Range{Partition: "p", Reverse: true, Limit: 30})
		if err != nil || len(items) != 30 || string(items[29].Body) != string(noise(30, 50_000)) {
			t.Errorf("the 30th from the end is wrong: %d items, %v", len(items), err)
		}
	}},
	{"the loop may be left and nested", func(t *testing.T, s table.Table) {
		fill(t, s, put(key("p", "a"), "1", table.Always), put(key("p", "b"), "2", table.Always))
		n := 0
		for item, err := range s.Query(t.Context(), table.Range{Partition: "p"}) {
			if err != nil {
				t.Fatal(err)
			}
			commit(t, s, put(item.Key, "seen", table.AtVersion(item.Version)))
			if got := sorts(t, s, table.Range{Partition: "p"}); len(got) != 2 {
				t.Errorf("a query within a query sees %q", got)
			}
			n++
			break
		}
		same(t, "items", 1, n)
		want(t, s, stored{"p", "a", 2, "seen"}, stored{"p", "b", 1, "2"})
	}},
	{"a sequence may be run twice", func(t *testing.T, s table.Table) {
		commit(t, s, put(key("p", "a"), "1", table.Always))
		seq := s.Query(t.Context(), table.Range{Partition: "p"})
		for range 2 {
			n := 0
			for range seq {
				n++
			}
			same(t, "items", 1, n)
		}
	}},
	{"a range that no key can have is Invalid", func(t *testing.T, s table.Table) {
		for _, r := range []table.Range{{}, {Partition: "p", Limit: -1}, {Partition: "p", Prefix: "\xff"}, {Partition: "p", From: "\xff"}, {Partition: "p", To: "\xff"}, {Partition: "\xff"}} {
			_, err := query(t.Context(), s, r)
			wantKind(t, err, failure.Invalid)
		}
	}},
}

func testRanges(t *testing.T, s table.Table) {
	all := []string{"a", "a#1", "a#2", "a#3", "a$", "b", "b#1", "c"}
	for _, k := range all {
		commit(t, s, put(key("p", k), "", table.Always), put(key("q", k), "", table.Always))
	}
	for _, c := range []struct {
		name string
		r    table.Range
		want []string
	}{
		{"all", table.Range{}, all},
		{"prefix", table.Range{Prefix: "a#"}, []string{"a#1", "a#2", "a#3"}},
		{"prefix that is a key", table.Range{Prefix: "a"}, []string{"a", "a#1", "a#2", "a#3", "a$"}},
		{"prefix of nothing", table.Range{Prefix: "x"}, nil},
		{"from is inclusive", table.Range{From: "b"}, []string{"b", "b#1", "c"}},
		{"from between keys", table.Range{From: "a#9"}, []string{"a$", "b", "b#1", "c"}},
		{"to is exclusive", table.Range{To: "a#2"}, []string{"a", "a#1"}},
		{"from and to", table.Range{From: "a#2", To: "b"}, []string{"a#2", "a#3", "a$"}},
		{"from equal to to", table.Range{From: "b", To: "b"}, nil},
		{"from above to", table.Range{From: "c", To: "b"}, nil},
		{"prefix and from", table.Range{Prefix: "a#", From: "a#2"}, []string{"a#2", "a#3"}},
		{"prefix and from before it", table.Range{Prefix: "a#", From: "a"}, []string{"a#1", "a#2", "a#3"}},
		{"prefix and from behind it", table.Range{Prefix: "a#", From: "b"}, nil},
		{"prefix and to", table.Range{Prefix: "a#", To: "a#3"}, []string{"a#1", "a#2"}},
		{"prefix and to behind it", table.Range{Prefix: "a#", To: "z"}, []string{"a#1", "a#2", "a#3"}},
		{"prefix and to before it", table.Range{Prefix: "b", To: "a"}, nil},
		{"prefix, from and to", table.Range{Prefix: "a", From: "a#1", To: "a#3"}, []string{"a#1", "a#2"}},
		{"limit", table.Range{Limit: 3}, all[:3]},
		{"limit of one", table.Range{From: "a#2", Limit: 1}, []string{"a#2"}},
		{"limit above what is there", table.Range{Prefix: "b", Limit: 9}, []string{"b", "b#1"}},
	} {
		c.r.Partition = "p"
		same(t, c.name, c.want, sorts(t, s, c.r))
		// In reverse a range has the same items; a limit keeps its last ones.
		c.r.Reverse = true
		unlimited := c.r
		unlimited.Limit, unlimited.Reverse = 0, false
		reversed := sorts(t, s, unlimited)
		slices.Reverse(reversed)
		if c.r.Limit > 0 {
			reversed = reversed[:min(c.r.Limit, len(reversed))]
		}
		same(t, c.name+", reversed", reversed, sorts(t, s, c.r))
	}
	same(t, "reverse, to is exclusive, limited", []string{"a$", "a#3"}, sorts(t, s, table.Range{Partition: "p", From: "a", To: "b", Reverse: true, Limit: 2}))
}

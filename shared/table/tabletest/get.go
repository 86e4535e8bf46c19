package tabletest

import (
	"context"
	"errors"
	"testing"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

var gets = []contract{
	{"nothing asked, nothing answered", func(t *testing.T, s table.Table) {
		same(t, "items", 0, len(get(t, s)))
	}},
	{"what is absent has version 0 and no body", func(t *testing.T, s table.Table) {
		commit(t, s, put(key("p", "there"), "x", table.Always))
		items := get(t, s, key("p", "absent"), key("p", "there"), key("other", "there"))
		same(t, "items", []stored{{"p", "absent", 0, ""}, {"p", "there", 1, "x"}, {"other", "there", 0, ""}}, show(items))
		if items[0].Body != nil {
			t.Errorf("an absent item has the body %q, want none", items[0].Body)
		}
		same(t, "one absent item", []stored{{"p", "absent", 0, ""}}, show(get(t, s, key("p", "absent"))))
	}},
	{"the order asked, the same key twice", func(t *testing.T, s table.Table) {
		a, b := key("p", "a"), key("p", "b")
		commit(t, s, put(a, "1", table.Always), put(b, "2", table.Always))
		items := get(t, s, b, a, b, a)
		same(t, "items", []stored{{"p", "b", 1, "2"}, {"p", "a", 1, "1"}, {"p", "b", 1, "2"}, {"p", "a", 1, "1"}}, show(items))
		items[0].Body[0] = 'X'
		same(t, "a changed body does not show elsewhere", "2", string(items[2].Body))
		same(t, "one key twice", []stored{{"p", "a", 1, "1"}, {"p", "a", 1, "1"}}, show(get(t, s, a, a)))
	}},
	{"more keys than one batch takes", func(t *testing.T, s table.Table) {
		keys := numbered(350)
		var writes []table.Write
		var wanted []stored
		for i, k := range keys {
			if i%10 == 0 { // some are absent
				wanted = append(wanted, stored{k.Partition, k.Sort, 0, ""})
				continue
			}
			writes = append(writes, put(k, k.Sort, table.Absent))
			wanted = append(wanted, stored{k.Partition, k.Sort, 1, k.Sort})
		}
		fill(t, s, writes...)
		same(t, "items", wanted, show(get(t, s, keys...)))
	}},
	{"more bytes than one answer holds", func(t *testing.T, s table.Table) {
		var keys []table.Key
		for i := range 60 { // 60 of 380 KB are more than 16 MB
			k := key("p", string(rune('a'+i)))
			keys = append(keys, k)
			commit(t, s, table.Write{Key: k, Body: noise(uint64(i), 380<<10)})
		}
		for i, item := range get(t, s, keys...) {
			if string(item.Body) != string(noise(uint64(i), 380<<10)) {
				t.Fatalf("item %d came back changed (%d bytes)", i, len(item.Body))
			}
		}
	}},
	{"any text may be a key", func(t *testing.T, s table.Table) {
		texts := []string{"\x00", "\x00\x01", "\x00\xc3\xbf", "a", "a\x00", "a\x00b", "a\x01", "é", "\u00ff", "\uffff", "\U0010ffff", " ", "#", "\n"}
		var wanted []stored
		for _, p := range texts {
			for _, s := range texts {
				wanted = append(wanted, stored{p, s, 1, p + "|" + s})
			}
		}
		var writes []table.Write
		for _, w := range wanted {
			writes = append(writes, put(key(w.Partition, w.Sort), w.Body, table.Absent))
		}
		fill(t, s, writes...)
		want(t, s, wanted...)
	}},
	{"bodies come back byte for byte", func(t *testing.T, s table.Table) {
		k := key("p", "s")
		for _, body := range []string{"", "\x00", "\x01", "x", string(make([]byte, 100_000)), string(noise(1, 255)), string(noise(2, 256)), string(noise(3, 100_000))} {
			commit(t, s, put(k, body, table.Always))
			if got := get(t, s, k)[0]; string(got.Body) != body {
				t.Errorf("a body of %d bytes came back changed, with %d bytes", len(body), len(got.Body))
			}
		}
	}},
	{"a cancelled context is obeyed", func(t *testing.T, s table.Table) {
		commit(t, s, put(key("p", "s"), "x", table.Always))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.Get(ctx, key("p", "s"))
		wantCancelled(t, "Get", err)
		_, err = query(ctx, s, table.Range{Partition: "p"})
		wantCancelled(t, "Query", err)
		wantCancelled(t, "Commit", s.Commit(ctx, put(key("p", "s"), "y", table.Always)))
		wantCancelled(t, "Commit", s.Commit(ctx, put(key("p", "s"), "y", table.Always), put(key("p", "t"), "y", table.Always)))
		for _, err := range s.Each(ctx, put(key("p", "s"), "y", table.Always), put(key("p", "t"), "y", table.Always)) {
			wantCancelled(t, "Each", err)
		}
		want(t, s, stored{"p", "s", 1, "x"}, stored{"p", "t", 0, ""})
	}},
	{"a query cancelled midway ends", func(t *testing.T, s table.Table) {
		fill(t, s, put(key("p", "a"), "1", table.Always), put(key("p", "b"), "2", table.Always), put(key("p", "c"), "3", table.Always))
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		n := 0
		var last error
		for _, err := range s.Query(ctx, table.Range{Partition: "p"}) {
			n++
			last = err
			cancel()
		}
		same(t, "answers", 2, n)
		wantCancelled(t, "Query", last)
	}},
}

func wantCancelled(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) || !failure.Is(err, failure.Unavailable) {
		t.Errorf("%s with a cancelled context gives %v, want Unavailable because of context.Canceled", what, err)
	}
}

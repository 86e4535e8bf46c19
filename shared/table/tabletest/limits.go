package tabletest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

var limits = []contract{
	{"keys", testKeyLimits},
	{"two writes of one key are Invalid", func(t *testing.T, s table.Table) {
		k := key("p", "a")
		wantKind(t, s.Commit(t.Context(), put(k, "1", table.Always), put(k, "2", table.Always)), failure.Invalid)
		wantKind(t, s.Commit(t.Context(), put(k, "1", table.Always), check(k, table.Absent)), failure.Invalid)
		want(t, s, stored{"p", "a", 0, ""})
	}},
	{"more than a hundred writes are Invalid", func(t *testing.T, s table.Table) {
		var writes []table.Write
		for _, k := range numbered(table.MaxCommit + 1) {
			writes = append(writes, put(k, "", table.Always))
		}
		wantKind(t, s.Commit(t.Context(), writes...), failure.Invalid)
		want(t, s, stored{writes[0].Partition, writes[0].Sort, 0, ""})
	}},
	{"only a put has a body", func(t *testing.T, s table.Table) {
		wantKind(t, s.Commit(t.Context(), table.Write{Key: key("p", "a"), Action: table.Delete, Body: []byte("x")}), failure.Invalid)
		wantKind(t, s.Commit(t.Context(), table.Write{Key: key("p", "a"), Action: table.Check + 1}), failure.Invalid)
	}},
	{"items near 400 KB", func(t *testing.T, s table.Table) {
		// The longest key and the largest body that still fits, not compressible:
		// one byte of the stored form names its coding.
		k := key(strings.Repeat("p", table.MaxPartitionBytes), strings.Repeat("s", table.MaxKeyBytes))
		body := noise(4, table.MaxItemBytes-1)
		commit(t, s, table.Write{Key: k, Body: body})
		commit(t, s, table.Write{Key: k, Body: body, If: table.AtVersion(1)}, put(key("p", "b"), "", table.Always))
		if got := get(t, s, k)[0]; got.Version != 2 || !bytes.Equal(got.Body, body) {
			t.Errorf("the item came back at version %d with %d bytes, changed", got.Version, len(got.Body))
		}
		items, err := query(t.Context(), s, table.Range{Partition: k.Partition})
		if err != nil || len(items) != 1 || !bytes.Equal(items[0].Body, body) {
			t.Errorf("the query gives %d items, %v, or another body", len(items), err)
		}
	}},
	{"a body over the limit is TooLarge", func(t *testing.T, s table.Table) {
		over := table.Write{Key: key("p", "a"), Body: noise(5, table.MaxItemBytes)}
		wantKind(t, s.Commit(t.Context(), over), failure.TooLarge)
		wantKind(t, s.Commit(t.Context(), over, put(key("p", "b"), "", table.Always)), failure.TooLarge)
		wantKind(t, s.Each(t.Context(), over)[0], failure.TooLarge)
		want(t, s, stored{"p", "a", 0, ""}, stored{"p", "b", 0, ""})
	}},
	{"a body counts as it is stored", func(t *testing.T, s table.Table) {
		k := key("p", "a")
		large := bytes.Repeat([]byte("well compressible "), 200_000) // 3.6 MB
		commit(t, s, table.Write{Key: k, Body: large})
		if got := get(t, s, k)[0].Body; !bytes.Equal(got, large) {
			t.Errorf("%d bytes came back changed, as %d", len(large), len(got))
		}
		wantKind(t, s.Commit(t.Context(), table.Write{Key: k, Body: make([]byte, table.MaxBodyBytes+1)}), failure.TooLarge)
	}},
	{"a commit of nearly 4 MB", func(t *testing.T, s table.Table) {
		var writes []table.Write
		for i, k := range numbered(table.MaxCommit) {
			writes = append(writes, table.Write{Key: k, Body: noise(uint64(i), 39_900)})
		}
		commit(t, s, writes...)
		writes[0].Body = noise(0, 60_000)
		wantKind(t, s.Commit(t.Context(), writes...), failure.TooLarge)
		if got := get(t, s, writes[0].Key)[0]; got.Version != 1 || len(got.Body) != 39_900 {
			t.Errorf("a refused commit left version %d with %d bytes", got.Version, len(got.Body))
		}
	}},
}

func testKeyLimits(t *testing.T, s table.Table) {
	for name, k := range map[string]table.Key{
		"empty partition":    key("", "s"),
		"empty sort key":     key("p", ""),
		"long partition":     key(strings.Repeat("p", table.MaxPartitionBytes+1), "s"),
		"long sort key":      key("p", strings.Repeat("s", table.MaxKeyBytes+1)),
		"partition no UTF-8": key("p\xff", "s"),
		"sort key no UTF-8":  key("p", "s\xc3"),
	} {
		_, err := s.Get(t.Context(), k)
		for call, err := range map[string]error{
			"Get":    err,
			"Commit": s.Commit(t.Context(), put(k, "", table.Always)),
			"Each":   s.Each(t.Context(), put(k, "", table.Always))[0],
			"Delete": s.Commit(t.Context(), remove(k, table.Always)),
		} {
			if !failure.Is(err, failure.Invalid) {
				t.Errorf("%s with %s: %v, want Invalid", call, name, err)
			}
		}
	}
}

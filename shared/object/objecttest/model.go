package objecttest

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/object"
)

// memory is the plain model: for each key the versions put, oldest first.
type memory struct {
	store  object.Store
	prefix string // keeps the runs of the property apart
	texts  map[string][]string
	infos  map[string][]object.Info
}

// model compares a store with memory over random sequences of calls.
func model(t *testing.T, s object.Store) {
	var run atomic.Int64
	rapid.Check(t, func(rt *rapid.T) {
		m := &memory{store: s, prefix: fmt.Sprintf("run-%d/", run.Add(1)), texts: map[string][]string{}, infos: map[string][]object.Info{}}
		rt.Repeat(map[string]func(*rapid.T){
			"put":  func(rt *rapid.T) { m.put(t, rt) },
			"open": func(rt *rapid.T) { m.open(t, rt) },
			"list": func(rt *rapid.T) { m.list(t, rt) },
		})
	})
}

// keyOf draws from few keys, so that they meet often, made of the characters
// that engines and protocols stumble over.
func (m *memory) keyOf(rt *rapid.T) string {
	return m.prefix + rapid.StringOfN(rapid.SampledFrom([]rune{'a', '/', '.', '+', ' ', '%', 'é', '~'}), 1, 3, -1).Draw(rt, "key")
}

func (m *memory) put(t *testing.T, rt *rapid.T) {
	key, text := m.keyOf(rt), strings.Repeat("t", rapid.IntRange(0, 20).Draw(rt, "size"))
	info, err := m.store.Put(t.Context(), Bucket, key, "text/plain", onlyReader{strings.NewReader(text)})
	if err != nil {
		rt.Fatalf("Put: %v", err)
	}
	m.texts[key] = append(m.texts[key], text)
	m.infos[key] = append(m.infos[key], info)
}

func (m *memory) open(t *testing.T, rt *rapid.T) {
	key := m.keyOf(rt)
	if known := slices.Sorted(maps.Keys(m.texts)); len(known) > 0 && rapid.Bool().Draw(rt, "known") {
		key = rapid.SampledFrom(known).Draw(rt, "of")
	}
	offset := rapid.Int64Range(0, 25).Draw(rt, "offset")
	ref := object.Ref{Bucket: Bucket, Key: key}
	n := len(m.texts[key])
	if n == 0 {
		_, _, err := m.store.Open(t.Context(), ref, offset)
		if !failure.Is(err, failure.NotFound) {
			rt.Fatalf("Open of nothing = %v", err)
		}
		return
	}
	at := n - 1
	if rapid.Bool().Draw(rt, "by version") {
		at = rapid.IntRange(0, n-1).Draw(rt, "version")
		ref.Version = m.infos[key][at].Version
	}
	body, info, err := m.store.Open(t.Context(), ref, offset)
	if err != nil {
		rt.Fatalf("Open: %v", err)
	}
	defer body.Close()
	got, err := io.ReadAll(body)
	if err != nil {
		rt.Fatalf("reading: %v", err)
	}
	if want := m.texts[key][at]; string(got) != want[min(int(offset), len(want)):] {
		rt.Fatalf("Open at %d reads %q of %q", offset, got, want)
	}
	if diff := cmp.Diff(m.infos[key][at], info); diff != "" {
		rt.Fatalf("Open's info (-want +got):\n%s", diff)
	}
}

func (m *memory) list(t *testing.T, rt *rapid.T) {
	prefix := m.prefix + rapid.SampledFrom([]string{"", "a", "a/", "/", ".", "é", " "}).Draw(rt, "prefix")
	var want, got []object.Info
	for _, key := range slices.Sorted(maps.Keys(m.texts)) {
		if strings.HasPrefix(key, prefix) {
			info := m.infos[key][len(m.infos[key])-1]
			info.Version, info.ContentType = "", ""
			want = append(want, info)
		}
	}
	for info, err := range m.store.List(t.Context(), Bucket, prefix) {
		if err != nil {
			rt.Fatalf("List: %v", err)
		}
		got = append(got, info)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		rt.Fatalf("List (-want +got):\n%s", diff)
	}
}

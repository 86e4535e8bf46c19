package stored_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/internal/stored"
)

func noise(n int) []byte {
	out := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(out) // never fails
	return out
}

func TestBodiesComeBack(t *testing.T) {
	t.Parallel()
	text := bytes.Repeat([]byte(`{"resourceType":"Observation","status":"final"}`), 1000)
	for _, c := range []struct {
		name  string
		body  []byte
		least int // stored bytes
		most  int
	}{
		{"none", nil, 1, 1},
		{"short", []byte("short"), 6, 6},
		{"short of compression", text[:255], 256, 256},
		{"compressed", text, 50, 500},
		{"noise is left plain", noise(5000), 5001, 5001},
		{"the largest", noise(table.MaxItemBytes - 1), table.MaxItemBytes, table.MaxItemBytes},
		{"the largest before compression", make([]byte, table.MaxBodyBytes), 50, 5000},
	} {
		form, err := stored.Encode("test", c.body)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if len(form) < c.least || len(form) > c.most {
			t.Errorf("%s: %d bytes are stored as %d, want %d to %d", c.name, len(c.body), len(form), c.least, c.most)
		}
		again, err := stored.Encode("test", c.body)
		if err != nil || !bytes.Equal(form, again) {
			t.Errorf("%s: stored in two forms, %v", c.name, err)
		}
		if back, err := stored.Decode("test", form); err != nil || !bytes.Equal(back, c.body) {
			t.Errorf("%s: comes back changed, %v", c.name, err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	t.Parallel()
	for _, body := range [][]byte{noise(table.MaxItemBytes), make([]byte, table.MaxBodyBytes+1)} {
		if _, err := stored.Encode("test", body); !failure.Is(err, failure.TooLarge) {
			t.Errorf("%d bytes: %v, want too large", len(body), err)
		}
	}
	if err := stored.CheckCommitSize("test", table.MaxCommitBytes); err != nil {
		t.Error(err)
	}
	if err := stored.CheckCommitSize("test", table.MaxCommitBytes+1); !failure.Is(err, failure.TooLarge) {
		t.Errorf("%v, want too large", err)
	}
}

// Sizes by the Developer Guide, "DynamoDB item sizes and formats": names and
// text by their UTF-8 bytes, a number one byte for two significant digits and
// one more.
func TestSize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		key     table.Key
		version uint64
		form    int
		want    int
	}{
		{table.Key{Partition: "p", Sort: "s"}, 1, 1, 2 + 1 + 2 + 1 + 1 + 2 + 1 + 1},
		{table.Key{Partition: "é", Sort: "sort"}, 99, 10, 2 + 2 + 2 + 4 + 1 + 2 + 1 + 10},
		{table.Key{Partition: "p", Sort: "s"}, 100, 1, 2 + 1 + 2 + 1 + 1 + 2 + 1 + 1},
		{table.Key{Partition: "p", Sort: "s"}, 101, 1, 2 + 1 + 2 + 1 + 1 + 3 + 1 + 1},
		{table.Key{Partition: "p", Sort: "s"}, 0, 1, 2 + 1 + 2 + 1 + 1 + 1 + 1 + 1},
	} {
		if got := stored.Size(c.key, c.version, c.form); got != c.want {
			t.Errorf("Size(%q, %d, %d) is %d, want %d", c.key, c.version, c.form, got, c.want)
		}
	}
	for bytes, want := range map[int]float64{0: 1, 1: 1, 4096: 1, 4097: 2, 8192: 2, 1 << 20: 256} {
		if got := stored.ReadUnits(bytes); got != want {
			t.Errorf("ReadUnits(%d) is %g, want %g", bytes, got, want)
		}
	}
	if got := stored.WriteUnits(5000, 100); got != 5 {
		t.Errorf("writing 100 bytes over 5,000 takes %g units, want 5", got)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{0, 'x'})
	f.Add([]byte{2, 'x'})
	form, _ := stored.Encode("test", bytes.Repeat([]byte("text"), 500))
	f.Add(form)
	f.Add(form[:len(form)/2])
	f.Fuzz(func(t *testing.T, form []byte) {
		body, err := stored.Decode("test", form)
		if err != nil && !failure.Is(err, failure.Internal) {
			t.Errorf("%v, want internal", err)
		}
		if len(body) > table.MaxBodyBytes {
			t.Errorf("%d bytes come out", len(body))
		}
	})
}

func FuzzBodies(f *testing.F) {
	f.Add([]byte("body"))
	f.Add(bytes.Repeat([]byte("text"), 500))
	f.Fuzz(func(t *testing.T, body []byte) {
		form, err := stored.Encode("test", body)
		if err != nil {
			return
		}
		if back, err := stored.Decode("test", form); err != nil || !bytes.Equal(back, body) {
			t.Errorf("comes back changed: %v", err)
		}
	})
}

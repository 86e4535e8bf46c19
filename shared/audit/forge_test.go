package audit

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// forgery is a trail of two days and what a hand needs that knows how hashes
// are made and can write below the port.
type forgery struct {
	*testing.T
	tb     *embedded.Table
	chains []string // partitions, the earlier day first
}

func newForgery(t *testing.T) *forgery {
	t.Helper()
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	f := &forgery{T: t, tb: db.Table("audit")}
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	c := New(f.tb, Config{Now: func() time.Time { return at }})
	for n := range 6 {
		at = at.Add(time.Duration(n/3) * 24 * time.Hour)
		if err := c.Record(t.Context(), Event{Interaction: Read, Outcome: Success, Caller: Agent{Subject: "u"}}); err != nil {
			t.Fatal(err)
		}
		if p := c.writer.partition(); len(f.chains) == 0 || f.chains[len(f.chains)-1] != p {
			f.chains = append(f.chains, p)
		}
	}
	return f
}

func (f *forgery) link(partition string, seq uint64) link {
	items, err := f.tb.Get(f.Context(), linkKey(partition, seq))
	var l link
	if err != nil || decode("test", items[0].Body, &l) != nil {
		f.Fatalf("link %d: %v", seq, err)
	}
	return l
}

// replace stores a body as a first version, or removes the item.
func (f *forgery) replace(key table.Key, body []byte) {
	writes := []table.Write{{Key: key, Action: table.Delete}}
	if err := f.tb.Commit(f.Context(), writes...); err != nil {
		f.Fatal(err)
	}
	if body == nil {
		return
	}
	if err := f.tb.Commit(f.Context(), table.Write{Key: key, Body: body}); err != nil {
		f.Fatal(err)
	}
}

func (f *forgery) wants(breaches ...Breach) {
	f.Helper()
	s, err := Verify(context.Background(), f.tb)
	if err != nil {
		f.Fatal(err)
	}
	var got []string
	for _, finding := range s.Findings {
		got = append(got, string(finding.Breach))
	}
	var want []string
	for _, b := range breaches {
		want = append(want, string(b))
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		f.Errorf("findings %v, want %v", s.Findings, want)
	}
}

// TestAnEventWithAGoodHashOfItsOwn: an edited event whose hash was made anew no
// longer is what the next one follows.
func TestAnEventWithAGoodHashOfItsOwn(t *testing.T) {
	t.Parallel()
	f := newForgery(t)
	f.wants()
	chain := f.chains[0]
	was := f.link(chain, 2)
	forged := follow(chain, head{Seq: 1, Hash: was.Previous}, []byte(`{"resourceType":"AuditEvent"}`))
	f.replace(linkKey(chain, 2), encode(forged))
	f.wants(Detached)
}

// TestACutChainThatFits: the end of a day is cut off and its head made to fit;
// the chain that continues it says where it ended.
func TestACutChainThatFits(t *testing.T) {
	t.Parallel()
	f := newForgery(t)
	chain := f.chains[0]
	last := f.link(chain, 3)
	f.replace(linkKey(chain, 3), nil)
	f.replace(headKey(chain), encode(head{Seq: 2, Hash: last.Previous}))
	f.wants(HeadWrong)
}

// TestAnEventInAnotherChain: an event copied with its number does not fit, as
// the hash covers the chain.
func TestAnEventInAnotherChain(t *testing.T) {
	t.Parallel()
	f := newForgery(t)
	f.replace(linkKey(f.chains[0], 1), encode(f.link(f.chains[1], 1)))
	f.wants(Edited, Detached) // and the next one does not follow it
}

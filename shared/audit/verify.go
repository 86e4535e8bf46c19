package audit

import (
	"context"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

const opVerify = "audit.Verify"

// Breach says what is wrong at a place of a chain.
type Breach string

// The breaches that Verify tells apart.
const (
	Edited    Breach = "edited"     // the content does not match its hash
	Missing   Breach = "missing"    // numbers that were written are not there
	Moved     Breach = "moved"      // an event stands at another number than its own
	Detached  Breach = "detached"   // an event does not follow the one before it
	HeadWrong Breach = "head-wrong" // the head does not fit the events
	Foreign   Breach = "foreign"    // an item that no writer wrote
)

// Finding is one breach. Chain is the storage partition, Seq the number of the
// event concerned and Last the end of a run of missing ones.
type Finding struct {
	Chain  string `json:"chain"`
	Seq    uint64 `json:"seq"`
	Last   uint64 `json:"last,omitzero"`
	Breach Breach `json:"breach"`
}

func (f Finding) String() string {
	if f.Last > f.Seq {
		return fmt.Sprintf("%s %d-%d: %s", f.Chain, f.Seq, f.Last, f.Breach)
	}
	return fmt.Sprintf("%s %d: %s", f.Chain, f.Seq, f.Breach)
}

// Summary is what Verify found.
type Summary struct {
	Chains   int       `json:"chains"`
	Events   int       `json:"events"`
	Findings []Finding `json:"findings"`
}

// Whole says whether nothing was found.
func (s Summary) Whole() bool { return len(s.Findings) == 0 }

// Verify walks every chain and reports every edit, deletion, reordering and
// gap. It may run while events are written. Memory does not grow with the
// number of events. The error is one of reading only.
func Verify(ctx context.Context, t table.Table) (Summary, error) {
	v := verifier{table: t, ends: map[string]head{}}
	var continues []tail
	for _, r := range registries {
		err := v.walk(ctx, registryPrefix+string(r), true, func(_ uint64, content jsontext.Value) error {
			var o opening
			if decode(opVerify, content, &o) != nil {
				return nil // its hash is wrong too, which is reported
			}
			v.summary.Chains++
			if o.Continues != nil {
				continues = append(continues, *o.Continues)
			}
			return v.walk(ctx, chainPrefix+o.Chain, false, func(uint64, jsontext.Value) error {
				v.summary.Events++
				return nil
			})
		})
		if err != nil {
			return v.summary, err
		}
	}
	v.compare(continues)
	return v.summary, nil
}

// Events gives the stored AuditEvent resources of every chain, chain by chain,
// unverified, until the callback's first error.
func Events(ctx context.Context, t table.Table, each func(event []byte) error) error {
	v := verifier{table: t, ends: map[string]head{}}
	for _, r := range registries {
		err := v.walk(ctx, registryPrefix+string(r), true, func(_ uint64, content jsontext.Value) error {
			var o opening
			if err := decode("audit.Events", content, &o); err != nil {
				return err
			}
			return v.walk(ctx, chainPrefix+o.Chain, false, func(_ uint64, event jsontext.Value) error { return each(event) })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

type verifier struct {
	table   table.Table
	summary Summary
	ends    map[string]head // of the chains, by ULID
}

func (v *verifier) find(chain string, seq uint64, b Breach) {
	v.summary.Findings = append(v.summary.Findings, Finding{Chain: chain, Seq: seq, Breach: b})
}

// walk reads one chain. The head is read before the links and again after
// them: what is written meanwhile then never looks like a gap or an excess.
func (v *verifier) walk(ctx context.Context, partition string, registry bool, each func(uint64, jsontext.Value) error) error {
	items, err := v.table.Get(ctx, headKey(partition))
	if err != nil {
		return failure.Wrap(failure.KindOf(err), opVerify, err)
	}
	w := walker{partition: partition, verifier: v, last: head{Hash: originHash(partition)}}
	w.begin(items[0], registry)
	for item, err := range v.table.Query(ctx, table.Range{Partition: partition, From: firstLink, To: afterLinks}) {
		if err != nil {
			return failure.Wrap(failure.KindOf(err), opVerify, err)
		}
		l, ok := w.take(item)
		if !ok {
			continue
		}
		if err := each(l.Seq, l.Content); err != nil {
			return err
		}
	}
	if items, err = v.table.Get(ctx, headKey(partition)); err != nil {
		return failure.Wrap(failure.KindOf(err), opVerify, err)
	}
	w.end(items[0])
	if err := v.foreign(ctx, partition); err != nil {
		return err
	}
	if !registry {
		v.ends[partition[len(chainPrefix):]] = w.last
	}
	return nil
}

// foreign looks for items beside the head and the links.
func (v *verifier) foreign(ctx context.Context, partition string) error {
	for _, r := range []table.Range{{Partition: partition, To: firstLink}, {Partition: partition, From: afterLinks}} {
		for item, err := range v.table.Query(ctx, r) {
			if err != nil {
				return failure.Wrap(failure.KindOf(err), opVerify, err)
			}
			if item.Sort != headSort {
				v.find(partition, 0, Foreign)
			}
		}
	}
	return nil
}

// compare holds each chain that was continued against what its writer said of its end.
func (v *verifier) compare(continues []tail) {
	for _, t := range continues {
		end, walked := v.ends[t.Chain]
		switch {
		case !walked:
			v.find(chainPrefix+t.Chain, 0, Missing)
		case end.Seq < t.Seq || end.Seq == t.Seq && end.Hash != t.Hash:
			v.find(chainPrefix+t.Chain, t.Seq, HeadWrong)
		}
	}
}

package embedded

import (
	"context"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/internal/stored"
)

// batchKeys is how many keys one request of DynamoDB may read.
const batchKeys = 100

// The functions here count what DynamoDB would have answered for the same call.

func meterGet(ctx context.Context, keys []table.Key, sizes []int) {
	m := table.MeterOf(ctx)
	if m == nil {
		return
	}
	var u table.Usage
	seen := make(map[table.Key]bool, len(keys))
	for i, key := range keys {
		if seen[key] {
			continue
		}
		seen[key] = true
		u.ReadUnits += stored.ReadUnits(sizes[i])
		u.BytesRead += int64(sizes[i])
		if sizes[i] > 0 {
			u.ItemsRead++
		}
	}
	u.Requests = (len(seen) + batchKeys - 1) / batchKeys
	m.Add(u)
}

// meterCommit counts a Commit: one write is a plain write, several are a
// transaction at twice the units.
func meterCommit(ctx context.Context, writes []*write, err error) {
	m := table.MeterOf(ctx)
	if m == nil {
		return
	}
	if len(writes) == 1 {
		m.Add(single(writes[0], err))
		return
	}
	u := table.Usage{Requests: 1}
	for _, w := range writes {
		if err != nil {
			u.WriteUnits += 2
			continue
		}
		if w.Action == table.Check {
			u.WriteUnits += 2 * stored.ReadUnits(w.size)
		} else {
			u.WriteUnits += 2 * stored.WriteUnits(w.size, w.after())
		}
		u.ItemsWritten += changes(w)
		u.BytesWritten += put(w)
	}
	m.Add(u)
}

func meterPart(ctx context.Context, p *part, errs []error) {
	m := table.MeterOf(ctx)
	if m == nil {
		return
	}
	for i, w := range p.writes {
		m.Add(single(w, errs[p.at[i]]))
	}
}

// single counts a write on its own. A Check alone is a read.
func single(w *write, err error) table.Usage {
	u := table.Usage{Requests: 1}
	if w.Action == table.Check {
		u.ReadUnits = stored.ReadUnits(w.size)
		u.BytesRead = int64(w.size)
		if w.size > 0 {
			u.ItemsRead = 1
		}
		return u
	}
	if failure.Is(err, failure.Conflict) {
		u.WriteUnits = 1
		return u
	}
	u.WriteUnits = stored.WriteUnits(w.size, w.after())
	u.ItemsWritten = changes(w)
	u.BytesWritten = put(w)
	return u
}

func changes(w *write) int {
	if w.Action == table.Check {
		return 0
	}
	return 1
}

func put(w *write) int64 {
	if w.Action == table.Put {
		return int64(w.after())
	}
	return 0
}

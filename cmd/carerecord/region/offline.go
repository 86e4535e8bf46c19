package region

import (
	"context"
	"path/filepath"
	"slices"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// Offline is the patient index of a region that is not running.
type Offline struct {
	Index *index.Index
	Table *embedded.Table // that it lies in

	tables *embedded.DB
}

// OpenOffline opens the index in a region's data folder. Errors:
// failure.NotFound when no region was ever started there, Conflict when one is
// running.
func OpenOffline(data string) (*Offline, error) {
	if err := Exists(data); err != nil {
		return nil, err
	}
	hasher, err := loadKey(data)
	if err != nil {
		return nil, err
	}
	matcher, err := loadMatcher(data)
	if err != nil {
		return nil, err
	}
	tables, err := embedded.Open(filepath.Join(data, "tables"))
	if err != nil {
		return nil, err
	}
	t := tables.Table("index")
	return &Offline{index.New(t, hasher, matcher), t, tables}, nil
}

// Close closes the tables.
func (o *Offline) Close() error { return o.tables.Close() }

// sourcePatientsAtOnce is how many source patients are looked at in one go.
const sourcePatientsAtOnce = 50

// Resolve decides again on whoever has an open review and on those around them;
// with all, on every source patient of the region. It gives how many were looked
// at, and how many have another person or other reviews now.
func (o *Offline) Resolve(ctx context.Context, all bool) (looked, changed int, err error) {
	if all {
		return o.resolveAll(ctx)
	}
	total, err := resolve(ctx, o.Index)
	return total.Looked, total.Changed, err
}

func (o *Offline) resolveAll(ctx context.Context) (looked, changed int, err error) {
	keys, err := o.sourcePatients(ctx)
	for some := range slices.Chunk(keys, sourcePatientsAtOnce) {
		if err == nil {
			var n int
			n, err = o.Index.Again(ctx, some...)
			looked, changed = looked+len(some), changed+n
		}
	}
	return looked, changed, err
}

// sourcePatients gives the keys of all: they are read before anything is changed.
func (o *Offline) sourcePatients(ctx context.Context) (keys []string, err error) {
	for item, err := range o.Table.Scan(ctx) {
		if err != nil {
			return nil, failure.Wrap(failure.KindOf(err), "region.sourcePatients", err)
		}
		d, ok, err := index.ReadDecided(item)
		if err != nil {
			return nil, err
		}
		if ok {
			keys = append(keys, d.Key)
		}
	}
	return keys, nil
}

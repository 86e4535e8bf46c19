package restapi

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/record"
)

const (
	// maxPageBytes ends a page, as an answer of a Lambda has at most 6 MB
	// (AWS Lambda quotas); what is included beside the matches needs room too.
	maxPageBytes = 4 << 20
	// entryOverhead is what an entry costs beside its resource: its place in
	// the Bundle and its Provenance.
	entryOverhead = 1000
	maxReads      = 64 // parallel reads for one page
)

// stretch is a run of entries of one source patient that is read at once.
type stretch struct {
	source    index.SourcePatient
	selection record.Selection
}

// stretches gives what is to be read after the cursor, in the order of source
// key and type: that of the whole answer.
func stretches(sources []index.SourcePatient, types []string, after cursor) []stretch {
	sorted := slices.SortedFunc(slices.Values(sources), func(a, b index.SourcePatient) int { return cmp.Compare(a.Key, b.Key) })
	if len(types) == 0 {
		types = []string{""}
	}
	var list []stretch
	for _, source := range sorted {
		if source.Key < after.Source {
			continue
		}
		for _, kind := range types {
			selection := record.Selection{Type: kind}
			if source.Key == after.Source {
				if kind != "" && kind < after.Type {
					continue
				}
				if kind == "" || kind == after.Type {
					selection.After = (&record.Entry{Type: after.Type, ID: after.ID}).Cursor()
				}
			}
			list = append(list, stretch{source, selection})
		}
	}
	return list
}

// page is a run of matches and whether more follow.
type page struct {
	entries []record.Entry
	more    bool
}

// readPage gives at most count entries. It reads all stretches in parallel,
// each no further than one page, and lays them end to end: one round trip
// however many sources there are.
func (s *server) readPage(ctx context.Context, list []stretch, count int) (page, error) {
	parts := make([]page, len(list))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxReads)
	for i, st := range list {
		group.Go(func() error {
			var full fill
			if count < maxCount {
				st.selection.Limit = count + 1 // one more tells whether there is more
			}
			for e, err := range s.Record.Read(ctx, st.source.Key, st.selection) {
				if err != nil {
					return failure.Wrap(failure.KindOf(err), "restapi.readPage", err)
				}
				if !full.fits(e, count) {
					parts[i].more = true
					return nil
				}
				e.Owner = st.source.Key
				parts[i].entries = append(parts[i].entries, e)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return page{}, err
	}
	return join(parts, count), nil
}

// join lays the parts end to end until the page is full.
func join(parts []page, count int) page {
	var whole page
	var full fill
	for _, part := range parts {
		for _, e := range part.entries {
			if !full.fits(e, count) {
				whole.more = true
				return whole
			}
			whole.entries = append(whole.entries, e)
		}
		if part.more {
			whole.more = true
			return whole
		}
	}
	return whole
}

// fill is how full a page is.
type fill struct{ entries, bytes int }

// fits takes an entry when there is room. The first one is taken whatever its
// size, so that a page without a count makes progress.
func (f *fill) fits(e record.Entry, count int) bool {
	size := len(e.Resource) + entryOverhead
	if f.entries >= count || f.entries > 0 && f.bytes+size > maxPageBytes {
		return false
	}
	f.entries++
	f.bytes += size
	return true
}

// cursorAfter gives the place after an entry, of a person yet to be named.
func cursorAfter(e record.Entry) cursor { return cursor{Source: e.Owner, Type: e.Type, ID: e.ID} }

package restapi

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/record"
)

const (
	directoryTTL   = 60 * time.Second
	directoryMost  = 20000 // cached resources; about 40 MB
	directoryDepth = 3     // PractitionerRole -> Location -> Organization
)

// directory fetches what organisations say of themselves (Practitioner,
// Organization, Location, Medication) and keeps it for a minute: the same few
// hundred resources stand behind most records. Nothing in it is about a patient.
type directory struct {
	record Record
	now    func() time.Time

	mu     sync.Mutex
	cached map[place]kept
}

// place is where a directory resource lies.
type place struct{ owner, ref string }

// kept is a cached resource, or the knowledge that there is none.
type kept struct {
	entry record.Entry
	found bool
	until time.Time
}

func newDirectory(r Record, now func() time.Time) *directory {
	return &directory{record: r, now: now, cached: map[place]kept{}}
}

// get gives those of the places that are there, reading what is not cached in
// one round trip.
func (d *directory) get(ctx context.Context, places []place) ([]record.Entry, error) {
	found, missing := d.lookup(places)
	if len(missing) == 0 {
		return found, nil
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxReads)
	var mu sync.Mutex
	for owner, refs := range missing {
		group.Go(func() error {
			entries, err := d.record.Directory(ctx, owner, refs...)
			if err != nil {
				return failure.Wrap(failure.KindOf(err), "restapi.directory", err)
			}
			d.keep(owner, refs, entries)
			mu.Lock()
			defer mu.Unlock()
			found = append(found, entries...)
			return nil
		})
	}
	err := group.Wait()
	return found, err
}

func (d *directory) lookup(places []place) (found []record.Entry, missing map[string][]string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	missing = map[string][]string{}
	for _, p := range places {
		k, ok := d.cached[p]
		switch {
		case !ok || !d.now().Before(k.until):
			missing[p.owner] = append(missing[p.owner], p.ref)
		case k.found:
			found = append(found, k.entry)
		}
	}
	return found, missing
}

func (d *directory) keep(owner string, refs []string, entries []record.Entry) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.cached)+len(refs) > directoryMost {
		clear(d.cached) // rare, and refilled by the next minute's views
	}
	until := d.now().Add(directoryTTL)
	for _, ref := range refs {
		d.cached[place{owner, ref}] = kept{until: until}
	}
	for _, e := range entries {
		d.cached[place{owner, refOf(e)}] = kept{entry: e, found: true, until: until}
	}
}

func refOf(e record.Entry) string { return e.Type + "/" + e.ID }

// included gives the directory resources that the entries refer to, and those
// that these refer to, each once, in the order of type and id.
func (s *server) included(ctx context.Context, entries []record.Entry) ([]record.Entry, error) {
	have := map[string]bool{}
	for _, e := range entries {
		have[refOf(e)] = true
	}
	var all []record.Entry
	level := entries
	for range directoryDepth {
		places := s.placesOf(level, have)
		if len(places) == 0 {
			break
		}
		found, err := s.directory.get(ctx, places)
		if err != nil {
			return nil, err
		}
		level = nil
		for _, e := range found {
			if !have[refOf(e)] {
				have[refOf(e)] = true
				level = append(level, e)
			}
		}
		all = append(all, level...)
	}
	slices.SortFunc(all, func(a, b record.Entry) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

// placesOf gives where the references of the entries may lie. An
// organisation's resources lie under the feed's name, or under none for feeds
// whose ids are unique in the whole organisation; both are looked at at once.
func (s *server) placesOf(entries []record.Entry, have map[string]bool) []place {
	type source struct{ organisation, feed string }
	owners := map[source][2]string{}
	seen := map[place]bool{}
	var list []place
	for _, e := range entries {
		from := source{e.Origin.Organisation, e.Origin.Feed}
		pair, known := owners[from]
		if !known {
			pair = [2]string{
				record.DirectoryOwner(s.Hasher, from.organisation, from.feed),
				record.DirectoryOwner(s.Hasher, from.organisation, ""),
			}
			owners[from] = pair
		}
		for _, ref := range e.Refs {
			kind, _, _ := strings.Cut(ref, "/")
			if have[ref] || !fhir.KnownType(kind) || fhir.PatientBound(kind) || kind == "Patient" {
				continue
			}
			for _, owner := range pair {
				if p := (place{owner, ref}); !seen[p] {
					seen[p] = true
					list = append(list, p)
				}
			}
		}
	}
	return list
}

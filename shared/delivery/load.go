package delivery

import (
	"context"
	"fmt"
	"strings"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
)

// Tally is what became of a chunk's rows, kept as an item of the delivery.
type Tally struct {
	Counts  Counts            `json:"counts"`
	Kinds   map[string]Counts `json:"kinds"`   // by the rows' kind
	Entries map[string]Stored `json:"entries"` // by FHIR resource type
	Faults  map[string]int    `json:"faults"`  // by code
}

// Stored counts entries of one type.
type Stored struct {
	Accepted  int `json:"accepted"`
	Unchanged int `json:"unchanged"`
	Held      int `json:"held"`
}

// Load stores the chunks' entries and settles the fate of each row.
func (s *Service) Load(ctx context.Context, in BatchInput) (BatchOutput, error) {
	src, err := s.source(ctx, in.BatchInput.Delivery)
	if err != nil {
		return BatchOutput{}, err
	}
	for _, number := range in.Items {
		if err := s.loadChunk(ctx, &src, number); err != nil {
			return BatchOutput{}, fmt.Errorf("delivery.Load: %w", err)
		}
	}
	return BatchOutput{Chunks: len(in.Items)}, nil
}

func (s *Service) loadChunk(ctx context.Context, src *source, number int) error {
	rows, err := s.rows(ctx, src.ID, number)
	if err != nil {
		return err
	}
	c := loadedChunk{src: src, rows: rows}
	if err := c.prepare(); err != nil {
		return err
	}
	if c.fates, err = s.Record.Load(ctx, c.entries); err != nil {
		return err
	}
	if c.links, err = s.Index.Links(ctx, c.subjects...); err != nil {
		return err
	}
	tally, faults, err := c.settle()
	if err != nil {
		return err
	}
	if len(tally.Faults) > 0 { // most chunks have none, and no object then
		if err := faults.store(ctx, s.Objects, s.Buckets.Work, faultsObject(src.ID, number)); err != nil {
			return err
		}
	}
	return s.putTally(ctx, src.ID, number, tally)
}

// putTally writes the tally once: what a second run of the chunk finds is the
// same, so it has nothing to change.
func (s *Service) putTally(ctx context.Context, id string, number int, t Tally) error {
	err := s.Table.Commit(ctx, table.Write{Key: chunkKey(id, number), Body: encode(t), If: table.Absent})
	if failure.Is(err, failure.Conflict) {
		return nil
	}
	return err
}

// loadedChunk is one chunk on its way into the store.
type loadedChunk struct {
	src      *source
	rows     []extract.Row
	subjects []string       // keys of the source patients that the rows are about
	entries  []record.Entry // of all rows, in order
	fates    []record.Fate  // one an entry
	links    map[string]string
}

func (c *loadedChunk) prepare() error {
	seen := map[string]bool{}
	for i := range c.rows {
		row := &c.rows[i]
		if row.Rejected() {
			row.Entries = nil
			continue
		}
		if row.Subject != nil {
			if key := c.src.patientKey(row.Subject); !seen[key] {
				seen[key] = true
				c.subjects = append(c.subjects, key)
			}
		}
		for _, e := range row.Entries {
			entry, err := c.src.entry(*row, e)
			if err != nil {
				return err
			}
			c.entries = append(c.entries, entry)
		}
	}
	return nil
}

// entry makes what is stored of an extracted entry: our own ids in place of
// the source's, its content's hash, and the way back to its line.
func (src *source) entry(row extract.Row, e extract.Entry) (record.Entry, error) {
	id := src.entryID(e.Type, e.ID)
	resource, refs, err := fhir.Rewrite(e.Resource, id, src.reference)
	if err != nil {
		return record.Entry{}, failure.Wrap(failure.Internal, "delivery.entry", err)
	}
	hash := src.service.Hasher.ID("content", string(resource))
	at := src.instant(row)
	if e.Type == "Patient" && e.Owner == nil {
		at = src.patientInstant(row)
	}
	if resource, err = fhir.SetSource(resource, SourceURI(src.ID, row.Place.Line), at.Time); err != nil {
		return record.Entry{}, failure.Wrap(failure.Internal, "delivery.entry", err)
	}
	return record.Entry{
		Owner: src.owner(row, e), Type: e.Type, ID: id, At: at, Date: e.Date,
		Resource: resource, Hash: hash, Refs: directoryOnly(refs), Origin: src.origin(row),
	}, nil
}

// SourceURI is the meta.source of an entry: the delivery and the line that it
// came from.
func SourceURI(delivery string, line int64) string {
	return fmt.Sprintf("urn:carerecord:delivery:%s#line=%d", delivery, line)
}

func (src *source) entryID(resourceType, id string) string {
	return src.service.Hasher.ID("entry", src.Organisation, src.namespace, resourceType, id)
}

// owner is the partition of an entry: that of the patient it is about, or that
// of the organisation's directory when it is about none.
func (src *source) owner(row extract.Row, e extract.Entry) string {
	switch {
	case e.Owner != nil:
		return src.patientKey(e.Owner)
	case row.Subject != nil:
		return src.patientKey(row.Subject)
	default:
		return record.DirectoryOwner(src.service.Hasher, src.Organisation, src.namespace)
	}
}

// reference turns "<Type>/<source id>" into "<Type>/<our id>". The id depends on
// what is named alone, so a reference to what has not come yet will be right
// on the day it comes. Other forms stay as they are.
func (src *source) reference(ref string) string {
	resourceType, id, ok := strings.Cut(ref, "/")
	if !ok || id == "" || !fhir.KnownType(resourceType) {
		return ref
	}
	if before, _, versioned := strings.Cut(id, "/_history/"); versioned {
		id = before
	}
	return resourceType + "/" + src.entryID(resourceType, id)
}

// directoryOnly keeps the references that a view must follow by itself: to
// what belongs to no patient.
func directoryOnly(refs []string) []string {
	var kept []string
	for _, ref := range refs {
		if resourceType, _, ok := strings.Cut(ref, "/"); ok && fhir.Directory(resourceType) {
			kept = append(kept, ref)
		}
	}
	return kept
}

// settle gives each row its one fate and gathers the chunk's faults.
func (c *loadedChunk) settle() (Tally, *lines, error) {
	t := Tally{Kinds: map[string]Counts{}, Entries: map[string]Stored{}, Faults: map[string]int{}}
	var faults lines
	next := 0
	for _, row := range c.rows {
		fates := c.fates[next : next+len(row.Entries)]
		next += len(row.Entries)
		one := c.fate(row, fates)
		if one.Held == 1 {
			row.Faults = append(row.Faults, extract.PatientUnknown.At(row.Number, row.Place, ""))
		}
		t.Counts.Add(one)
		kind := t.Kinds[row.Kind]
		kind.Add(one)
		t.Kinds[row.Kind] = kind
		for i, e := range row.Entries {
			t.Entries[e.Type] = t.Entries[e.Type].with(fates[i], one.Held == 1)
		}
		for _, f := range row.Faults {
			t.Faults[f.Code]++
			if err := faults.add(f); err != nil {
				return t, nil, err
			}
		}
	}
	return t, &faults, nil
}

func (c *loadedChunk) fate(row extract.Row, fates []record.Fate) Counts {
	one := Counts{Read: 1}
	switch {
	case row.Rejected():
		one.Rejected = 1
	case row.Subject != nil && c.links[c.src.patientKey(row.Subject)] == "":
		one.Held = 1
	default:
		for _, f := range fates {
			if f == record.Accepted {
				one.Accepted = 1
				return one
			}
		}
		one.Unchanged = 1
	}
	return one
}

func (s Stored) with(fate record.Fate, held bool) Stored {
	switch {
	case held:
		s.Held++
	case fate == record.Accepted:
		s.Accepted++
	default:
		s.Unchanged++
	}
	return s
}

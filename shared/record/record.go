// Package record keeps clinical entries: one FHIR R4 resource each, under its
// owner, which is the source patient it is about or the directory of an
// organisation. Entries never move: linking source patients to people is for
// package index, and nothing here knows of people.
//
// An entry is what its source said last, by the source's own time. What it said
// before is kept beside it and never overwritten: a statement that comes late
// takes its place in the past. So the store is a function of the set of
// statements, not of their order (package version).
//
// It must not look into a resource: what it needs to know stands in Entry. Keys
// hold the owner's key, the type, the entry's id and a keyed digest, nothing of
// a patient's.
package record

import (
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/version"
)

// MaxResourceBytes is the largest resource that is stored; a larger one is
// TooLarge. A resource over a few hundred kilobytes lies in several items that
// are written together, and 4 MB is what one transaction of DynamoDB takes.
const MaxResourceBytes = 3 << 20

// Origin is where a statement came from: the way back to the line.
type Origin struct {
	Organisation string `json:"a"`          // ODS code
	Feed         string `json:"f"`          // the feed's name
	Delivery     string `json:"d"`          // the delivery's id
	Row          int    `json:"r"`          // ordinal of the row in the file
	Line         int64  `json:"l,omitzero"` // as extract.Place
	Offset       int64  `json:"b,omitzero"`
	Path         string `json:"p,omitzero"`
}

// Entry is one resource as its source stated it.
//
// When a source says the same thing many times, the entry is the first of those
// statements: At, Origin and Resource are of the row that brought the content.
type Entry struct {
	Owner    string          // source patient's key or directory key
	Type     string          // FHIR resource type
	ID       string          // the entry's FHIR id
	At       version.Instant // when the source said so
	Date     string          // clinical date, FHIR dateTime; empty when unknown
	Resource []byte          // served FHIR JSON; the own patient is the literal reference "Patient/@"
	Hash     string          // digest of the content without its source; part of a storage key, so it should be a keyed one
	Refs     []string        // "Type/id" of the directory entries that it refers to
	Origin   Origin
}

// Fate is what became of a statement.
type Fate uint8

const (
	Unchanged Fate = iota // it said what was known
	Accepted              // it brought something: a new entry, a change, or a past state that was not known
)

// Store keeps entries in a table. It is safe for concurrent use by any number
// of processes.
type Store struct{ table table.Table }

// New gives the store that lies in the table.
func New(t table.Table) *Store { return &Store{table: t} }

const directoryPrefix = "dir-"

// DirectoryOwner gives the owner of an organisation's entries that are about no
// patient: practitioners, locations, medications. The namespace keeps two
// systems of one organisation apart; "" is the organisation's own.
func DirectoryOwner(h *opaque.Hasher, organisation, namespace string) string {
	return directoryPrefix + h.ID("directory", organisation, namespace)
}

func (e *Entry) statement() version.Statement {
	return version.Statement{At: e.At, Hash: e.Hash, Delivery: e.Origin.Delivery}
}

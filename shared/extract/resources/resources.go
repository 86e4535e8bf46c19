// Package resources reads the feeds of format fhir: FHIR R4 (4.0.1) JSON as a
// Bundle of any type, as NDJSON (FHIR Bulk Data) or as single resources, and
// gives one row a resource. It is pure: no storage, no clock, no keys.
//
// A file is looked at twice. The first look finds out which of the three it
// is and, for a Bundle, which resource each fullUrl stands for, because a
// reference may come before its target (R4 bundle, resolving references). The
// second gives the rows. Neither holds more than one resource at a time, plus
// some tens of bytes an entry for the targets of a Bundle.
//
// What a row says stays in the source's words; see extract.Entry for what is
// done to references. Resources are not validated here: whatever has a known
// type, and a patient where its type needs one, is kept. A Bundle is never a
// row: its entries are, and so are those of a Bundle inside it; a third level
// is refused as kind-unknown.
package resources

import (
	"context"
	"iter"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
)

// DefaultLimit is the size in bytes that one resource may have. Reading takes
// about five times that at the worst, and it is to stay under 300 MB.
const DefaultLimit = 32 << 20

// Reader reads FHIR files. The zero value is ready to use, by any number of
// goroutines.
type Reader struct {
	Limit int // bytes of one resource with what its entry adds; 0: DefaultLimit
}

var _ extract.Reader = Reader{}

// Rows gives the rows of a file. An error of the sequence is one of reading or
// of ctx, and ends it; the kind is that of its cause.
func (r Reader) Rows(ctx context.Context, src extract.Source) iter.Seq2[extract.Row, error] {
	return func(yield func(extract.Row, error) bool) {
		run := &run{ctx: ctx, src: src, limit: r.Limit, yield: yield}
		if run.limit <= 0 {
			run.limit = DefaultLimit
		}
		if err := run.read(); err != nil && !run.stopped {
			yield(extract.Row{}, failure.Wrap(failure.KindOf(err), "resources.Reader.Rows", err))
		}
	}
}

// run is one reading of one file.
type run struct {
	ctx     context.Context
	src     extract.Source
	limit   int
	yield   func(extract.Row, error) bool
	stopped bool // yield asked for no more
	number  int  // of the last row
	faulty  bool // a fault of the whole file was given
	doc     fhir.Document
}

func (r *run) read() error {
	found, err := r.survey()
	if err != nil {
		return err
	}
	switch {
	case found.fault != nil:
		r.file(*found.fault)
	case found.lines:
		err = r.lines()
	default:
		err = r.documents(found)
	}
	if err == nil && r.number == 0 && !r.faulty && !r.stopped {
		r.file(extract.FileEmpty.At(0, extract.Place{Line: 1}, ""))
	}
	return err
}

// give hands a row to the caller; false when no more are wanted.
func (r *run) give(row extract.Row) bool {
	r.stopped = r.stopped || !r.yield(row, nil)
	return !r.stopped
}

// file hands on a fault of the file as a whole.
func (r *run) file(f extract.Fault) {
	r.faulty = true
	if !r.stopped {
		r.give(extract.Row{Place: f.Place, Faults: []extract.Fault{f}})
	}
}

// reject counts a row that cannot be kept.
func (r *run) reject(kind string, place extract.Place, code extract.Code, at extract.Place, found string) bool {
	r.number++
	return r.give(extract.Row{Number: r.number, Place: place, Kind: kind, Faults: []extract.Fault{code.At(r.number, at, found)}})
}

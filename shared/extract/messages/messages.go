// Package messages turns a file of HL7 version 2 messages into rows: one for
// each message, or for each patient of a message that speaks of several.
//
// It follows the HL7 v2-to-FHIR implementation guide, and UK Core (FHIR R4
// 4.0.1) for the shape of what it makes; where the guide is silent or cannot
// serve (merges, NHS number status, ids of what has none) the rule is stated at
// the function. Fields are named as the standard counts them.
//
// It does not decide who a patient is: it says whom the sender means. It drops
// nothing in silence: what cannot be used is a fault with its place.
package messages

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"strconv"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/hl7v2"
)

// Reader reads files of HL7 v2 messages. The zero value is ready; it holds no
// state and may be used by any number of goroutines.
type Reader struct{}

var _ extract.Reader = Reader{}

// Rows implements extract.Reader. Memory is bounded by the longest message
// (hl7v2.MaxMessage). An error of reading is failure.Unavailable unless it has
// a kind of its own; the error of ctx is given as it is.
func (Reader) Rows(ctx context.Context, src extract.Source) iter.Seq2[extract.Row, error] {
	return func(yield func(extract.Row, error) bool) {
		in, err := src.Open(ctx)
		if err != nil {
			yield(extract.Row{}, readError(err))
			return
		}
		defer in.Close()
		head := make([]byte, extract.SniffSize)
		n, err := io.ReadFull(in, head)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			yield(extract.Row{}, readError(err))
			return
		}
		if f := extract.Foreign(head[:n], extract.Place{Line: 1}, extract.SniffedHL7, "HL7 v2 messages: the first begins with MSH"); f != nil {
			yield(wholeFile(*f), nil)
			return
		}
		f := &file{src: src, splitter: hl7v2.NewSplitter(io.MultiReader(bytes.NewReader(head[:n]), in)), kept: map[string]bool{}}
		f.rows(ctx, yield)
	}
}

// readError keeps the kind of an error that has one.
func readError(err error) error {
	var known *failure.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return failure.Wrap(failure.Unavailable, "messages.Rows", err)
}

// file is the state of one reading.
type file struct {
	src      extract.Source
	splitter *hl7v2.Splitter
	number   int             // of the row given last
	messages int             // parts met, stray text included
	kept     map[string]bool // names of segments already reported as not mapped
	recoded  bool            // the switch to Windows-1252 was reported
	held     *extract.Fault  // of text before the first message, until one comes
	json     builder
}

// rows gives the rows of all messages and then what is wrong with the end.
func (f *file) rows(ctx context.Context, yield func(extract.Row, error) bool) {
	for {
		if err := ctx.Err(); err != nil {
			yield(extract.Row{}, err)
			return
		}
		m, err := f.splitter.Next()
		if errors.Is(err, io.EOF) {
			f.end(yield)
			return
		}
		if err != nil {
			yield(extract.Row{}, readError(err))
			return
		}
		f.messages++
		if !f.flush(yield) || !f.message(m, yield) {
			return
		}
	}
}

// end reports trailers that count otherwise, a file without content and one whose envelope was not closed.
func (f *file) end(yield func(extract.Row, error) bool) {
	for _, m := range f.splitter.Miscounts() {
		place := extract.Place{Line: m.Line, Offset: m.Offset, Path: m.Segment + "-1"}
		fault := extract.FileCount.At(0, place, strconv.Itoa(m.Found)).Want("%d, as %s-1 states", m.Stated, m.Segment)
		if !yield(wholeFile(fault), nil) {
			return
		}
	}
	switch {
	case f.held != nil:
		yield(wholeFile(*f.held), nil)
	case f.messages == 0:
		yield(wholeFile(extract.FileEmpty.At(0, extract.Place{Line: 1}, "")), nil)
	case f.splitter.Unclosed():
		fault := extract.FileTruncated.At(0, extract.Place{Line: 1, Path: "FTS"}, "").Want("a trailer (BTS, FTS) for every batch and file header")
		yield(wholeFile(fault), nil)
	}
}

// message gives the rows of one part of the file; false when the reader of the
// rows has had enough.
func (f *file) message(m *hl7v2.Message, yield func(extract.Row, error) bool) bool {
	place := extract.Place{Line: m.Line, Offset: m.Offset}
	switch m.Problem {
	case hl7v2.Stray:
		return f.stray(m, yield)
	case hl7v2.TooLong:
		row := f.next(place, "")
		row.Faults = append(row.Faults, extract.RowTooLong.At(row.Number, row.Place, "").
			Want("a message of at most %d bytes and %d segments", hl7v2.MaxMessage, hl7v2.MaxSegments))
		return yield(row, nil)
	case hl7v2.BadHeader:
		row := f.next(place, "")
		place.Path = "MSH-2"
		row.Faults = append(row.Faults, extract.RowSyntax.At(row.Number, place, extract.Mask(string(head(m.Segments[0].Raw(), 9)))).
			Want(`delimiters in MSH-1 and MSH-2, as in MSH|^~\&`))
		return yield(row, nil)
	}
	if fault, bad := f.unreadable(m); bad {
		row := f.next(place, kindOf(m))
		fault.Row = row.Number
		row.Faults = append(row.Faults, fault)
		return yield(row, nil) && f.truncated(m, fault, yield)
	}
	for _, group := range patientGroups(m.Segments) {
		if !yield(f.row(m, group), nil) {
			return false
		}
	}
	return f.open(m, yield)
}

// stray is text outside any message: a row that was lost for want of its MSH.
// Text at the beginning that does not look like segments is kept until it is
// known whether any message follows; if none does, the file is of another
// format.
func (f *file) stray(m *hl7v2.Message, yield func(extract.Row, error) bool) bool {
	place := extract.Place{Line: m.Line, Offset: m.Offset}
	excerpt := extract.Mask(string(m.Excerpt))
	if f.messages == 1 && !looksLikeSegment(m.Excerpt) {
		fault := extract.FileFormat.At(0, place, excerpt).Want("HL7 v2 messages: the first begins with MSH")
		f.held = &fault
		return true
	}
	row := f.next(place, "")
	row.Faults = append(row.Faults, extract.RowSyntax.At(row.Number, place, excerpt).Want("a message that begins with MSH"))
	return yield(row, nil)
}

// flush gives the text before the first message as a row of its own.
func (f *file) flush(yield func(extract.Row, error) bool) bool {
	held := f.held
	if held == nil {
		return true
	}
	f.held = nil
	row := f.next(held.Place, "")
	row.Faults = append(row.Faults, extract.RowSyntax.At(row.Number, held.Place, held.Found).Want("a message that begins with MSH"))
	return yield(row, nil)
}

// next begins a row.
func (f *file) next(place extract.Place, kind string) extract.Row {
	f.number++
	return extract.Row{Number: f.number, Place: place, Kind: kind}
}

// wholeFile is the row of a fault that concerns the file.
func wholeFile(fault extract.Fault) extract.Row {
	return extract.Row{Place: fault.Place, Faults: []extract.Fault{fault}}
}

func head(b []byte, n int) []byte { return b[:min(n, len(b))] }

package resources

import (
	"bufio"
	"bytes"
	"io"
	"strconv"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/fhir"
)

// lines reads NDJSON: one resource, or one Bundle, a line. A broken line is
// one rejected row, and reading goes on at the next.
func (r *run) lines() error {
	file, err := r.src.Open(r.ctx)
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 4*readAhead)
	start, err := skipMark(in)
	if err != nil {
		return err
	}
	l := lineReader{in: in, limit: r.limit, next: start}
	for !r.stopped {
		line, err := l.read()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = r.ctx.Err()
		}
		if err != nil {
			return err
		}
		r.line(&l, line)
	}
	return nil
}

func (r *run) line(l *lineReader, line []byte) {
	blank := len(line) - len(bytes.TrimLeft(line, " \t\r\n"))
	place := l.place
	place.Offset += int64(blank)
	line = bytes.TrimRight(line[blank:], " \t\r\n")
	switch {
	case l.tooLong:
		r.number++
		fault := extract.RowTooLong.At(r.number, place, "").Want("a line of at most %s MiB", strconv.Itoa(r.limit>>20))
		r.give(extract.Row{Number: r.number, Place: place, Faults: []extract.Fault{fault}})
	case len(line) == 0:
	default:
		before := r.number
		err := r.resource(&scope{targets: noTargets}, line, place, "", nil)
		form, broken := fhir.FormOf(err)
		if broken && form.Reason == fhir.ReasonTruncated && l.open && r.number > before {
			cut := extract.Place{Line: l.place.Line, Offset: l.next.Offset}
			r.file(extract.FileTruncated.At(0, cut, "").Want("a file whose last line is whole"))
		}
	}
}

// noTargets are those of a line that is no Bundle.
var noTargets = newTargets()

// lineReader gives lines of bounded length.
type lineReader struct {
	in      *bufio.Reader
	limit   int
	place   extract.Place // of the line given last
	next    extract.Place // of the line after it
	tooLong bool          // the line given last was, and is not there
	open    bool          // the line given last ends with the file, not with a line end
	long    []byte        // a line that does not fit the reader's buffer
}

// read gives the next line with its end; io.EOF after the last.
func (l *lineReader) read() ([]byte, error) {
	l.place, l.tooLong, l.open, l.long = l.next, false, false, l.long[:0]
	l.next.Line++
	for {
		part, err := l.in.ReadSlice('\n')
		l.next.Offset += int64(len(part))
		switch {
		case err == nil && len(l.long) == 0:
			return part, nil
		case err == io.EOF && l.next.Offset == l.place.Offset:
			return nil, io.EOF
		case err != nil && err != bufio.ErrBufferFull && err != io.EOF:
			return nil, err
		}
		l.keep(part)
		if err != bufio.ErrBufferFull {
			l.open = err == io.EOF
			return l.long, nil
		}
	}
}

func (l *lineReader) keep(part []byte) {
	if l.tooLong = l.tooLong || len(l.long)+len(part) > l.limit; l.tooLong {
		l.long = nil
		return
	}
	l.long = append(l.long, part...)
}

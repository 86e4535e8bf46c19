package linkage

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/csvfeed"
	"github.com/carerecord/carerecord/shared/failure"
)

// Layout says how the registers are written and what their columns mean. It is
// the same for all of them.
type Layout struct {
	Columns   []Column
	ID        string // the column that tells records apart
	Source    string // the column that names a record's organisation; empty: each file is one
	Delimiter byte   // comma when 0
}

// register is one file while it is read.
type register struct {
	name    string // as given on the command line
	layout  *Layout
	file    *os.File
	reader  *csvfeed.Reader
	width   int   // columns of the header
	columns []int // by Layout.Columns, the index in a row
	id      int
	source  int // -1: none
}

// row is one record of a register, its values trimmed.
type row struct {
	line   int64
	id     string
	source string
	values []string // by Layout.Columns
}

// openRegister opens a file and finds the columns in its header.
func openRegister(name string, layout *Layout) (*register, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, "linkage.Open", err)
	}
	r := &register{name: name, layout: layout, file: file, reader: csvfeed.NewReader(file, csvfeed.Options{Delimiter: layout.Delimiter})}
	if info, err := file.Stat(); err == nil && !info.Mode().IsRegular() {
		err = failure.New(failure.Invalid, "linkage.Open", "%s is no regular file, and registers are read more than once: save it first", name)
		file.Close()
		return nil, err
	}
	if err := r.header(); err != nil {
		file.Close()
		return nil, err
	}
	return r, nil
}

func (r *register) header() error {
	record, err := r.reader.Read()
	switch {
	case err == io.EOF:
		return failure.New(failure.Invalid, "linkage.Open", "%s is empty: its first line must name the columns", r.name)
	case err != nil:
		return failure.Wrap(failure.Unavailable, "linkage.Open", err)
	case record.Problem != csvfeed.None:
		return failure.New(failure.Invalid, "linkage.Open", "%s: the header cannot be read: %s", r.name, trouble(record))
	}
	header := make([]string, len(record.Fields))
	for i, f := range record.Fields {
		header[i] = strings.TrimSpace(f.Text)
	}
	r.width = len(header)
	if r.id, err = r.find(header, "--id", r.layout.ID); err != nil {
		return err
	}
	if r.source = -1; r.layout.Source != "" {
		if r.source, err = r.find(header, "--source", r.layout.Source); err != nil {
			return err
		}
	}
	r.columns = make([]int, len(r.layout.Columns))
	for i, c := range r.layout.Columns {
		if r.columns[i], err = r.find(header, c.Field.String()+"=", c.Header); err != nil {
			return err
		}
	}
	return nil
}

// find gives the place of a column; -1 where the mapping allows that there is
// none. One that names no column is failure.NotFound, and the header is told so
// that it can be mended.
func (r *register) find(header []string, by, names string) (int, error) {
	optional := false
	for _, name := range append([]string{names}, strings.Split(names, "|")...) {
		name = strings.TrimSpace(name)
		if name == "" {
			optional = true
			continue
		}
		first := slices.Index(header, name)
		switch {
		case first < 0:
		case slices.Contains(header[first+1:], name):
			return 0, failure.New(failure.NotFound, "linkage.Open", "%s %q: %s has two columns of that name", by, name, r.name)
		default:
			return first, nil
		}
	}
	if optional {
		return -1, nil
	}
	return 0, failure.New(failure.NotFound, "linkage.Open", "%s %q: %s has no such column; its header is: %s", by, names, r.name, listed(header))
}

// mostListed bounds how much of a header is told.
const mostListed = 100

func listed(header []string) string {
	if len(header) <= mostListed {
		return strings.Join(header, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(header[:mostListed], ", "), len(header)-mostListed)
}

// problem is a row that is left out, and why.
type problem struct {
	line int64
	why  string
}

// stated says that a field is not empty. Delimiters behind the last column are
// no columns.
func stated(f csvfeed.Field) bool { return strings.TrimSpace(f.Text) != "" }

// next gives the next row, or the problem that it has; io.EOF after the last.
func (r *register) next() (row, *problem, error) {
	record, err := r.reader.Read()
	switch {
	case err == io.EOF:
		return row{}, nil, err
	case err != nil:
		return row{}, nil, failure.Wrap(failure.Unavailable, "linkage.Read", err)
	case record.Problem != csvfeed.None:
		return row{}, &problem{record.Trouble.Line, trouble(record)}, nil
	case len(record.Fields) < r.width || slices.ContainsFunc(record.Fields[r.width:], stated):
		return row{}, &problem{record.Place.Line, fmt.Sprintf("%d columns where the header has %d", len(record.Fields), r.width)}, nil
	}
	text := func(i int) string {
		if i < 0 {
			return ""
		}
		return strings.TrimSpace(record.Fields[i].Text)
	}
	out := row{line: record.Place.Line, id: text(r.id), values: make([]string, len(r.columns))}
	if out.id == "" {
		return row{}, &problem{record.Place.Line, "no id"}, nil
	}
	out.source = text(r.source)
	for i, column := range r.columns {
		out.values[i] = text(column)
	}
	return out, nil, nil
}

func (r *register) close() { r.file.Close() }

// trouble words what csvfeed says of a record.
func trouble(record *csvfeed.Record) string {
	switch record.Problem {
	case csvfeed.TooLong:
		return fmt.Sprintf("a row over %d bytes", csvfeed.MaxRecord)
	case csvfeed.OpenQuote:
		return "a quote that never closes"
	case csvfeed.StrayQuote:
		return "something other than a delimiter follows a closing quote"
	case csvfeed.Forbidden:
		return "a control character, or a byte that is neither UTF-8 nor Windows-1252"
	}
	return "not readable"
}

// Package csvfeed reads delimited text as RFC 4180 describes it, record by
// record, and knows where in the file each record and each field begins.
//
// It knows the grammar only: no header, no patient, no fault code. It must not
// hold more of a file than one record, and it never guesses a delimiter.
//
// Beyond RFC 4180 it takes comma, pipe, tab or semicolon; LF, CR or CRLF as
// the end of a line; a byte order mark; Windows-1252 text; empty lines, which
// are no records; and a quote inside a field that does not begin with one,
// which is text.
//
// What cannot be read ends one record and not the file:
//
//   - A quote that never closes, or closes before something other than a
//     delimiter or a line's end, spoils its record up to the end of the line
//     in which that quote opened. Reading goes on with the next line, so one
//     forgotten quote does not swallow the rows after it.
//   - A record over MaxRecord bytes is skipped to the end of its line. A quote
//     still open at that size, with line breaks behind it, counts as one that
//     never closes.
//
// The standard encoding/csv would not do: it reads a record of any length into
// memory, loses its place after a bare quote, rewrites CRLF inside a field,
// does not know CR alone, and its offsets are those of the text after
// decoding. It serves the tests as an oracle.
package csvfeed

import "io"

// MaxRecord is the size of the longest record that is read, in bytes.
const MaxRecord = 1 << 20

// Encoding is what the sender says of the text.
type Encoding uint8

const (
	// Auto reads a record as UTF-8 when it is valid UTF-8 and as Windows-1252
	// when it is not, so a file that changes midway is still read.
	Auto Encoding = iota
	UTF8
	Windows1252
)

// Options say how a file is written.
type Options struct {
	Delimiter byte // comma when 0; never a quote, CR or LF
	Encoding  Encoding
}

// Place is where in the file something begins.
type Place struct {
	Line   int64 // 1-based
	Offset int64 // bytes from the start of the file
}

// Field is one value, unquoted and decoded.
type Field struct {
	Text  string
	Place Place // of its first byte, the opening quote included
}

// Problem says why a record has no fields.
type Problem uint8

const (
	None       Problem = iota
	TooLong            // over MaxRecord bytes
	OpenQuote          // a quote that never closes
	StrayQuote         // something other than a delimiter follows a closing quote
	Forbidden          // NUL, another control character, or a byte without meaning in Windows-1252
	NotUTF8            // Options say UTF-8 and it is not
)

// Record is one record of the file. It is good until the next Read; the texts
// of its fields stay good.
type Record struct {
	Place    Place
	Fields   []Field // none when there is a Problem
	Problem  Problem
	Trouble  Place    // where the problem lies; the record's place when there is none
	Encoding Encoding // UTF8 or Windows1252: how the text was read
}

// Reader reads records from a stream.
type Reader struct {
	src     io.Reader
	options Options

	buf        []byte // the bytes read and not yet passed on are buf[start:end]
	start, end int
	base       int64 // offset in the file of buf[0]
	line       int64 // line of buf[start]
	ended      error // what the stream ended with; io.EOF at its proper end
	begun      bool

	spans  []span // of the record at hand
	fields []Field
	record Record
}

// NewReader makes a Reader. It reads ahead by about MaxRecord bytes at most.
func NewReader(src io.Reader, options Options) *Reader {
	if options.Delimiter == 0 {
		options.Delimiter = ','
	}
	return &Reader{src: src, options: options, line: 1, buf: make([]byte, firstBuffer)}
}

// Read gives the next record, io.EOF after the last, or the stream's error.
// What is wrong with a record is no error but its Problem.
func (r *Reader) Read() (*Record, error) {
	if err := r.begin(); err != nil {
		return nil, err
	}
	for {
		window, last := r.window()
		if len(window) == 0 && r.ended != nil {
			return nil, r.ended
		}
		v := r.scan(window, last)
		switch {
		case v.outcome == incomplete && len(window) < maxWindow:
			if err := r.fill(); err != nil {
				return nil, err
			}
		case v.outcome == incomplete, v.outcome == complete && v.end > MaxRecord:
			return r.overflow(window, v), nil
		case v.outcome == complete && v.end == 0:
			r.advance(v.next, 1) // an empty line
		case v.outcome == complete:
			return r.deliver(window[:v.end], v), nil
		default:
			return r.spoilt(window, v), nil
		}
	}
}

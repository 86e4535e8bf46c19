package resources

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/extract"
)

// errTooLong ends a stream whose next token is over the limit.
var errTooLong = errors.New("a value over the limit of size")

// readAhead is how much is read at a time: enough to read fast, and little
// enough to count the lines in it again and again.
const readAhead = 32 << 10

// stream decodes JSON values one by one and knows the place of each. It bounds
// what the decoder holds, which on its own would grow to hold any value.
//
// Names given twice and text that is no UTF-8 pass here: they spoil one
// resource, not the file, and fhir.Document finds them there.
type stream struct {
	dec   *jsontext.Decoder
	ctx   context.Context
	r     io.Reader
	base  int64 // offset of the first byte that the decoder sees
	line  int64 // line of that byte, 1-based
	read  int64 // bytes given to the decoder
	ends  int64 // line ends in them
	last  byte
	limit int64
	err   error // of reading, not of JSON
}

func newStream(ctx context.Context, r io.Reader, start extract.Place, limit int) *stream {
	s := &stream{ctx: ctx, r: r, base: start.Offset, line: start.Line, limit: int64(limit)}
	s.dec = jsontext.NewDecoder(s, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	return s
}

// Read gives the decoder its next bytes.
func (s *stream) Read(p []byte) (int, error) {
	if s.read-s.dec.InputOffset() > s.limit+2*readAhead {
		return 0, s.tooLong()
	}
	n, err := s.r.Read(p[:min(len(p), readAhead)])
	s.ends += lineEnds(p[:n], s.last)
	s.read += int64(n)
	if n > 0 {
		s.last = p[n-1]
	}
	if err == nil {
		err = s.ctx.Err()
	}
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

// tooLong ends the stream.
func (s *stream) tooLong() error {
	s.err = errTooLong
	return s.err
}

// place is that of the next value. It may be asked after PeekKind only, which
// makes sure that the value has begun to arrive.
func (s *stream) place() extract.Place {
	ahead := s.dec.UnreadBuffer()
	space := len(ahead) - len(bytes.TrimLeft(ahead, " \t\r\n,:"))
	return extract.Place{
		Line:   s.line + s.ends - lineEnds(ahead[space:], 0),
		Offset: s.base + s.dec.InputOffset() + int64(space),
	}
}

// end is the place after the last byte that was read.
func (s *stream) end() extract.Place {
	return extract.Place{Line: s.line + s.ends, Offset: s.base + s.read}
}

// lineEnds counts the ends of lines, LF, CR or CRLF, in b; before is the byte
// before it.
func lineEnds(b []byte, before byte) int64 {
	n := bytes.Count(b, []byte{'\n'})
	if before == '\r' && len(b) > 0 && b[0] == '\n' {
		n--
	}
	if bytes.IndexByte(b, '\r') >= 0 {
		n += bytes.Count(b, []byte{'\r'}) - bytes.Count(b, []byte("\r\n"))
	}
	return int64(n)
}

// errorPlace is where in b, which starts at place, a byte stands.
func errorPlace(place extract.Place, b []byte, offset int64, path string) extract.Place {
	offset = min(max(offset, 0), int64(len(b)))
	return extract.Place{Line: place.Line + lineEnds(b[:offset], 0), Offset: place.Offset + offset, Path: path}
}

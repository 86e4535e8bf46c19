package resources

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/extract"
)

// survey is what the first look at a file finds.
type survey struct {
	fault   *extract.Fault // the file is no FHIR JSON at all
	lines   bool           // NDJSON; else one or more values of any layout
	bundles []bool         // which of the values are Bundles
	large   map[int]bool   // values and entries over the limit, by their ordinal
	stuck   int            // the value or entry with a part that nothing can pass over
	targets *targets
	ordinal int
}

// next numbers values and entries as both looks meet them.
func (f *survey) next() int { f.ordinal++; return f.ordinal }

func (r *run) survey() (*survey, error) {
	file, err := r.src.Open(r.ctx)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	found := &survey{large: map[int]bool{}, targets: newTargets()}
	head := bufio.NewReaderSize(file, readAhead)
	start, err := skipMark(head)
	if err != nil {
		return nil, err
	}
	if found.fault, err = sniff(head, start); err != nil || found.fault != nil {
		return found, err
	}
	s := newStream(r.ctx, head, start, r.limit)
	err = found.values(s)
	if s.err != nil && !errors.Is(s.err, errTooLong) {
		return nil, s.err
	}
	if err != nil && !found.lines { // told apart by what the next line looks like
		found.lines, err = r.startsLine()
		return found, err
	}
	return found, nil
}

// skipMark passes over a byte order mark (RFC 8259 section 8.1 lets readers).
func skipMark(r *bufio.Reader) (extract.Place, error) {
	start := extract.Place{Line: 1}
	mark, err := r.Peek(3)
	if err != nil && err != io.EOF {
		return start, err
	}
	if string(mark) == "\xef\xbb\xbf" {
		start.Offset = 3
		_, err = r.Discard(3)
		return start, err
	}
	return start, nil
}

// values walks the values of a file. It stops early when it sees that they
// stand one a line.
func (f *survey) values(s *stream) error {
	var begun, ended extract.Place
	for n := 0; ; n++ {
		if s.dec.PeekKind() == 0 {
			_, err := s.dec.ReadToken()
			if err == io.EOF {
				return nil
			}
			return err
		}
		next := s.place()
		if n == 1 && begun.Line == ended.Line && next.Line > ended.Line {
			f.lines = true
			return nil
		}
		ordinal := f.next()
		isBundle, err := f.value(s)
		f.bundles = append(f.bundles, isBundle) // known of a value that is cut, too
		if err != nil && !isBundle {
			f.stick(ordinal, s)
		}
		if err != nil {
			return err
		}
		begun, ended = next, s.ended()
		f.measure(ordinal, begun, ended, s)
	}
}

// ended is the place after the last value.
func (s *stream) ended() extract.Place {
	return extract.Place{Line: s.line + s.ends - lineEnds(s.dec.UnreadBuffer(), 0), Offset: s.base + s.dec.InputOffset()}
}

func (f *survey) measure(ordinal int, begun, ended extract.Place, s *stream) {
	if ended.Offset-begun.Offset > s.limit {
		f.large[ordinal] = true
	}
}

// stick remembers where the stream could not go on for size, so that the
// second look need not find it out by filling its memory again.
func (f *survey) stick(ordinal int, s *stream) {
	if f.stuck == 0 && errors.Is(s.err, errTooLong) {
		f.stuck = ordinal
	}
}

// value walks one value of the file and says whether it is a Bundle. One that
// breaks off before its type is taken for one when it has entries.
func (f *survey) value(s *stream) (isBundle bool, err error) {
	if s.dec.PeekKind() != '{' {
		return false, s.dec.SkipValue()
	}
	kind, entries := "", false
	err = members(s.dec, func(name string) (err error) {
		switch {
		case name == "resourceType":
			kind, err = textOrSkip(s.dec)
			return err
		case name == "entry" && s.dec.PeekKind() == '[':
			entries = true
			return f.entries(s)
		}
		return s.dec.SkipValue()
	})
	return kind == "Bundle" || kind == "" && entries && err != nil, err
}

func (f *survey) entries(s *stream) error {
	return elements(s.dec, func() error {
		begun, ordinal := s.place(), f.next()
		err := f.targets.entry(s.dec, 1)
		f.stick(ordinal, s)
		f.measure(ordinal, begun, s.ended(), s)
		return err
	})
}

// members walks an object; each is called before every value and must read it.
// Names that no one here asks for come as "".
func members(dec *jsontext.Decoder, each func(name string) error) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != '}' {
		raw, err := dec.ReadValue()
		if err != nil {
			return err
		}
		if err := each(memberName(raw)); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// memberName spares a string for every member of a file.
func memberName(raw jsontext.Value) string {
	if bytes.IndexByte(raw, '\\') >= 0 {
		return plain(raw)
	}
	switch string(raw[1 : len(raw)-1]) {
	case "resourceType":
		return "resourceType"
	case "id":
		return "id"
	case "entry":
		return "entry"
	case "fullUrl":
		return "fullUrl"
	case "resource":
		return "resource"
	case "request":
		return "request"
	case "method":
		return "method"
	case "url":
		return "url"
	case "identifier":
		return "identifier"
	case "system":
		return "system"
	case "value":
		return "value"
	}
	return ""
}

// elements walks an array; each is called before every value and must read it.
func elements(dec *jsontext.Decoder, each func() error) error {
	if _, err := dec.ReadToken(); err != nil {
		return err
	}
	for dec.PeekKind() != ']' {
		if err := each(); err != nil {
			return err
		}
	}
	_, err := dec.ReadToken()
	return err
}

// textOrSkip reads a string; any other value is passed over.
func textOrSkip(dec *jsontext.Decoder) (string, error) {
	if dec.PeekKind() != '"' {
		return "", dec.SkipValue()
	}
	raw, err := dec.ReadValue()
	if err != nil {
		return "", err
	}
	return plain(raw), nil
}

// plain is the text of a JSON string; what is no UTF-8 becomes U+FFFD.
func plain(raw jsontext.Value) string {
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1])
	}
	b, _ := jsontext.AppendUnquote(nil, []byte(raw))
	return string(b)
}

// startsLine tells an NDJSON file whose first line is broken from a broken
// document: the second line of a document starts with no object, unless the
// document is a Bundle, whose entries start otherwise than a resource.
func (r *run) startsLine() (bool, error) {
	file, err := r.src.Open(r.ctx)
	if err != nil {
		return false, err
	}
	defer file.Close()
	lines := bufio.NewReaderSize(file, readAhead)
	first, err := nextLine(lines)
	if err != nil {
		return false, ignoreEOF(err)
	}
	second, err := nextLine(lines)
	if err != nil && err != io.EOF {
		return false, err
	}
	bare := strings.NewReplacer(" ", "", "\t", "").Replace(second)
	return strings.HasPrefix(bare, `{"resourceType"`) ||
		strings.HasPrefix(bare, "{") && !strings.Contains(first, `"Bundle"`), nil
}

// nextLine gives the first KiB of the next line that is not blank, and passes
// over the rest of it.
func nextLine(r *bufio.Reader) (string, error) {
	for {
		part, err := r.ReadSlice('\n')
		line := strings.TrimSpace(string(part[:min(len(part), 1<<10)]))
		for err == bufio.ErrBufferFull {
			_, err = r.ReadSlice('\n')
		}
		if line != "" || err != nil {
			return line, err
		}
	}
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

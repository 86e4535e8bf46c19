package resources

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/fhir"
)

// maxDepth is how many Bundles may stand in one another: a Bundle, and one in
// an entry of it (a history of documents, say).
const maxDepth = 2

// scope is one Bundle of the file, or its only resource: what its references
// can mean, and which patient was met in it.
type scope struct {
	targets *targets
	patient *extract.Patient
	several bool // was said
}

// documents reads values of any layout.
func (r *run) documents(found *survey) error {
	file, err := r.src.Open(r.ctx)
	if err != nil {
		return err
	}
	defer file.Close()
	rest := bufio.NewReaderSize(file, readAhead)
	start, err := skipMark(rest)
	if err != nil {
		return err
	}
	s := newStream(r.ctx, rest, start, r.limit)
	err = r.values(s, found)
	switch {
	case r.stopped, err == nil:
		return nil
	case s.err != nil && !errors.Is(s.err, errTooLong):
		return s.err
	}
	r.file(brokenOff(s, err))
	return nil
}

// brokenOff is the fault of a file whose JSON does not go on.
func brokenOff(s *stream, err error) extract.Fault {
	var syntax *jsontext.SyntacticError
	isSyntax := errors.As(err, &syntax)
	switch {
	case errors.Is(s.err, errTooLong):
		f := extract.RowTooLong.At(0, s.place(), "")
		f.Effect = extract.FileSyntax.Effect
		return f
	case errors.Is(err, io.ErrUnexpectedEOF):
		place := s.end()
		if isSyntax {
			place.Path = bundlePath(syntax.JSONPointer)
		}
		return extract.FileTruncated.At(0, place, "").Want("a file that ends after the last bracket of its JSON")
	case !isSyntax:
		return extract.FileSyntax.At(0, s.place(), "")
	}
	behind := s.dec.UnreadBuffer()
	ahead := s.base + s.read - int64(len(behind)) // offset of the unread part
	at := min(max(s.base+syntax.ByteOffset-ahead, 0), int64(len(behind)))
	place := extract.Place{
		Line:   s.line + s.ends - lineEnds(behind[at:], 0),
		Offset: s.base + syntax.ByteOffset,
		Path:   bundlePath(syntax.JSONPointer),
	}
	return extract.FileSyntax.At(0, place, "")
}

func bundlePath(pointer jsontext.Pointer) string {
	path := fhir.PathOf(pointer)
	if strings.HasPrefix(path, "entry[") {
		return "Bundle." + path
	}
	return path
}

func (r *run) values(s *stream, found *survey) error {
	found.ordinal = 0
	for n := 0; ; n++ {
		if s.dec.PeekKind() == 0 {
			_, err := s.dec.ReadToken()
			if err == io.EOF {
				return nil
			}
			return err
		}
		sc := &scope{targets: found.targets}
		ordinal := found.next()
		var err error
		switch {
		case n < len(found.bundles) && found.bundles[n]:
			err = r.bundle(s, found, sc)
		case ordinal == found.stuck:
			err = s.tooLong()
		case found.large[ordinal]:
			err = r.tooLarge(s, "")
		default:
			place := s.place()
			raw, readErr := s.dec.ReadValue()
			if err = readErr; err == nil {
				r.resource(sc, raw, place, "", nil)
			}
		}
		if err != nil || r.stopped {
			return err
		}
	}
}

// tooLarge passes over a value that is over the limit.
func (r *run) tooLarge(s *stream, path string) error {
	place := s.place()
	place.Path = path
	if err := s.dec.SkipValue(); err != nil {
		return err
	}
	f := strconv.Itoa(r.limit >> 20)
	r.number++
	fault := extract.RowTooLong.At(r.number, place, "").Want("a resource of at most %s MiB", f)
	r.give(extract.Row{Number: r.number, Place: place, Faults: []extract.Fault{fault}})
	return nil
}

// bundle gives the entries of a Bundle one by one.
func (r *run) bundle(s *stream, found *survey, sc *scope) error {
	return members(s.dec, func(name string) error {
		if name != "entry" || s.dec.PeekKind() != '[' {
			return s.dec.SkipValue()
		}
		n := -1
		return elements(s.dec, func() error {
			n++
			if r.stopped {
				return errStopped
			}
			path := "Bundle.entry[" + strconv.Itoa(n) + "]"
			switch ordinal := found.next(); {
			case ordinal == found.stuck:
				return s.tooLong()
			case found.large[ordinal]:
				return r.tooLarge(s, path)
			}
			place := s.place()
			raw, err := s.dec.ReadValue()
			if err == nil {
				r.entry(sc, raw, place, path, 1)
			}
			return err
		})
	})
}

var errStopped = errors.New("no more rows wanted")

// inner gives the entries of a Bundle that is in memory: a line of NDJSON, or
// a Bundle in the entry of another.
func (r *run) inner(sc *scope, raw []byte, place extract.Place, path string, depth int) {
	dec := jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
	_ = members(dec, func(name string) error { // raw was read before: it is JSON
		if name != "entry" || dec.PeekKind() != '[' {
			return dec.SkipValue()
		}
		n := -1
		return elements(dec, func() error {
			n++
			if r.stopped {
				return errStopped
			}
			entry, err := dec.ReadValue()
			if err == nil {
				at := errorPlace(place, raw, dec.InputOffset()-int64(len(entry)), "")
				r.entry(sc, entry, at, path+".entry["+strconv.Itoa(n)+"]", depth)
			}
			return err
		})
	})
}

package hl7v2

import (
	"bytes"
	"errors"
	"io"
	"strconv"
)

// Limits of what is held in memory at a time.
const (
	MaxMessage  = 16 << 20 // bytes of one message
	MaxSegments = 100_000  // segments of one message
)

// excerptSize is how much of stray text is kept to show what it is.
const excerptSize = 40

// errFull says that a message does not fit MaxMessage.
var errFull = errors.New("hl7v2: message over the limit")

// Splitter finds messages in a stream. Segments end with CR, as the standard
// has it, or with LF or CRLF, as files on disk do, in any mixture; blank lines
// between segments or messages mean nothing. MLLP blocks (0x0B, message, 0x1C
// 0x0D), batch envelopes (FHS, BHS, BTS, FTS) and byte order marks are passed
// over. A Splitter uses at most MaxMessage bytes and a little, however long
// the stream or a line of it.
type Splitter struct {
	r   io.Reader
	err error // the end of the stream, or why it broke off

	buf       []byte // buf[mark:end] is what has been read and is still needed
	mark, end int
	pos       int   // of the next byte to look at
	base      int64 // offset in the stream of buf[0]
	line      int64 // of buf[pos]

	keep      bool // the part being read needs its bytes
	finished  bool // an end of block was met
	messages  int  // since the last batch header
	batches   int  // since the last file header
	miscounts []Miscount
	unclosed  int // batch and file headers less their trailers
	segs      []extent
	msg       Message
}

// extent is a segment while its message is still being read: where it lies
// from the message's first byte on.
type extent struct {
	from, to int
	line     int64
}

// NewSplitter splits what r gives.
func NewSplitter(r io.Reader) *Splitter {
	return &Splitter{r: r, buf: make([]byte, 64<<10), line: 1}
}

// Next gives the next part of the stream, io.EOF after the last, or the error
// of the reader. The part is valid until the next call.
func (s *Splitter) Next() (*Message, error) {
	s.msg = Message{Segments: s.msg.Segments[:0], starts: s.msg.starts}
	s.segs, s.keep, s.finished = s.segs[:0], false, false
	open := false // a part has begun
	for {
		head := s.lineStart()
		boundary := len(head) == 0 || isHeader(head) || isEnvelope(head)
		if open && (boundary || s.finished) {
			return s.close(), nil
		}
		switch {
		case len(head) == 0:
			return nil, s.err
		case isTerminator(head[0]):
			s.terminator()
		case isEnvelope(head):
			s.envelope(head[0], head[1])
			s.skipLine()
			s.finished = false
		case open:
			s.addLine()
		default:
			open = s.begin(isHeader(head), head)
		}
	}
}

// Miscount is a trailer that states another number of messages (BTS-1) or of
// batches (FTS-1) than came before it.
type Miscount struct {
	Line, Offset  int64
	Segment       string // BTS or FTS
	Stated, Found int
}

// mostMiscounts bounds what is kept of a file whose trailers are all wrong.
const mostMiscounts = 100

// Miscounts gives, at the end of a stream, the trailers that do not agree with
// what came before them.
func (s *Splitter) Miscounts() []Miscount { return s.miscounts }

// envelope counts FHS and BHS up, FTS and BTS down, and holds the trailers'
// counts (HL7 v2.4, 2.16.4 and 2.16.6) against what came.
func (s *Splitter) envelope(first, second byte) {
	switch {
	case second == 'H':
		s.unclosed++
		if first == 'B' {
			s.messages = 0
		} else {
			s.batches = 0
		}
	case first == 'F':
		s.unclosed--
		s.trailer("FTS", s.batches)
	case first == 'B':
		s.unclosed--
		s.trailer("BTS", s.messages)
		s.batches++
	}
}

func (s *Splitter) trailer(segment string, found int) {
	s.need(excerptSize)
	fields := bytes.FieldsFunc(firstLine(s.buf[s.pos:s.end]), func(r rune) bool { return r == '|' })
	if len(fields) < 2 || len(s.miscounts) == mostMiscounts {
		return
	}
	stated, err := strconv.Atoi(string(bytes.TrimSpace(fields[1])))
	if err == nil && stated != found {
		s.miscounts = append(s.miscounts, Miscount{Line: s.line, Offset: s.base + int64(s.pos), Segment: segment, Stated: stated, Found: found})
	}
}

// Unclosed says, at the end of a stream, that a batch or file header had no
// trailer: the end is missing.
func (s *Splitter) Unclosed() bool { return s.unclosed > 0 }

// begin starts a part at a line that opens a message, or at stray text. It is
// false when the line was only the end of a block.
func (s *Splitter) begin(header bool, head []byte) bool {
	if head[0] == endOfBlock && (len(head) == 1 || isTerminator(head[1]) || head[1] == startOfBlock) {
		s.skipLine()
		return false
	}
	s.msg.Line, s.msg.Offset = s.line, s.base+int64(s.pos)
	s.mark, s.keep = s.pos, header
	s.finished = false
	if header {
		s.messages++
	} else {
		s.msg.Problem = Stray
		s.need(excerptSize)
		s.msg.Excerpt = append([]byte(nil), firstLine(s.buf[s.pos:s.end])...)
	}
	s.addLine()
	return true
}

// firstLine cuts an excerpt at the end of its line.
func firstLine(b []byte) []byte {
	if i := bytes.IndexAny(b, "\r\n"); i >= 0 {
		b = b[:i]
	}
	return b[:min(len(b), excerptSize)]
}

// addLine reads a line into the part that is open.
func (s *Splitter) addLine() {
	if !s.keep {
		s.skipLine()
		return
	}
	start, line := s.pos-s.mark, s.line
	n, err := s.lineLength()
	if err == nil && len(s.segs) < MaxSegments {
		if n > 0 {
			s.segs = append(s.segs, extent{start, start + n, line})
		}
		s.endLine(n)
		return
	}
	s.msg.Problem, s.keep = TooLong, false
	s.skipLine()
}

// close completes the part that is open.
func (s *Splitter) close() *Message {
	m := &s.msg
	if !s.keep {
		return m
	}
	for _, e := range s.segs {
		raw := s.buf[s.mark+e.from : s.mark+e.to : s.mark+e.to]
		m.Segments = append(m.Segments, Segment{Line: e.line, Offset: m.Offset + int64(e.from), raw: raw, msg: m})
	}
	m.raw = s.buf[s.mark : s.mark+int(m.End-m.Offset)]
	head := m.Segments[0].raw
	var ok bool
	if m.Delimiters, ok = parseDelimiters(head); !ok {
		m.Problem = BadHeader
		return m
	}
	for i := range m.Segments {
		m.Segments[i].name = segmentName(m.Segments[i].raw, m.Delimiters.Field)
	}
	m.charset = newCharset(m, m.raw)
	return m
}

// parseDelimiters reads MSH-1 and MSH-2. They must be punctuation and differ;
// the component delimiter must be there.
func parseDelimiters(head []byte) (d Delimiters, ok bool) {
	if len(head) < 5 {
		return d, false
	}
	codes := nth(head[4:], head[3], 0)
	for i, p := range []*byte{&d.Component, &d.Repetition, &d.Escape, &d.Subcomponent} {
		if i < len(codes) {
			*p = codes[i]
		}
	}
	d.Field = head[3]
	all := head[3 : 4+min(len(codes), 4)]
	for i, c := range all {
		if c <= ' ' || c >= 0x7f || isUpperOrDigit(c&^0x20) || isUpperOrDigit(c) || bytes.IndexByte(all[i+1:], c) >= 0 {
			return d, false
		}
	}
	return d, len(codes) > 0
}

func isHeader(head []byte) bool { return bytes.HasPrefix(head, []byte("MSH")) && endsName(head) }

// isEnvelope knows the headers and trailers of files and batches (chapter 2.10.3).
func isEnvelope(head []byte) bool {
	if len(head) < 3 || head[2] != 'S' || !endsName(head) {
		return false
	}
	switch string(head[:2]) {
	case "FH", "BH", "BT", "FT":
		return true
	}
	return false
}

// endsName says that the three characters are not the beginning of a word.
func endsName(head []byte) bool {
	return len(head) == 3 || !isUpperOrDigit(head[3]) && !isUpper(head[3]&^0x20)
}

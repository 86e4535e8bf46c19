package hl7v2

import (
	"bytes"
	"io"
)

// The bytes of the minimal lower layer protocol (HL7 v2 implementation guide,
// appendix C).
const (
	startOfBlock = 0x0b
	endOfBlock   = 0x1c
)

// maxBuffer leaves room behind the longest message to see what comes next.
const maxBuffer = MaxMessage + 64<<10

var byteOrderMark = []byte("\xef\xbb\xbf")

func isTerminator(c byte) bool { return c == '\r' || c == '\n' }

// lineStart passes over framing and gives the first bytes of the line at pos:
// enough to know a header by, fewer at the end of the stream, none when nothing
// is left.
func (s *Splitter) lineStart() []byte {
	for {
		s.need(4)
		head := s.buf[s.pos:s.end]
		switch {
		case len(head) > 0 && head[0] == startOfBlock:
			s.pos++
			s.finished = true // whatever was open ended with the block before
		case bytes.HasPrefix(head, byteOrderMark):
			s.pos += len(byteOrderMark)
		default:
			return head[:min(4, len(head))]
		}
	}
}

// terminator passes over the line end at pos: CR, LF or CRLF.
func (s *Splitter) terminator() {
	if s.buf[s.pos] == '\r' {
		s.need(2)
		if s.pos+1 < s.end && s.buf[s.pos+1] == '\n' {
			s.pos++
		}
	}
	s.pos++
	s.line++
}

// lineLength finds the end of the line at pos, reading as far as it must, and
// gives its length without the terminator. errFull when the message would be
// over the limit.
func (s *Splitter) lineLength() (int, error) {
	for seen := 0; ; {
		n := cut(s.buf[s.pos:s.end], seen)
		if seen = s.end - s.pos; n < 0 && !s.fill() {
			n = s.lastLine()
		}
		switch {
		case n > MaxMessage-(s.pos-s.mark), n < 0 && seen > MaxMessage-(s.pos-s.mark):
			return 0, errFull
		case n >= 0:
			return n, nil
		}
	}
}

// lastLine is the length of a line that the end of the stream ends.
func (s *Splitter) lastLine() int {
	n := s.end - s.pos
	if n > 0 && s.buf[s.end-1] == endOfBlock {
		n--
	}
	return n
}

// cut finds where a line ends in b, of which the first seen bytes hold no end;
// -1 when it is not in b.
func cut(b []byte, seen int) int {
	// The byte that was last may be an end of block whose CR was still to come.
	for i := max(0, seen-1); i < len(b); i++ {
		switch b[i] {
		case '\r', '\n':
			return i
		case endOfBlock: // elsewhere it is a byte of the text
			if i+1 < len(b) && (isTerminator(b[i+1]) || b[i+1] == startOfBlock) {
				return i
			}
		}
	}
	return -1
}

// endLine passes over a line of n bytes and what ends it, and notes how it
// ended.
func (s *Splitter) endLine(n int) {
	s.pos += n
	s.need(1)
	terminated := s.pos < s.end
	if terminated && s.buf[s.pos] == endOfBlock {
		s.pos++
		s.finished = true
		s.need(1)
	}
	if s.pos < s.end && isTerminator(s.buf[s.pos]) {
		s.terminator()
	}
	s.msg.Terminated, s.msg.End = terminated, s.base+int64(s.pos)
}

// skipLine passes over the line at pos and holds none of it.
func (s *Splitter) skipLine() {
	keep := s.keep
	s.keep = false
	for seen := 0; ; {
		if n := cut(s.buf[s.pos:s.end], seen); n >= 0 {
			s.endLine(n)
			break
		}
		if seen = s.end - s.pos; seen > 1 {
			s.pos, seen = s.end-1, 1 // the last byte may be an end of block
		}
		if !s.fill() {
			s.endLine(s.lastLine())
			break
		}
	}
	s.keep = keep
}

// need reads until n bytes lie at pos or the stream ends. A message that fills
// the buffer is left to lineLength to find.
func (s *Splitter) need(n int) {
	for s.end-s.pos < n && s.fill() {
	}
}

// fill reads more. False at the end of the stream, and when what must be kept
// fills the buffer to its limit.
func (s *Splitter) fill() bool {
	if s.err != nil {
		return false
	}
	if !s.keep {
		s.mark = s.pos
	}
	if s.mark > 0 {
		copy(s.buf, s.buf[s.mark:s.end])
		s.base += int64(s.mark)
		s.pos, s.end, s.mark = s.pos-s.mark, s.end-s.mark, 0
	}
	if s.end == len(s.buf) {
		if len(s.buf) >= maxBuffer {
			return false
		}
		s.buf = append(s.buf, make([]byte, min(len(s.buf), maxBuffer-len(s.buf)))...)
	}
	for range 100 { // a reader may give nothing for a while, but not for ever
		n, err := s.r.Read(s.buf[s.end:])
		s.end += n
		s.err = err
		if n > 0 || err != nil {
			return n > 0
		}
	}
	s.err = io.ErrNoProgress
	return false
}

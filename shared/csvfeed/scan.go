package csvfeed

import "bytes"

// span is a field in the window: its bytes without the outer quotes.
type span struct {
	at, from, to int   // at: its first byte, which may be a quote
	line         int64 // line of at
	doubled      bool  // it holds doubled quotes
}

// outcome is what a scan came to.
type outcome uint8

const (
	incomplete outcome = iota // the record does not end in the window
	complete
	openQuote
	strayQuote
)

// verdict is the result of a scan. open is the opening quote that is to blame,
// or, when incomplete, the one still open (-1: none).
type verdict struct {
	outcome   outcome
	end, next int // the record is window[:end]; the next one begins at next
	open      int
	lines     int64 // line ends inside the record
}

// scan finds the record at the start of the window and its fields. last says
// that nothing follows the window.
func (r *Reader) scan(window []byte, last bool) verdict {
	r.spans = r.spans[:0]
	line := r.line
	for i := 0; ; i++ {
		s := span{at: i, line: line}
		if i < len(window) && window[i] == '"' {
			next, result := quoted(window, last, &s)
			if result != complete {
				return verdict{outcome: result, open: i}
			}
			line += lineEnds(window[s.from:s.to])
			if next < len(window) && !r.ends(window[next]) {
				return verdict{outcome: strayQuote, open: i}
			}
			i = next
		} else {
			i = r.plain(window, &s)
		}
		r.spans = append(r.spans, s)
		if i < len(window) && window[i] == r.options.Delimiter {
			continue
		}
		next, ok := recordEnd(window, i, last)
		if !ok {
			return verdict{open: -1}
		}
		return verdict{outcome: complete, end: i, next: next, open: -1, lines: line - r.line}
	}
}

// plain scans a field that does not begin with a quote and gives the index
// after it.
func (r *Reader) plain(window []byte, s *span) int {
	i := s.at
	for i < len(window) && !r.ends(window[i]) {
		i++
	}
	s.from, s.to = s.at, i
	return i
}

// ends says whether a field may end before c.
func (r *Reader) ends(c byte) bool {
	return c == r.options.Delimiter || c == '\n' || c == '\r'
}

// quoted scans a field that begins with a quote and gives the index after its
// closing quote.
func quoted(window []byte, last bool, s *span) (int, outcome) {
	s.from = s.at + 1
	for i := s.from; ; {
		n := bytes.IndexByte(window[i:], '"')
		if n < 0 {
			return 0, unlessLast(last, openQuote)
		}
		i += n
		if i+1 == len(window) {
			s.to = i
			return i + 1, unlessLast(last, complete)
		}
		if window[i+1] != '"' {
			s.to = i
			return i + 1, complete
		}
		s.doubled = true
		i += 2
	}
}

func unlessLast(last bool, result outcome) outcome {
	if last {
		return result
	}
	return incomplete
}

// recordEnd says where the next record begins when one ends at i. It is not ok
// when that cannot be told yet.
func recordEnd(window []byte, i int, last bool) (next int, ok bool) {
	switch {
	case i == len(window):
		return i, last
	case window[i] == '\n':
		return i + 1, true
	case i+1 == len(window):
		return i + 1, last
	case window[i+1] == '\n':
		return i + 2, true
	}
	return i + 1, true
}

// lineEnds counts the line ends in text: LF, CR or CRLF.
func lineEnds(text []byte) int64 {
	n := int64(bytes.Count(text, []byte{'\n'}))
	for i := bytes.IndexByte(text, '\r'); i >= 0; {
		if i+1 == len(text) || text[i+1] != '\n' {
			n++
		}
		next := bytes.IndexByte(text[i+1:], '\r')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return n
}

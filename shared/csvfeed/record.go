package csvfeed

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// deliver makes the record of raw, whose fields a scan has found.
func (r *Reader) deliver(raw []byte, v verdict) *Record {
	r.fresh(raw)
	encoding, bad, problem := r.encoding(raw)
	r.record.Encoding = encoding
	if problem != None {
		r.record.Problem, r.record.Trouble = problem, r.at(raw, bad)
	} else {
		r.record.Fields = r.texts(raw, encoding)
	}
	r.advance(v.next, v.lines+1)
	return &r.record
}

// fresh begins a record at the start of the window.
func (r *Reader) fresh(window []byte) {
	place := r.at(window, 0)
	r.record = Record{Place: place, Trouble: place, Encoding: UTF8}
}

// encoding says how to read raw, or which of its bytes cannot be read.
func (r *Reader) encoding(raw []byte) (encoding Encoding, bad int, problem Problem) {
	encoding = UTF8
	switch {
	case r.options.Encoding == Windows1252:
		encoding = Windows1252
	case utf8.Valid(raw):
	case r.options.Encoding == UTF8:
		return UTF8, firstInvalid(raw), NotUTF8
	default:
		encoding = Windows1252
	}
	if i := firstForbidden(raw, encoding); i >= 0 {
		return encoding, i, Forbidden
	}
	return encoding, 0, None
}

func firstInvalid(raw []byte) int {
	for i := 0; i < len(raw); {
		c, size := utf8.DecodeRune(raw[i:])
		if c == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(raw)
}

// firstForbidden finds a byte that FHIR R4 bars from a string (below 32, but
// not tab, CR and LF), or one that Windows-1252 gives no meaning.
func firstForbidden(raw []byte, encoding Encoding) int {
	for i, c := range raw {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			return i
		}
		if c >= utf8.RuneSelf && encoding == Windows1252 && bytes.IndexByte(unassigned, c) >= 0 {
			return i
		}
	}
	return -1
}

// unassigned are the bytes without a character in Windows-1252.
var unassigned = []byte{0x81, 0x8D, 0x8F, 0x90, 0x9D}

// texts gives the fields. They share one string, apart from those that have to
// be decoded or hold doubled quotes.
func (r *Reader) texts(raw []byte, encoding Encoding) []Field {
	r.fields = r.fields[:0]
	whole, offset := string(raw), r.base+int64(r.start)
	for _, s := range r.spans {
		text := whole[s.from:s.to]
		if encoding == Windows1252 {
			text = decode(text)
		}
		if s.doubled {
			text = strings.ReplaceAll(text, `""`, `"`)
		}
		r.fields = append(r.fields, Field{Text: text, Place: Place{Line: s.line, Offset: offset + int64(s.at)}})
	}
	return r.fields
}

// decode reads Windows-1252.
func decode(text string) string {
	i := 0
	for i < len(text) && text[i] < utf8.RuneSelf {
		i++
	}
	if i == len(text) {
		return text // ASCII, as most fields are
	}
	out := append(make([]byte, 0, len(text)+len(text)/4+2), text[:i]...)
	for ; i < len(text); i++ {
		out = utf8.AppendRune(out, charmap.Windows1252.DecodeByte(text[i]))
	}
	return string(out)
}

// spoilt makes a record of what a bad quote spoils: everything up to the end
// of the line in which it opened.
func (r *Reader) spoilt(window []byte, v verdict) *Record {
	r.fresh(window)
	r.record.Problem = OpenQuote
	if v.outcome == strayQuote {
		r.record.Problem = StrayQuote
	}
	r.record.Trouble = r.at(window, v.open)
	r.advance(v.open, lineEnds(window[:v.open]))
	r.passLine()
	return &r.record
}

// overflow makes a record of one that is too long.
func (r *Reader) overflow(window []byte, v verdict) *Record {
	if v.open >= 0 && v.open < MaxRecord && bytes.ContainsAny(window[v.open:MaxRecord], "\r\n") {
		return r.spoilt(window, v)
	}
	r.fresh(window)
	r.record.Problem = TooLong
	cut := MaxRecord
	if window[cut-1] == '\r' && window[cut] == '\n' {
		cut++ // one line end, not two
	}
	r.advance(cut, lineEnds(window[:cut]))
	r.passLine()
	return &r.record
}

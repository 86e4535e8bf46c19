package messages

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// builder writes one JSON object after the other, member by member in the
// order of the calls. A member without content is left out, and so is an
// object or array that nothing was written to: FHIR allows no empty ones.
type builder struct {
	buf   []byte
	stack []frame
}

// frame is an object or array that is open.
type frame struct {
	start   int  // where its key or comma begins
	content int  // where its content begins
	close   byte // what ends it
}

// begin starts a resource.
func (b *builder) begin(resourceType string) {
	b.buf, b.stack = append(b.buf[:0], '{'), b.stack[:0]
	b.text("resourceType", resourceType)
}

// finish ends the resource and gives its bytes.
func (b *builder) finish() json.RawMessage {
	for len(b.stack) > 0 {
		b.shut()
	}
	b.buf = append(b.buf, '}')
	return bytes.Clone(b.buf)
}

// open starts a member that is an object; in an array, with no key, an element.
func (b *builder) open(key string) { b.push(key, '{', '}') }

// list starts a member that is an array.
func (b *builder) list(key string) { b.push(key, '[', ']') }

func (b *builder) push(key string, open, shut byte) {
	start := len(b.buf)
	b.key(key)
	b.buf = append(b.buf, open)
	b.stack = append(b.stack, frame{start, len(b.buf), shut})
}

// shut ends the object or array that was started last; true when it has
// content.
func (b *builder) shut() bool {
	f := b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
	if len(b.buf) == f.content {
		b.buf = b.buf[:f.start]
		return false
	}
	b.buf = append(b.buf, f.close)
	return true
}

// key writes a comma where one is due, and the key unless it is empty.
func (b *builder) key(key string) {
	if last := b.buf[len(b.buf)-1]; last != '{' && last != '[' {
		b.buf = append(b.buf, ',')
	}
	if key != "" {
		b.buf = append(b.buf, '"')
		b.buf = append(b.buf, key...)
		b.buf = append(b.buf, '"', ':')
	}
}

// text writes a string unless it is empty.
func (b *builder) text(key, value string) {
	if value != "" {
		b.key(key)
		b.buf = appendString(b.buf, value)
	}
}

// raw writes a number, true, false or null as it is spelt.
func (b *builder) raw(key, value string) {
	if value != "" {
		b.key(key)
		b.buf = append(b.buf, value...)
	}
}

// appendString writes a JSON string. Control characters that FHIR allows in no
// string (R4, datatypes: string) are left out.
func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c >= utf8.RuneSelf {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[i:]); r != utf8.RuneError || size > 1 {
				i += size
				continue
			}
		}
		out = append(out, s[from:i]...)
		switch {
		case c >= utf8.RuneSelf:
			out = append(out, "\ufffd"...)
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		}
		i += size
		from = i
	}
	return append(append(out, s[from:]...), '"')
}

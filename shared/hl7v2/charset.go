package hl7v2

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// charset turns a message's bytes into text. The zero value takes them for
// UTF-8.
type charset struct {
	single *charmap.Charmap // of a single-byte set that MSH-18 names; nil: UTF-8
	broken bool             // not all of the message is UTF-8
}

// singleByte are the sets of HL7 table 0211 with one byte a character. Latin-1
// is read as Windows-1252, its superset: that is what senders mean by it
// (WHATWG Encoding, labels of windows-1252).
var singleByte = map[string]*charmap.Charmap{
	"8859/1": charmap.Windows1252, "8859/2": charmap.ISO8859_2, "8859/3": charmap.ISO8859_3, "8859/4": charmap.ISO8859_4,
	"8859/5": charmap.ISO8859_5, "8859/6": charmap.ISO8859_6, "8859/7": charmap.ISO8859_7, "8859/8": charmap.ISO8859_8,
	"8859/9": charmap.ISO8859_9, "8859/15": charmap.ISO8859_15,
}

// newCharset reads MSH-18 of the message with these bytes. ASCII, UNICODE,
// UNICODE UTF-8, nothing and names we do not know all mean: UTF-8 where it is
// valid, Windows-1252 where it is not.
func newCharset(m *Message, data []byte) charset {
	if isASCII(data) {
		return charset{}
	}
	name := strings.ToUpper(string(m.Segments[0].Field(18).First().Raw()))
	name = strings.TrimPrefix(strings.TrimPrefix(name, "ISO"), " ")
	if c, ok := singleByte[strings.ReplaceAll(name, "8859-", "8859/")]; ok {
		return charset{single: c}
	}
	return charset{broken: !utf8.Valid(data)}
}

// Windows1252 says that the message has text that is not UTF-8, though nothing
// in MSH-18 says so, and that this text is read as Windows-1252.
func (m *Message) Windows1252() bool { return m.charset.broken }

// decode gives raw as text. A value that is not UTF-8 is Windows-1252 as a
// whole: a sender does not change the set inside one.
func (c charset) decode(raw []byte) string {
	table := c.single
	if table == nil {
		// Bytes of an escape sequence may break UTF-8 in a message that is sound.
		if utf8.Valid(raw) {
			return string(raw)
		}
		table = charmap.Windows1252
	}
	if isASCII(raw) {
		return string(raw)
	}
	var b strings.Builder
	b.Grow(len(raw) + 8)
	for _, c := range raw {
		b.WriteRune(table.DecodeByte(c))
	}
	return b.String()
}

// isASCII looks at eight bytes at a time: it reads every byte of a feed.
func isASCII(b []byte) bool {
	for ; len(b) >= 8; b = b[8:] {
		if binary.LittleEndian.Uint64(b)&0x8080808080808080 != 0 {
			return false
		}
	}
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

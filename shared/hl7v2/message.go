// Package hl7v2 reads HL7 version 2 messages in the vertical-bar encoding
// (HL7 v2.3 to v2.8, chapter 2): it finds messages in a stream, and segments,
// fields, repetitions, components and subcomponents in a message, each with its
// place, and turns their text into UTF-8.
//
// It knows grammar and places, not patients: it gives no field a meaning, and
// it never refuses a message for what a field holds. Nothing is split before it
// is asked for, so reading a message costs what is read of it.
package hl7v2

import (
	"bytes"
	"iter"
)

// Problem says why a part of a stream is not a message that can be read.
type Problem uint8

// The parts of a stream.
const (
	None      Problem = iota // a message
	Stray                    // text outside any message: before the first MSH, or after an end of block or a batch trailer
	TooLong                  // a message over the limits; it was skipped
	BadHeader                // an MSH segment whose delimiters cannot be used (chapter 2, MSH-1 and MSH-2)
)

// Delimiters are the characters that part a message (chapter 2.5.4). One that
// MSH-2 does not name is 0 and parts nothing.
type Delimiters struct{ Field, Component, Repetition, Escape, Subcomponent byte }

// Default are the delimiters that the standard recommends.
var Default = Delimiters{'|', '^', '~', '\\', '&'}

// Message is one part of a stream: a message or, by Problem, something else.
// It and everything got from it is valid until the next call of Splitter.Next,
// and for one goroutine.
type Message struct {
	Problem    Problem
	Line       int64 // of its first byte, 1-based
	Offset     int64 // of its first byte in the stream
	End        int64 // of the byte after its last segment's terminator
	Terminated bool  // its last segment ended with a terminator
	Delimiters Delimiters
	Segments   []Segment // the MSH first; empty unless Problem is None or BadHeader
	Excerpt    []byte    // the first bytes of a Stray, at most 40

	raw     []byte
	charset charset
	starts  []int // of the fields of one segment
	indexed int64 // that segment's offset and one; 0: none yet
}

// Raw is the message's bytes as they came, terminators included; nil when its
// bytes were not kept (Stray, TooLong).
func (m *Message) Raw() []byte { return m.raw }

// Segment is one line of a message.
type Segment struct {
	Line   int64 // 1-based, in the stream
	Offset int64 // of its first byte, in the stream

	name string
	raw  []byte
	msg  *Message
}

// Raw is the segment's bytes without the terminator.
func (s Segment) Raw() []byte { return s.raw }

// Name is the segment's name ("PID"), or empty when the line does not begin as
// a segment does: three capitals or digits, the first a capital, and then a
// field delimiter or nothing.
func (s Segment) Name() string { return s.name }

// segmentName finds the name that a line begins with.
func segmentName(raw []byte, field byte) string {
	if len(raw) < 3 || !isUpper(raw[0]) || !isUpperOrDigit(raw[1]) || !isUpperOrDigit(raw[2]) || len(raw) > 3 && raw[3] != field {
		return ""
	}
	if name, ok := segmentNames[[3]byte(raw)]; ok {
		return name
	}
	return string(raw[:3])
}

// segmentNames are names that are given without an allocation.
var segmentNames = func() map[[3]byte]string {
	m := map[[3]byte]string{}
	for _, n := range []string{"MSH", "EVN", "PID", "PD1", "PV1", "PV2", "MRG", "NK1", "AL1", "DG1", "PR1", "ORC", "OBR", "OBX", "NTE", "TXA", "ROL", "GT1", "IN1", "SFT"} {
		m[[3]byte([]byte(n))] = n
	}
	return m
}()

func isUpper(c byte) bool        { return c >= 'A' && c <= 'Z' }
func isUpperOrDigit(c byte) bool { return isUpper(c) || c >= '0' && c <= '9' }

// Field gives field n, counted as the standard does: MSH-1 is the field
// delimiter itself and MSH-2 the other delimiters. An absent field is an empty
// Value.
func (s Segment) Field(n int) Value {
	if s.msg == nil { // the zero Segment has no fields
		return Value{}
	}
	if s.name == "MSH" {
		if n == 1 && len(s.raw) > 3 {
			return Value{s.raw[3:4], s.msg}
		}
		n--
	}
	starts := s.starts()
	if n < 0 || n+1 >= len(starts) {
		return Value{nil, s.msg}
	}
	return Value{s.raw[starts[n] : starts[n+1]-1], s.msg}
}

// Fields counts the segment's fields, as Field numbers them.
func (s Segment) Fields() int {
	if s.msg == nil {
		return 0
	}
	n := len(s.starts()) - 2
	if s.name == "MSH" {
		n++
	}
	return n
}

// starts gives where the fields of the segment begin, the name being field 0,
// and one past the end. The message keeps those of the segment asked last, as
// a reader takes one segment after the other.
func (s Segment) starts() []int {
	m := s.msg
	if m.indexed == s.Offset+1 {
		return m.starts
	}
	m.indexed, m.starts = s.Offset+1, append(m.starts[:0], 0)
	for at := 0; ; {
		i := index(s.raw[at:], m.Delimiters.Field)
		if i < 0 {
			m.starts = append(m.starts, len(s.raw)+1)
			return m.starts
		}
		at += i + 1
		m.starts = append(m.starts, at)
	}
}

// nth gives the piece of raw after n delimiters; nil when there are fewer.
func nth(raw []byte, delimiter byte, n int) []byte {
	for ; n > 0; n-- {
		i := index(raw, delimiter)
		if i < 0 {
			return nil
		}
		raw = raw[i+1:]
	}
	if i := index(raw, delimiter); i >= 0 {
		return raw[:i]
	}
	return raw
}

// index finds a delimiter; the delimiter 0 is nowhere.
func index(raw []byte, delimiter byte) int {
	if delimiter == 0 {
		return -1
	}
	return bytes.IndexByte(raw, delimiter)
}

// Value is a field or a part of one, as it stands in the message.
type Value struct {
	raw []byte
	msg *Message
}

// Raw is the value's bytes, escaped and in the message's character set.
func (v Value) Raw() []byte { return v.raw }

// Empty says that there is nothing: the field was left out, which means "no
// statement", or it is the HL7 null. Ask Null to tell them apart.
func (v Value) Empty() bool { return len(v.raw) == 0 || v.Null() }

// Null says that the value is `""`: the sender says that there is none, and
// what a receiver has is to be deleted (chapter 2.5.3).
func (v Value) Null() bool { return string(v.raw) == `""` }

// Repetitions gives the repetitions of a field with their number, from 1. A
// field that is absent has none.
func (v Value) Repetitions() iter.Seq2[int, Value] {
	return func(yield func(int, Value) bool) {
		rest, n := v.raw, 1
		for len(rest) > 0 {
			i := -1
			if v.msg != nil {
				i = index(rest, v.msg.Delimiters.Repetition)
			}
			if i < 0 {
				yield(n, Value{rest, v.msg})
				return
			}
			if !yield(n, Value{rest[:i], v.msg}) {
				return
			}
			rest = rest[i+1:]
			n++
		}
	}
}

// First is the first repetition of a field.
func (v Value) First() Value { return v.part(v.delimiters().Repetition, 1) }

// Component gives component n, from 1, of the first repetition.
func (v Value) Component(n int) Value {
	return v.First().part(v.delimiters().Component, n)
}

// Subcomponent gives subcomponent n, from 1, of a component.
func (v Value) Subcomponent(n int) Value {
	return v.part(v.delimiters().Subcomponent, n)
}

func (v Value) part(delimiter byte, n int) Value {
	return Value{nth(v.raw, delimiter, n-1), v.msg}
}

func (v Value) delimiters() Delimiters {
	if v.msg == nil {
		return Delimiters{}
	}
	return v.msg.Delimiters
}

// Text is the value as UTF-8 text with its escapes resolved (see Unescape).
// Delimiters in it that the sender did not escape stay in the text; the HL7
// null is an empty text.
func (v Value) Text() string {
	if v.Empty() {
		return ""
	}
	raw := v.raw
	if d := v.delimiters(); index(raw, d.Escape) >= 0 {
		raw = d.unescape(raw)
	}
	if v.msg == nil {
		return string(raw)
	}
	return v.msg.charset.decode(raw)
}

// OffsetOf is where a value of this segment begins in the stream; the
// segment's own offset when the value is absent.
func (s Segment) OffsetOf(v Value) int64 {
	// A value is a slice of the segment's bytes, and both end at the same
	// capacity.
	if at := cap(s.raw) - cap(v.raw); v.raw != nil && at >= 0 && at <= len(s.raw) {
		return s.Offset + int64(at)
	}
	return s.Offset
}

package messages

import (
	"bytes"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/hl7v2"
)

// looksLikeSegment knows a segment by its beginning: a message without its MSH.
func looksLikeSegment(line []byte) bool {
	if len(line) < 4 || line[3] != '|' {
		return false
	}
	for _, c := range line[:3] {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// unreadable finds what makes a whole message unfit to be mapped: NUL bytes, a
// line that is no segment, a last segment that was cut off.
func (f *file) unreadable(m *hl7v2.Message) (fault extract.Fault, bad bool) {
	if bytes.IndexByte(m.Raw(), 0) >= 0 {
		for _, s := range m.Segments {
			if i := bytes.IndexByte(s.Raw(), 0); i >= 0 {
				place := extract.Place{Line: s.Line, Offset: s.Offset + int64(i), Path: s.Name()}
				return extract.RowEncoding.At(0, place, "NUL"), true
			}
		}
	}
	last := len(m.Segments) - 1
	for i, s := range m.Segments {
		place := extract.Place{Line: s.Line, Offset: s.Offset, Path: s.Name()}
		switch {
		case i == last && !m.Terminated && cut(s):
			return extract.RowSyntax.At(0, place, extract.Mask(string(s.Raw()))).Want("a whole segment: the file ends inside this one"), true
		case s.Name() == "":
			return extract.RowSyntax.At(0, place, extract.Mask(string(s.Raw()))).Want("a segment: three capitals or digits, then the field delimiter"), true
		}
	}
	return fault, false
}

// lastRequired is the last field that the standard requires in a segment
// (HL7 v2.3 to v2.5, chapters 2 to 9). A last segment without a terminator
// that does not reach it was cut off; one that does may be whole, as many
// senders leave out the last terminator.
var lastRequired = map[string]int{
	"MSH": 12, "EVN": 2, "PID": 5, "PV1": 2, "AL1": 3, "DG1": 6, "PR1": 5, "MRG": 1,
	"ORC": 1, "OBR": 4, "OBX": 11, "TXA": 12,
}

// cut says whether the last segment of an unterminated message is not whole.
func cut(s hl7v2.Segment) bool {
	return s.Name() == "" || s.Field(lastRequired[s.Name()]).Empty() && lastRequired[s.Name()] > 0
}

// truncated adds the fault of the file to that of a message that was cut off.
func (f *file) truncated(m *hl7v2.Message, fault extract.Fault, yield func(extract.Row, error) bool) bool {
	if s := m.Segments[len(m.Segments)-1]; m.Terminated || !cut(s) {
		return true
	}
	return yield(wholeFile(extract.FileTruncated.At(0, fault.Place, "").Want("a segment terminator at the end of the file")), nil)
}

// open warns of a last segment without a terminator that could be whole. Many
// senders leave the last one out; a file that was cut looks the same.
func (f *file) open(m *hl7v2.Message, yield func(extract.Row, error) bool) bool {
	if m.Terminated {
		return true
	}
	s := m.Segments[len(m.Segments)-1]
	place := extract.Place{Line: s.Line, Offset: s.Offset, Path: s.Name()}
	return yield(wholeFile(extract.FileOpenEnd.At(0, place, "")), nil)
}

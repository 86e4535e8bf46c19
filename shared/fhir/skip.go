package fhir

import (
	"bytes"

	"github.com/carerecord/carerecord/shared/failure"
)

// The functions here pass over compact JSON that was checked before, several
// times faster than a second parse. On any other text they give an error or a
// wrong place, and never read outside it.

var errNotCompact = failure.New(failure.Invalid, "fhir", "not the compact JSON of a resource")

// membersAt lists the members of the object that starts at an offset.
func membersAt(b []byte, at int) ([]member, error) {
	var members []member
	if at >= len(b) || b[at] != '{' {
		return nil, errNotCompact
	}
	for at++; at < len(b) && b[at] != '}'; {
		m, err := memberAt(b, at)
		if err != nil {
			return nil, err
		}
		members = append(members, m)
		if at = m.value.end; at < len(b) && b[at] == ',' {
			at++
		}
	}
	if at >= len(b) {
		return nil, errNotCompact
	}
	return members, nil
}

// memberAt reads the member whose name starts at an offset.
func memberAt(b []byte, at int) (member, error) {
	if at >= len(b) || b[at] != '"' {
		return member{}, errNotCompact
	}
	key := span{at, stringEnd(b, at)}
	if key.end >= len(b) || b[key.end] != ':' {
		return member{}, errNotCompact
	}
	value := span{key.end + 1, valueEnd(b, key.end+1)}
	if value.end <= value.start || value.end >= len(b) {
		return member{}, errNotCompact
	}
	name, ok := textOf(b[key.start:key.end])
	if !ok {
		return member{}, errNotCompact
	}
	return member{name, key, value}, nil
}

// valueEnd is the offset after the value that starts at an offset.
func valueEnd(b []byte, at int) int {
	depth := 0
	for at < len(b) {
		switch b[at] {
		case '"':
			at = stringEnd(b, at) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return at
			}
			if depth--; depth == 0 {
				return at + 1
			}
		case ',':
			if depth == 0 {
				return at
			}
		}
		if at++; depth == 0 && at < len(b) && b[at-1] == '"' {
			return at
		}
	}
	return at
}

// stringEnd is the offset after the string that starts at an offset.
func stringEnd(b []byte, at int) int {
	for at++; at < len(b); {
		quote := bytes.IndexByte(b[at:], '"')
		if quote < 0 {
			return len(b)
		}
		at += quote + 1
		escapes := 0
		for i := at - 2; b[i] == '\\'; i-- {
			escapes++
		}
		if escapes%2 == 0 {
			return at
		}
	}
	return len(b)
}

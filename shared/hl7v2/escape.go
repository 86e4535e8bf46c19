package hl7v2

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"strconv"
)

// Unescape resolves the escape sequences of chapter 2.7 in a value:
//
//	\F\ \S\ \T\ \R\ \E\ \P\   the field, component, subcomponent, repetition,
//	                        escape and truncation delimiter
//	\.br\ \.ce\ \.spN\       a line end, N of them
//	\.skN\                  N spaces
//	\H\ \N\ \.fi\ \.nf\ \.inN\ \.tiN\   highlighting and layout: left out
//	\Xhhhh\                 these bytes, in the message's character set
//
// Character set switches (\C \M), local sequences (\Z) and whatever is no
// sequence stay in the text as they came, for a reader to see.
func Unescape(s string, d Delimiters) string {
	if d.Escape == 0 {
		return s
	}
	return string(d.unescape([]byte(s)))
}

func (d Delimiters) unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for {
		i := bytes.IndexByte(raw, d.Escape)
		if i < 0 {
			return append(out, raw...)
		}
		out = append(out, raw[:i]...)
		raw = raw[i:]
		n := bytes.IndexByte(raw[1:], d.Escape)
		if n < 0 {
			return append(out, raw...)
		}
		var known bool
		if out, known = d.resolve(out, raw[1:n+1]); known {
			raw = raw[n+2:]
			continue
		}
		// Not a sequence: the second delimiter may begin one.
		out = append(out, raw[:n+1]...)
		raw = raw[n+1:]
	}
}

// resolve appends what a sequence stands for; false when it is none of ours.
func (d Delimiters) resolve(out, sequence []byte) ([]byte, bool) {
	if len(sequence) == 0 {
		return out, false
	}
	switch {
	case len(sequence) == 1:
		return d.resolveLetter(out, sequence[0])
	case sequence[0] == '.':
		return resolveLayout(out, string(sequence[1:]))
	case sequence[0] == 'X':
		return resolveHex(out, sequence[1:])
	}
	return out, false
}

func (d Delimiters) resolveLetter(out []byte, letter byte) ([]byte, bool) {
	switch letter {
	case 'F':
		return append(out, d.Field), true
	case 'S':
		return append(out, d.Component), true
	case 'T':
		return append(out, cmp.Or(d.Subcomponent, Default.Subcomponent)), true
	case 'R':
		return append(out, cmp.Or(d.Repetition, Default.Repetition)), true
	case 'E':
		return append(out, d.Escape), true
	case 'P':
		return append(out, '#'), true
	case 'H', 'N':
		return out, true
	}
	return out, false
}

// maxLayout bounds the lines or spaces that one sequence may ask for.
const maxLayout = 50

// resolveLayout knows the commands of formatted text (chapter 2.7.6).
func resolveLayout(out []byte, command string) ([]byte, bool) {
	if len(command) < 2 {
		return out, false
	}
	count := 1
	if command[2:] != "" {
		n, err := strconv.Atoi(command[2:])
		if err != nil {
			return out, false
		}
		count = max(0, min(n, maxLayout))
	}
	switch command[:2] {
	case "br", "ce", "sp":
		return append(out, bytes.Repeat([]byte{'\n'}, count)...), true
	case "sk":
		return append(out, bytes.Repeat([]byte{' '}, count)...), true
	case "fi", "nf", "in", "ti":
		return out, true
	}
	return out, false
}

// resolveHex appends the bytes and leaves out those that no text may hold; CR
// and CRLF become the line end of every other text here.
func resolveHex(out, digits []byte) ([]byte, bool) {
	data := make([]byte, len(digits)/2)
	if _, err := hex.Decode(data, digits); err != nil {
		return out, false
	}
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	for _, c := range data {
		switch {
		case c == '\r':
			out = append(out, '\n')
		case c >= ' ' && c != 0x7f, c == '\n', c == '\t':
			out = append(out, c)
		}
	}
	return out, true
}

// Escape writes a text so that Unescape gives it back: delimiters and line ends
// become sequences.
func Escape(s string, d Delimiters) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		letter := byte(0)
		switch c := s[i]; c {
		case 0: // a delimiter that the message does not have
			out = append(out, c)
			continue
		case d.Field:
			letter = 'F'
		case d.Component:
			letter = 'S'
		case d.Subcomponent:
			letter = 'T'
		case d.Repetition:
			letter = 'R'
		case d.Escape:
			letter = 'E'
		case '\n':
			out = append(out, d.Escape, '.', 'b', 'r', d.Escape)
			continue
		default:
			out = append(out, c)
			continue
		}
		out = append(out, d.Escape, letter, d.Escape)
	}
	return string(out)
}

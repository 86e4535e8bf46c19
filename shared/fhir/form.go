package fhir

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
)

// Reason says why a text is no FHIR resource. The list is closed.
type Reason string

// The reasons.
const (
	ReasonSyntax    Reason = "not JSON"
	ReasonTruncated Reason = "the JSON ends in the middle"
	ReasonDuplicate Reason = "a member name stands twice in an object"
	ReasonEncoding  Reason = "not UTF-8, or a NUL byte"
	ReasonShape     Reason = "not an object with a string resourceType"
)

// FormError says why and where a text is no FHIR resource. Its message holds
// the reason and the place, and nothing of the text.
type FormError struct {
	Reason Reason
	Offset int64  // bytes from the start of the text
	Path   string // FHIRPath without the type, such as "name[0].family"; empty for the whole
}

func (e *FormError) Error() string {
	return string(e.Reason) + " at byte " + strconv.FormatInt(e.Offset, 10)
}

// FormOf finds the FormError in the chain of err.
func FormOf(err error) (*FormError, bool) {
	var e *FormError
	ok := errors.As(err, &e)
	return e, ok
}

// formError turns an error of jsontext into our own kind, which never quotes
// the text: a name or a stray character of a record may be personal.
func formError(op string, text []byte, err error) error {
	e := &FormError{Reason: ReasonSyntax, Offset: int64(len(text))}
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		e.Offset, e.Path = syntax.ByteOffset, PathOf(syntax.JSONPointer)
	}
	at := text[min(e.Offset, int64(len(text))):]
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		e.Reason = ReasonDuplicate
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		e.Reason = ReasonTruncated
	case bytes.HasPrefix(at, []byte{0}), len(at) > 0 && !utf8.FullRune(at), badRune(at):
		e.Reason = ReasonEncoding
	}
	return failure.Wrap(failure.Invalid, op, e)
}

func badRune(b []byte) bool {
	r, size := utf8.DecodeRune(b)
	return r == utf8.RuneError && size == 1
}

// PathOf turns a JSON pointer (RFC 6901) into a FHIRPath:
// "/name/0/family" becomes "name[0].family".
func PathOf(pointer jsontext.Pointer) string {
	var path strings.Builder
	for token := range pointer.Tokens() {
		switch {
		case isIndex(token):
			path.WriteString("[" + token + "]")
		case path.Len() > 0:
			path.WriteString("." + token)
		default:
			path.WriteString(token)
		}
	}
	return path.String()
}

// isIndex is enough to tell an index from a name: no FHIR element's name
// starts with a digit.
func isIndex(token string) bool {
	return token != "" && strings.Trim(token, "0123456789") == ""
}

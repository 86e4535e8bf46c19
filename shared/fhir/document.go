package fhir

import (
	"bytes"
	"io"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
)

// Document is one resource, read once: its compact text, where its members
// stand, and where it refers to others. The zero value is ready to Parse, and
// a Document may be used again for the next resource. It is not safe for
// concurrent use.
type Document struct {
	body       []byte
	members    []member
	references []span
	kind, id   string

	dec *jsontext.Decoder
	src bytes.Buffer
}

type span struct{ start, end int }

// member is a member of the resource itself, not of what is nested in it.
type member struct {
	name  string
	key   span // the name with its quotes
	value span
}

// Parse reads one resource. The text must be a JSON object with a string
// resourceType, with each name once in every object, in valid UTF-8; else the
// error is of kind failure.Invalid and holds a FormError. The text is not kept.
func (d *Document) Parse(resource []byte) error {
	d.body = slices.Grow(d.body[:0], len(resource)) // it gets shorter, never longer
	d.members, d.references = d.members[:0], d.references[:0]
	d.kind, d.id = "", ""
	if err := d.scan(resource); err != nil {
		return formError("fhir.Parse", resource, err)
	}
	var isString bool
	if d.kind, isString = d.text("resourceType"); !isString || d.kind == "" {
		return failure.Wrap(failure.Invalid, "fhir.Parse", &FormError{Reason: ReasonShape, Path: "resourceType"})
	}
	d.id, _ = d.text("id")
	return nil
}

// Bytes is the resource without white space between its tokens, in its own
// words. It is valid until the next Parse.
func (d *Document) Bytes() []byte { return d.body }

// Type is the resource type as it stands in the resource; see KnownType.
func (d *Document) Type() string { return d.kind }

// ID is the resource's own id as it stands there, empty when it has none.
// Whether it keeps the rules for an id (ValidID) is another question.
func (d *Document) ID() string { return d.id }

// Member is the value of a member of the resource itself, nil when there is
// none. It is valid until the next Parse.
func (d *Document) Member(name string) jsontext.Value {
	if m := d.member(name); m != nil {
		return d.body[m.value.start:m.value.end:m.value.end]
	}
	return nil
}

func (d *Document) member(name string) *member {
	for i := range d.members {
		if d.members[i].name == name {
			return &d.members[i]
		}
	}
	return nil
}

// text is the value of a member when that is a string.
func (d *Document) text(name string) (string, bool) {
	return textOf(d.Member(name))
}

// textOf is the text of a JSON string; false for any other value.
func textOf(v jsontext.Value) (string, bool) {
	if v.Kind() != '"' {
		return "", false
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1]), true
	}
	b, err := jsontext.AppendUnquote(nil, []byte(v))
	return string(b), err == nil
}

// scan walks the text once and leaves the compact body with its index.
func (d *Document) scan(text []byte) error {
	d.src = *bytes.NewBuffer(text)
	if d.dec == nil {
		d.dec = jsontext.NewDecoder(&d.src)
	} else {
		d.dec.Reset(&d.src)
	}
	if d.dec.PeekKind() != '{' {
		if err := d.dec.SkipValue(); err != nil {
			return err
		}
		return &jsontext.SyntacticError{} // a value, but no object
	}
	if err := d.object(1); err != nil {
		return err
	}
	switch _, err := d.dec.ReadToken(); {
	case err == io.EOF:
		return nil
	case err != nil:
		return err
	}
	return &jsontext.SyntacticError{ByteOffset: d.dec.InputOffset()} // more than one value
}

func (d *Document) value(depth int) error {
	switch d.dec.PeekKind() {
	case '{':
		return d.object(depth + 1)
	case '[':
		return d.array(depth + 1)
	}
	raw, err := d.dec.ReadValue()
	d.body = append(d.body, raw...)
	return err
}

func (d *Document) array(depth int) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	d.body = append(d.body, '[')
	for n := 0; d.dec.PeekKind() != ']'; n++ {
		if n > 0 {
			d.body = append(d.body, ',')
		}
		if err := d.value(depth); err != nil {
			return err
		}
	}
	_, err := d.dec.ReadToken()
	d.body = append(d.body, ']')
	return err
}

func (d *Document) object(depth int) error {
	if _, err := d.dec.ReadToken(); err != nil {
		return err
	}
	d.body = append(d.body, '{')
	for n := 0; d.dec.PeekKind() != '}'; n++ {
		if n > 0 {
			d.body = append(d.body, ',')
		}
		if err := d.pair(depth); err != nil {
			return err
		}
	}
	_, err := d.dec.ReadToken()
	d.body = append(d.body, '}')
	return err
}

func (d *Document) pair(depth int) error {
	raw, err := d.dec.ReadValue()
	if err != nil {
		return err
	}
	key := span{len(d.body), len(d.body) + len(raw)}
	isReference := isName(raw, "reference")
	d.body = append(append(d.body, raw...), ':')
	kind, start := d.dec.PeekKind(), len(d.body)
	if err := d.value(depth); err != nil {
		return err
	}
	if depth == 1 {
		name, _ := textOf(d.body[key.start:key.end])
		d.members = append(d.members, member{name, key, span{start, len(d.body)}})
	}
	if isReference && kind == '"' {
		d.references = append(d.references, span{start, len(d.body)})
	}
	return nil
}

// isName compares a quoted name, which may hold escapes, with a plain one.
func isName(raw jsontext.Value, name string) bool {
	if bytes.IndexByte(raw, '\\') >= 0 {
		text, _ := textOf(raw)
		return text == name
	}
	return len(raw) == len(name)+2 && string(raw[1:len(raw)-1]) == name
}

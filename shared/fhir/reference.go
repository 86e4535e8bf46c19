package fhir

import (
	"bytes"
	"slices"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// Reference is a literal reference to a resource by its type and id (R4
// references, literal references).
type Reference struct {
	Base string // of an absolute one, with its last slash; empty when relative
	Type string
	ID   string
}

// String gives the reference as "Type/id", with its base.
func (r Reference) String() string { return r.Base + r.Type + "/" + r.ID }

// ParseReference reads "Type/id" and "<base>/Type/id", with or without
// "/_history/<version>", which is left out. False for anything else: urn:uuid
// and urn:oid references, references to contained resources ("#..."),
// conditional ones ("Type?..."), types that R4 does not know.
func ParseReference(s string) (Reference, bool) {
	if i := strings.LastIndex(s, "/_history/"); i > 0 {
		s = s[:i]
	}
	slash := strings.LastIndexByte(s, '/')
	if slash <= 0 || slash == len(s)-1 || strings.ContainsAny(s, "?#") {
		return Reference{}, false
	}
	r := Reference{ID: s[slash+1:], Type: s[:slash]}
	if base := strings.LastIndexByte(r.Type, '/'); base >= 0 {
		r.Base, r.Type = s[:base+1], s[base+1:slash]
	}
	absolute := strings.HasPrefix(r.Base, "http://") || strings.HasPrefix(r.Base, "https://")
	return r, KnownType(r.Type) && (r.Base == "" || absolute)
}

// IsURN says whether s names a resource of the same Bundle by a URN, which
// nothing outside the Bundle can follow.
func IsURN(s string) bool {
	return len(s) > 9 && (strings.EqualFold(s[:9], "urn:uuid:") || strings.EqualFold(s[:8], "urn:oid:"))
}

// References gives how many members named "reference" with a string stand in
// the resource, contained ones included.
func (d *Document) References() int { return len(d.references) }

// Reference gives the text of the i-th reference, in the order of the text.
func (d *Document) Reference(i int) string {
	text, _ := textOf(d.body[d.references[i].start:d.references[i].end])
	return text
}

// ReferencePath gives the FHIRPath of the i-th reference within the resource.
// It walks the resource again: for messages.
func (d *Document) ReferencePath(i int) string {
	dec := jsontext.NewDecoder(bytes.NewReader(d.body))
	for dec.InputOffset() < int64(d.references[i].end) {
		if _, err := dec.ReadToken(); err != nil {
			return ""
		}
	}
	return PathOf(dec.StackPointer())
}

// Change is a new text for a part of a resource.
type Change struct {
	start, end int
	text       []byte
}

// ChangeReference makes the i-th reference another.
func (d *Document) ChangeReference(i int, reference string) Change {
	r := d.references[i]
	return Change{r.start, r.end, appendText(nil, reference)}
}

// InsertReference gives the Reference object of a Subject that has none a
// reference; whatever else it holds stays.
func (d *Document) InsertReference(s Subject, reference string) Change {
	text := appendText([]byte(`"reference":`), reference)
	if d.body[s.Offset+1] != '}' {
		text = append(text, ',')
	}
	return Change{s.Offset + 1, s.Offset + 1, text}
}

// Apply gives a copy of the resource with the changes made, which must not
// overlap.
func (d *Document) Apply(changes ...Change) []byte {
	slices.SortStableFunc(changes, func(a, b Change) int { return a.start - b.start })
	size := len(d.body)
	for _, c := range changes {
		size += len(c.text) - (c.end - c.start)
	}
	out, at := make([]byte, 0, size), 0
	for _, c := range changes {
		out = append(append(out, d.body[at:c.start]...), c.text...)
		at = c.end
	}
	return append(out, d.body[at:]...)
}

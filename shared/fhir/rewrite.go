package fhir

import (
	"slices"
	"strings"
	"sync"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
)

// OwnPatient is the literal reference that stands in stored resources for the
// patient in whose record they are: which person that is changes with links,
// and the stored bytes must not.
const OwnPatient = "Patient/@"

var documents = sync.Pool{New: func() any { return new(Document) }}

// Rewrite gives a copy of a resource under a new id, with its references
// mapped. Everything else stays to the letter: the text of numbers and
// strings, members unknown to R4, the order of members; white space between
// tokens goes.
//
// The id is written right after resourceType, whether or not there was one.
// meta.source, meta.versionId and meta.lastUpdated are left out, being the
// region's own to state, and so is a meta that is then empty. Each string that
// is the value of a member named "reference", at any depth, becomes what ref
// gives for it, apart from OwnPatient and references to contained resources
// ("#..."), which stay. refs are the distinct results of ref in the order of
// their first use.
//
// The error is of kind failure.Invalid when the text is no FHIR resource.
func Rewrite(resource []byte, id string, ref func(reference string) string) (out []byte, refs []string, err error) {
	d := documents.Get().(*Document)
	defer documents.Put(d)
	if err := d.Parse(resource); err != nil {
		return nil, nil, failure.Wrap(failure.Invalid, "fhir.Rewrite", err)
	}
	w := rewriter{doc: d, ref: ref, out: make([]byte, 0, len(d.body)+len(d.body)/8+64)}
	return w.rewrite(id), w.refs, nil
}

type rewriter struct {
	doc  *Document
	ref  func(string) string
	refs []string
	next int // of doc.references
	out  []byte
}

func (w *rewriter) rewrite(id string) []byte {
	w.out = append(w.out, '{')
	for _, m := range w.doc.members {
		switch m.name {
		case "id":
		case "resourceType":
			w.copy(m)
			w.out = appendText(append(w.out, `,"id":`...), id)
		case "meta":
			w.meta(m)
		default:
			w.copy(m)
		}
	}
	return append(w.out, '}')
}

// copy writes a member with the references in it mapped.
func (w *rewriter) copy(m member) {
	w.comma()
	w.stretch(m.key.start, m.value.end)
}

func (w *rewriter) comma() {
	if w.out[len(w.out)-1] != '{' {
		w.out = append(w.out, ',')
	}
}

// stretch writes a part of the resource with the references in it mapped.
// Stretches are asked for in the order in which they stand.
func (w *rewriter) stretch(at, end int) {
	for ; w.next < len(w.doc.references) && w.doc.references[w.next].start < end; w.next++ {
		r := w.doc.references[w.next]
		if r.start < at {
			continue // of a member that was left out
		}
		w.out = append(w.out, w.doc.body[at:r.start]...)
		w.reference(w.doc.body[r.start:r.end])
		at = r.end
	}
	w.out = append(w.out, w.doc.body[at:end]...)
}

func (w *rewriter) reference(raw []byte) {
	text, ok := textOf(raw)
	if !ok || text == OwnPatient || strings.HasPrefix(text, "#") {
		w.out = append(w.out, raw...)
		return
	}
	mapped := w.ref(text)
	if !slices.Contains(w.refs, mapped) {
		w.refs = append(w.refs, mapped)
	}
	if mapped == text {
		w.out = append(w.out, raw...)
		return
	}
	w.out = appendText(w.out, mapped)
}

// meta writes what the source keeps of its meta. A meta that is no object is
// not ours to mend.
func (w *rewriter) meta(m member) {
	parts, err := membersAt(w.doc.body, m.value.start)
	if err != nil {
		w.copy(m)
		return
	}
	begun := false
	for _, part := range parts {
		if isOurs(part.name) {
			continue
		}
		w.comma()
		if !begun {
			w.out = append(append(w.out, w.doc.body[m.key.start:m.key.end]...), ":{"...)
			begun = true
		}
		w.stretch(part.key.start, part.value.end)
	}
	if begun {
		w.out = append(w.out, '}')
	}
}

// isOurs tells the members of meta that the region states itself.
func isOurs(name string) bool {
	return name == "source" || name == "versionId" || name == "lastUpdated"
}

// appendText writes a JSON string. What is no UTF-8 becomes U+FFFD.
func appendText(dst []byte, text string) []byte {
	quoted, _ := jsontext.AppendQuote(dst, text) // its error tells of the replacement only
	return quoted
}

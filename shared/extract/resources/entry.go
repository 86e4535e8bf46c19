package resources

import (
	"bytes"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/fhir"
)

// entry gives the row of one entry of a Bundle, or the rows of the Bundle that
// it holds. path is that of the entry: "Bundle.entry[12]".
func (r *run) entry(sc *scope, raw []byte, place extract.Place, path string, depth int) {
	e, ok := readEntry(raw)
	if at := place; !ok {
		at.Path = path
		r.reject("", at, extract.RowSyntax, at, "")
		return
	}
	at := errorPlace(place, raw, e.offset, path+".resource")
	switch {
	case e.twice != "":
		fault := errorPlace(place, raw, 0, path+"."+e.twice)
		r.reject(e.kindOf(), at, extract.RowDup, fault, e.twice)
	case e.method != "" && e.method != "POST" && e.method != "PUT":
		fault := errorPlace(place, raw, 0, path+".request.method")
		r.reject(e.kindOf(), fault, extract.MethodUnknown, fault, known(e.method))
	case e.resource == nil:
		fault := errorPlace(place, raw, 0, path+".resource")
		r.reject(e.kindOf(), fault, extract.FieldMissing, fault, "")
	default:
		r.nested(sc, e, at, depth)
	}
}

// nested unwraps a Bundle in an entry, and gives any other resource.
func (r *run) nested(sc *scope, e entryParts, place extract.Place, depth int) {
	if headOf(e.resource).kind != "Bundle" {
		_ = r.resource(sc, e.resource, place, place.Path, &e.envelope)
		return
	}
	if depth >= maxDepth {
		r.number++
		fault := extract.KindUnknown.At(r.number, place, "Bundle").Want("at most one Bundle inside a Bundle")
		r.give(extract.Row{Number: r.number, Place: place, Kind: "Bundle", Faults: []extract.Fault{fault}})
		return
	}
	if r.ambiguous(e.resource) {
		_ = r.refused("Bundle", e.resource, place, place.Path)
		return
	}
	inside := &scope{targets: sc.targets}
	r.inner(inside, e.resource, place, place.Path, depth+1)
}

// ambiguous says whether a Bundle has a member of its own twice, so that it
// cannot be told which entries it means. A name that stands twice in one of
// its entries spoils that entry only.
func (r *run) ambiguous(bundle []byte) bool {
	form, broken := fhir.FormOf(r.doc.Parse(bundle))
	return broken && form.Reason == fhir.ReasonDuplicate && !strings.ContainsAny(form.Path, ".[")
}

// entryParts is an entry taken apart.
type entryParts struct {
	envelope
	resource []byte // nil: none
	offset   int64  // of the resource in the entry
	twice    string // a member that stands twice
}

// kindOf is the type that a request without a resource speaks of.
func (e *entryParts) kindOf() string {
	kind := headOf(e.resource).kind
	if kind == "" {
		kind, _, _ = strings.Cut(strings.TrimPrefix(e.url, "/"), "/")
		kind, _, _ = strings.Cut(kind, "?")
	}
	if !fhir.KnownType(kind) {
		return ""
	}
	return kind
}

// readEntry takes an entry apart; false when it is no object.
func readEntry(raw []byte) (e entryParts, ok bool) {
	dec := loose(raw)
	if dec.PeekKind() != '{' {
		return e, false
	}
	seen := map[string]bool{}
	err := members(dec, func(name string) (err error) {
		if name != "" && seen[name] {
			e.twice = name
		}
		seen[name] = true
		switch {
		case name == "fullUrl":
			e.fullURL, err = textOrSkip(dec)
			return err
		case name == "request" && dec.PeekKind() == '{':
			return e.request(dec)
		case name == "resource":
			e.resource, err = dec.ReadValue()
			e.offset = dec.InputOffset() - int64(len(e.resource))
			return err
		}
		return dec.SkipValue()
	})
	return e, err == nil
}

// headOf looks no further than it must for the type of a resource.
func headOf(raw []byte) (e envelope) {
	if len(raw) == 0 || raw[0] != '{' {
		return e
	}
	dec := loose(raw)
	_ = members(dec, func(name string) (err error) {
		if name != "resourceType" {
			return dec.SkipValue()
		}
		e.kind, err = textOrSkip(dec)
		if err == nil {
			err = errStopped
		}
		return err
	})
	return e
}

// loose reads JSON in memory as a stream does.
func loose(raw []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(raw), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// known shows a word of the file that is a plain word, and masks any other.
func known(word string) string {
	for _, c := range []byte(word) {
		if (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') {
			return extract.Mask(word)
		}
	}
	return word[:min(len(word), 40)]
}

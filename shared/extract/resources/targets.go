package resources

import (
	"encoding/hex"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/fhir"
)

// targets knows what the fullUrls of a Bundle stand for. Most are a urn:uuid
// whose UUID is the resource's id too: of those only the type is kept, so that
// a Bundle of a million entries costs a few tens of megabytes.
type targets struct {
	uuids    map[[16]byte]string // -> type
	others   map[string]string   // fullUrl -> "Type/id"
	bases    map[string]bool     // of fullUrls such as https://trust.example/fhir/Patient/1
	patients map[fhir.Identifier]string
}

func newTargets() *targets {
	return &targets{map[[16]byte]string{}, map[string]string{}, map[string]bool{}, map[fhir.Identifier]string{}}
}

// A Bundle comes from few servers; more bases than this and each fullUrl is
// kept on its own.
const maxBases = 64

// envelope is what an entry says besides its resource.
type envelope struct {
	fullURL, method, url string
	kind, id             string // of the resource
	identifiers          []fhir.Identifier
}

// entry reads an entry of a Bundle and keeps its target. depth is that of the
// Bundle: the entries of a Bundle inside a Bundle are targets as well.
func (t *targets) entry(dec *jsontext.Decoder, depth int) error {
	if dec.PeekKind() != '{' {
		return dec.SkipValue()
	}
	var e envelope
	err := members(dec, func(name string) (err error) {
		switch {
		case name == "fullUrl":
			e.fullURL, err = textOrSkip(dec)
			return err
		case name == "request" && dec.PeekKind() == '{':
			return e.request(dec)
		case name == "resource" && dec.PeekKind() == '{':
			return t.resource(dec, &e, depth)
		}
		return dec.SkipValue()
	})
	if err == nil {
		t.add(e)
	}
	return err
}

func (e *envelope) request(dec *jsontext.Decoder) error {
	return members(dec, func(name string) (err error) {
		switch name {
		case "method":
			e.method, err = textOrSkip(dec)
		case "url":
			e.url, err = textOrSkip(dec)
		default:
			err = dec.SkipValue()
		}
		return err
	})
}

func (t *targets) resource(dec *jsontext.Decoder, e *envelope, depth int) error {
	return members(dec, func(name string) (err error) {
		switch {
		case name == "resourceType":
			e.kind, err = textOrSkip(dec)
			return err
		case name == "id":
			e.id, err = textOrSkip(dec)
			return err
		case name == "identifier" && (e.kind == "Patient" || e.kind == "") && dec.PeekKind() == '[':
			return e.identifier(dec)
		case name == "entry" && depth < maxDepth && dec.PeekKind() == '[':
			return elements(dec, func() error { return t.entry(dec, depth+1) })
		}
		return dec.SkipValue()
	})
}

func (e *envelope) identifier(dec *jsontext.Decoder) error {
	return elements(dec, func() error {
		if dec.PeekKind() != '{' {
			return dec.SkipValue()
		}
		var id fhir.Identifier
		err := members(dec, func(name string) (err error) {
			switch name {
			case "system":
				id.System, err = textOrSkip(dec)
			case "value":
				id.Value, err = textOrSkip(dec)
			default:
				err = dec.SkipValue()
			}
			return err
		})
		e.identifiers = append(e.identifiers, id)
		return err
	})
}

// sourceID is the id by which the source knows the resource of an entry: its
// own, else that of the address under which it is put, else that of the
// fullUrl. Empty when none says.
func (e *envelope) sourceID() string {
	if e.id != "" {
		return e.id
	}
	if r, ok := fhir.ParseReference(e.url); ok && e.method == "PUT" && r.Type == e.kind {
		return r.ID
	}
	if fhir.IsURN(e.fullURL) {
		return e.fullURL[strings.LastIndexByte(e.fullURL, ':')+1:]
	}
	if r, ok := fhir.ParseReference(e.fullURL); ok && r.Type == e.kind {
		return r.ID
	}
	return ""
}

func (t *targets) add(e envelope) {
	id := e.sourceID()
	if e.kind == "" || id == "" {
		return
	}
	if e.kind == "Patient" {
		for _, identifier := range e.identifiers {
			if identifier.System != "" && identifier.Value != "" {
				t.patients[identifier] = id
			}
		}
	}
	if uuid, ok := parseUUID(e.fullURL); ok && e.fullURL[len("urn:uuid:"):] == id && strings.ToLower(id) == id {
		t.uuids[uuid] = shared(e.kind)
		return
	}
	r, ok := fhir.ParseReference(e.fullURL)
	if ok && r.ID == id && r.Type == e.kind && (t.bases[r.Base] || len(t.bases) < maxBases) {
		t.bases[r.Base] = true
		return
	}
	if e.fullURL != "" {
		t.others[urnKey(e.fullURL)] = e.kind + "/" + id
	}
}

// find gives "Type/id" for a fullUrl.
func (t *targets) find(reference string) (string, bool) {
	if uuid, ok := parseUUID(reference); ok {
		if kind, ok := t.uuids[uuid]; ok {
			return kind + "/" + strings.ToLower(reference[len("urn:uuid:"):]), true
		}
	}
	target, ok := t.others[urnKey(reference)]
	return target, ok
}

// urnKey makes the case of a URN plain (RFC 4122 section 3, RFC 8141).
func urnKey(reference string) string {
	if fhir.IsURN(reference) {
		return strings.ToLower(reference)
	}
	return reference
}

// parseUUID reads "urn:uuid:" and a UUID in its usual form.
func parseUUID(s string) (uuid [16]byte, ok bool) {
	const prefix = "urn:uuid:"
	if len(s) != len(prefix)+36 || !strings.EqualFold(s[:len(prefix)], prefix) {
		return uuid, false
	}
	s = s[len(prefix):]
	if s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return uuid, false
	}
	var digits [32]byte
	n := copy(digits[:], s[:8])
	n += copy(digits[n:], s[9:13])
	n += copy(digits[n:], s[14:18])
	n += copy(digits[n:], s[19:23])
	copy(digits[n:], s[24:])
	_, err := hex.Decode(uuid[:], digits[:])
	return uuid, err == nil
}

// shared gives one string for all entries of a type.
func shared(kind string) string {
	if known, ok := types[kind]; ok {
		return known
	}
	return kind
}

var types = func() map[string]string {
	m := map[string]string{}
	for _, name := range fhir.Types() {
		m[name] = name
	}
	return m
}()

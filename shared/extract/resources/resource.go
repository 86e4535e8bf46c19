package resources

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/fhir"
)

// reading is one resource on its way to a row.
type reading struct {
	*run
	sc      *scope
	row     extract.Row
	prefix  string // FHIRPath of the resource: "Bundle.entry[12].resource", "Patient"
	base    string // of absolute references to resources of the same server
	stated  string // the reference to the subject as it came, unless it is to a contained resource
	changes []fhir.Change
}

// resource gives the row of one resource. Its path is empty outside a Bundle;
// e is its entry in one. A Bundle on a line of its own gives the rows of its
// entries. The error says that the text was no resource, and the row has it.
func (r *run) resource(sc *scope, raw []byte, place extract.Place, path string, e *envelope) error {
	if path == "" && headOf(raw).kind == "Bundle" {
		return r.lineBundle(raw, place)
	}
	r.number++
	rd := &reading{run: r, sc: sc, prefix: path, row: extract.Row{Number: r.number, Place: place}}
	err := r.doc.Parse(raw)
	if err != nil {
		rd.refuse(raw, err)
	} else {
		rd.read(e)
	}
	r.give(rd.row)
	return err
}

// lineBundle gives the entries of a Bundle that is one value in memory.
func (r *run) lineBundle(raw []byte, place extract.Place) error {
	dec := loose(raw)
	if err := dec.SkipValue(); err != nil || len(dec.UnreadBuffer()) > 0 || r.ambiguous(raw) {
		return r.refused("Bundle", raw, place, "Bundle")
	}
	found := &survey{large: map[int]bool{}, targets: newTargets()}
	dec = loose(raw)
	_ = members(dec, func(name string) error { // raw was just seen to be JSON
		if name != "entry" || dec.PeekKind() != '[' {
			return dec.SkipValue()
		}
		return elements(dec, func() error { return found.targets.entry(dec, 1) })
	})
	r.inner(&scope{targets: found.targets}, raw, place, "Bundle", 1)
	return nil
}

// refused gives the row of a text of the kind that is no resource, and says
// why it is none.
func (r *run) refused(kind string, raw []byte, place extract.Place, prefix string) error {
	r.number++
	rd := &reading{run: r, prefix: prefix, row: extract.Row{Number: r.number, Place: place, Kind: kind}}
	err := r.doc.Parse(raw)
	rd.refuse(raw, err)
	r.give(rd.row)
	return err
}

// refuse rejects a text that is no resource.
func (rd *reading) refuse(raw []byte, err error) {
	code := extract.RowSyntax
	form, ok := fhir.FormOf(err)
	if !ok {
		form = &fhir.FormError{}
	}
	switch form.Reason {
	case fhir.ReasonDuplicate:
		code = extract.RowDup
	case fhir.ReasonEncoding:
		code = extract.RowEncoding
	case fhir.ReasonShape:
		code = extract.FieldMissing
	}
	if rd.row.Kind == "" {
		rd.row.Kind = known(headOf(raw).kind)
	}
	if rd.prefix == "" {
		rd.prefix = rd.row.Kind
	}
	at := errorPlace(rd.row.Place, raw, form.Offset, rd.path(form.Path))
	rd.row.Faults = []extract.Fault{code.At(rd.row.Number, at, "").Want("%s", wantOf(code, form))}
}

func wantOf(code extract.Code, form *fhir.FormError) string {
	switch code.Name {
	case extract.RowSyntax.Name:
		return "a FHIR resource in JSON"
	case extract.FieldMissing.Name:
		return "the name of a FHIR R4 resource type"
	case extract.RowEncoding.Name:
		return "UTF-8 without NUL"
	}
	return code.Expected
}

// path is the FHIRPath of an element of the resource.
func (rd *reading) path(element string) string {
	switch {
	case element == "":
		return rd.prefix
	case rd.prefix == "":
		return element
	}
	return rd.prefix + "." + element
}

// fault adds a fault at an element, with the line of the resource.
func (rd *reading) fault(code extract.Code, element, found string) *extract.Fault {
	place := rd.row.Place
	place.Path = rd.path(element)
	rd.row.Faults = append(rd.row.Faults, code.At(rd.row.Number, place, found))
	return &rd.row.Faults[len(rd.row.Faults)-1]
}

// read fills the row from the parsed resource.
func (rd *reading) read(e *envelope) {
	doc := &rd.doc
	rd.row.Kind = known(doc.Type())
	if rd.prefix == "" {
		rd.prefix = rd.row.Kind
	}
	if !fhir.KnownType(doc.Type()) {
		f := rd.fault(extract.KindUnknown, "resourceType", rd.row.Kind)
		*f = f.Want("a resource type of FHIR R4")
		return
	}
	id := rd.sourceID(e)
	if !rd.subject(id) {
		rd.row.Subject, rd.row.Details = nil, nil
		return
	}
	rd.several()
	rd.times()
	rd.references()
	date, _ := doc.Date()
	rd.row.Entries = []extract.Entry{{Type: doc.Type(), ID: id, Date: date, Resource: doc.Apply(rd.changes...)}}
}

// sourceID is never empty: a resource that no one gave an id is known by its
// content, so that the same one sent again is found.
func (rd *reading) sourceID(e *envelope) string {
	whole := envelope{kind: rd.doc.Type(), id: rd.doc.ID()}
	if e != nil {
		whole.fullURL, whole.method, whole.url = e.fullURL, e.method, e.url
		if r, ok := fhir.ParseReference(e.fullURL); ok {
			rd.base = r.Base
		}
	}
	if id := whole.sourceID(); id != "" {
		return id
	}
	sum := sha256.Sum256(rd.doc.Bytes())
	return hex.EncodeToString(sum[:])
}

// times reads what dates the row and its entry.
func (rd *reading) times() {
	if stated := rd.doc.Head().LastUpdated; stated != "" {
		at, ok := fhir.ParseInstant(stated)
		if rd.row.At = at.UTC(); !ok {
			f := rd.fault(extract.FieldValue, "meta.lastUpdated", extract.Mask(stated))
			f.Expected, f.Effect = "a FHIR instant: date, time and zone", "the time of the delivery stands for it"
		}
	}
	if _, bad := rd.doc.Date(); bad != "" {
		f := rd.fault(extract.FieldValue, bad, "")
		f.Expected, f.Effect = "a FHIR dateTime", "not used to date the entry; kept as it came"
	}
}

package messages

import (
	"strings"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/hl7v2"
)

// subjectID begins the id of an entry that the sender has no id for: such an
// entry is named by its patient and what it says.
func (r *row) subjectID(kind string, parts ...string) string {
	return patientID(r.out.Subject) + "|" + kind + "|" + strings.Join(parts, "|")
}

// conceptKey is what tells one coded thing from another.
func conceptKey(v hl7v2.Value) string {
	if code := text(v.Component(1)); code != "" {
		return code
	}
	return joined("", conceptText(v), text(v.Component(4)))
}

// encounterRef refers to the visit of the message, if it has one.
func (r *row) encounterRef() {
	if r.visit != "" {
		r.json.reference("encounter", "Encounter/"+r.visit)
	}
}

// missing notes that a segment lacks what it is for, and is dropped.
func (r *row) missing(v hl7v2.Value, field, want string) {
	f := r.fault(extract.FieldValue, v, field, "")
	*f = f.Want("%s", want)
}

// entityIdentifier writes the Identifier of an EI: id, then the authority in
// components 2 to 4.
func (b *builder) entityIdentifier(v hl7v2.Value, kind string) {
	value := text(v.Component(1))
	if value == "" {
		return
	}
	b.open("")
	if kind != "" {
		b.coded("type", table0203, kind, "")
	}
	b.text("system", entitySystem(v))
	b.text("value", value)
	b.shut()
}

func entitySystem(v hl7v2.Value) string {
	switch id := text(v.Component(3)); strings.ToUpper(text(v.Component(4))) {
	case "ISO":
		return "urn:oid:" + id
	case "UUID", "GUID":
		return "urn:uuid:" + strings.ToLower(id)
	}
	if ns := text(v.Component(2)); ns != "" {
		return localURI(ns)
	}
	return ""
}

// entityID is the source id of an EI.
func entityID(v hl7v2.Value) string {
	value := text(v.Component(1))
	if value == "" {
		return ""
	}
	system := text(v.Component(2))
	if system == "" {
		system = text(v.Component(3))
	}
	return qualified(system, value)
}

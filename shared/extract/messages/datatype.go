package messages

import (
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/hl7v2"
)

// text is a value's text without the spaces around it, which mean nothing in
// codes, names and numbers.
func text(v hl7v2.Value) string { return strings.TrimSpace(v.Text()) }

// qualified joins an id and who assigned it into one id of an entry. The parts
// of an id are joined in the same way.
func qualified(system, value string) string {
	if system == "" {
		return value
	}
	return system + "|" + value
}

// authority names who assigned an id (type HD): the namespace, else the
// universal id.
func authority(hd hl7v2.Value) string {
	if ns := text(hd.Subcomponent(1)); ns != "" {
		return ns
	}
	return text(hd.Subcomponent(2))
}

// authorityURI gives the identifier system for an assigning authority: that of
// its universal id when it has one, else a URI of its name.
func authorityURI(hd hl7v2.Value) string {
	id := text(hd.Subcomponent(2))
	switch strings.ToUpper(text(hd.Subcomponent(3))) {
	case "ISO":
		return "urn:oid:" + id
	case "UUID", "GUID":
		return "urn:uuid:" + strings.ToLower(id)
	case "URI":
		return id
	}
	if name := authority(hd); name != "" {
		return localURI(name)
	}
	return ""
}

// fhirDateTime writes a time stamp as precisely as it was given. FHIR knows no
// hour without its minutes: such a time becomes its day.
func fhirDateTime(t hl7v2.Timestamp) string {
	switch t.Precision {
	case hl7v2.Year:
		return t.Time.Format("2006")
	case hl7v2.Month:
		return t.Time.Format("2006-01")
	case hl7v2.Day, hl7v2.Hour:
		return t.Time.Format(time.DateOnly)
	}
	return t.Time.Format(time.RFC3339Nano)
}

// fhirInstant is the time stamp as an instant; empty when it is not exact
// enough for one.
func fhirInstant(t hl7v2.Timestamp) string {
	if t.Precision < hl7v2.Minute {
		return ""
	}
	return fhirDateTime(t)
}

// dateTime reads a time stamp into FHIR form; empty when there is none.
func (r *row) dateTime(v hl7v2.Value, path string) string {
	t, ok := r.time(v, path)
	if !ok {
		return ""
	}
	return fhirDateTime(t)
}

// codings writes the codings of a CE, CWE or CNE: code, text, system, and the
// alternate three.
func (b *builder) codings(v hl7v2.Value) {
	b.list("coding")
	for _, first := range []int{1, 4} {
		code := text(v.Component(first))
		if code == "" {
			continue
		}
		b.open("")
		b.text("system", codingSystem(text(v.Component(first+2)), code))
		b.text("code", code)
		b.text("display", text(v.Component(first+1)))
		b.shut()
	}
	b.shut()
}

// concept writes a CodeableConcept (guide: CWE[CodeableConcept]). The text is
// the original text, or the description when there is no code.
func (b *builder) concept(key string, v hl7v2.Value) {
	b.open(key)
	b.codings(v)
	b.text("text", conceptText(v))
	b.shut()
}

func conceptText(v hl7v2.Value) string {
	if t := text(v.Component(9)); t != "" {
		return t
	}
	if text(v.Component(1)) == "" {
		return text(v.Component(2))
	}
	return ""
}

// coded writes a CodeableConcept of one coding.
func (b *builder) coded(key, system, code, display string) {
	if code == "" {
		return
	}
	b.open(key)
	b.list("coding")
	b.coding("", system, code, display)
	b.shut()
	b.shut()
}

func (b *builder) coding(key, system, code, display string) {
	b.open(key)
	b.text("system", system)
	b.text("code", code)
	b.text("display", display)
	b.shut()
}

// identifier writes the Identifier of a CX or EI: id, and the authority in the
// component that the type has it in. kind is a code of table 0203.
func (b *builder) identifier(key, kind, value string, assigner hl7v2.Value) {
	if value == "" {
		return
	}
	b.open(key)
	if kind != "" {
		b.coded("type", table0203, kind, "")
	}
	b.text("system", authorityURI(assigner))
	b.text("value", value)
	b.shut()
}

// subject writes the reference to the patient of the row.
func (b *builder) subject(key string) { b.reference(key, "Patient/@") }

func (b *builder) reference(key, reference string) {
	b.open(key)
	b.text("reference", reference)
	b.shut()
}

// person writes a reference to someone at work (XCN) by what is known of them:
// the identifier and the name. No directory of staff comes with a message.
func (b *builder) person(key string, v hl7v2.Value) {
	id := text(v.Component(1))
	display := joined(" ", text(v.Component(6)), text(v.Component(3)), text(v.Component(4)), text(v.Component(2).Subcomponent(1)))
	if id == "" && display == "" {
		return
	}
	b.open(key)
	b.text("type", "Practitioner")
	if id != "" {
		b.open("identifier")
		b.text("system", personSystem(v))
		b.text("value", id)
		b.shut()
	}
	b.text("display", display)
	b.shut()
}

// personSystem is the system of an XCN's id: that of the professional register
// its authority or source table names, else a URI of the authority.
func personSystem(v hl7v2.Value) string {
	for _, n := range []int{9, 8, 13} {
		if uri, ok := identifierSystems[strings.ToUpper(text(v.Component(n).Subcomponent(1)))]; ok {
			return uri
		}
	}
	if uri := authorityURI(v.Component(9)); uri != "" {
		return uri
	}
	if table := text(v.Component(8)); table != "" {
		return localURI(table)
	}
	return ""
}

// joined puts the parts that are not empty together.
func joined(separator string, parts ...string) string {
	out := ""
	for _, p := range parts {
		if p == "" {
			continue
		}
		if out != "" {
			out += separator
		}
		out += p
	}
	return out
}

// code reads a value as a code of a list; a code that is not on it is a fault.
func (r *row) code(list map[string]string, v hl7v2.Value, path string) string {
	code := text(v.Component(1))
	if code == "" {
		return ""
	}
	out, ok := list[strings.ToUpper(code)]
	if !ok {
		r.fault(extract.FieldCode, v, path, extract.Mask(code))
	}
	return out
}

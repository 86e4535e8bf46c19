package fhir

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
)

// Subject is a Reference at one of the elements that say in whose record a
// resource is. What it points at may turn out to be no patient: a Group, a
// Location, a Practitioner.
type Subject struct {
	Path       string // FHIRPath within the resource: "subject", "participant[1].actor"
	Offset     int    // of the Reference object in Document.Bytes
	Reference  string
	Type       string     // Reference.type
	Identifier Identifier // Reference.identifier: a logical reference
	Display    string
}

// Identifier is a FHIR Identifier cut to what identifies.
type Identifier struct {
	Use      string // R4 identifier-use; written, not read
	System   string
	Value    string
	Assigner string // ODS code of the organisation that gave it; written, not read
}

// Subjects lists the References at the elements of the patient compartment
// that say whose record the resource is in, in the order in which they decide.
// It is empty for a Patient and for directory types.
func (d *Document) Subjects() []Subject {
	var found []Subject
	for _, path := range compartment[d.kind].paths {
		name, rest, _ := strings.Cut(path, ".")
		repeats := strings.HasSuffix(name, "[]")
		m := d.member(strings.TrimSuffix(name, "[]"))
		switch {
		case m == nil:
		case repeats && d.body[m.value.start] == '[':
			found = d.eachSubject(found, m, rest)
		default:
			found = d.appendSubject(found, m.value.start, m.name, rest)
		}
	}
	return found
}

func (d *Document) eachSubject(found []Subject, m *member, rest string) []Subject {
	at := m.value.start + 1
	for i := 0; at < m.value.end-1; i++ {
		found = d.appendSubject(found, at, m.name+"["+strconv.Itoa(i)+"]", rest)
		at = valueEnd(d.body, at) + 1
	}
	return found
}

// appendSubject adds the Reference at an offset, or at the member rest of the
// object there.
func (d *Document) appendSubject(found []Subject, at int, path, rest string) []Subject {
	if rest != "" {
		parts, err := membersAt(d.body, at)
		if err != nil {
			return found
		}
		for _, part := range parts {
			if part.name == rest {
				return d.appendSubject(found, part.value.start, path+"."+rest, "")
			}
		}
		return found
	}
	var r struct {
		Reference  jsontext.Value `json:"reference"`
		Type       jsontext.Value `json:"type"`
		Identifier jsontext.Value `json:"identifier"`
		Display    jsontext.Value `json:"display"`
	}
	if d.body[at] != '{' || json.Unmarshal(d.body[at:valueEnd(d.body, at)], &r) != nil {
		return found
	}
	s := Subject{Path: path, Offset: at, Identifier: identifierOf(r.Identifier)}
	s.Reference, _ = textOf(r.Reference)
	s.Type, _ = textOf(r.Type)
	s.Display, _ = textOf(r.Display)
	return append(found, s)
}

func identifierOf(v jsontext.Value) Identifier {
	var raw struct {
		System jsontext.Value `json:"system"`
		Value  jsontext.Value `json:"value"`
	}
	if v.Kind() != '{' || json.Unmarshal(v, &raw) != nil {
		return Identifier{}
	}
	var id Identifier
	id.System, _ = textOf(raw.System)
	id.Value, _ = textOf(raw.Value)
	return id
}

// SubjectOf gives the reference to the patient in whose record a resource is,
// as it stands there: relative, absolute or OwnPatient. For a Patient it is
// its own ("Patient/<id>"). False when the resource names no patient by a
// reference, or is none.
func SubjectOf(resource []byte) (reference string, ok bool) {
	d := documents.Get().(*Document)
	defer documents.Put(d)
	if d.Parse(resource) != nil {
		return "", false
	}
	if d.kind == "Patient" {
		return "Patient/" + d.id, d.id != ""
	}
	for _, s := range d.Subjects() {
		if r, ok := ParseReference(s.Reference); s.Reference == OwnPatient || ok && r.Type == "Patient" {
			return s.Reference, true
		}
	}
	return "", false
}

// Head is what is read of a resource of any type.
type Head struct {
	ResourceType string
	ID           string
	VersionID    string
	LastUpdated  string // meta.lastUpdated as it stands; ParseInstant reads it
	Source       string // meta.source
	Date         string // clinical date, see Document.Date
}

// HeadOf reads the head of a resource. The error is that of Document.Parse.
func HeadOf(resource []byte) (Head, error) {
	d := documents.Get().(*Document)
	defer documents.Put(d)
	if err := d.Parse(resource); err != nil {
		return Head{}, failure.Wrap(failure.Invalid, "fhir.HeadOf", err)
	}
	return d.Head(), nil
}

// Head gives the head of the parsed resource.
func (d *Document) Head() Head {
	h := Head{ResourceType: d.kind, ID: d.id}
	if m := d.member("meta"); m != nil {
		parts, _ := membersAt(d.body, m.value.start)
		for _, part := range parts {
			text, _ := textOf(d.body[part.value.start:part.value.end])
			switch part.name {
			case "versionId":
				h.VersionID = text
			case "lastUpdated":
				h.LastUpdated = text
			case "source":
				h.Source = text
			}
		}
	}
	h.Date, _ = d.Date()
	return h
}

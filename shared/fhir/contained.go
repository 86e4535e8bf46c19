package fhir

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Contained gives the contained resource with an id (without "#"), nil when
// there is none. It is valid until the next Parse.
func (d *Document) Contained(id string) jsontext.Value {
	m := d.member("contained")
	if m == nil || d.body[m.value.start] != '[' {
		return nil
	}
	for at := m.value.start + 1; at < m.value.end-1; {
		end := valueEnd(d.body, at)
		parts, _ := membersAt(d.body, at)
		for _, part := range parts {
			if part.name == "id" && isName(d.body[part.value.start:part.value.end], id) {
				return d.body[at:end]
			}
		}
		at = end + 1
	}
	return nil
}

// ContainedIdentifiers gives the identifiers of a contained resource.
func (d *Document) ContainedIdentifiers(id string) []Identifier {
	var resource struct {
		Identifier []jsontext.Value `json:"identifier"`
	}
	v := d.Contained(id)
	if v == nil || json.Unmarshal(v, &resource) != nil {
		return nil
	}
	return identifiersOf(resource.Identifier)
}

// Identifiers gives the identifiers of the resource itself.
func (d *Document) Identifiers() []Identifier {
	var list []jsontext.Value
	if v := d.Member("identifier"); v == nil || json.Unmarshal(v, &list) != nil {
		return nil
	}
	return identifiersOf(list)
}

func identifiersOf(list []jsontext.Value) []Identifier {
	ids := make([]Identifier, 0, len(list))
	for _, v := range list {
		ids = append(ids, identifierOf(v))
	}
	return ids
}

// DisownIdentifier takes the system from the i-th identifier of the resource,
// so that its value, which stays as the source wrote it, is no longer stated
// as an identifier of that system. A type says why, unless there is one.
// False when there is no such identifier, or it has no system.
func (d *Document) DisownIdentifier(i int, why string) (Change, bool) {
	m := d.member("identifier")
	if m == nil || d.body[m.value.start] != '[' {
		return Change{}, false
	}
	at := m.value.start + 1
	for ; i > 0 && at < m.value.end; i-- {
		at = valueEnd(d.body, at) + 1
	}
	parts, err := membersAt(d.body, at)
	if err != nil {
		return Change{}, false
	}
	return d.withoutSystem(parts, why)
}

// withoutSystem puts a type in the place of the system, or nothing where a
// type is there: what else is in the identifier, references too, keeps its
// place.
func (d *Document) withoutSystem(parts []member, why string) (Change, bool) {
	system, typed := -1, false
	for i, part := range parts {
		switch part.name {
		case "system":
			system = i
		case "type":
			typed = true
		}
	}
	switch {
	case system < 0:
		return Change{}, false
	case !typed:
		text := append(appendText([]byte(`"type":{"text":`), why), '}')
		return Change{parts[system].key.start, parts[system].value.end, text}, true
	case system > 0:
		return Change{parts[system-1].value.end, parts[system].value.end, nil}, true
	}
	return Change{parts[0].key.start, parts[1].key.start, nil}, true // the type is behind it
}

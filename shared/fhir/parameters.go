package fhir

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Parameter is one element of a Parameters resource (R4 Parameters). One that
// is not of its form has no Name.
type Parameter struct {
	Name  string
	Kind  string // the member that holds the value: "valueString", "resource", "part"; empty: none
	Value jsontext.Value
	Path  string // FHIRPath within the Parameters: "parameter[2]"
}

// Parameters gives the parameters of the parsed Parameters resource, in order.
// An element with several values is not of its form.
func (d *Document) Parameters() []Parameter {
	v := d.Member("parameter")
	if v == nil {
		return nil
	}
	var elements []jsontext.Value
	if json.Unmarshal(v, &elements) != nil {
		return []Parameter{{Path: "parameter"}}
	}
	list := make([]Parameter, len(elements))
	for i, element := range elements {
		list[i] = parameterOf(element)
		list[i].Path = "parameter[" + strconv.Itoa(i) + "]"
	}
	return list
}

func parameterOf(element jsontext.Value) Parameter {
	members, err := membersAt(element, 0)
	if err != nil {
		return Parameter{}
	}
	var p Parameter
	for _, m := range members {
		value := element[m.value.start:m.value.end]
		switch {
		case m.name == "name":
			p.Name, _ = textOf(value)
		case m.name == "resource" || m.name == "part" || strings.HasPrefix(m.name, "value"):
			if p.Kind != "" {
				return Parameter{}
			}
			p.Kind, p.Value = m.name, value
		}
	}
	return p
}

// Text gives the value as it would stand in a query (R4 search, token and
// reference): a primitive as it is, an Identifier as [system]|[value] with what
// is special in a token escaped, a Reference as its literal. False for any other
// type, an empty value included.
func (p Parameter) Text() (string, bool) {
	var text string
	switch p.Kind {
	case "valueIdentifier":
		if id := identifierOf(p.Value); id.Value != "" {
			text = tokenEscapes.Replace(id.System) + "|" + tokenEscapes.Replace(id.Value)
		}
	case "valueReference":
		var r struct {
			Reference string `json:"reference"`
		}
		if json.Unmarshal(p.Value, &r) == nil {
			text = r.Reference
		}
	case "resource", "part", "":
	default:
		switch p.Value.Kind() {
		case '"':
			text, _ = textOf(p.Value)
		case '0', 't', 'f':
			text = string(p.Value)
		}
	}
	return text, text != ""
}

// tokenEscapes are those of R4 search, Escaping Search Parameters.
var tokenEscapes = strings.NewReplacer(`\`, `\\`, "|", `\|`, ",", `\,`, "$", `\$`)

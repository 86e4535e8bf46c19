package client

import (
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
)

// The parts of FHIR R4 resources that the commands show. What is left out of
// them here is left out of the output for people, not of --json.
type (
	// Outcome is an OperationOutcome.
	Outcome struct {
		ResourceType string
		Issue        []struct {
			Severity, Diagnostics string
			Details               struct{ Text string }
			Expression            []string
		}
	}
	// Coding is a Coding.
	Coding struct{ System, Code string }
	// Concept is a CodeableConcept.
	Concept struct{ Coding []Coding }
	// Identifier is an Identifier. Status is that of an NHS number.
	Identifier struct {
		Use, System, Value string
		Extension          []Extension
	}
	// Reference is a Reference.
	Reference struct {
		Reference  string
		Identifier *Identifier
	}
	// Extension is an Extension of the types that the region uses.
	Extension struct {
		URL                    string
		ValueCode, ValueString string
		ValueDecimal           json.Number
		ValueInteger           int
		ValueCodeableConcept   Concept
		Extension              []Extension
	}
	// Patient is a Patient.
	Patient struct {
		ResourceType, ID    string
		Active              *bool
		Identifier          []Identifier
		Name                []Name
		Telecom             []struct{ System, Value, Use string }
		Gender, BirthDate   string
		DeceasedBoolean     bool
		DeceasedDateTime    string
		Address             []Address
		GeneralPractitioner []struct{ Identifier Identifier }
		Link                []struct {
			Other Reference
			Type  string
		}
	}
	// Name is a HumanName.
	Name struct {
		Use, Family, Text string
		Given, Prefix     []string
	}
	// Address is an Address.
	Address struct {
		Use, City, District, PostalCode, Country string
		Line                                     []string
	}
	// Part is an element of Task.input and Task.output.
	Part struct {
		Type                                  Concept
		ValueCode, ValueString, ValueDateTime string
		ValueIdentifier                       Identifier
		ValueReference                        Reference
	}
	// Task is a review.
	Task struct {
		ResourceType, ID, Status, Description string
		Code                                  Concept
		AuthoredOn                            time.Time
		Contained                             []Patient
		Extension                             []Extension
		Input, Output                         []Part
	}
	// Bundle is a searchset.
	Bundle struct {
		ResourceType string
		Link         []struct{ Relation, URL string }
		Entry        []struct {
			Resource json.RawMessage
			Search   struct {
				Mode      string
				Score     *float64
				Extension []Extension
			}
		}
	}
	// Parameters is a Parameters resource.
	Parameters struct {
		ResourceType string
		Parameter    []Parameter
	}
	// Parameter is an element of it.
	Parameter struct {
		Name                   string
		Extension              []Extension
		ValueCode, ValueString string
		ValueDate              string
		ValueDateTime          time.Time
		ValueInteger           int
		ValueIdentifier        Identifier
		ValueReference         Reference
		Resource               json.RawMessage
		Part                   []Parameter
	}
)

// Read reads an answer as the resource that it should be; failure.Internal when
// it is something else.
func Read[T any](body []byte, kind string) (*T, error) {
	var head struct{ ResourceType string }
	var resource T
	err := json.Unmarshal(body, &head)
	if err == nil && head.ResourceType == kind {
		err = json.Unmarshal(body, &resource)
	}
	if err != nil || head.ResourceType != kind {
		return nil, failure.New(failure.Internal, "--api", "the answer is no FHIR %s: is this the API's FHIR root?", kind)
	}
	return &resource, nil
}

// Page gives the place of the next page of a searchset, or "" when this is the last.
func (b *Bundle) Page() string {
	for _, l := range b.Link {
		if u, err := url.Parse(l.URL); err == nil && l.Relation == "next" {
			return u.Query().Get("_page")
		}
	}
	return ""
}

// Code gives the code of a system, or "".
func (c Concept) Code(systemEnd string) string {
	for _, coding := range c.Coding {
		if strings.HasSuffix(coding.System, systemEnd) {
			return coding.Code
		}
	}
	return ""
}

// Of gives the parts of a kind.
func Of(parts []Part, code string) (list []Part) {
	for _, p := range parts {
		if p.Type.Code("review-part") == code {
			list = append(list, p)
		}
	}
	return list
}

// Of gives the parts of a name.
func (p *Parameter) Of(name string) (list []Parameter) { return named(p.Part, name) }

// Of gives the parameters of a name.
func (p *Parameters) Of(name string) (list []Parameter) { return named(p.Parameter, name) }

func named(all []Parameter, name string) (list []Parameter) {
	for _, p := range all {
		if p.Name == name {
			list = append(list, p)
		}
	}
	return list
}

// Find gives the extension whose URL ends so; the zero value when there is none.
func Find(all []Extension, urlEnd string) (e Extension, ok bool) {
	for _, e := range all {
		if strings.HasSuffix(e.URL, urlEnd) {
			return e, true
		}
	}
	return Extension{}, false
}

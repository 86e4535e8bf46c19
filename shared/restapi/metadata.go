package restapi

import (
	"context"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/fhir"
)

// metadata answers with the CapabilityStatement. It needs no token: a client
// learns here how to get one.
func (s *server) metadata(context.Context, *call) (answer, error) {
	return answer{body: s.capability}, nil
}

type object = map[string]any

// capabilityStatement says what is offered (FHIR R4 CapabilityStatement). It is
// made once: it depends on nothing but the configuration.
func (s *server) capabilityStatement() ([]byte, error) {
	resources := []any{object{
		"type": "Patient", "profile": "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient",
		"interaction": []any{object{"code": "read"}, object{"code": "search-type"}},
		"searchParam": patientParameters(), "operation": s.operationsOf("Patient"),
	}}
	for _, kind := range fhir.Types() {
		if kind == "Patient" || !searchable(kind) {
			continue
		}
		resource := object{
			"type":             kind,
			"interaction":      []any{object{"code": "search-type"}},
			"searchRevInclude": []any{"Provenance:target"},
			"searchParam":      []any{parameter("patient", "reference", "The person's id. Required.")},
		}
		if kind == "Task" {
			s.addReviews(resource)
		}
		resources = append(resources, resource)
	}
	return json.Marshal(object{
		"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1",
		"date": fhir.FormatInstant(s.Now()), "format": []any{"application/fhir+json", "json"},
		"software":       object{"name": "CareRecord", "version": s.Version},
		"implementation": object{"description": "A regional shared care record", "url": s.BaseURL},
		"rest": []any{object{
			"mode": "server", "resource": resources,
			"security": object{
				"description": "A bearer JWT (RFC 6750) of the region's issuer with the claims org (ODS code) and role (job role code), or a CIS2 token. " +
					"Reviews and changes of links are open to the job roles " + strings.Join(access.Reviewers(), ", ") + ".",
			},
		}},
	}, json.Deterministic(true))
}

func patientParameters() []any {
	const byPost = " Send it by POST: it belongs in no URL."
	return []any{
		parameter("_id", "token", "The person's id."),
		parameter("identifier", "token", "An NHS number or an organisation's own patient id, as [system]|[value]."+byPost),
		parameter(byFamily, "string", "A family name, now or formerly; with :exact, or with * at its end after two characters."+byPost),
		parameter(byGiven, "string", "A given name, likewise."+byPost),
		parameter(byName, "string", "A name, whichever part it is, likewise."+byPost),
		parameter(byBirth, "date", "eq, ge, le, gt and lt; a year, a month or a day; twice for a range."+byPost),
		parameter(byGender, "token", "male, female, other or unknown."),
		parameter(byPostcode, "string", "A postcode, now or formerly, or its beginning with *."+byPost),
	}
}

// addReviews says that a Task is also a review of who is who.
func (s *server) addReviews(task object) {
	task["interaction"] = []any{object{"code": "read"}, object{"code": "search-type"}}
	task["documentation"] = "With patient: the Tasks of a person's record. Without: the region's reviews of who is who, for reviewers."
	task["searchParam"] = []any{
		parameter("patient", "reference", "The person's id. Without it, reviews are searched."),
		parameter("code", "token", "patient-link-review, or kinds of review."),
		parameter("status", "token", "requested, on-hold, or both."),
	}
	task["operation"] = s.operationsOf("Task")
}

// operationsOf lists the operations of a type.
func (s *server) operationsOf(kind string) []any {
	var list []any
	for _, o := range s.operations() {
		if o.kind == kind {
			list = append(list, object{"name": strings.TrimPrefix(o.name, "$"), "definition": o.definition, "documentation": o.says})
		}
	}
	return list
}

func parameter(name, kind, documentation string) object {
	return object{"name": name, "type": kind, "documentation": documentation}
}

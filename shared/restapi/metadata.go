package restapi

import (
	"context"

	"github.com/go-json-experiment/json"

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
		"searchParam": []any{
			parameter("_id", "token", "The person's id."),
			parameter("identifier", "token", "An NHS number or an organisation's own patient id, as [system]|[value]. Send it by POST: it belongs in no URL."),
		},
		"operation": []any{object{
			"name": "everything", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
			"documentation": "_count and _type are offered. Every page names the next one.",
		}},
	}}
	for _, kind := range fhir.Types() {
		if kind == "Patient" || !searchable(kind) {
			continue
		}
		resources = append(resources, object{
			"type":             kind,
			"interaction":      []any{object{"code": "search-type"}},
			"searchRevInclude": []any{"Provenance:target"},
			"searchParam":      []any{parameter("patient", "reference", "The person's id. Required.")},
		})
	}
	return json.Marshal(object{
		"resourceType": "CapabilityStatement", "status": "active", "kind": "instance", "fhirVersion": "4.0.1",
		"date": fhir.FormatInstant(s.Now()), "format": []any{"application/fhir+json", "json"},
		"software":       object{"name": "CareRecord", "version": s.Version},
		"implementation": object{"description": "A regional shared care record", "url": s.BaseURL},
		"rest": []any{object{
			"mode": "server", "resource": resources,
			"security": object{
				"description": "A bearer JWT (RFC 6750) of the region's issuer with the claims org (ODS code) and role (job role code), or a CIS2 token.",
			},
		}},
	}, json.Deterministic(true))
}

func parameter(name, kind, documentation string) object {
	return object{"name": name, "type": kind, "documentation": documentation}
}

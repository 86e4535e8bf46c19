package audit

import (
	"cmp"
	"encoding/base64"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/carerecord/carerecord/shared/failure"
)

// Code systems and identifier systems of an AuditEvent (BALP 1.1, standards named there).
const (
	eventTypes   = "http://terminology.hl7.org/CodeSystem/audit-event-type"
	interactions = "http://hl7.org/fhir/restful-interaction"
	dicom        = "http://dicom.nema.org/resources/ontology/DCM"
	participants = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	entityTypes  = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
	entityRoles  = "http://terminology.hl7.org/CodeSystem/object-role"
	balpEntities = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
	odsCodes     = "https://fhir.nhs.uk/Id/ods-organization-code"
	jobRoles     = "https://fhir.hl7.org.uk/CodeSystem/UKCore-SDSJobRoleName"
	actReasons   = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
	sourceTypes  = "http://terminology.hl7.org/CodeSystem/security-source-type"
	profiles     = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
)

type (
	coding struct {
		System string `json:"system"`
		Code   string `json:"code"`
	}
	concept struct {
		Coding []coding `json:"coding"`
	}
	identifier struct {
		System string `json:"system,omitzero"`
		Value  string `json:"value"`
	}
	reference struct {
		Reference  string      `json:"reference,omitzero"`
		Identifier *identifier `json:"identifier,omitzero"`
		Display    string      `json:"display,omitzero"`
	}
	agent struct {
		Type         concept    `json:"type"`
		Role         []concept  `json:"role,omitzero"`
		Who          *reference `json:"who,omitzero"`
		Name         string     `json:"name,omitzero"`
		Requestor    bool       `json:"requestor"`
		PurposeOfUse []concept  `json:"purposeOfUse,omitzero"`
	}
	entity struct {
		What        *reference `json:"what,omitzero"`
		Type        *coding    `json:"type,omitzero"`
		Role        *coding    `json:"role,omitzero"`
		Description string     `json:"description,omitzero"`
		Query       string     `json:"query,omitzero"` // base64Binary
	}
	meta struct {
		Profile []string `json:"profile"`
	}
	source struct {
		Observer reference `json:"observer"`
		Type     []coding  `json:"type"`
	}
	resource struct {
		ResourceType string   `json:"resourceType"`
		ID           string   `json:"id"`
		Meta         meta     `json:"meta"`
		Type         coding   `json:"type"`
		Subtype      []coding `json:"subtype"`
		Action       string   `json:"action"`
		Recorded     string   `json:"recorded"`
		Outcome      Outcome  `json:"outcome"`
		OutcomeDesc  string   `json:"outcomeDesc,omitzero"`
		Agent        []agent  `json:"agent"`
		Source       source   `json:"source"`
		Entity       []entity `json:"entity"`
	}
)

// Resource gives the event as a FHIR R4 AuditEvent with the id.
func (e Event) Resource(id string) ([]byte, error) {
	r := resource{
		ResourceType: "AuditEvent", ID: id,
		Meta:     meta{Profile: []string{profiles + e.profile()}},
		Type:     coding{eventTypes, "rest"},
		Subtype:  []coding{e.subtype()},
		Action:   e.action(),
		Recorded: e.Recorded.UTC().Format(time.RFC3339Nano),
		Outcome:  e.Outcome, OutcomeDesc: e.Reason,
		Agent: e.agents(),
		Source: source{
			Observer: reference{Identifier: &identifier{Value: e.Server}},
			Type:     []coding{{sourceTypes, "4"}}, // application server
		},
		Entity: e.entities(),
	}
	body, err := json.Marshal(r, json.Deterministic(true))
	return body, failure.Wrap(failure.Internal, "audit.Resource", err)
}

func (e Event) isRead() bool { return e.Interaction == Read }

// profile: the patient's profile demands a patient (BALP PatientRead and PatientQuery).
func (e Event) profile() string {
	name := "Query"
	if e.isRead() {
		name = "Read"
	}
	if e.Patient != "" {
		name = "Patient" + name
	}
	return name
}

func (e Event) subtype() coding {
	if e.Interaction.operation {
		return coding{interactions, "operation"}
	}
	return coding{interactions, e.Interaction.Code}
}

// action: a search is E, Execute, and not R (BALP Query).
func (e Event) action() string {
	if e.isRead() {
		return "R"
	}
	return "E"
}

// agents are client, server and user. Which of the first two is the source
// swaps with the direction: a query's data is the question, which the client
// sends; a read's data is the resource, which the server sends.
func (e Event) agents() []agent {
	const sends, gets = "110153", "110152"
	client, server := sends, gets
	if e.isRead() {
		client, server = gets, sends
	}
	user := agent{
		Type:         concept{[]coding{{participants, "IRCP"}}},
		Who:          &reference{Identifier: &identifier{System: e.Caller.Issuer, Value: e.Caller.Subject}},
		Name:         e.Caller.Name,
		Requestor:    true,
		PurposeOfUse: []concept{{[]coding{{actReasons, string(cmp.Or(e.Purpose, Treatment))}}}},
	}
	if e.Caller.Role != "" {
		user.Role = []concept{{[]coding{{jobRoles, e.Caller.Role}}}}
	}
	application := agent{Type: concept{[]coding{{dicom, client}}}}
	application.Who = &reference{Identifier: &identifier{System: odsCodes, Value: e.Caller.Organisation}, Display: e.Caller.Client}
	if e.Caller.Organisation == "" {
		application.Who = &reference{Display: "application of an unknown organisation"}
	}
	return []agent{
		application,
		{Type: concept{[]coding{{dicom, server}}}, Who: &reference{Identifier: &identifier{Value: e.Server}}},
		user,
	}
}

// entities name the request, what was asked, and the patient. Results and
// their number are not recorded (BALP).
func (e Event) entities() []entity {
	list := []entity{{
		What: &reference{Identifier: &identifier{Value: e.RequestID}},
		Type: &coding{balpEntities, "XrequestId"},
	}}
	switch {
	case e.isRead() && e.Type != "" && cmp.Or(e.Of, e.Patient) != "":
		list = append(list, entity{
			What: &reference{Reference: e.Type + "/" + cmp.Or(e.Of, e.Patient)},
			Type: &coding{entityTypes, "2"}, Role: &coding{entityRoles, "4"}, // domain resource
		})
	case e.Query != "":
		list = append(list, entity{
			Type: &coding{entityTypes, "2"}, Role: &coding{entityRoles, "24"}, // query
			Query: base64.StdEncoding.EncodeToString([]byte(e.Query)), Description: e.Query,
		})
	}
	if e.Patient != "" {
		list = append(list, entity{
			What: &reference{Reference: "Patient/" + e.Patient},
			Type: &coding{entityTypes, "1"}, Role: &coding{entityRoles, "1"}, // person, patient
		})
	}
	return list
}

package restapi

import (
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
)

// parameterForm is an element of a Parameters resource that is answered.
type parameterForm struct {
	Name            string          `json:"name"`
	Extension       []extension     `json:"extension,omitzero"`
	ValueString     string          `json:"valueString,omitzero"`
	ValueCode       string          `json:"valueCode,omitzero"`
	ValueDate       string          `json:"valueDate,omitzero"`
	ValueDateTime   string          `json:"valueDateTime,omitzero"`
	ValueInteger    *int            `json:"valueInteger,omitzero"`
	ValueIdentifier *identifierRef  `json:"valueIdentifier,omitzero"`
	ValueReference  *reference      `json:"valueReference,omitzero"`
	Resource        jsontext.Value  `json:"resource,omitzero"`
	Part            []parameterForm `json:"part,omitzero"`
}

type parametersForm struct {
	ResourceType string          `json:"resourceType"`
	Parameter    []parameterForm `json:"parameter,omitzero"`
}

// parametersAnswer writes a Parameters resource. Parameters of the request that
// were ignored are named in an OperationOutcome, the parameter "warning".
func parametersAnswer(list []parameterForm, ignored []string) (answer, error) {
	if len(ignored) > 0 {
		warning := outcomeForm{ResourceType: "OperationOutcome"}
		for _, name := range ignored {
			warning.Issue = append(warning.Issue, unheeded(name))
		}
		body, err := json.Marshal(warning, json.Deterministic(true))
		if err != nil {
			return answer{}, failure.Wrap(failure.Internal, "restapi.parametersAnswer", err)
		}
		list = append(list, parameterForm{Name: "warning", Resource: body})
	}
	body, err := json.Marshal(parametersForm{"Parameters", list}, json.Deterministic(true))
	return answer{body: body}, failure.Wrap(failure.Internal, "restapi.parametersAnswer", err)
}

// said is an OperationOutcome that says in words what was done.
func said(text string) []byte {
	return fhir.OperationOutcome(fhir.Issue{Severity: fhir.SeverityInformation, Code: fhir.IssueInformational, Text: text})
}

package restapi

import (
	"cmp"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
)

// Code systems of the region, described in docs/api.md.
const (
	codeSystems     = "https://github.com/carerecord/carerecord/fhir/CodeSystem/"
	taskSystem      = codeSystems + "task"
	kindSystem      = codeSystems + "review-kind"
	taskPartSystem  = codeSystems + "review-part"
	reviewTask      = "patient-link-review"
	leftPatient     = "left"
	rightPatient    = "right"
	heldUpdate      = "held-update"
	decidedBySystem = "urn:carerecord:subject"
)

// stateOf gives the Task.status of a review's state (R4 task-status).
var stateOf = map[index.ReviewState]string{
	index.ReviewOpen: "requested", index.ReviewWaiting: "on-hold", index.ReviewDecided: "completed", index.ReviewClosed: "cancelled",
}

// questions say what a reviewer is asked.
var questions = map[index.ReviewKind]string{
	index.ReviewOverlay:   "The details of this patient have turned into somebody else's. Is the update right (same), or is it of another person (different)?",
	index.ReviewConflict:  "There is evidence for and against these two being one person. Are they?",
	index.ReviewMerge:     "An organisation merged two patients whose details disagree, and thereby joined patients of others. Are they one person?",
	index.ReviewMerged:    "An organisation merged two patients with different NHS numbers. Are they one person?",
	index.ReviewPossible:  "These two may be one person. Are they?",
	index.ReviewDuplicate: "An organisation seems to have this person twice. Are they one person? The organisation should merge them.",
	index.ReviewCrowded:   "Very many patients state this NHS number, or look like this one. Is it a placeholder?",
}

type (
	taskForm struct {
		ResourceType string           `json:"resourceType"`
		ID           string           `json:"id"`
		Meta         taskMeta         `json:"meta"`
		Contained    []jsontext.Value `json:"contained,omitzero"`
		Extension    []extension      `json:"extension"`
		Status       string           `json:"status"`
		Intent       string           `json:"intent"`
		Code         concept          `json:"code"`
		Description  string           `json:"description"`
		For          *reference       `json:"for,omitzero"`
		AuthoredOn   string           `json:"authoredOn"`
		LastModified string           `json:"lastModified"`
		Input        []taskPart       `json:"input,omitzero"`
		Output       []taskPart       `json:"output,omitzero"`
	}
	taskMeta struct {
		LastUpdated string `json:"lastUpdated"`
	}
	taskPart struct {
		Type            concept        `json:"type"`
		ValueCode       string         `json:"valueCode,omitzero"`
		ValueString     string         `json:"valueString,omitzero"`
		ValueDateTime   string         `json:"valueDateTime,omitzero"`
		ValueIdentifier *identifierRef `json:"valueIdentifier,omitzero"`
		ValueReference  *reference     `json:"valueReference,omitzero"`
	}
)

// taskOf gives a review as a Task (R4): what is asked, of which people, on what
// evidence, from which row; and the answer, when there is one.
func taskOf(r index.Review) taskForm {
	changed := r.Opened
	if r.Act != nil {
		changed = r.Act.At
	}
	t := taskForm{
		ResourceType: "Task", ID: r.ID, Meta: taskMeta{fhir.FormatInstant(changed)},
		Extension: []extension{evidence(r.Decision), {URL: provenanceExtension, Extension: placeOf(r.Origin)}},
		Status:    cmp.Or(stateOf[r.State], "requested"), Intent: "order",
		Code:        concept{[]fhir.Coding{{System: taskSystem, Code: reviewTask}, {System: kindSystem, Code: string(r.Kind)}}},
		Description: questions[r.Kind], AuthoredOn: fhir.FormatInstant(r.Opened), LastModified: fhir.FormatInstant(changed),
		Input: []taskPart{{Type: partOf("delivery"), ValueIdentifier: &identifierRef{deliverySystem, r.Origin.Delivery}}},
	}
	t.person(r.Person)
	t.person(r.Other)
	t.answered(r)
	return t
}

// person names a person whom the review is about; the first is the one it is for.
func (t *taskForm) person(id string) {
	if id == "" {
		return
	}
	at := &reference{Reference: "Patient/" + id}
	if t.For == nil {
		t.For = at
	}
	t.Input = append(t.Input, taskPart{Type: partOf("person"), ValueReference: at})
}

// answered says what a human answered, who it was, and why.
func (t *taskForm) answered(r index.Review) {
	if r.Answer == "" || r.Act == nil {
		return
	}
	t.Output = []taskPart{
		{Type: partOf("answer"), ValueCode: string(r.Answer)},
		{Type: partOf("reason"), ValueString: r.Act.Reason},
		{Type: partOf("decided-by"), ValueIdentifier: &identifierRef{decidedBySystem, r.Act.By}},
		{Type: partOf("decided-at"), ValueDateTime: r.Act.At.UTC().Format(time.RFC3339)},
	}
}

func partOf(code string) concept { return concept{[]fhir.Coding{{System: taskPartSystem, Code: code}}} }

// sides puts both sides as they are now into the Task, as contained Patients.
func (t *taskForm) sides(c index.ReviewCase) error {
	t.Input, t.For = t.Input[:1], nil
	for i, side := range c.Sides {
		id := leftPatient
		if i > 0 {
			id = rightPatient
		}
		if err := t.contain(id, "source-patient", side.SourcePatient, side.Details); err != nil {
			return err
		}
		if side.Update != nil {
			if err := t.contain(heldUpdate, heldUpdate, side.SourcePatient, *side.Update); err != nil {
				return err
			}
		}
	}
	for _, id := range peopleOf(c) {
		t.person(id)
	}
	return nil
}

func (t *taskForm) contain(id, part string, p index.SourcePatient, d demographics.Details) error {
	patient := fhir.Patient{ID: id, Details: d, Inactive: p.MergedInto != ""}
	if p.Value != "" {
		patient.Identifiers = []fhir.Identifier{{System: localSystem(p.Organisation, p.System), Value: p.Value, Assigner: p.Organisation}}
	}
	body, err := fhir.PatientResource(patient)
	t.Contained = append(t.Contained, body)
	t.Input = append(t.Input, taskPart{Type: partOf(part), ValueReference: &reference{Reference: "#" + id}})
	return failure.Wrap(failure.KindOf(err), "restapi.contain", err)
}

// peopleOf gives the people whom a review is about: those of its sides now, and
// where a side has none, as it was when the review was opened.
func peopleOf(c index.ReviewCase) []string {
	list := []string{c.Person, c.Other}
	for i, side := range c.Sides[:min(len(c.Sides), len(list))] {
		list[i] = cmp.Or(side.Person, list[i])
	}
	var people []string
	for _, id := range list {
		if id != "" {
			people = append(people, id)
		}
	}
	return people
}

func (t *taskForm) body() ([]byte, error) {
	body, err := json.Marshal(t, json.Deterministic(true))
	return body, failure.Wrap(failure.Internal, "restapi.task", err)
}

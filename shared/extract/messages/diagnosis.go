package messages

import (
	"strings"

	"github.com/carerecord/carerecord/shared/hl7v2"
)

// diagnosis writes DG1 as a Condition.
func (r *row) diagnosis(s hl7v2.Segment) {
	code, description := s.Field(3).First(), text(s.Field(4))
	if code.Empty() && description == "" {
		r.missing(s.Field(3), "3", "the diagnosis")
		return
	}
	onset := r.dateTime(s.Field(5), "5")
	recorded := r.dateTime(s.Field(19), "19")
	b := &r.json
	b.begin("Condition")
	b.list("identifier")
	b.entityIdentifier(s.Field(20), "")
	b.shut()
	b.coded("verificationStatus", "http://terminology.hl7.org/CodeSystem/condition-ver-status", diagnosisVerification(s), "")
	b.list("category")
	b.coded("", "http://terminology.hl7.org/CodeSystem/condition-category", "encounter-diagnosis", "Encounter Diagnosis")
	b.shut()
	b.describedConcept("code", code, description)
	b.subject("subject")
	r.encounterRef()
	b.text("onsetDateTime", onset)
	b.text("recordedDate", recorded)
	b.person("asserter", s.Field(16).First())
	id := entityID(s.Field(20))
	if id == "" {
		id = r.subjectID("DG1", r.visit, conceptKey(code), description, text(s.Field(5).Component(1)))
	}
	r.add("Condition", r.unique("Condition", id), onset)
}

// diagnosisVerification reads the action code (DG1-21, D deletes) and the type
// (DG1-6, table 0052: admitting, working, final).
func diagnosisVerification(s hl7v2.Segment) string {
	if strings.EqualFold(text(s.Field(21)), "D") {
		return "entered-in-error"
	}
	switch strings.ToUpper(text(s.Field(6).Component(1))) {
	case "F":
		return "confirmed"
	case "A", "W":
		return "provisional"
	}
	return ""
}

// describedConcept writes a code with a description that a field of its own
// gives.
func (b *builder) describedConcept(key string, v hl7v2.Value, description string) {
	b.open(key)
	b.codings(v)
	if description == "" {
		description = conceptText(v)
	}
	b.text("text", description)
	b.shut()
}

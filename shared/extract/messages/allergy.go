package messages

import (
	"strings"

	"github.com/carerecord/carerecord/shared/hl7v2"
)

// allergy writes AL1 as an AllergyIntolerance. AL1-4 is its criticality, as the
// guide has it, and the severity of the reaction when one is named. A category
// or severity that FHIR has no code for is kept beside (alternate-codes). One
// without a code is kept by its reaction: an allergy is never dropped unless
// the segment is empty.
func (r *row) allergy(s hl7v2.Segment) {
	allergen := s.Field(3).First()
	if allergen.Empty() && s.Field(5).Empty() {
		r.missing(s.Field(3), "3", "the allergen")
		return
	}
	onset := r.dateTime(s.Field(6), "6")
	b := &r.json
	b.begin("AllergyIntolerance")
	b.coded("clinicalStatus", "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active", "")
	b.allergyCategory(s.Field(2))
	severity := strings.ToUpper(text(s.Field(4).Component(1)))
	b.text("criticality", allergyCriticality[severity])
	if severity != "" && allergyCriticality[severity] == "" {
		b.open("_criticality")
		b.alternate("http://terminology.hl7.org/CodeSystem/v2-0128", s.Field(4))
		b.shut()
	}
	if !allergen.Empty() {
		b.concept("code", allergen)
	}
	b.subject("patient")
	r.encounterRef()
	b.text("onsetDateTime", onset)
	b.reaction(s.Field(5), reactionSeverity[severity])
	id := r.subjectID("AL1", conceptKey(allergen), text(s.Field(6).Component(1)))
	r.add("AllergyIntolerance", r.unique("AllergyIntolerance", id), onset)
}

// allergyCategory writes AL1-2, as the category or beside an empty one.
func (b *builder) allergyCategory(v hl7v2.Value) {
	code := strings.ToUpper(text(v.Component(1)))
	if code == "" {
		return
	}
	if category, ok := allergyCategories[code]; ok {
		b.list("category")
		b.text("", category)
		b.shut()
		return
	}
	b.list("_category")
	b.open("")
	b.alternate("http://terminology.hl7.org/CodeSystem/v2-0127", v)
	b.shut()
	b.shut()
}

// alternate writes the sender's code where FHIR's list has none for it.
func (b *builder) alternate(system string, v hl7v2.Value) {
	b.list("extension")
	b.open("")
	b.text("url", "http://hl7.org/fhir/StructureDefinition/alternate-codes")
	b.coded("valueCodeableConcept", system, text(v.Component(1)), text(v.Component(2)))
	b.shut()
	b.shut()
}

// reaction writes the repetitions of AL1-5 as the manifestations of one
// reaction. They are texts in the standard and coded in many feeds.
func (b *builder) reaction(field hl7v2.Value, severity string) {
	if field.Empty() {
		return
	}
	b.list("reaction")
	b.open("")
	b.list("manifestation")
	for _, v := range field.Repetitions() {
		if text(v.Component(2)) != "" {
			b.concept("", v)
			continue
		}
		b.open("")
		b.text("text", text(v.Component(1)))
		b.shut()
	}
	b.shut()
	b.text("severity", severity)
	b.shut()
	b.shut()
}

package messages

import (
	"strings"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/hl7v2"
)

// encounter reads PV1. Only messages about visits state one; in results and
// documents PV1 is a copy, and only its visit number is used, as a reference.
func (r *row) encounter(s hl7v2.Segment) {
	number := s.Field(19)
	if !number.Component(1).Empty() {
		r.visit = qualified(authority(number.Component(4)), text(number.Component(1)))
	}
	if !r.kind.visit {
		return
	}
	admitted := text(s.Field(44).Component(1))
	if r.visit == "" && admitted != "" {
		r.visit = patientID(r.out.Subject) + "|PV1|" + admitted
	}
	class := strings.ToUpper(text(s.Field(2).Component(1)))
	if r.visit == "" {
		// A person-level event (A28, A31) carries PV1 for form's sake.
		if class != "" && class != "N" && r.out.Kind != "ADT^A28" && r.out.Kind != "ADT^A31" {
			r.fault(extract.VisitUnnamed, number, "19", "")
		}
		return
	}
	r.pv1 = s
}

// visitReason keeps PV2 for the Encounter: PV2-3 is the reason for admission.
func (r *row) visitReason(s hl7v2.Segment) { r.pv2 = s }

// finishEncounter writes the Encounter.
func (r *row) finishEncounter() {
	if r.pv1.Raw() == nil {
		return
	}
	b, s := &r.json, r.pv1
	r.enterAgain(s)
	start, end := r.dateTime(s.Field(44), "44"), r.dateTime(s.Field(45), "45")
	b.begin("Encounter")
	r.nationalCode("AdmissionMethod", admissionMethods, s.Field(4))
	r.visitIdentifiers(s)
	b.text("status", r.encounterStatus(s, end))
	b.class(s.Field(2))
	if v := s.Field(4); !v.Empty() && !admissionMethods[strings.ToUpper(text(v.Component(1)))] {
		b.list("type")
		b.concept("", v.First())
		b.shut()
	}
	if v := s.Field(10); !v.Empty() {
		b.concept("serviceType", v.First())
	}
	b.subject("subject")
	r.participants(s)
	b.open("period")
	b.text("start", start)
	b.text("end", end)
	b.shut()
	if v := r.pv2.Field(3); !v.Empty() {
		b.list("reasonCode")
		b.concept("", v.First())
		b.shut()
	}
	r.hospitalization(s)
	r.locations(s)
	r.add("Encounter", r.visit, start)
}

// nationalCode writes a UK Core extension when the value is a code of the
// national list.
func (r *row) nationalCode(name string, list map[string]bool, v hl7v2.Value) {
	code := strings.ToUpper(text(v.Component(1)))
	if !list[code] {
		return
	}
	b := &r.json
	b.list("extension")
	b.open("")
	b.text("url", "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-"+name)
	b.coded("valueCodeableConcept", nationalSystem(name), code, text(v.Component(2)))
	b.shut()
	b.shut()
}

func nationalSystem(name string) string {
	return "https://fhir.hl7.org.uk/CodeSystem/UKCore-" + name + "England"
}

// visitIdentifiers writes PV1-19 and PV1-50.
func (r *row) visitIdentifiers(s hl7v2.Segment) {
	b := &r.json
	b.list("identifier")
	b.identifier("", "VN", text(s.Field(19).Component(1)), s.Field(19).Component(4))
	for _, v := range s.Field(50).Repetitions() {
		b.identifier("", "", text(v.Component(1)), v.Component(4))
	}
	b.shut()
}

// encounterStatus is that of the event; else a discharge time makes the visit
// finished; else the patient class says (guide: PatientClass[EncounterStatus]).
func (r *row) encounterStatus(s hl7v2.Segment, end string) string {
	if r.kind.status != "" {
		return r.kind.status
	}
	if end != "" {
		return "finished"
	}
	switch strings.ToUpper(text(s.Field(2).Component(1))) {
	case "P":
		return "planned"
	case "U", "":
		return "unknown"
	}
	return "in-progress"
}

// class writes Encounter.class, which is required: without PV1-2 it is unknown.
func (b *builder) class(v hl7v2.Value) {
	code := strings.ToUpper(text(v.Component(1)))
	if c, ok := patientClasses[code]; ok {
		b.coding("class", actCode, c[0], c[1])
		return
	}
	if code == "" {
		b.coding("class", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK", "unknown")
		return
	}
	b.coding("class", "http://terminology.hl7.org/CodeSystem/v2-0004", code, text(v.Component(2)))
}

// participants writes the doctors of PV1 with their parts in the visit.
func (r *row) participants(s hl7v2.Segment) {
	b := &r.json
	b.list("participant")
	for _, p := range []struct {
		field         int
		code, display string
	}{{7, "ATND", "attender"}, {8, "REF", "referrer"}, {9, "CON", "consultant"}, {17, "ADM", "admitter"}, {52, "PART", "Participation"}} {
		for _, v := range s.Field(p.field).Repetitions() {
			mark := len(b.buf)
			b.open("")
			b.list("type")
			b.coded("", participation, p.code, p.display)
			b.shut()
			bare := len(b.buf)
			b.person("individual", v)
			empty := len(b.buf) == bare
			b.shut()
			if empty { // a part without somebody who plays it
				b.buf = b.buf[:mark]
			}
		}
	}
	b.shut()
}

// hospitalization writes how the patient came and left: PV1-5, 13, 14, 36, 37.
func (r *row) hospitalization(s hl7v2.Segment) {
	b := &r.json
	b.open("hospitalization")
	r.nationalCode("DischargeMethod", dischargeMethods, s.Field(36))
	b.identifier("preAdmissionIdentifier", "", text(s.Field(5).Component(1)), s.Field(5).Component(4))
	b.listed("admitSource", "SourceOfAdmission", admissionSources, s.Field(14))
	if v := s.Field(13); !v.Empty() {
		b.concept("reAdmission", v.First())
	}
	if v := s.Field(37); !v.Empty() && !dischargeDestinations[strings.ToUpper(text(v.Component(1)))] {
		b.open("destination")
		b.text("display", joined(", ", text(v.Component(1)), text(v.Component(2))))
		b.shut()
	}
	switch destination, disposition := s.Field(37), s.Field(36); {
	case dischargeDestinations[strings.ToUpper(text(destination.Component(1)))]:
		b.listed("dischargeDisposition", "DischargeDestination", dischargeDestinations, destination)
	case !dischargeMethods[strings.ToUpper(text(disposition.Component(1)))]:
		b.listed("dischargeDisposition", "", nil, disposition)
	}
	b.shut()
}

// listed writes a CodeableConcept whose code belongs to a national list when it
// is on it.
func (b *builder) listed(key, name string, list map[string]bool, v hl7v2.Value) {
	code := strings.ToUpper(text(v.Component(1)))
	switch {
	case v.Empty():
	case list[code]:
		b.coded(key, nationalSystem(name), code, text(v.Component(2)))
	default:
		b.concept(key, v.First())
	}
}

// locations writes where the patient is (PV1-3), waits (PV1-11, PV1-42) and was
// (PV1-6), by name.
func (r *row) locations(s hl7v2.Segment) {
	b := &r.json
	status := "active"
	if strings.EqualFold(text(s.Field(2).Component(1)), "P") {
		status = "planned"
	}
	b.list("location")
	b.location(s.Field(3), status)
	b.location(s.Field(11), "active")
	b.location(s.Field(42), "reserved")
	b.location(s.Field(6), "completed")
	b.shut()
}

// location writes a PL: point of care, room, bed, facility, status, type,
// building, floor.
func (b *builder) location(v hl7v2.Value, status string) {
	display := joined(", ", text(v.Component(1)), text(v.Component(2)), text(v.Component(3)), text(v.Component(7)), text(v.Component(4).Subcomponent(1)))
	if display == "" {
		return
	}
	b.open("")
	b.open("location")
	b.text("display", display)
	b.shut()
	b.text("status", status)
	b.shut()
}

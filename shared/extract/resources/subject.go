package resources

import (
	"strings"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/nhs"
)

// subject finds the patient in whose record the resource is; false when it
// must be refused for want of one.
func (rd *reading) subject(id string) bool {
	doc := &rd.doc
	switch {
	case doc.Type() == "Patient":
		rd.row.Subject = &extract.Patient{Value: id}
		rd.details()
		return true
	case fhir.Directory(doc.Type()):
		return true
	}
	subjects := doc.Subjects()
	chosen, patient, others := rd.choose(subjects)
	switch {
	case patient == nil && others:
		return true // of a Group, a Location, a Practitioner: expressly no patient's
	case patient == nil && fhir.PatientBound(doc.Type()):
		element := fhir.SubjectPath(doc.Type())
		if len(subjects) > 0 {
			element = subjects[0].Path
		}
		f := rd.fault(extract.PatientMissing, element, "")
		*f = f.Want("a reference to the patient, or their NHS number as identifier of the reference")
		return false
	case patient != nil:
		rd.own(chosen, patient)
	}
	return true
}

// choose takes the first of the subjects that is a patient. A Group of
// several patients is nobody's.
func (rd *reading) choose(subjects []fhir.Subject) (chosen fhir.Subject, patient *extract.Patient, others bool) {
	for _, s := range subjects {
		found, other := rd.patient(s)
		others = others || other
		switch {
		case found == nil:
		case patient == nil:
			chosen, patient = s, found
		case rd.doc.Type() == "Group" && *found != *patient:
			return fhir.Subject{}, nil, true
		}
	}
	return chosen, patient, others
}

// patient says whom a subject points at: a patient, something else, or
// nothing that can be understood.
func (rd *reading) patient(s fhir.Subject) (patient *extract.Patient, other bool) {
	target, inBundle := rd.sc.targets.find(s.Reference)
	if !inBundle {
		target = s.Reference
	}
	r, literal := fhir.ParseReference(target)
	switch {
	case s.Reference == "" || s.Reference == fhir.OwnPatient:
		return rd.logical(s.Path+".identifier", s.Identifier), false
	case s.Reference[0] == '#':
		return rd.contained(s)
	case literal && r.Type == "Patient":
		return &extract.Patient{Value: r.ID}, false
	case literal:
		return nil, true
	case strings.HasPrefix(s.Reference, "Patient?"):
		return rd.logical(s.Path, conditional(s.Reference)), false
	case fhir.IsURN(s.Reference) && (s.Type == "" || s.Type == "Patient"):
		// A patient of another Bundle, most likely: held until they come.
		return &extract.Patient{Value: s.Reference[strings.LastIndexByte(s.Reference, ':')+1:]}, false
	}
	return nil, false
}

// conditional reads "Patient?identifier=system|value".
func conditional(reference string) fhir.Identifier {
	_, query, _ := strings.Cut(reference, "identifier=")
	query, _, _ = strings.Cut(query, "&")
	system, value, _ := strings.Cut(strings.ReplaceAll(query, "%7C", "|"), "|")
	return fhir.Identifier{System: system, Value: value}
}

// logical finds a patient by an identifier: that of a Patient in the same
// Bundle, or an NHS number.
func (rd *reading) logical(element string, id fhir.Identifier) *extract.Patient {
	if own, ok := rd.sc.targets.patients[id]; ok {
		return &extract.Patient{Value: own}
	}
	if !fhir.IsNHSNumberSystem(id.System) || id.Value == "" {
		return nil
	}
	number, err := nhs.ParseNumber(id.Value)
	if err != nil {
		rd.fault(numberCode(err), element+".value", extract.Mask(id.Value))
		return nil
	}
	return &extract.Patient{System: nhs.NumberSystem, Value: number}
}

// contained finds a patient who is inside the resource by their identifiers.
// Somebody without any cannot be told from others, as the id of a contained
// resource means nothing outside.
func (rd *reading) contained(s fhir.Subject) (patient *extract.Patient, other bool) {
	raw := rd.doc.Contained(s.Reference[1:])
	switch kind := headOf(raw).kind; kind {
	case "Patient":
	case "":
		return rd.logical(s.Path+".identifier", s.Identifier), false
	default:
		return nil, true
	}
	for _, id := range append(rd.doc.ContainedIdentifiers(s.Reference[1:]), s.Identifier) {
		if patient = rd.logical("contained.identifier", id); patient == nil {
			continue
		}
		if patient.System != "" && rd.row.Details == nil {
			details, _, err := fhir.PatientDetails(raw, rd.src.Received)
			if err == nil {
				rd.row.Details = &details
			}
		}
		return patient, false
	}
	return nil, false
}

// own puts the resource in the patient's record.
func (rd *reading) own(s fhir.Subject, patient *extract.Patient) {
	rd.row.Subject = patient
	if r, ok := fhir.ParseReference(s.Reference); ok && r.Base != "" {
		rd.base = r.Base
	}
	switch {
	case s.Reference == "":
		rd.changes = append(rd.changes, rd.doc.InsertReference(s, fhir.OwnPatient))
	case s.Reference[0] != '#':
		rd.stated = s.Reference
	}
}

// several warns once of a Bundle about more than one patient.
func (rd *reading) several() {
	patient := rd.row.Subject
	switch {
	case patient == nil || rd.sc.several || rd.sc.targets == noTargets:
	case rd.sc.patient == nil:
		rd.sc.patient = patient
	case *rd.sc.patient != *patient:
		rd.sc.several = true
		rd.fault(extract.PatientSeveral, "", "")
	}
}

package messages

import (
	"github.com/carerecord/carerecord/shared/extract"
)

// mergePatients reads MRG: the patient it names is now the one in PID (A34,
// A40 and their kin; the guide maps MRG to no patient, so the rule is ours).
// The prior patient's resource becomes inactive and names its survivor.
func (r *row) mergePatients() {
	if r.prior.Raw() == nil {
		place := r.out.Place
		place.Path = "MRG"
		r.out.Faults = append(r.out.Faults, extract.FieldMissing.At(r.out.Number, place, "").Want("a segment MRG with the id that is given up"))
		return
	}
	r.enterAgain(r.prior)
	id := r.identify(r.prior.Field(1), "1")
	prior := id.patient(r.prior.Field(4))
	if prior == nil {
		f := r.fault(extract.FieldMissing, r.prior.Field(1), "1", "")
		*f = f.Want("the id that is given up")
		return
	}
	// An id without an authority is one of the authority that keeps the survivor.
	if prior.System == "" {
		prior.System = r.out.Subject.System
	}
	if *prior == *r.out.Subject {
		f := r.fault(extract.FieldValue, r.prior.Field(1), "1", extract.Mask(prior.Value))
		*f = f.Want("another id than that of PID-3")
		return
	}
	r.out.Merge = prior
	r.priorPatient(prior, id)
}

// priorPatient writes the resource of the patient that is given up.
func (r *row) priorPatient(prior *extract.Patient, id identity) {
	b := &r.json
	b.begin("Patient")
	b.identifiers(id, "", r.prior.Field(4))
	b.raw("active", "false")
	b.names(names(r.prior.Field(7)))
	b.list("link")
	b.open("")
	b.open("other")
	b.text("reference", "Patient/"+patientID(r.out.Subject))
	b.text("type", "Patient")
	b.shut()
	b.text("type", "replaced-by")
	b.shut()
	b.shut()
	r.add("Patient", patientID(prior), "")
	r.out.Entries[len(r.out.Entries)-1].Owner = prior
}

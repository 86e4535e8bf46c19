package messages

import (
	"cmp"
	"strings"

	"github.com/carerecord/carerecord/shared/hl7v2"
)

// order is an OBR and what hangs on it, until all of it is known.
type order struct {
	obr            hl7v2.Segment
	nth            int
	placer, filler hl7v2.Value
	id             string // source id of the DiagnosticReport; those of its results begin with it
	status         string // DiagnosticReport.status
	time           string // its clinical date
	category       string // Observation.category of its results
	results        []string
	notes          []string
}

// result is an Observation that is written up to its notes.
type result struct {
	id, date string
	notes    []string
}

// orderSegment reads ORC and OBR. In a document message they name the order
// that the document was written for, which has no mapping.
func (r *row) orderSegment(s hl7v2.Segment) {
	switch {
	case r.kind.document:
		r.unmapped(s)
	case s.Name() == "ORC":
		r.finishOrder()
		r.control = s
	default:
		r.finishOrder()
		r.order = r.begunOrder(s)
		r.control = hl7v2.Segment{}
	}
}

// begunOrder reads OBR. A report is named by its filler's order number, else
// its placer's, and by what was asked for, as one number often covers several
// reports of one specimen.
func (r *row) begunOrder(s hl7v2.Segment) *order {
	o := &order{obr: s, nth: r.nth, placer: r.orderNumber(s, 2), filler: r.orderNumber(s, 3)}
	number := cmp.Or(entityID(o.filler), entityID(o.placer))
	if number == "" { // no order number at all: the patient, and when
		number = r.subjectID("OBR", text(s.Field(7).Component(1)))
	}
	o.id = r.unique("DiagnosticReport", number+"|"+conceptKey(s.Field(4).First()))
	o.time = r.dateTime(s.Field(7), "7")
	o.status = cmp.Or(r.code(reportStatuses, s.Field(25), "25"), "unknown")
	o.category = observationCategory(text(s.Field(24).Component(1)))
	return o
}

// orderNumber is OBR-2 or OBR-3, else the same field of the ORC before it.
func (r *row) orderNumber(obr hl7v2.Segment, field int) hl7v2.Value {
	if v := obr.Field(field); !v.Empty() || r.control.Raw() == nil {
		return v
	}
	return r.control.Field(field)
}

// observationCategory gives Observation.category for a diagnostic service
// (OBR-24, table 0074): laboratory or imaging, or none.
func observationCategory(service string) string {
	switch strings.ToUpper(service) {
	case "LAB", "BG", "BLB", "CG", "CH", "CP", "CTH", "CUS", "GE", "HM", "ICU", "IMM", "MB", "MCB", "MYC", "OSL", "SP", "SR", "TX", "VR":
		return "laboratory"
	case "RAD", "CT", "NMR", "NMS", "RUS", "RX", "VUS", "XRC", "OUS":
		return "imaging"
	}
	return ""
}

// finishOrder writes the DiagnosticReport of the OBR that is open, if any.
func (r *row) finishOrder() {
	o := r.order
	if o == nil {
		return
	}
	r.order = nil
	seg, nth := r.seg, r.nth
	defer func() { r.seg, r.nth = seg, nth }()
	r.seg, r.nth = o.obr, o.nth
	s := o.obr
	ended := r.dateTime(s.Field(8), "8")
	issued := ""
	if t, ok := r.time(s.Field(22), "22"); ok {
		issued = fhirInstant(t)
	}
	b := &r.json
	b.begin("DiagnosticReport")
	b.reportNote(o.notes)
	b.list("identifier")
	b.entityIdentifier(o.placer, "PLAC")
	b.entityIdentifier(o.filler, "FILL")
	b.shut()
	b.text("status", o.status)
	b.list("category")
	b.coded("", "http://terminology.hl7.org/CodeSystem/v2-0074", strings.ToUpper(text(s.Field(24).Component(1))), "")
	b.shut()
	b.requiredConcept("code", s.Field(4).First())
	b.subject("subject")
	r.encounterRef()
	b.effective(o.time, ended)
	b.text("issued", issued)
	b.list("resultsInterpreter")
	b.person("", s.Field(32).First())
	b.shut()
	b.list("result")
	for _, id := range o.results {
		b.reference("", "Observation/"+id)
	}
	b.shut()
	r.add("DiagnosticReport", o.id, o.time)
}

// effective writes effective[x]: a period when the end is another time.
func (b *builder) effective(start, end string) {
	if end == "" || end == start || start == "" {
		b.text("effectiveDateTime", start)
		return
	}
	b.open("effectivePeriod")
	b.text("start", start)
	b.text("end", end)
	b.shut()
}

// reportNote writes notes on the order. R4 has no DiagnosticReport.note; the
// extension is that of R5's.
func (b *builder) reportNote(notes []string) {
	if len(notes) == 0 {
		return
	}
	b.list("extension")
	b.open("")
	b.text("url", "http://hl7.org/fhir/5.0/StructureDefinition/extension-DiagnosticReport.note")
	b.open("valueAnnotation")
	b.text("text", strings.Join(notes, "\n"))
	b.shut()
	b.shut()
	b.shut()
}

// requiredConcept writes a code that FHIR requires; without one it says so.
func (b *builder) requiredConcept(key string, v hl7v2.Value) {
	if !v.Empty() {
		b.concept(key, v)
		return
	}
	b.coded(key, "http://terminology.hl7.org/CodeSystem/v3-NullFlavor", "UNK", "unknown")
}

// observation reads OBX: a line of a document's text, or an Observation. What
// is written of it waits in the builder for the notes that may follow.
func (r *row) observation(s hl7v2.Segment) {
	if r.doc != nil {
		r.documentContent(s)
		return
	}
	effective := r.dateTime(s.Field(14), "14")
	status := r.code(observationStatuses, s.Field(11), "11")
	if o := r.order; o != nil {
		effective = cmp.Or(effective, o.time)
		status = cmp.Or(status, observationStatusOf(o.status))
	}
	r.result = &result{id: r.observationID(s), date: effective}
	r.writeObservation(s, cmp.Or(status, "unknown"), effective)
	if r.order != nil {
		r.order.results = append(r.order.results, r.result.id)
	}
}

// observationStatusOf gives a result without a status that of its report, where
// Observation has it.
func observationStatusOf(report string) string {
	if report == "partial" {
		return "preliminary"
	}
	return report
}

// observationID names a result by its order, its code, its sub-id and which of
// several such it is, so that a resend and an amendment name the same one. A
// result of no order is named by its patient and its time.
func (r *row) observationID(s hl7v2.Segment) string {
	code, sub := conceptKey(s.Field(3).First()), text(s.Field(4).Component(1))
	base := ""
	if r.order != nil {
		base = r.order.id
	} else {
		base = r.subjectID("OBX", text(s.Field(14).Component(1)))
	}
	return r.unique("Observation", joined("|", base, code, sub))
}

// writeObservation writes all of an Observation but its notes.
func (r *row) writeObservation(s hl7v2.Segment, status, effective string) {
	b := &r.json
	b.begin("Observation")
	attachments := r.attachments(s)
	b.list("extension")
	for _, a := range attachments {
		b.open("")
		b.text("url", "http://hl7.org/fhir/5.0/StructureDefinition/extension-Observation.valueAttachment")
		b.attachment("valueAttachment", a)
		b.shut()
	}
	b.shut()
	b.list("identifier")
	b.entityIdentifier(s.Field(21), "FILL")
	b.shut()
	b.text("status", status)
	if r.order != nil && r.order.category != "" {
		b.list("category")
		b.coded("", "http://terminology.hl7.org/CodeSystem/observation-category", r.order.category, "")
		b.shut()
	}
	b.requiredConcept("code", s.Field(3).First())
	b.subject("subject")
	r.encounterRef()
	b.text("effectiveDateTime", effective)
	b.list("performer")
	for _, v := range s.Field(16).Repetitions() {
		b.person("", v)
	}
	b.shut()
	r.value(s, len(attachments) > 0)
	b.interpretation(s.Field(8))
	b.conceptMember("bodySite", s.Field(20))
	b.conceptMember("method", s.Field(17))
	b.list("referenceRange")
	b.open("")
	b.text("text", text(s.Field(7)))
	b.shut()
	b.shut()
	r.components(s)
}

// conceptMember writes the first repetition of a field, if it has one.
func (b *builder) conceptMember(key string, v hl7v2.Value) {
	if !v.Empty() {
		b.concept(key, v.First())
	}
}

// interpretation writes OBX-8.
func (b *builder) interpretation(field hl7v2.Value) {
	b.list("interpretation")
	for _, v := range field.Repetitions() {
		code := text(v.Component(1))
		if display, ok := interpretations[strings.ToUpper(code)]; ok {
			b.coded("", "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", strings.ToUpper(code), display)
		} else if !v.Empty() {
			b.open("")
			b.text("text", joined(" ", code, text(v.Component(2))))
			b.shut()
		}
	}
	b.shut()
}

// note reads NTE: on the result before it, else on the order. One elsewhere is
// not mapped.
func (r *row) note(s hl7v2.Segment) {
	var lines []string
	for _, v := range s.Field(3).Repetitions() {
		if line := strings.TrimRight(v.Text(), " "); line != "" {
			lines = append(lines, line)
		}
	}
	switch {
	case r.result != nil:
		r.result.notes = append(r.result.notes, lines...)
	case r.order != nil:
		r.order.notes = append(r.order.notes, lines...)
	case r.doc != nil:
		r.doc.lines = append(r.doc.lines, lines...)
	default:
		r.unmapped(s)
	}
}

// finishObservation completes the Observation that was waiting for notes.
func (r *row) finishObservation() {
	o := r.result
	if o == nil {
		return
	}
	r.result = nil
	if b := &r.json; len(o.notes) > 0 {
		b.list("note")
		b.open("")
		b.text("text", strings.Join(o.notes, "\n"))
		b.shut()
		b.shut()
	}
	r.add("Observation", o.id, o.date)
}

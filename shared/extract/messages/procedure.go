package messages

import (
	"strconv"
	"time"

	"github.com/carerecord/carerecord/shared/hl7v2"
)

// procedure writes PR1 as a Procedure. One whose time has passed when the
// message was made was carried out; of others the message does not say.
func (r *row) procedure(s hl7v2.Segment) {
	code, description := s.Field(3).First(), text(s.Field(4))
	if code.Empty() && description == "" {
		r.missing(s.Field(3), "3", "the procedure")
		return
	}
	begun, timed := r.time(s.Field(5), "5")
	status, performed := "unknown", ""
	if timed {
		performed = fhirDateTime(begun)
		if !begun.Time.After(r.out.At) {
			status = "completed"
		}
	}
	b := &r.json
	b.begin("Procedure")
	b.list("identifier")
	b.entityIdentifier(s.Field(19), "")
	b.shut()
	b.text("status", status)
	if v := s.Field(6); !v.Empty() {
		b.concept("category", v.First())
	}
	b.describedConcept("code", code, description)
	b.subject("subject")
	r.encounterRef()
	r.performed(begun, performed, s.Field(7))
	b.performers(s)
	if v := s.Field(15); !v.Empty() {
		b.list("reasonCode")
		b.concept("", v.First())
		b.shut()
	}
	id := entityID(s.Field(19))
	if id == "" {
		id = r.subjectID("PR1", r.visit, conceptKey(code), description, text(s.Field(5).Component(1)))
	}
	r.add("Procedure", r.unique("Procedure", id), performed)
}

// performed writes when: a period when PR1-7 gives its minutes and PR1-5 is
// exact enough (guide: PR1[Procedure]).
func (r *row) performed(begun hl7v2.Timestamp, performed string, length hl7v2.Value) {
	b := &r.json
	minutes, err := strconv.Atoi(text(length))
	if err != nil || minutes <= 0 || begun.Precision < hl7v2.Minute || minutes > 60*24*365 {
		b.text("performedDateTime", performed)
		return
	}
	end := begun
	end.Time = begun.Time.Add(time.Duration(minutes) * time.Minute)
	b.open("performedPeriod")
	b.text("start", performed)
	b.text("end", fhirDateTime(end))
	b.shut()
}

// performers writes anaesthetist (PR1-8), surgeon (11) and practitioner (12)
// with the functions that the guide gives them.
func (b *builder) performers(s hl7v2.Segment) {
	b.list("performer")
	for _, p := range []struct {
		field         int
		code, display string
	}{{8, "88189002", "Anesthesiologist"}, {11, "304292004", "Surgeon"}, {12, "", ""}} {
		for _, v := range s.Field(p.field).Repetitions() {
			mark := len(b.buf)
			b.open("")
			b.coded("function", snomed, p.code, p.display)
			bare := len(b.buf)
			b.person("actor", v)
			empty := len(b.buf) == bare
			b.shut()
			if empty {
				b.buf = b.buf[:mark]
			}
		}
	}
	b.shut()
}

package messages

import (
	"strings"

	"github.com/carerecord/carerecord/shared/hl7v2"
)

// relatedPerson writes NK1 as a RelatedPerson.
func (r *row) relatedPerson(s hl7v2.Segment) {
	people := append(names(s.Field(2)), names(s.Field(30))...)
	if len(people) == 0 && s.Field(13).Empty() {
		r.missing(s.Field(2), "2", "the name of the next of kin")
		return
	}
	contacts := append(r.contacts(s.Field(5), "5", "home"), r.contacts(s.Field(6), "6", "work")...)
	addresses := r.addresses(s.Field(4), "4")
	gender := r.sex(s.Field(15), "15")
	born, _, _ := strings.Cut(r.dateTime(s.Field(16), "16"), "T")
	from, to := r.dateTime(s.Field(8), "8"), r.dateTime(s.Field(9), "9")
	b := &r.json
	b.begin("RelatedPerson")
	id := r.kinIdentifiers(s)
	b.raw("active", "true")
	b.subject("patient")
	b.list("relationship")
	for _, n := range []int{3, 7} {
		if v := s.Field(n); !v.Empty() {
			b.concept("", v.First())
		}
	}
	b.shut()
	if len(people) == 0 {
		b.list("name")
		b.open("")
		b.text("text", text(s.Field(13).Component(1)))
		b.shut()
		b.shut()
	}
	b.names(people)
	b.contacts(contacts)
	b.text("gender", gender)
	b.text("birthDate", born)
	b.addresses(addresses)
	b.open("period")
	b.text("start", from)
	b.text("end", to)
	b.shut()
	if id == "" {
		id = string(s.Field(2).Raw())
	}
	r.add("RelatedPerson", r.unique("RelatedPerson", r.subjectID("NK1", id)), "")
}

// kinIdentifiers writes NK1-12 and NK1-33 and gives the first as an id.
func (r *row) kinIdentifiers(s hl7v2.Segment) (id string) {
	b := &r.json
	b.list("identifier")
	for _, n := range []int{12, 33} {
		for _, v := range s.Field(n).Repetitions() {
			value := text(v.Component(1))
			if value == "" {
				continue
			}
			b.identifier("", identifierType(v), value, v.Component(4))
			if id == "" {
				id = qualified(authority(v.Component(4)), value)
			}
		}
	}
	b.shut()
	return id
}

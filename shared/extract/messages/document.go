package messages

import (
	"cmp"
	"strings"

	"github.com/carerecord/carerecord/shared/hl7v2"
)

// document is a TXA and the text of the OBX that follow it.
type document struct {
	txa      hl7v2.Segment
	lines    []string
	attached []attachment
	title    string // of OBX-3
}

// transcription reads TXA, which begins a document.
func (r *row) transcription(s hl7v2.Segment) {
	r.finishDocument()
	r.doc = &document{txa: s}
}

// documentContent adds an OBX to the document: a line of its text, or an
// attachment.
func (r *row) documentContent(s hl7v2.Segment) {
	if r.doc.title == "" {
		r.doc.title = text(s.Field(3).Component(2))
	}
	if isAttachment(s) {
		r.doc.attached = append(r.doc.attached, r.attachments(s)...)
		return
	}
	r.doc.lines = append(r.doc.lines, joinLines(s.Field(5)))
}

// docStatuses maps TXA-17 (table 0271) to composition-status: only what has been
// authenticated is final.
var docStatuses = map[string]string{
	"AU": "final", "LA": "final",
	"DI": "preliminary", "DO": "preliminary", "IN": "preliminary", "IP": "preliminary", "PA": "preliminary",
}

// confidentialities is the guide's ConceptMap DocumentConfidentialityStatus
// (TXA-18, table 0272).
var confidentialities = map[string]string{"V": "V", "R": "R", "U": "N"}

// finishDocument writes the DocumentReference of the TXA that is open, if any.
func (r *row) finishDocument() {
	d := r.doc
	if d == nil {
		return
	}
	r.doc = nil
	s, b := d.txa, &r.json
	r.enterAgain(s)
	written, date := r.documentTime(s)
	docStatus := r.code(docStatuses, s.Field(17), "17")
	label := r.code(confidentialities, s.Field(18), "18")

	b.begin("DocumentReference")
	r.documentNumber(s)
	b.text("status", r.documentStatus(s))
	b.text("docStatus", docStatus)
	if v := s.Field(2); !v.Empty() {
		b.open("type")
		b.documentType(v)
		b.shut()
	}
	b.subject("subject")
	if written.Precision >= hl7v2.Minute {
		b.text("date", fhirInstant(written))
	}
	b.authors(s)
	b.person("authenticator", s.Field(10).First())
	b.text("description", text(s.Field(25)))
	b.list("securityLabel")
	b.coded("", "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", label, "")
	b.shut()
	d.writeContent(b, date)
	if r.visit != "" {
		b.open("context")
		b.list("encounter")
		b.reference("", "Encounter/"+r.visit)
		b.shut()
		b.shut()
	}
	id := entityID(s.Field(12))
	if id == "" {
		id = r.subjectID("TXA", text(s.Field(2).Component(1)), cmp.Or(text(s.Field(6).Component(1)), text(s.Field(4).Component(1))))
	}
	r.add("DocumentReference", r.unique("DocumentReference", id), date)
}

// documentTime reads when the document was written: TXA-6, else the time of the
// activity (TXA-4).
func (r *row) documentTime(s hl7v2.Segment) (hl7v2.Timestamp, string) {
	field, path := s.Field(6), "6"
	if field.Empty() {
		field, path = s.Field(4), "4"
	}
	t, ok := r.time(field, path)
	if !ok {
		return t, ""
	}
	return t, fhirDateTime(t)
}

// documentNumber writes masterIdentifier (TXA-12) and the file name (TXA-16).
func (r *row) documentNumber(s hl7v2.Segment) {
	b := &r.json
	if v := s.Field(12); text(v.Component(1)) != "" {
		b.open("masterIdentifier")
		b.text("system", entitySystem(v))
		b.text("value", text(v.Component(1)))
		b.shut()
	}
	if name := text(s.Field(16)); name != "" {
		b.list("identifier")
		b.open("")
		b.text("value", name)
		b.shut()
		b.shut()
	}
}

// documentStatus reads TXA-19 (table 0273). A cancellation (T11) and a document
// deleted (CA) were never to be there; an obsolete one (OB) has a successor.
func (r *row) documentStatus(s hl7v2.Segment) string {
	availability := strings.ToUpper(text(s.Field(19)))
	switch {
	case r.out.Kind == "MDM^T11", availability == "CA":
		return "entered-in-error"
	case availability == "OB":
		return "superseded"
	}
	return "current"
}

// documentType writes TXA-2: a code of table 0270, or the sender's own with its
// system.
func (b *builder) documentType(v hl7v2.Value) {
	code := text(v.Component(1))
	if system := text(v.Component(3)); system != "" || code == "" {
		b.codings(v.First())
		b.text("text", conceptText(v))
		return
	}
	b.list("coding")
	b.coding("", "http://terminology.hl7.org/CodeSystem/v2-0270", code, text(v.Component(2)))
	b.shut()
}

// authors writes the originators (TXA-9), else who was active (TXA-5).
func (b *builder) authors(s hl7v2.Segment) {
	field := s.Field(9)
	if field.Empty() {
		field = s.Field(5)
	}
	b.list("author")
	for _, v := range field.Repetitions() {
		b.person("", v)
	}
	b.shut()
}

// writeContent writes the text as one plain text and each attachment. A
// document needs content: one of which only the fact was sent has its title.
func (d *document) writeContent(b *builder, created string) {
	all := d.attached
	if len(d.lines) > 0 {
		plain := newAttachment("text/plain", []byte(strings.Join(d.lines, "\n")))
		all = append([]attachment{plain}, all...)
	}
	if len(all) == 0 {
		all = []attachment{{contentType: "text/plain"}}
	}
	title := text(d.txa.Field(25))
	if title == "" {
		title = d.title
	}
	b.list("content")
	for _, a := range all {
		a.title = title
		b.open("")
		b.open("attachment")
		a.write(b)
		b.text("creation", created)
		b.shut()
		b.shut()
	}
	b.shut()
}

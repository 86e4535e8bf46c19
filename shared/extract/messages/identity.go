package messages

import (
	"errors"
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/hl7v2"
	"github.com/carerecord/carerecord/shared/nhs"
)

// nhsNumberNames are the identifier types and assigning authorities by which
// senders mark an NHS number in PID-3; nhsNumberOID is its universal id.
var nhsNumberNames = map[string]bool{"NHS": true, "NHSNBR": true, "NHSNMBR": true, "NHSNUMBER": true, "NHSNO": true}

const nhsNumberOID = "2.16.840.1.113883.2.1.4.1"

// isNHSNumber says that a CX is an NHS number: by its type
// (`2478684691^^^NHSNBR^NHSNMBR`) or its authority (`9449305552^^^NHS^NH`, the
// NHS profile of v2.4).
func isNHSNumber(cx hl7v2.Value) bool {
	assigner := cx.Component(4)
	return nhsNumberNames[squeeze(cx.Component(5).Text())] || nhsNumberNames[squeeze(assigner.Subcomponent(1).Text())] ||
		text(assigner.Subcomponent(2)) == nhsNumberOID
}

// isLocalType says that a CX is the number a patient is filed under.
func isLocalType(cx hl7v2.Value) bool {
	switch strings.ToUpper(text(cx.Component(5))) {
	case "MR", "MRN", "PI":
		return true
	}
	return false
}

// identity is what a list of identifiers (PID-3, MRG-1) says of a patient.
type identity struct {
	local   hl7v2.Value // the identifier by which the sender means the patient
	number  string      // NHS number, or empty
	misread string      // one that fails the Modulus 11 check
	others  []hl7v2.Value
}

// identify reads a list of identifiers. The local one is the first that is
// typed MR, MRN or PI, else the first that is no NHS number. An NHS number that
// cannot be one is a fault; so is a second one that differs.
func (r *row) identify(list hl7v2.Value, field string) identity {
	var id identity
	typed := false
	for n, cx := range list.Repetitions() {
		value := cx.Component(1)
		switch {
		case value.Empty():
		case isNHSNumber(cx):
			r.nhsNumber(&id, value, field+"("+strconv.Itoa(n)+").1")
		default:
			id.others = append(id.others, cx)
			if first := id.local.Empty(); first || isLocalType(cx) && !typed {
				id.local = cx
			}
			typed = typed || isLocalType(cx)
		}
	}
	return id
}

// nhsNumber takes an NHS number into an identity.
func (r *row) nhsNumber(id *identity, v hl7v2.Value, path string) {
	number, err := nhs.ParseNumber(v.Text())
	found := extract.Mask(v.Text())
	switch {
	case errors.Is(err, nhs.ErrNumberRepeated):
		r.fault(extract.NHSNumberRepeat, v, path, found)
	case errors.Is(err, nhs.ErrNumberCheckDigit):
		r.fault(extract.NHSNumberCheck, v, path, found)
		id.misread = v.Text()
	case err != nil:
		r.fault(extract.NHSNumberForm, v, path, found)
	case id.number != "" && id.number != number:
		f := r.fault(extract.FieldValue, v, path, found)
		*f = f.Want("one NHS number for a patient: the first was kept")
	default:
		id.number = number
	}
}

// patient names the patient: by the local id under its authority, else by the
// field that older messages have it in, else by the NHS number itself. nil when
// there is nothing.
func (id identity) patient(older hl7v2.Value) *extract.Patient {
	if !id.local.Empty() {
		return &extract.Patient{System: authority(id.local.Component(4)), Value: text(id.local.Component(1))}
	}
	if !older.Component(1).Empty() {
		return &extract.Patient{System: authority(older.Component(4)), Value: text(older.Component(1))}
	}
	if id.number != "" {
		return &extract.Patient{System: nhs.NumberSystem, Value: id.number}
	}
	return nil
}

// patientID is the source id of a patient's own entry. It is also what a
// reference to another patient than the row's own ends with.
func patientID(p *extract.Patient) string { return qualified(p.System, p.Value) }

// identifiers writes Patient.identifier: the NHS number with its verification
// status, then the others as they came.
func (b *builder) identifiers(id identity, status string, older hl7v2.Value) {
	b.list("identifier")
	if id.number != "" {
		b.open("")
		if status != "" {
			b.list("extension")
			b.open("")
			b.text("url", nhs.NumberStatusExtension)
			b.coded("valueCodeableConcept", nhs.NumberStatusSystem, status, nhs.NumberStatusDisplay(status))
			b.shut()
			b.shut()
		}
		b.text("system", nhs.NumberSystem)
		b.text("value", id.number)
		b.shut()
	}
	for _, cx := range id.others {
		b.identifier("", identifierType(cx), text(cx.Component(1)), cx.Component(4))
	}
	if len(id.others) == 0 && !older.Component(1).Empty() {
		b.identifier("", "", text(older.Component(1)), older.Component(4))
	}
	b.shut()
}

// identifierType gives the type of a CX as a code of table 0203; MRN is what
// many senders write for MR.
func identifierType(cx hl7v2.Value) string {
	switch t := strings.ToUpper(text(cx.Component(5))); t {
	case "MRN":
		return "MR"
	case "MR", "PI", "PT", "AN", "VN", "XX", "DL", "PPN", "SS", "EI", "MA", "MC", "NH", "PN", "RI":
		return t
	}
	return ""
}

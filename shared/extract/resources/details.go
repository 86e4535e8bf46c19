package resources

import (
	"errors"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/nhs"
)

// notANumber is what stands beside an identifier that was sent as an NHS
// number and is none.
const notANumber = "Sent as an NHS number; not a valid one"

// details reads what a Patient says of itself. A number that is no NHS number
// keeps the source's words and loses the system that says it is one.
func (rd *reading) details() {
	details, problems := rd.doc.PatientDetails(rd.src.Received)
	rd.row.Details = &details
	for _, p := range problems {
		f := rd.fault(codeOf(p.Defect), p.Path, extract.Mask(p.Found))
		switch p.Defect {
		case fhir.DefectNHSNumberSeveral:
			f.Expected = "one NHS number, or one that is verified"
		case fhir.DefectNHSNumberForm, fhir.DefectNHSNumberCheck, fhir.DefectNHSNumberRepeat:
			if change, ok := rd.doc.DisownIdentifier(p.Index, notANumber); ok {
				rd.changes = append(rd.changes, change)
			}
		}
	}
}

func codeOf(d fhir.Defect) extract.Code {
	switch d {
	case fhir.DefectCode:
		return extract.FieldCode
	case fhir.DefectNHSNumberForm:
		return extract.NHSNumberForm
	case fhir.DefectNHSNumberCheck:
		return extract.NHSNumberCheck
	case fhir.DefectNHSNumberRepeat:
		return extract.NHSNumberRepeat
	case fhir.DefectNHSStatus:
		return extract.NHSNumberStatus
	case fhir.DefectBirthDateReal:
		return extract.BirthDateReal
	case fhir.DefectBirthDateFuture:
		return extract.BirthDateFuture
	case fhir.DefectBirthDateEmpty:
		return extract.BirthDateEmpty
	case fhir.DefectPostcode:
		return extract.PostcodeForm
	}
	return extract.FieldValue
}

func numberCode(err error) extract.Code {
	switch {
	case errors.Is(err, nhs.ErrNumberCheckDigit):
		return extract.NHSNumberCheck
	case errors.Is(err, nhs.ErrNumberRepeated):
		return extract.NHSNumberRepeat
	}
	return extract.NHSNumberForm
}

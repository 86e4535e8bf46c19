package fhir

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/nhs"
)

// Defect says what is wrong with a detail of a Patient. The list is closed.
type Defect uint8

// The defects. A detail with one is left out, apart from a postcode, which is
// kept as stated, and a date of death, of which the fact remains.
const (
	DefectValue            Defect = iota // not of the element's type
	DefectCode                           // not a code of the element's list
	DefectNHSNumberForm                  // not ten digits
	DefectNHSNumberCheck                 // fails the Modulus 11 check
	DefectNHSNumberRepeat                // one digit ten times
	DefectNHSNumberSeveral               // two numbers, and no telling which is the patient's
	DefectNHSStatus                      // not a status of the NHS Data Dictionary
	DefectBirthDateReal                  // no day of the calendar
	DefectBirthDateFuture                // after the day of receipt
	DefectBirthDateEmpty                 // a placeholder for an unknown date
	DefectPostcode                       // not in the form of a UK postcode
)

// Problem is a detail of a Patient that cannot be used as it stands. Found is
// the value in the source's words: mask it before it is shown.
type Problem struct {
	Defect Defect
	Path   string // FHIRPath within the Patient: "identifier[1].value"
	Found  string
	Index  int // of the identifier, for an NHS number
}

// PatientDetails reads the details of a Patient resource as UK Core has them.
// received is when the region got the resource and bounds the birth date. The
// error, of kind failure.Invalid, is that of a text that is no resource or
// another type of resource.
func PatientDetails(resource []byte, received time.Time) (demographics.Details, []Problem, error) {
	d := documents.Get().(*Document)
	defer documents.Put(d)
	if err := d.Parse(resource); err != nil {
		return demographics.Details{}, nil, failure.Wrap(failure.Invalid, "fhir.PatientDetails", err)
	}
	if d.kind != "Patient" {
		return demographics.Details{}, nil, failure.New(failure.Invalid, "fhir.PatientDetails", "not a Patient")
	}
	details, problems := d.PatientDetails(received)
	return details, problems, nil
}

// PatientDetails reads the details of the parsed Patient.
//
// Names: official, then usual, then the rest; former names last. Addresses:
// the home first, former ones last and with use "old". The NHS number is that
// of the identifier with its system; of several, the verified one; two
// different ones of the same standing give none.
func (d *Document) PatientDetails(received time.Time) (demographics.Details, []Problem) {
	r := patientReader{doc: d, received: received}
	r.identifiers()
	r.names()
	r.birthDate()
	r.gender()
	r.addresses()
	r.contacts()
	r.deceased()
	r.practice()
	return r.details, r.problems
}

type patientReader struct {
	doc      *Document
	received time.Time
	details  demographics.Details
	problems []Problem
}

func (r *patientReader) problem(defect Defect, path, found string) {
	r.problems = append(r.problems, Problem{Defect: defect, Path: path, Found: found})
}

// each decodes the elements of an array member one by one, so that one of a
// wrong shape costs itself only.
func each[T any](r *patientReader, name string, take func(path string, index int, value T)) {
	v := r.doc.Member(name)
	if v == nil {
		return
	}
	var elements []jsontext.Value
	if err := json.Unmarshal(v, &elements); err != nil {
		r.problem(DefectValue, name, string(v.Kind()))
		return
	}
	for i, element := range elements {
		path := fmt.Sprintf("%s[%d]", name, i)
		var value T
		if err := json.Unmarshal(element, &value); err != nil {
			r.problem(DefectValue, path, string(element.Kind()))
			continue
		}
		take(path, i, value)
	}
}

type periodElement struct {
	End string `json:"end"`
}

// over says whether a period ended before the resource was received. Dates of
// FHIR compare as text as far as both go.
func (r *patientReader) over(p periodElement) bool {
	if p.End == "" || r.received.IsZero() {
		return false
	}
	today := r.received.UTC().Format(time.DateOnly)
	n := min(len(p.End), len(today))
	return p.End[:n] < today[:n]
}

type nameElement struct {
	Use    string        `json:"use"`
	Text   string        `json:"text"`
	Family string        `json:"family"`
	Given  []string      `json:"given"`
	Prefix []string      `json:"prefix"`
	Period periodElement `json:"period"`
}

var nameRank = map[string]int{"official": 0, "usual": 1, "": 2, "temp": 3, "nickname": 4, "anonymous": 5, "maiden": 6, "old": 7}

func (r *patientReader) names() {
	each(r, "name", func(_ string, _ int, e nameElement) {
		n := demographics.Name{Use: e.Use, Family: strings.TrimSpace(e.Family), Given: filled(e.Given), Prefix: strings.Join(filled(e.Prefix), " ")}
		if n.Family == "" && len(n.Given) == 0 {
			n = displayName(e.Use, e.Text)
		}
		if n.Family == "" && len(n.Given) == 0 {
			return
		}
		if r.over(e.Period) && n.Use != "maiden" {
			n.Use = "old"
		}
		r.details.Names = append(r.details.Names, n)
	})
	slices.SortStableFunc(r.details.Names, func(a, b demographics.Name) int { return nameRank[a.Use] - nameRank[b.Use] })
}

// displayName reads a name that is given as text only, in the NHS form of
// display "FAMILY, Given (Title)" (NHS CUI, Patient Name Input and Display).
// A text in no such form is not guessed at.
func displayName(use, text string) demographics.Name {
	family, rest, ok := strings.Cut(text, ",")
	if !ok || strings.ContainsAny(rest, ",") {
		return demographics.Name{}
	}
	given, title, _ := strings.Cut(rest, "(")
	return demographics.Name{
		Use: use, Family: strings.TrimSpace(family), Given: filled(strings.Fields(given)),
		Prefix: strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(title), ")")),
	}
}

// filled leaves out empty parts; nil when there are no others.
func filled(parts []string) []string {
	var out []string
	for _, part := range parts {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func (r *patientReader) birthDate() {
	v := r.doc.Member("birthDate")
	if v == nil {
		return
	}
	text, isText := textOf(v)
	if !isText {
		r.problem(DefectValue, "birthDate", string(v.Kind()))
		return
	}
	switch nhs.CheckBirthDate(text, r.received) {
	case nhs.BirthDateOK:
		r.details.BirthDate = text
	case nhs.BirthDateFuture:
		r.problem(DefectBirthDateFuture, "birthDate", text)
	case nhs.BirthDatePlaceholder:
		r.problem(DefectBirthDateEmpty, "birthDate", text)
	default:
		r.problem(DefectBirthDateReal, "birthDate", text)
	}
}

func (r *patientReader) gender() {
	v := r.doc.Member("gender")
	if v == nil {
		return
	}
	switch text, _ := textOf(v); text {
	case "male", "female", "other", "unknown":
		r.details.Sex = text
	default:
		r.problem(DefectCode, "gender", text)
	}
}

func (r *patientReader) deceased() {
	if v := r.doc.Member("deceasedDateTime"); v != nil {
		text, _ := textOf(v)
		r.details.Deceased = text
		if !ValidDateTime(text) {
			r.details.Deceased = "true"
			r.problem(DefectValue, "deceasedDateTime", text)
		}
		return
	}
	switch v := r.doc.Member("deceasedBoolean"); {
	case v == nil || v.Kind() == 'f':
	case v.Kind() == 't':
		r.details.Deceased = "true"
	default:
		r.problem(DefectValue, "deceasedBoolean", string(v.Kind()))
	}
}

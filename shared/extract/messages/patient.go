package messages

import (
	"strconv"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/hl7v2"
	"github.com/carerecord/carerecord/shared/nhs"
)

// patient reads PID into the row's subject and details. The Patient resource
// itself is written by finishPatient, as PD1 adds to it.
func (r *row) patient(s hl7v2.Segment) {
	r.pid = pid{seg: s, identity: r.identify(s.Field(3), "3")}
	r.out.Subject = r.pid.patient(s.Field(2))
	if r.out.Subject == nil {
		f := r.fault(extract.PatientMissing, s.Field(3), "3", "")
		*f = f.Want("the patient's local id in PID-3")
		return
	}
	d := &demographics.Details{NHSNumber: r.pid.number, Partial: true, Cleared: cleared(s)}
	if d.NHSNumber == "" {
		d.Misread = r.pid.misread
	}
	r.out.Details = d
	d.NHSStatus = r.numberStatus(s.Field(32))
	d.BirthDate = r.birthDate(s.Field(7))
	d.Sex = r.sex(s.Field(8), "8")
	d.Names = append(names(s.Field(5)), names(s.Field(9))...)
	currentFirst(d.Names)
	d.Addresses = r.addresses(s.Field(11), "11")
	d.Contacts = append(r.contacts(s.Field(13), "13", "home"), r.contacts(s.Field(14), "14", "work")...)
	d.Deceased = r.deceased(s)
}

// clearable are the parts of a patient's details with the fields of PID that
// state them. Two quotation marks in all of them that say anything take the part back (HL7
// v2, chapter 2, "Message delimiters"); an empty field leaves it as it was.
var clearable = []struct {
	part   string
	fields []int
}{
	{demographics.PartNHSNumber, []int{3}},
	{demographics.PartNames, []int{5, 9}},
	{demographics.PartBirthDate, []int{7}},
	{demographics.PartSex, []int{8}},
	{demographics.PartAddresses, []int{11}},
	{demographics.PartContacts, []int{13, 14}},
	{demographics.PartDeceased, []int{29, 30}},
}

// cleared gives the parts that a PID takes back.
func cleared(s hl7v2.Segment) (parts []string) {
	for _, c := range clearable {
		nulls, values := 0, 0
		for _, n := range c.fields {
			switch v := s.Field(n); {
			case v.Null():
				nulls++
			case !v.Empty():
				values++
			}
		}
		if nulls > 0 && values == 0 {
			parts = append(parts, c.part)
		}
	}
	return parts
}

// pid is what later segments and the Patient resource need of PID.
type pid struct {
	identity
	seg       hl7v2.Segment
	practices []hl7v2.Value // PD1-3
	doctors   []hl7v2.Value // PD1-4
}

// numberStatus reads PID-32, in which the NHS sends the number's verification
// status (the guide leaves the field unmapped).
func (r *row) numberStatus(v hl7v2.Value) string {
	first := text(v.Component(1))
	if first == "" {
		return ""
	}
	status, ok := nhs.ParseNumberStatus(first)
	if !ok {
		r.fault(extract.NHSNumberStatus, v, "32", extract.Mask(first))
	}
	return status
}

// birthFaults are the codes for what a birth date may turn out to be.
var birthFaults = map[nhs.BirthDate]extract.Code{
	nhs.BirthDateImpossible:  extract.BirthDateReal,
	nhs.BirthDateFuture:      extract.BirthDateFuture,
	nhs.BirthDatePlaceholder: extract.BirthDateEmpty,
}

// birthDate reads PID-7: a FHIR date, or empty with a fault.
func (r *row) birthDate(v hl7v2.Value) string {
	raw := text(v.Component(1))
	if raw == "" {
		return ""
	}
	date, verdict := "", nhs.BirthDateImpossible
	if t, err := hl7v2.ParseTimestamp(raw, nhs.London); err == nil {
		t.Precision = min(t.Precision, hl7v2.Day)
		date = fhirDateTime(t)
		verdict = nhs.CheckBirthDate(date, r.src.Received)
	}
	if code, bad := birthFaults[verdict]; bad {
		r.fault(code, v, "7", extract.Mask(raw))
		return ""
	}
	return date
}

// sex reads an administrative sex as a FHIR gender.
func (r *row) sex(v hl7v2.Value, path string) string {
	code := text(v.Component(1))
	if code == "" {
		return ""
	}
	gender, ok := nhs.ParseSex(code)
	if !ok {
		f := r.fault(extract.FieldCode, v, path, extract.Mask(code))
		*f = f.Want("1, 2, 9, X or M, F, O, U, A, N")
	}
	return gender
}

// deceased reads PID-29, or PID-30 when there is no time of death.
func (r *row) deceased(s hl7v2.Segment) string {
	if when := r.dateTime(s.Field(29), "29"); when != "" {
		return when
	}
	if strings.EqualFold(text(s.Field(30)), "Y") {
		return "true"
	}
	return ""
}

// practice reads PD1-3 (practice) and PD1-4 (doctors).
func (r *row) practice(s hl7v2.Segment) {
	for _, v := range s.Field(3).Repetitions() {
		r.pid.practices = append(r.pid.practices, v)
		if code, ok := practiceCode(v); ok && r.out.Details.Practice == "" {
			r.out.Details.Practice = code
		}
	}
	if s.Field(3).Null() {
		r.out.Details.Cleared = append(r.out.Details.Cleared, demographics.PartPractice)
	}
	for _, v := range s.Field(4).Repetitions() {
		r.pid.doctors = append(r.pid.doctors, v)
	}
}

// practiceCode finds the ODS code of a practice in an XON: its id stands in
// component 3, from v2.7 on in component 10.
func practiceCode(xon hl7v2.Value) (string, bool) {
	if code, ok := nhs.ParsePractice(xon.Component(3).Text()); ok {
		return code, true
	}
	return nhs.ParsePractice(xon.Component(10).Text())
}

// finishPatient writes the Patient resource.
func (r *row) finishPatient() {
	b, d, s := &r.json, r.out.Details, r.pid.seg
	b.begin("Patient")
	r.patientExtensions(s)
	b.identifiers(r.pid.identity, d.NHSStatus, s.Field(2))
	b.raw("active", "true")
	b.names(d.Names)
	b.contacts(d.Contacts)
	b.text("gender", d.Sex)
	b.text("birthDate", d.BirthDate)
	if d.BirthDate != "" {
		r.birthTime(s.Field(7))
	}
	r.death(d.Deceased, text(s.Field(30)))
	b.addresses(d.Addresses)
	if !s.Field(16).Empty() {
		b.concept("maritalStatus", s.Field(16).First())
	}
	b.multipleBirth(s)
	if !s.Field(15).Empty() {
		b.list("communication")
		b.open("")
		b.concept("language", s.Field(15).First())
		b.shut()
		b.shut()
	}
	r.generalPractitioners()
	r.add("Patient", patientID(r.out.Subject), "")
	// The patient leads their entries.
	e := r.out.Entries
	last := e[len(e)-1]
	copy(e[1:], e[:len(e)-1])
	e[0] = last
}

// patientExtensions writes the ethnic category (PID-22, when it is a code of the
// national list) and the mother's maiden name (PID-6).
func (r *row) patientExtensions(s hl7v2.Segment) {
	b := &r.json
	b.list("extension")
	if v := s.Field(22); !v.Empty() {
		code, display, ok := nhs.ParseEthnicCategory(v.Component(1).Text())
		r.enterAgain(s)
		if !ok {
			r.fault(extract.FieldCode, v, "22", extract.Mask(text(v.Component(1))))
		} else {
			b.open("")
			b.text("url", nhs.EthnicCategoryExtension)
			b.coded("valueCodeableConcept", nhs.EthnicCategorySystem, code, display)
			b.shut()
		}
	}
	if maiden := text(s.Field(6).Component(1).Subcomponent(1)); maiden != "" {
		b.open("")
		b.text("url", "http://hl7.org/fhir/StructureDefinition/patient-mothersMaidenName")
		b.text("valueString", maiden)
		b.shut()
	}
	b.shut()
}

// enterAgain makes an earlier segment that does not repeat the one faults are
// found in.
func (r *row) enterAgain(s hl7v2.Segment) { r.seg, r.nth = s, 1 }

// birthTime writes the time of birth (guide: PID-7 longer than eight
// characters). Midnight to the second is how systems fill an unknown time.
func (r *row) birthTime(v hl7v2.Value) {
	t, err := hl7v2.ParseTimestamp(text(v.Component(1)), nhs.London)
	if err != nil || t.Precision < hl7v2.Minute || t.Time.Hour()+t.Time.Minute()+t.Time.Second() == 0 {
		return
	}
	b := &r.json
	b.open("_birthDate")
	b.list("extension")
	b.open("")
	b.text("url", "http://hl7.org/fhir/StructureDefinition/patient-birthTime")
	b.text("valueDateTime", fhirDateTime(t))
	b.shut()
	b.shut()
	b.shut()
}

// death writes deceased[x].
func (r *row) death(deceased, indicator string) {
	switch {
	case deceased == "true":
		r.json.raw("deceasedBoolean", "true")
	case deceased != "":
		r.json.text("deceasedDateTime", deceased)
	case strings.EqualFold(indicator, "N"):
		r.json.raw("deceasedBoolean", "false")
	}
}

// multipleBirth writes PID-25, else PID-24.
func (b *builder) multipleBirth(s hl7v2.Segment) {
	order, err := strconv.Atoi(text(s.Field(25)))
	switch {
	case err == nil && order > 0:
		b.raw("multipleBirthInteger", strconv.Itoa(order))
	case strings.EqualFold(text(s.Field(24)), "Y"):
		b.raw("multipleBirthBoolean", "true")
	case strings.EqualFold(text(s.Field(24)), "N"):
		b.raw("multipleBirthBoolean", "false")
	}
}

// generalPractitioners writes the practice and the doctors as references by
// identifier: no directory comes with a message.
func (r *row) generalPractitioners() {
	b := &r.json
	b.list("generalPractitioner")
	for _, v := range r.pid.practices {
		b.open("")
		b.text("type", "Organization")
		b.open("identifier")
		if code, ok := practiceCode(v); ok {
			b.text("system", nhs.OrganisationSystem)
			b.text("value", code)
		} else {
			b.text("value", text(v.Component(3)))
		}
		b.shut()
		b.text("display", text(v.Component(1)))
		b.shut()
	}
	for _, v := range r.pid.doctors {
		b.person("", v)
	}
	b.shut()
}

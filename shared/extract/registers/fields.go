package registers

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/partner/strictyaml"
)

// nhsNumber reads the number and its status. A status without its number says
// nothing, so it goes when a bad number is dropped.
func (b *builder) nhsNumber() {
	if status := b.text("nhsStatus"); status != "" {
		code, ok := nhs.ParseNumberStatus(status)
		if !ok {
			b.fault(extract.NHSNumberStatus, "nhsStatus", extract.Mask(status))
		}
		b.details.NHSStatus = code
	}
	s := b.text("nhsNumber")
	if s == "" {
		return
	}
	number, err := nhs.ParseNumber(s)
	switch {
	case err == nil:
		b.details.NHSNumber = number
		return
	case errors.Is(err, nhs.ErrNumberCheckDigit):
		b.fault(extract.NHSNumberCheck, "nhsNumber", extract.Mask(s))
		b.details.Misread = s
	case errors.Is(err, nhs.ErrNumberRepeated):
		b.fault(extract.NHSNumberRepeat, "nhsNumber", extract.Mask(s))
	default:
		b.fault(extract.NHSNumberForm, "nhsNumber", extract.Mask(s))
	}
	b.details.NHSStatus = ""
}

func (b *builder) name() {
	n := demographics.Name{Use: "official", Family: b.text("family"), Prefix: b.text("title")}
	if given := b.text("given"); given != "" {
		n.Given = append(n.Given, given)
	}
	n.Given = append(n.Given, strings.Fields(b.text("otherGiven"))...)
	if n.Family != "" || len(n.Given) > 0 {
		b.details.Names = []demographics.Name{n}
	}
}

// date reads a date; faulty says what to note when it is none.
func (b *builder) date(field string, faulty extract.Code) string {
	s := b.text(field)
	if s == "" {
		return ""
	}
	format := b.mapping.Fields[field].Format
	iso, ok := format.Parse(s)
	if !ok {
		want(b.fault(faulty, field, extract.Mask(s)), "a day of the calendar, written %s", format)
	}
	return iso
}

func (b *builder) birthDate() {
	iso := b.date("birthDate", extract.BirthDateReal)
	if iso == "" {
		return
	}
	found := extract.Mask(b.text("birthDate"))
	switch nhs.CheckBirthDate(iso, b.received) {
	case nhs.BirthDateOK:
		b.details.BirthDate = iso
	case nhs.BirthDateFuture:
		b.fault(extract.BirthDateFuture, "birthDate", found)
	case nhs.BirthDatePlaceholder:
		b.fault(extract.BirthDateEmpty, "birthDate", found)
	default:
		b.fault(extract.BirthDateReal, "birthDate", found)
	}
}

// code reads a coded value by the mapping's list.
func (b *builder) code(field, s string) string {
	codes := b.mapping.Fields[field].Codes
	meaning, ok := codes[s]
	if !ok {
		b.badCode(field, s, slices.Sorted(maps.Keys(codes)))
	}
	return meaning
}

// badCode shows a short code as it came: one or two characters identify nobody.
func (b *builder) badCode(field, s string, known []string) {
	if len(s) > 2 {
		s = extract.Mask(s)
	}
	want(b.fault(extract.FieldCode, field, s), "one of the mapping's codes: %s", strictyaml.Or(known))
}

func (b *builder) sex() {
	s := b.text("sex")
	switch {
	case s == "":
	case len(b.mapping.Fields["sex"].Codes) > 0:
		b.details.Sex = b.code("sex", s)
	default:
		sex, ok := nhs.ParseSex(s)
		if !ok {
			b.badCode("sex", s, []string{"1", "2", "9", "X", "M", "F"})
		}
		b.details.Sex = sex
	}
}

// deceased reads a date of death or a flag.
func (b *builder) deceased() {
	s := b.text("deceased")
	switch {
	case s == "":
		return
	case len(b.mapping.Fields["deceased"].Codes) > 0:
		if b.code("deceased", s) == "true" {
			b.details.Deceased = "true"
		}
		return
	}
	iso := b.date("deceased", extract.FieldValue)
	switch {
	case iso == "":
	case nhs.CheckBirthDate(iso, b.received) != nhs.BirthDateOK: // the same rules hold for a death
		want(b.fault(extract.FieldValue, "deceased", extract.Mask(s)), "a day not after the day of receipt, and no placeholder")
	case iso < b.details.BirthDate:
		want(b.fault(extract.FieldValue, "deceased", extract.Mask(s)), "a day not before the birth date")
	default:
		b.details.Deceased = iso
	}
}

func (b *builder) address() {
	a := demographics.Address{Use: "home", City: b.text("city"), District: b.text("district"), Postcode: b.text("postcode")}
	for _, column := range b.at["addressLines"] {
		for line := range strings.FieldsFuncSeq(b.value(column), func(r rune) bool { return r == '\n' || r == '\r' }) {
			if line = strings.TrimSpace(line); line != "" {
				a.Lines = append(a.Lines, line)
			}
		}
	}
	if a.Postcode != "" {
		if postcode, ok := nhs.ParsePostcode(a.Postcode); ok {
			a.Postcode = postcode
		} else {
			b.fault(extract.PostcodeForm, "postcode", extract.Mask(a.Postcode))
		}
	}
	if len(a.Lines) > 0 || a.City != "" || a.District != "" || a.Postcode != "" {
		b.details.Addresses = []demographics.Address{a}
	}
}

func (b *builder) contacts() {
	b.contact("phone", demographics.Contact{System: "phone", Use: "home"}, "0123456789", "a telephone number")
	b.contact("mobile", demographics.Contact{System: "phone", Use: "mobile"}, "0123456789", "a telephone number")
	b.contact("email", demographics.Contact{System: "email"}, "@", "an e-mail address")
}

// contact keeps a value that holds any of the marks of its kind.
func (b *builder) contact(field string, c demographics.Contact, marks, expected string) {
	c.Value = b.text(field)
	if c.Value == "" {
		return
	}
	if !strings.ContainsAny(c.Value, marks) {
		want(b.fault(extract.FieldValue, field, extract.Mask(c.Value)), "%s", expected)
		return
	}
	b.details.Contacts = append(b.details.Contacts, c)
}

// practice reads the GP practice. The pseudo codes V81997 to V81999 mean that
// there is none or that it is not known (NHS Data Dictionary): no statement.
func (b *builder) practice() {
	s := b.text("practice")
	code, ok := nhs.ParsePractice(s)
	if !ok && s != "" && !slices.Contains([]string{"V81997", "V81998", "V81999"}, strings.ToUpper(s)) {
		want(b.fault(extract.FieldValue, "practice", extract.Mask(s)), "the ODS code of a GP practice: a letter and five digits")
	}
	b.details.Practice = code
}

func (b *builder) registration() {
	b.registeredFrom = b.date("registeredFrom", extract.FieldValue)
	b.registeredTo = b.date("registeredTo", extract.FieldValue)
	if b.registeredTo != "" && b.registeredTo < b.registeredFrom {
		want(b.fault(extract.FieldValue, "registeredTo", extract.Mask(b.text("registeredTo"))), "a day not before the start of the registration")
		b.registeredTo = ""
	}
}

package messages

import (
	"strconv"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/hl7v2"
)

// value writes Observation.value[x] of OBX-5 by the type in OBX-2 (guide:
// OBX[Observation]). Without a type, a number is a quantity and the rest text.
// What is not of its type is kept as text. A result of several values of a type
// other than text has no value here: components writes them.
func (r *row) value(s hl7v2.Segment, attached bool) {
	field := s.Field(5)
	switch {
	case attached:
	case field.Empty():
		r.json.absent(text(s.Field(11)))
	case isText(s):
		r.json.text("valueString", joinLines(field))
	case several(field):
	default:
		r.oneValue(s, field.First(), "5")
	}
}

// components writes the values of a result that has several: each a component
// of the result's own code.
func (r *row) components(s hl7v2.Segment) {
	field := s.Field(5)
	if isText(s) || !several(field) || isAttachment(s) {
		return
	}
	b := &r.json
	b.list("component")
	for n, v := range field.Repetitions() {
		if v.Empty() {
			continue
		}
		b.open("")
		b.requiredConcept("code", s.Field(3).First())
		r.oneValue(s, v, repetition("5", n))
		b.shut()
	}
	b.shut()
}

func several(field hl7v2.Value) bool {
	n := 0
	for range field.Repetitions() {
		n++
	}
	return n > 1
}

// repetition names the n-th value of a field: "5(2)".
func repetition(field string, n int) string { return field + "(" + strconv.Itoa(n) + ")" }

func valueType(s hl7v2.Segment) string { return strings.ToUpper(text(s.Field(2))) }

func isText(s hl7v2.Segment) bool {
	switch valueType(s) {
	case "ST", "TX", "FT":
		return true
	}
	return false
}

// joinLines gives the repetitions of a text as lines (TX: each is a paragraph).
func joinLines(field hl7v2.Value) string {
	var lines []string
	for _, v := range field.Repetitions() {
		lines = append(lines, strings.TrimRight(v.Text(), " "))
	}
	return strings.Join(lines, "\n")
}

// absent writes why there is no value.
func (b *builder) absent(status string) {
	reason, display := "unknown", "Unknown"
	switch strings.ToUpper(status) {
	case "N":
		reason, display = "not-asked", "Not Asked"
	case "X":
		reason, display = "not-performed", "Not Performed"
	case "I", "O":
		reason, display = "temp-unknown", "Temporarily Unknown"
	}
	b.coded("dataAbsentReason", absentReason, reason, display)
}

// oneValue writes one repetition of OBX-5.
func (r *row) oneValue(s hl7v2.Segment, v hl7v2.Value, path string) {
	b, ok := &r.json, true
	switch valueType(s) {
	case "NM":
		ok = b.quantity("valueQuantity", text(v), s.Field(6))
	case "":
		if !b.quantity("valueQuantity", text(v), s.Field(6)) {
			b.text("valueString", text(v))
		}
	case "SN":
		ok = b.structuredNumber(v, s.Field(6))
	case "CE", "CWE", "CNE", "CF", "IS", "ID":
		b.concept("valueCodeableConcept", v)
	case "DT", "TS", "DTM":
		when := r.dateTime(v, path)
		b.text("valueDateTime", when)
		ok = when != ""
	case "TM":
		clock, good := fhirTime(text(v))
		b.text("valueTime", clock)
		ok = good
	default:
		b.text("valueString", text(v))
	}
	if !ok {
		b.text("valueString", text(v))
		f := r.fault(extract.ValueText, v, path, extract.Mask(text(v)))
		*f = f.Want("a value of type %s", valueType(s))
	}
}

// quantity writes a Quantity in the digits that were sent; false when it is no
// number. A comparator before the number is FHIR's.
func (b *builder) quantity(key, s string, units hl7v2.Value) bool {
	comparator := ""
	for _, c := range []string{"<=", ">=", "<", ">"} {
		if rest, found := strings.CutPrefix(s, c); found {
			comparator, s = c, strings.TrimSpace(rest)
			break
		}
	}
	number, ok := decimal(s)
	if !ok {
		return false
	}
	b.open(key)
	b.raw("value", number)
	b.text("comparator", comparator)
	b.units(units)
	b.shut()
	return true
}

// units writes OBX-6. Only UCUM is a system that says what a unit code means.
func (b *builder) units(v hl7v2.Value) {
	code, name := text(v.Component(1)), text(v.Component(2))
	if name == "" {
		name = code
	}
	b.text("unit", name)
	if codingSystems[squeeze(text(v.Component(3)))] == ucum {
		b.text("system", ucum)
		b.text("code", code)
	}
}

// decimal gives a number (type NM) as FHIR spells it: the digits as they came,
// without a plus sign and leading zeros, and with a digit on both sides of a
// point. False when it is none.
func decimal(s string) (string, bool) {
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		if s[0] == '-' {
			sign = "-"
		}
		s = s[1:]
	}
	whole, fraction, point := strings.Cut(s, ".")
	if whole == "" && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" || len(s) > 100 {
		return "", false
	}
	if whole = strings.TrimLeft(whole, "0"); whole == "" {
		whole = "0"
	}
	if point && fraction != "" {
		return sign + whole + "." + fraction, true
	}
	return sign + whole, true
}

// structuredNumber writes SN: comparator, number, separator, number. False when
// it does not follow that.
func (b *builder) structuredNumber(v, units hl7v2.Value) bool {
	comparator, separator := text(v.Component(1)), text(v.Component(3))
	first, ok1 := decimal(text(v.Component(2)))
	second, ok2 := decimal(text(v.Component(4)))
	switch {
	case !ok1 && separator == "":
		return false
	case separator == "" && (comparator == "" || comparator == "="):
		return b.quantity("valueQuantity", first, units)
	case separator == "":
		if comparator != "<" && comparator != ">" && comparator != "<=" && comparator != ">=" {
			return false
		}
		return b.quantity("valueQuantity", comparator+first, units)
	case !ok1 || !ok2 || comparator != "" && comparator != "=":
		return false
	case separator == "-":
		b.pair("valueRange", "low", first, "high", second, units)
	case separator == ":" || separator == "/":
		b.pair("valueRatio", "numerator", first, "denominator", second, hl7v2.Value{})
	default:
		return false
	}
	return true
}

func (b *builder) pair(key, firstKey, first, secondKey, second string, units hl7v2.Value) {
	b.open(key)
	b.quantity(firstKey, first, units)
	b.quantity(secondKey, second, units)
	b.shut()
}

// fhirTime reads TM as HH:MM:SS.
func fhirTime(s string) (string, bool) {
	t, err := hl7v2.ParseTimestamp("20000101"+s, time.UTC)
	if err != nil || t.Precision < hl7v2.Minute {
		return "", false
	}
	return t.Time.Format("15:04:05.999999999"), true
}

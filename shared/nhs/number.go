// Package nhs holds the identifiers and short national lists that every feed
// of the NHS uses, whatever its format: the NHS number and its status, the
// postcode, the ODS code, sex, ethnic category and the rules for a birth date.
//
// It is pure and knows no format: it is given one value and says what it is.
// It never guesses who somebody is, and no error of it repeats a value.
// Follows the NHS Data Dictionary and UK Core STU (FHIR R4 4.0.1).
package nhs

import (
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
)

// NumberSystem is the identifier system of the NHS number (UK Core Patient,
// slice nhsNumber).
const NumberSystem = "https://fhir.nhs.uk/Id/nhs-number"

// What is wrong with an NHS number. Each is of kind failure.Invalid.
var (
	// ErrNumberForm: not ten digits, with or without spaces and hyphens.
	ErrNumberForm = failure.New(failure.Invalid, "nhs.ParseNumber", "an NHS number has ten digits")
	// ErrNumberCheckDigit: ten digits that fail the Modulus 11 check.
	ErrNumberCheckDigit = failure.New(failure.Invalid, "nhs.ParseNumber", "the check digit of the NHS number is wrong")
	// ErrNumberRepeated: the same digit ten times. All ten of these pass the
	// Modulus 11 check and none was ever issued: they stand for "not known".
	ErrNumberRepeated = failure.New(failure.Invalid, "nhs.ParseNumber", "the NHS number is one digit repeated")
)

// ParseNumber gives the ten digits of an NHS number as it is written by people
// and systems: spaces and hyphens anywhere are left out ("943 476 5919",
// "943-476-5919"). The check is Modulus 11 of the NHS Data Dictionary
// (attribute NHS NUMBER): weights 10 to 2, the remainder taken from 11, 11 read
// as 0, 10 never issued.
func ParseNumber(s string) (number string, err error) {
	digits, ok := numberDigits(s)
	if !ok {
		return "", ErrNumberForm
	}
	sum, repeated := 0, true
	for i := range 9 {
		sum += int(digits[i]-'0') * (10 - i)
		repeated = repeated && digits[i] == digits[i+1]
	}
	if repeated {
		return "", ErrNumberRepeated
	}
	if check := (11 - sum%11) % 11; check != int(digits[9]-'0') {
		return "", ErrNumberCheckDigit
	}
	return string(digits[:]), nil
}

// numberDigits takes the ten digits out of s; false when there are not ten or
// when something else than separators stands between them.
func numberDigits(s string) (digits [10]byte, ok bool) {
	n := 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if n == len(digits) {
				return digits, false
			}
			digits[n] = byte(r)
			n++
		case isNumberSeparator(r):
		default:
			return digits, false
		}
	}
	return digits, n == len(digits)
}

// isNumberSeparator knows the spaces and hyphens that word processors put into
// a number, the no-break ones included.
func isNumberSeparator(r rune) bool {
	return strings.ContainsRune(" \t-\u00a0\u2009\u202f\u2010\u2011\u2012\u2013", r)
}

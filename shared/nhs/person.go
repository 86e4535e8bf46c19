package nhs

import "strings"

// genders maps the codes and words for a person's sex to the FHIR
// administrative-gender: PERSON STATED GENDER CODE 1, 2, 9, X and the older 0
// (NHS Data Dictionary, UK Core), HL7 table 0001 (v2-to-FHIR ConceptMap) and
// the words themselves.
var genders = map[string]string{
	"1": "male", "m": "male", "male": "male", "man": "male",
	"2": "female", "f": "female", "female": "female", "woman": "female",
	"9": "other", "o": "other", "a": "other", "n": "other", "i": "other", "other": "other", "indeterminate": "other", "ambiguous": "other",
	"0": "unknown", "x": "unknown", "u": "unknown", "unknown": "unknown", "not known": "unknown", "not specified": "unknown",
}

// ParseSex gives the FHIR administrative-gender (male, female, other, unknown)
// for a code or word of any feed; false when it is none of them. An empty
// value is no statement: false too.
func ParseSex(s string) (gender string, ok bool) {
	if len(s) == 1 { // by far the most frequent
		gender, ok = genders[strings.ToLower(s)]
		return gender, ok
	}
	gender, ok = genders[foldWords(s)]
	return gender, ok
}

// The ethnic category extension of a UK Core Patient and its code system.
const (
	EthnicCategoryExtension = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory"
	EthnicCategorySystem    = "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland"
)

// ethnicCategories is the national list of 2001 (NHS Data Dictionary, ETHNIC
// CATEGORY CODE 2001) with the displays that UK Core examples use.
var ethnicCategories = map[string]string{
	"A": "White - British", "B": "White - Irish", "C": "White - Any other White background",
	"D": "Mixed - White and Black Caribbean", "E": "Mixed - White and Black African",
	"F": "Mixed - White and Asian", "G": "Mixed - Any other mixed background",
	"H": "Asian or Asian British - Indian", "J": "Asian or Asian British - Pakistani",
	"K": "Asian or Asian British - Bangladeshi", "L": "Asian or Asian British - Any other Asian background",
	"M": "Black or Black British - Caribbean", "N": "Black or Black British - African",
	"P": "Black or Black British - Any other Black background",
	"R": "Other Ethnic Groups - Chinese", "S": "Other Ethnic Groups - Any other ethnic group",
	"Z": "Not stated", "99": "Not known",
}

// ParseEthnicCategory gives a code of the national ethnic category list (one
// letter, or 99) and its display. A local second character, which the national
// list allows ("A1", "CF"), is not taken for a national code.
func ParseEthnicCategory(s string) (code, display string, ok bool) {
	code = strings.ToUpper(strings.TrimSpace(s))
	display, ok = ethnicCategories[code]
	if !ok {
		return "", "", false
	}
	return code, display, true
}

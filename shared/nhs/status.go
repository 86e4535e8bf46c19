package nhs

import "strings"

// NumberStatusSystem is the code system of the NHS number status indicator.
const NumberStatusSystem = "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland"

// NumberStatusExtension is the extension that carries the status on the
// identifier of a UK Core Patient.
const NumberStatusExtension = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus"

// NumberVerified is the one status that says the number was checked against
// the Personal Demographics Service and belongs to this patient.
const NumberVerified = "01"

// numberStatuses are the displays of codes 01 to 08
// (UKCore-NHSNumberVerificationStatusEngland 1.1.1).
var numberStatuses = [...]string{
	"Number present and verified",
	"Number present but not traced",
	"Trace required",
	"Trace attempted - No match or multiple match found",
	"Trace needs to be resolved - (NHS Number or patient detail conflict)",
	"Trace in progress",
	"Number not present and trace not required",
	"Trace postponed (baby under six weeks old)",
}

// numberStatusWords are the spellings that patient administration systems send
// instead of the code, folded by foldWords.
var numberStatusWords = map[string]string{
	"present and verified": "01", "verified": "01",
	"present not traced": "02", "present but not traced": "02",
	"trace required": "03", "traced required": "03",
	"traced attempted": "04", "trace attempted": "04", "trace attempted no match or multiple match found": "04",
	"needs resolution": "05", "trace needs to be resolved": "05", "trace needs to be resolved nhs number or patient detail conflict": "05",
	"trace in progress":  "06",
	"trace not required": "07", "not present and trace not required": "07",
	"trace postponed": "08", "trace postponed baby under six weeks old": "08",
}

// ParseNumberStatus gives the NHS number status indicator code, 01 to 08, for
// the code itself, its form without the zero, the old "NSTS01" and the words
// that stand for it. It does not say whether the status allows a match.
func ParseNumberStatus(s string) (code string, ok bool) {
	t := strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "NSTS")
	if len(t) == 1 {
		t = "0" + t
	}
	if len(t) == 2 && t[0] == '0' && t[1] >= '1' && t[1] <= '8' {
		return t, true
	}
	words := foldWords(s)
	if code, ok = numberStatusWords[words]; !ok {
		code, ok = numberStatusWords[strings.TrimPrefix(words, "number ")]
	}
	return code, ok
}

// NumberStatusDisplay is the display of a status code; empty for any other.
func NumberStatusDisplay(code string) string {
	if c, ok := ParseNumberStatus(code); ok && c == code {
		return numberStatuses[c[1]-'1']
	}
	return ""
}

// foldWords lowers s and keeps letters and digits only, one space between words.
func foldWords(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(s), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	}), " ")
}

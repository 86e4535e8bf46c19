package nhs

import "strings"

// Identifier systems of organisations (UK Core Organization).
const (
	OrganisationSystem = "https://fhir.nhs.uk/Id/ods-organization-code"
	SiteSystem         = "https://fhir.nhs.uk/Id/ods-site-code"
)

// ParseODS gives an ODS code in capitals: three to ten letters and digits
// ("RJ1", "R0A07", "A81001"). It says that s has the form, not that the
// Organisation Data Service has issued it.
func ParseODS(s string) (code string, ok bool) {
	s = strings.TrimSpace(s)
	if len(s) < 3 || len(s) > 10 {
		return "", false
	}
	for i := range len(s) {
		c := s[i] &^ 0x20 // capital of a letter
		if !isDigit(s[i]) && (c < 'A' || c > 'Z') {
			return "", false
		}
	}
	return strings.ToUpper(s), true
}

// ParsePractice gives the ODS code of a GP practice: one letter and five
// digits (NHS Data Dictionary, GENERAL MEDICAL PRACTICE CODE). The pseudo codes
// V81997 to V81999 (no practice, not known) are refused: they are no practice.
func ParsePractice(s string) (code string, ok bool) {
	code, ok = ParseODS(s)
	if !ok || len(code) != 6 || isDigit(code[0]) || strings.HasPrefix(code, "V8199") && code[5] >= '7' {
		return "", false
	}
	for i := 1; i < len(code); i++ {
		if !isDigit(code[i]) {
			return "", false
		}
	}
	return code, true
}

package messages

import (
	"net/url"
	"strings"
)

// Code systems that the guide names.
const (
	table0203     = "http://terminology.hl7.org/CodeSystem/v2-0203"
	actCode       = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
	participation = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
	snomed        = "http://snomed.info/sct"
	loinc         = "http://loinc.org"
	ucum          = "http://unitsofmeasure.org"
	absentReason  = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
)

// codingSystems maps the names of HL7 table 0396, as senders spell them, to
// code systems. Keys are capitals without punctuation.
var codingSystems = map[string]string{
	"SCT": snomed, "SNM": snomed, "SNM3": snomed, "SNOMED": snomed, "SNOMEDCT": snomed, "SCTUK": snomed,
	"LN": loinc, "LOINC": loinc,
	"UCUM": ucum,
	"I10":  "http://hl7.org/fhir/sid/icd-10-uk", "ICD10": "http://hl7.org/fhir/sid/icd-10-uk",
	"O4": "https://fhir.hl7.org.uk/CodeSystem/opcs-4", "OPCS4": "https://fhir.hl7.org.uk/CodeSystem/opcs-4",
	"READ2": "http://read.info/readv2", "READV2": "http://read.info/readv2", "CTV3": "http://read.info/ctv3",
	"DMD": "https://dmd.nhs.uk",
}

// codingSystem gives the URI of a coding system that CWE-3 names. A code that
// cannot be one of SNOMED CT or LOINC is not said to be: senders name these
// systems for codes of their own. A local name becomes a URI in which it can
// be read again.
func codingSystem(name, code string) string {
	if name == "" {
		return ""
	}
	uri := codingSystems[squeeze(name)]
	if uri == snomed && !isSNOMED(code) || uri == loinc && !isLOINC(code) {
		uri = ""
	}
	if uri != "" {
		return uri
	}
	return localURI(name)
}

// localURI makes a URI of a name that means something to the sender only.
func localURI(name string) string { return "urn:id:" + url.PathEscape(name) }

func squeeze(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return -1
	}, name)
}

func isSNOMED(code string) bool { return len(code) >= 6 && len(code) <= 18 && digitsOnly(code) }

// isLOINC knows the form of a LOINC code: digits, a hyphen, a check digit.
func isLOINC(code string) bool {
	n := len(code)
	return n >= 3 && n <= 9 && code[n-2] == '-' && digitsOnly(code[:n-2]) && digitsOnly(code[n-1:])
}

func digitsOnly(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// identifierSystems are identifier systems of people at work, by the assigning
// authority that XCN names (UK Core Practitioner).
var identifierSystems = map[string]string{
	"GMC": "https://fhir.hl7.org.uk/Id/gmc-number", "GMP": "https://fhir.hl7.org.uk/Id/gmp-number",
	"NMC": "https://fhir.hl7.org.uk/Id/nmc-number", "GPHC": "https://fhir.hl7.org.uk/Id/gphc-number",
	"HCPC": "https://fhir.hl7.org.uk/Id/hcpc-number", "SDS": "https://fhir.nhs.uk/Id/sds-user-id",
}

// patientClasses is the guide's ConceptMap PatientClass[EncounterClass] as far
// as it leaves table 0004.
var patientClasses = map[string][2]string{
	"E": {"EMER", "emergency"}, "I": {"IMP", "inpatient encounter"}, "O": {"AMB", "ambulatory"}, "P": {"PRENC", "pre-admission"},
}

// allergyCategories is the guide's ConceptMap AllergenType[AllergyIntoleranceCategory].
var allergyCategories = map[string]string{
	"DA": "medication", "FA": "food", "EA": "environment", "AA": "biologic", "PA": "environment", "LA": "environment",
}

// The guide's ConceptMaps of AllergySeverity.
var (
	allergyCriticality = map[string]string{"SV": "high", "MI": "low"}
	reactionSeverity   = map[string]string{"SV": "severe", "MO": "moderate", "MI": "mild"}
)

// reportStatuses is the guide's ConceptMap ResultStatus[Non-Queries]; what it
// leaves open (A, M, N) is given the nearest status that promises no more.
var reportStatuses = map[string]string{
	"O": "registered", "I": "registered", "S": "registered", "N": "registered",
	"A": "partial", "R": "partial", "P": "preliminary", "M": "preliminary", "F": "final", "C": "corrected", "X": "cancelled",
}

// observationStatuses is the guide's ConceptMap
// ObservationResultStatusCodesInterpretation, completed in the same way.
var observationStatuses = map[string]string{
	"A": "amended", "B": "amended", "C": "corrected", "D": "entered-in-error", "W": "entered-in-error",
	"F": "final", "U": "final", "V": "final", "N": "final", "P": "preliminary", "R": "preliminary", "S": "preliminary",
	"I": "registered", "O": "registered", "X": "cancelled",
}

// interpretations are the codes of table 0078 that v3-ObservationInterpretation
// has too, with its displays.
var interpretations = map[string]string{
	"<": "Off scale low", ">": "Off scale high", "A": "Abnormal", "AA": "Critical abnormal", "B": "Better", "CAR": "Carrier",
	"D": "Significant change down", "DET": "Detected", "E": "Equivocal", "EX": "outside threshold", "EXP": "Expected",
	"H": "High", "HH": "Critical high", "HU": "Significantly high", "I": "Intermediate", "IE": "Insufficient evidence",
	"IND": "Indeterminate", "L": "Low", "LL": "Critical low", "LU": "Significantly low", "N": "Normal",
	"NCL": "No CLSI defined breakpoint", "ND": "Not detected", "NEG": "Negative", "NR": "Non-reactive", "NS": "Non-susceptible",
	"POS": "Positive", "R": "Resistant", "RR": "Reactive", "S": "Susceptible", "SDD": "Susceptible-dose dependent",
	"SYN-R": "Synergy - resistant", "SYN-S": "Synergy - susceptible", "U": "Significant change up", "UNE": "Unexpected",
	"W": "Worse", "WR": "Weakly reactive",
}

// nameUses is the guide's ConceptMap NameType, and the words that patient
// administration systems send in its place.
var nameUses = map[string]string{
	"D": "usual", "L": "official", "R": "official", "M": "maiden", "N": "nickname", "MSK": "anonymous", "TEMP": "temp", "NAV": "temp", "BAD": "old",
	"CURRENT": "usual", "USUAL": "usual", "LEGAL": "official", "PREVIOUS": "old", "PREV": "old", "OLD": "old", "MAIDEN": "maiden",
}

// addressUses follows table 0190 and the words sent in its place.
var addressUses = map[string]string{
	"H": "home", "P": "home", "HOME": "home", "CURRENT": "home", "MAIN": "home", "B": "work", "O": "work", "WORK": "work", "BUSINESS": "work",
	"C": "temp", "TMP": "temp", "TEMP": "temp", "TEMPORARY": "temp", "BA": "old", "OLD": "old", "PREVIOUS": "old", "BI": "billing",
}

// contactUses follows table 0201 and the words sent in its place.
var contactUses = map[string]string{
	"PRN": "home", "ORN": "home", "VHN": "home", "HOME": "home", "WPN": "work", "WORK": "work", "BUSINESS": "work",
	"PRS": "mobile", "MOBILE": "mobile", "MOB": "mobile", "CELL": "mobile",
}

// admissionMethods, dischargeMethods and dischargeDestinations are the national
// lists of England (UK Core CodeSystems of these names).
var (
	admissionMethods      = set("11 12 13 21 22 23 24 25 28 2A 2B 2C 2D 31 32 81 82 83 98 99")
	admissionSources      = set("19 29 39 49 51 52 53 54 65 66 79 85 87 88 98 99")
	dischargeMethods      = set("1 3 4 5 6 7 8 9")
	dischargeDestinations = set("19 29 30 37 38 48 49 50 51 52 53 54 65 66 79 84 85 87 88 98 99")
)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

package delivery_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/extract"
	"github.com/carerecord/carerecord/shared/table/engines"
)

// wanted is the fault that a bad input must show: all but the code and line
// may be left out.
type wanted struct {
	code string
	line int64
	path string
}

const (
	csvHead = "id,nhs,surname,forename,dob,sex,line,town,postcode\n"
	csvRow  = "a1,9990000018,Arden,Rosalind,21/05/1950,F,2 Court Lane,Leeds,LS1 1AB\n"
)

func message(pid string) string {
	return segments(`MSH|^~\&|PAS|RZZ|R|R|20260901090000||ADT^A01|1|P|2.4`, `EVN|A01|20260901090000`, pid, `PV1|1|I|W||||||||||||||||V1`)
}

func patient(nhsNumber, birthDate string) string {
	return `{"resourceType":"Patient","id":"p1","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"` + nhsNumber + `"}],"birthDate":"` + birthDate + `"}`
}

var goodMessage = message(`PID|1||100^^^RZZ^MR||ARDEN^ROSALIND||19500521|F`)

// badInputs are files as they come on the day something went wrong. Lines and
// counts are counted by eye.
var badInputs = []struct {
	name, key, content string
	status             delivery.Status
	counts             delivery.Counts
	faults             []wanted
}{
	{
		"HL7 cut in PID", hl7Key, goodMessage + "\n" + goodMessage[:strings.Index(goodMessage, "^^^RZZ")],
		delivery.Completed,
		delivery.Counts{Read: 2, Accepted: 1, Rejected: 1},
		[]wanted{{"row-syntax", 7, "PID"}, {"file-truncated", 7, "PID"}},
	},
	{
		"HL7 cut where it could be whole", hl7Key, goodMessage + "\n" + goodMessage[:strings.LastIndex(goodMessage, "W")],
		delivery.Completed,
		delivery.Counts{Read: 2, Accepted: 1, Unchanged: 1},
		[]wanted{{"file-open-end", 8, "PV1"}},
	},
	{
		"HL7 without MSH", hl7Key, "PID|1||5^^^H^MR||A^B\r\r" + goodMessage,
		delivery.Completed,
		delivery.Counts{Read: 2, Accepted: 1, Rejected: 1},
		[]wanted{{"row-syntax", 1, ""}},
	},
	{
		"HL7 with NUL", hl7Key, message("PID|1||100^^^RZZ^MR||ARDEN\x00^ROSALIND") + "\r" + goodMessage,
		delivery.Completed,
		delivery.Counts{Read: 2, Accepted: 1, Rejected: 1},
		[]wanted{{"row-encoding", 3, ""}},
	},
	{
		"HL7 of one line", hl7Key, `MSH|^~\&|A|B|C|D|20260901090000||ADT^A01|1|P|2.4|` + strings.Repeat("x", 20<<20),
		delivery.Completed,
		delivery.Counts{Read: 1, Rejected: 1},
		[]wanted{{"row-too-long", 1, ""}},
	},
	{
		"HL7 wrong check digit", hl7Key, message(`PID|1||100^^^RZZ^MR~9990000019^^^NHS^NH||ARDEN^ROSALIND||19500521|F`),
		delivery.Completed,
		delivery.Counts{Read: 1, Accepted: 1},
		[]wanted{{"nhs-number-check-digit", 3, "PID-3(2).1"}},
	},
	{
		"HL7 31 February", hl7Key, message(`PID|1||100^^^RZZ^MR||ARDEN^ROSALIND||19500231|F`),
		delivery.Completed,
		delivery.Counts{Read: 1, Accepted: 1},
		[]wanted{{"birth-date-impossible", 3, "PID-7"}},
	},

	{
		"FHIR Bundle cut in half", fhirKey, fhirSmall[:len(fhirSmall)*2/3],
		delivery.Completed,
		delivery.Counts{Read: 1, Held: 1},
		[]wanted{{"patient-unknown", 2, ""}, {"file-truncated", 3, ""}},
	},
	{
		"FHIR broken line", fhirKey, patient("9990000018", "1950-05-21") + "\n\n\n{\"resourceType\":\n" + `{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/p1"}}` + "\n",
		delivery.Completed,
		delivery.Counts{Read: 3, Accepted: 2, Rejected: 1},
		[]wanted{{"row-syntax", 4, ""}},
	},
	{
		"FHIR of one line", fhirKey, `{"resourceType":"Binary","data":"` + strings.Repeat("A", 70<<20) + `"}`,
		delivery.Refused,
		delivery.Counts{},
		[]wanted{{"row-too-long", 1, ""}},
	},
	{
		"FHIR repeated digit", fhirKey, patient("1111111111", "1950-05-21"),
		delivery.Completed,
		delivery.Counts{Read: 1, Accepted: 1},
		[]wanted{{"nhs-number-repeated-digit", 1, "Patient.identifier[0].value"}},
	},
	{
		"FHIR born in the future", fhirKey, patient("9990000018", "2050-01-01"),
		delivery.Completed,
		delivery.Counts{Read: 1, Accepted: 1},
		[]wanted{{"birth-date-future", 1, "Patient.birthDate"}},
	},
	{
		"FHIR born on 1 January 1900", fhirKey, patient("9990000018", "1900-01-01"),
		delivery.Completed,
		delivery.Counts{Read: 1, Accepted: 1},
		[]wanted{{"birth-date-placeholder", 1, "Patient.birthDate"}},
	},
	{
		"FHIR two patients in a Bundle", fhirKey, `{"resourceType":"Bundle","type":"collection","entry":[{"resource":` + patient("9990000018", "1950-05-21") + `},` + "\n" +
			`{"resource":{"resourceType":"Patient","id":"p2"}}]}`,
		delivery.Completed,
		delivery.Counts{Read: 2, Accepted: 2},
		[]wanted{{"patient-several", 2, ""}},
	},

	{
		"CSV wrong header", csvKey, strings.Replace(csvHead, "dob", "birthday", 1) + csvRow,
		delivery.Refused,
		delivery.Counts{},
		[]wanted{{"file-format", 1, ""}},
	},
	{
		"CSV 5 columns of 9", csvKey, csvHead + csvRow + "a2,9434765919,Corin,Tom,05/06/1990\n" + csvRow,
		delivery.Completed,
		delivery.Counts{Read: 3, Accepted: 1, Unchanged: 1, Rejected: 1},
		[]wanted{{"row-syntax", 3, ""}},
	},
	{
		"CSV Windows-1252", csvKey, csvHead + csvRow + "a2,,Ren\xe9e,Tom,05/06/1990,M,4 Court Lane,Leeds,LS1 1AB\n",
		delivery.Completed,
		delivery.Counts{Read: 2, Accepted: 2},
		[]wanted{{"file-encoding", 3, ""}},
	},
	{
		"CSV of one line", csvKey, csvHead + strings.Repeat("x", 20<<20),
		delivery.Completed,
		delivery.Counts{Read: 1, Rejected: 1},
		[]wanted{{"row-too-long", 2, ""}},
	},

	{"HL7 empty", hl7Key, "", delivery.Refused, delivery.Counts{}, []wanted{{"file-empty", 1, ""}}},
	{"FHIR empty", fhirKey, "", delivery.Refused, delivery.Counts{}, []wanted{{"file-empty", 1, ""}}},
	{"CSV empty", csvKey, "", delivery.Refused, delivery.Counts{}, []wanted{{"file-empty", 1, ""}}},
	{"HL7 of another format", hl7Key, fhirSmall, delivery.Refused, delivery.Counts{}, []wanted{{"file-format", 1, ""}}},
	{"FHIR of another format", fhirKey, csvSmall, delivery.Refused, delivery.Counts{}, []wanted{{"file-format", 1, ""}}},
	{"CSV of another format", csvKey, hl7Small, delivery.Refused, delivery.Counts{}, []wanted{{"file-format", 1, ""}}},
	{"HL7 zip", hl7Key, "PK\x03\x04rest", delivery.Refused, delivery.Counts{}, []wanted{{"file-compressed", 1, ""}}},
	{"FHIR zip", fhirKey, "PK\x03\x04rest", delivery.Refused, delivery.Counts{}, []wanted{{"file-compressed", 1, ""}}},
	{"CSV zip", csvKey, "PK\x03\x04rest", delivery.Refused, delivery.Counts{}, []wanted{{"file-compressed", 1, ""}}},
}

// TestBadInput wants of every bad file a report with the place, the reason and
// the effect, and the good rows loaded.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, bad := range badInputs {
		t.Run(bad.name, func(t *testing.T) {
			t.Parallel()
			r := newStore(t, engines.Embedded(t)).drop(t, bad.key, bad.content)
			if r.Status != bad.status || r.Counts != bad.counts {
				t.Errorf("status %s, counts %+v; want %s, %+v", r.Status, r.Counts, bad.status, bad.counts)
			}
			for _, want := range bad.faults {
				checkFault(t, r, want)
			}
			for _, f := range r.Faults {
				if strings.Contains(f.Found, "9990000018") || strings.Contains(strings.ToLower(f.Found), "arden") {
					t.Errorf("a fault shows what is personal: %s", f.Code)
				}
			}
		})
	}
}

func checkFault(t *testing.T, r delivery.Report, want wanted) {
	t.Helper()
	var seen []string
	for _, f := range r.Faults {
		if f.Code == want.code && f.Place.Line == want.line && strings.Contains(f.Place.Path, want.path) {
			if f.Expected == "" || f.Effect == "" || f.Remedy == "" || f.Severity == "" {
				t.Errorf("%s does not say what was expected, the effect and the remedy: %+v", f.Code, f)
			}
			return
		}
		seen = append(seen, f.Code+" line "+strconv.FormatInt(f.Place.Line, 10)+" "+f.Place.Path)
	}
	t.Errorf("no fault %+v; there are %v", want, seen)
}

// TestMaskHidesValues holds the mask to its word on what is personal.
func TestMaskHidesValues(t *testing.T) {
	t.Parallel()
	if got, want := extract.Mask("O'Brien 9434765919"), "x'xxxxx 9999999999"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

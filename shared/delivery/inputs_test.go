package delivery_test

import "strings"

// Small deliveries about three made-up people. 9990000018 is of the NHS test
// range; the others have a right check digit.
const (
	hl7Key  = "RZZ/adt/messages.hl7"
	fhirKey = "NZZ99/fhir/bundle.json"
	csvKey  = "Z99901/patients/list.csv"
)

// hl7Small: an admission with an allergy, a result, and a merge of MRN 200 into 100.
var hl7Small = segments(
	`MSH|^~\&|PAS|RZZ|R|R|20260901090000||ADT^A01|1|P|2.4`,
	`EVN|A01|20260901090000`,
	`PID|1||100^^^RZZ^MR~9990000018^^^NHS^NH||ARDEN^ROSALIND^^^MRS||19500521|F|||1 FOREST ROAD^^LEEDS^^LS1 1AA^GBR`,
	`PV1|1|I|WARD1^^^RZZ||||||||||||||||V100|||||||||||||||||||||||||20260901090000`,
	`AL1|1|DA|294505008^Allergy to amoxicillin^SCT|SV|Rash`,
	``,
	`MSH|^~\&|LAB|RZZ|R|R|20260902090000||ORU^R01|2|P|2.4`,
	`PID|1||200^^^RZZ^MR~4010232137^^^NHS^NH||ARDEN^CELIA||19521103|F`,
	`OBR|1|P1|F1|GLU^Glucose^LAB|||20260902080000|||||||||||||||20260902090000|||F`,
	`OBX|1|NM|GLU^Glucose^LAB||5.10|mmol/L|3.0 - 6.0||||F|||20260902080000`,
	``,
	`MSH|^~\&|PAS|RZZ|R|R|20260903090000||ADT^A34|3|P|2.4`,
	`EVN|A34|20260903090000`,
	`PID|1||100^^^RZZ^MR~9990000018^^^NHS^NH||ARDEN^ROSALIND^^^MRS||19500521|F|||1 FOREST ROAD^^LEEDS^^LS1 1AA^GBR`,
	`MRG|200^^^RZZ^MR`,
)

func segments(lines ...string) string { return strings.Join(lines, "\r") + "\r" }

// fhirSmall: the same Rosalind by her NHS number, a condition, and a practitioner.
const fhirSmall = `{"resourceType":"Bundle","type":"transaction","entry":[
 {"fullUrl":"urn:uuid:c1","resource":{"resourceType":"Condition","id":"c1","subject":{"reference":"urn:uuid:p1"},"asserter":{"reference":"Practitioner/d1"},"code":{"text":"Asthma"},"recordedDate":"2020-01-02"},"request":{"method":"POST","url":"Condition"}},
 {"fullUrl":"urn:uuid:p1","resource":{"resourceType":"Patient","id":"p1","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],"name":[{"family":"Arden","given":["Rosalind"]}],"gender":"female","birthDate":"1950-05-21"},"request":{"method":"POST","url":"Patient"}},
 {"resource":{"resourceType":"Practitioner","id":"d1","name":[{"family":"Touchstone"}]},"request":{"method":"PUT","url":"Practitioner/d1"}}
]}`

// csvSmall: Rosalind with day and month swapped, and two people of the practice alone.
const csvSmall = "id,nhs,surname,forename,dob,sex,line,town,postcode\r\n" +
	"a1,999 000 0018,Arden,Rosalind,21/05/1950,F,2 Court Lane,Leeds,LS1 1AB\r\n" +
	"a2,,Audrey,Jane,03/04/1980,F,3 Court Lane,Leeds,LS1 1AB\r\n" +
	"a3,9434765919,Corin,Tom,05/06/1990,M,4 Court Lane,Leeds,LS1 1AB\r\n"

package fhir_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
)

var received = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

const nhsSystem = `"system":"https://fhir.nhs.uk/Id/nhs-number"`

func status(code string) string {
	return `"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus","valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland","code":"` + code + `"}]}}]`
}

func TestPatientDetails(t *testing.T) {
	t.Parallel()
	type problem struct {
		Defect fhir.Defect
		Path   string
	}
	cases := []struct {
		name, members string
		want          demographics.Details
		problems      []problem
	}{
		{"nothing", ``, demographics.Details{}, nil},
		{"number with a status", `,"identifier":[{"system":"urn:local","value":"1"},{` + status("NSTS01") + `,` + nhsSystem + `,"value":"943-476-5919"}]`, demographics.Details{NHSNumber: "9434765919", NHSStatus: "01"}, nil},
		{"number by object identifier", `,"identifier":[{"system":"urn:oid:2.16.840.1.113883.2.1.4.1","value":"9434765919"}]`, demographics.Details{NHSNumber: "9434765919"}, nil},
		{"the verified of two", `,"identifier":[{` + nhsSystem + `,"value":"9434765870"},{` + status("01") + `,` + nhsSystem + `,"value":"9434765919"}]`, demographics.Details{NHSNumber: "9434765919", NHSStatus: "01"}, nil},
		{"a former and a present one", `,"identifier":[{"use":"old",` + nhsSystem + `,"value":"9434765870"},{"period":{"end":"2020-01"},` + nhsSystem + `,"value":"4010232137"},{` + nhsSystem + `,"value":"9434765919"}]`, demographics.Details{NHSNumber: "9434765919"}, nil},
		{"two that cannot be told apart", `,"identifier":[{` + nhsSystem + `,"value":"9434765870"},{` + nhsSystem + `,"value":"9434765919"}]`, demographics.Details{}, []problem{{fhir.DefectNHSNumberSeveral, "identifier"}}},
		{"the same twice", `,"identifier":[{` + nhsSystem + `,"value":"9434765919"},{` + status("01") + `,` + nhsSystem + `,"value":"943 476 5919"}]`, demographics.Details{NHSNumber: "9434765919", NHSStatus: "01"}, nil},
		{
			"bad numbers", `,"identifier":[{` + nhsSystem + `,"value":"9434765910"},{` + nhsSystem + `,"value":"1111111111"},{` + nhsSystem + `,"value":"12"},{` + status("77") + `,` + nhsSystem + `,"value":"9434765919"}]`,
			demographics.Details{NHSNumber: "9434765919"},
			[]problem{{fhir.DefectNHSNumberCheck, "identifier[0].value"}, {fhir.DefectNHSNumberRepeat, "identifier[1].value"}, {fhir.DefectNHSNumberForm, "identifier[2].value"}, {fhir.DefectNHSStatus, "identifier[3].extension[0]"}},
		},
		{
			"names in their order", `,"name":[{"use":"maiden","family":"Roe"},{"use":"nickname","given":["Annie"]},{"family":"Doe","period":{"end":"2001"}},{"use":"usual","family":"Poe","given":["Ann",null,""," May "],"prefix":["Dr","Dame"]},{"use":"official","family":"Doe"},{"text":"no form"},{"text":"MOE, Ann May (Mrs)"}]`,
			demographics.Details{Names: []demographics.Name{
				{Use: "official", Family: "Doe"},
				{Use: "usual", Family: "Poe", Given: []string{"Ann", "May"}, Prefix: "Dr Dame"},
				{Family: "MOE", Given: []string{"Ann", "May"}, Prefix: "Mrs"},
				{Use: "nickname", Given: []string{"Annie"}},
				{Use: "maiden", Family: "Roe"},
				{Use: "old", Family: "Doe"},
			}},
			nil,
		},
		{
			"addresses", `,"address":[{"use":"old","line":["1 Old Rd"]},{"use":"temp","city":"Hull"},{"use":"home","line":["2 New Rd"," "],"city":"Leeds","district":"West Yorkshire","postalCode":"LS17DF","country":"GBR"},{"line":["3 Gone Rd"],"period":{"end":"2020-01-01"}},{"text":"4 Far Rd, Boston","state":"MA","postalCode":"02101","country":"US"},{"use":"home"}]`,
			demographics.Details{Addresses: []demographics.Address{
				{Use: "home", Lines: []string{"2 New Rd"}, City: "Leeds", District: "West Yorkshire", Postcode: "LS1 7DF", Country: "GBR"},
				{Lines: []string{"4 Far Rd", "Boston"}, District: "MA", Postcode: "02101", Country: "US"},
				{Use: "temp", City: "Hull"},
				{Use: "old", Lines: []string{"1 Old Rd"}},
				{Use: "old", Lines: []string{"3 Gone Rd"}},
			}},
			nil,
		},
		{"a postcode that is none", `,"address":[{"postalCode":"LEEDS"}]`, demographics.Details{Addresses: []demographics.Address{{Postcode: "LEEDS"}}}, []problem{{fhir.DefectPostcode, "address[0].postalCode"}}},
		{
			"contacts", `,"telecom":[{"system":"phone","use":"old","value":"1"},{"system":"phone","use":"mobile","value":" 2 "},{"value":"3"},{"system":"email"}]`,
			demographics.Details{Contacts: []demographics.Contact{{System: "phone", Use: "mobile", Value: "2"}, {System: "other", Value: "3"}, {System: "phone", Use: "old", Value: "1"}}},
			nil,
		},
		{"dead, and when", `,"deceasedDateTime":"2020-01-02"`, demographics.Details{Deceased: "2020-01-02"}, nil},
		{"dead, and not when", `,"deceasedDateTime":"2020-02-31"`, demographics.Details{Deceased: "true"}, []problem{{fhir.DefectValue, "deceasedDateTime"}}},
		{"dead", `,"deceasedBoolean":true`, demographics.Details{Deceased: "true"}, nil},
		{"alive", `,"deceasedBoolean":false`, demographics.Details{}, nil},
		{"neither", `,"deceasedBoolean":"yes"`, demographics.Details{}, []problem{{fhir.DefectValue, "deceasedBoolean"}}},
		{"partial birth date", `,"birthDate":"1970-02"`, demographics.Details{BirthDate: "1970-02"}, nil},
		{"no such day", `,"birthDate":"1970-02-31"`, demographics.Details{}, []problem{{fhir.DefectBirthDateReal, "birthDate"}}},
		{"to come", `,"birthDate":"2026-03-02"`, demographics.Details{}, []problem{{fhir.DefectBirthDateFuture, "birthDate"}}},
		{"placeholder", `,"birthDate":"1900-01-01"`, demographics.Details{}, []problem{{fhir.DefectBirthDateEmpty, "birthDate"}}},
		{"gender", `,"gender":"other"`, demographics.Details{Sex: "other"}, nil},
		{"no gender of R4", `,"gender":"M"`, demographics.Details{}, []problem{{fhir.DefectCode, "gender"}}},
		{"practice", `,"generalPractitioner":[{"reference":"Practitioner/1"},{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organisation-code","value":"a81001"}}]`, demographics.Details{Practice: "A81001"}, nil},
		{"practice inside", `,"contained":[{"resourceType":"Organization","id":"gp","identifier":[{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"A81001"}]}],"generalPractitioner":[{"reference":"#gp"}]`, demographics.Details{Practice: "A81001"}, nil},
		{"a hospital is no practice", `,"generalPractitioner":[{"identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"RR8"}}]`, demographics.Details{}, nil},
		{
			"wrong shapes cost themselves only", `,"identifier":{},"name":[7,{"family":"Doe"},{"given":"Ann"}],"birthDate":1970,"gender":null,"address":"x","telecom":[null]`,
			demographics.Details{Names: []demographics.Name{{Family: "Doe"}}},
			[]problem{{fhir.DefectValue, "identifier"}, {fhir.DefectValue, "name[0]"}, {fhir.DefectValue, "name[2]"}, {fhir.DefectValue, "birthDate"}, {fhir.DefectCode, "gender"}, {fhir.DefectValue, "address"}},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, found, err := fhir.PatientDetails([]byte(`{"resourceType":"Patient"`+c.members+`}`), received)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("details (-want +got):\n%s", diff)
			}
			var problems []problem
			for _, p := range found {
				problems = append(problems, problem{p.Defect, p.Path})
			}
			if diff := cmp.Diff(c.problems, problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
	for _, bad := range []string{`{"resourceType":"Person"}`, `{`} {
		if _, _, err := fhir.PatientDetails([]byte(bad), received); !failure.Is(err, failure.Invalid) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestPatientResource(t *testing.T) {
	t.Parallel()
	out, err := fhir.PatientResource(fhir.Patient{
		ID: "01ABC", Inactive: true, Source: "urn:s", LastUpdated: received,
		Details: demographics.Details{
			NHSNumber: "9434765919", NHSStatus: "01", BirthDate: "1970", Sex: "female", Deceased: "2020-01", Practice: "A81001",
			Names:     []demographics.Name{{Use: "official", Family: "Doe", Given: []string{"Ann"}, Prefix: "Dr"}},
			Addresses: []demographics.Address{{Use: "home", Lines: []string{"1 Rd"}, City: "Leeds", Postcode: "LS1 7DF"}},
			Contacts:  []demographics.Contact{{System: "phone", Use: "mobile", Value: "1"}},
		},
		Identifiers: []fhir.Identifier{{System: "urn:local", Value: "7"}},
		Links:       []fhir.PatientLink{{Reference: "Patient/2", Type: "replaced-by"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"resourceType":"Patient","id":"01ABC","meta":{"lastUpdated":"2026-03-01T00:00:00Z","source":"urn:s","profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]},` +
		`"identifier":[{"extension":[{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus","valueCodeableConcept":{"coding":[{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland","code":"01","display":"Number present and verified"}]}}],"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9434765919"},{"system":"urn:local","value":"7"}],` +
		`"active":false,"name":[{"use":"official","family":"Doe","given":["Ann"],"prefix":["Dr"]}],"telecom":[{"system":"phone","value":"1","use":"mobile"}],"gender":"female","birthDate":"1970","deceasedDateTime":"2020-01",` +
		`"address":[{"use":"home","line":["1 Rd"],"city":"Leeds","postalCode":"LS1 7DF"}],"generalPractitioner":[{"type":"Organization","identifier":{"system":"https://fhir.nhs.uk/Id/ods-organization-code","value":"A81001"}}],"link":[{"other":{"reference":"Patient/2"},"type":"replaced-by"}]}`
	if diff := cmp.Diff(want, string(out)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestPatientThereAndBack: what PatientResource writes, PatientDetails reads.
func TestPatientThereAndBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[A-Za-zéß'"\\-]{1,12}`)
		use := rapid.SampledFrom([]string{"official", "usual", "old"})
		want := demographics.Details{
			NHSNumber: rapid.SampledFrom([]string{"9434765919", "4010232137"}).Draw(t, "number"),
			NHSStatus: rapid.SampledFrom([]string{"", "01", "02", "08"}).Draw(t, "status"),
			BirthDate: rapid.SampledFrom([]string{"", "1970", "1970-02", "1970-02-03"}).Draw(t, "birth"),
			Sex:       rapid.SampledFrom([]string{"", "male", "female", "other", "unknown"}).Draw(t, "sex"),
			Deceased:  rapid.SampledFrom([]string{"", "true", "2020-01-02", "2020-01-02T03:04:05+01:00"}).Draw(t, "deceased"),
			Practice:  rapid.SampledFrom([]string{"", "A81001"}).Draw(t, "practice"),
			Names:     []demographics.Name{{Use: use.Draw(t, "use"), Family: word.Draw(t, "family"), Given: rapid.SliceOfN(word, 1, 3).Draw(t, "given")}},
			Addresses: []demographics.Address{{Use: "home", Lines: rapid.SliceOfN(word, 1, 3).Draw(t, "lines"), City: word.Draw(t, "city"), Postcode: "LS1 7DF"}},
			Contacts:  []demographics.Contact{{System: "phone", Value: word.Draw(t, "phone")}},
		}
		out, err := fhir.PatientResource(fhir.Patient{ID: "p", Details: want})
		if err != nil {
			t.Fatal(err)
		}
		got, problems, err := fhir.PatientDetails(out, received)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%v, %+v", err, problems)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	})
}

func TestDisownIdentifier(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, identifier, want string }{
		{"system first", `{"system":"s","value":"1"}`, `{"type":{"text":"why"},"value":"1"}`},
		{"system last", `{"value":"1","system":"s"}`, `{"value":"1","type":{"text":"why"}}`},
		{"system alone", `{"system":"s"}`, `{"type":{"text":"why"}}`},
		{"typed, system first", `{"system":"s","type":{"text":"x"}}`, `{"type":{"text":"x"}}`},
		{"typed, system last", `{"type":{"text":"x"},"system":"s"}`, `{"type":{"text":"x"}}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var d fhir.Document
			if err := d.Parse([]byte(`{"resourceType":"Patient","identifier":[{"system":"other"},` + c.identifier + `]}`)); err != nil {
				t.Fatal(err)
			}
			change, ok := d.DisownIdentifier(1, "why")
			if !ok {
				t.Fatal("no change")
			}
			want := `{"resourceType":"Patient","identifier":[{"system":"other"},` + c.want + `]}`
			if diff := cmp.Diff(want, string(d.Apply(change))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if _, ok := d.DisownIdentifier(2, "why"); ok {
				t.Error("a third identifier")
			}
		})
	}
}

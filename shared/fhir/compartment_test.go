package fhir_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/fhir"
)

// The two lists of https://hl7.org/fhir/R4/compartmentdefinition-patient.html.
const (
	inCompartment = `Account AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent Basic BodyStructure
CarePlan CareTeam ChargeItem Claim ClaimResponse ClinicalImpression Communication CommunicationRequest Composition
Condition Consent Coverage CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue DeviceRequest
DeviceUseStatement DiagnosticReport DocumentManifest DocumentReference Encounter EnrollmentRequest EpisodeOfCare
ExplanationOfBenefit FamilyMemberHistory Flag Goal Group ImagingStudy Immunization ImmunizationEvaluation
ImmunizationRecommendation Invoice List MeasureReport Media MedicationAdministration MedicationDispense
MedicationRequest MedicationStatement MolecularSequence NutritionOrder Observation Patient Person Procedure
Provenance QuestionnaireResponse RelatedPerson RequestGroup ResearchSubject RiskAssessment Schedule ServiceRequest
Specimen SupplyDelivery SupplyRequest VisionPrescription`
	neverInCompartment = `ActivityDefinition Binary BiologicallyDerivedProduct Bundle CapabilityStatement CatalogEntry
ChargeItemDefinition CodeSystem CompartmentDefinition ConceptMap Contract Device DeviceDefinition DeviceMetric
EffectEvidenceSynthesis Endpoint EnrollmentResponse EventDefinition Evidence EvidenceVariable ExampleScenario
GraphDefinition GuidanceResponse HealthcareService ImplementationGuide InsurancePlan Library Linkage Location Measure
Medication MedicationKnowledge MedicinalProduct MedicinalProductAuthorization MedicinalProductContraindication
MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured
MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect MessageDefinition
MessageHeader NamingSystem ObservationDefinition OperationDefinition OperationOutcome Organization
OrganizationAffiliation PaymentNotice PaymentReconciliation PlanDefinition Practitioner PractitionerRole Questionnaire
ResearchDefinition ResearchElementDefinition ResearchStudy RiskEvidenceSynthesis SearchParameter Slot
SpecimenDefinition StructureDefinition StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer
SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification Task
TerminologyCapabilities TestReport TestScript ValueSet VerificationResult`
	alsoOfPatients = "Binary Contract Device GuidanceResponse Task"
)

func TestCompartmentFollowsTheStandard(t *testing.T) {
	t.Parallel()
	also := strings.Fields(alsoOfPatients)
	for _, name := range strings.Fields(inCompartment) {
		if fhir.Directory(name) {
			t.Errorf("%s is in the compartment", name)
		}
		if name != "Patient" && fhir.SubjectPath(name) == "" {
			t.Errorf("%s has no path", name)
		}
	}
	for _, name := range strings.Fields(neverInCompartment) {
		if fhir.Directory(name) == slices.Contains(also, name) {
			t.Errorf("%s: directory %v", name, fhir.Directory(name))
		}
		if fhir.PatientBound(name) {
			t.Errorf("%s is bound to a patient", name)
		}
	}
	all := append(strings.Fields(inCompartment+" "+neverInCompartment), "Parameters")
	slices.Sort(all)
	if diff := cmp.Diff(all, fhir.Types()); diff != "" {
		t.Errorf("types (-standard +ours):\n%s", diff)
	}
	if len(all) != 146 { // 148 codes of resource-types, less Resource and DomainResource
		t.Errorf("%d types, R4 has 146", len(all))
	}
	if fhir.KnownType("Prescription") || fhir.KnownType("patient") || fhir.KnownType("") {
		t.Error("knows a type that R4 does not")
	}
}

func TestSubjectOf(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{"subject", `{"resourceType":"Condition","asserter":{"reference":"Patient/2"},"subject":{"reference":"Patient/1"}}`, "Patient/1"},
		{"patient", `{"resourceType":"Immunization","patient":{"reference":"https://a/fhir/Patient/1"}}`, "https://a/fhir/Patient/1"},
		{"own", `{"resourceType":"Immunization","patient":{"reference":"Patient/@"}}`, "Patient/@"},
		{"deep and not the first", `{"resourceType":"Appointment","participant":[{},{"actor":null},{"actor":{"reference":"Location/1"}},{"actor":{"reference":"Patient/1"}}]}`, "Patient/1"},
		{"second path", `{"resourceType":"AuditEvent","agent":[{"who":{"reference":"Patient/1"}}],"entity":[{"what":{"reference":"Flag/1"}}]}`, "Patient/1"},
		{"not repeated though it may", `{"resourceType":"Account","subject":{"reference":"Patient/1"}}`, "Patient/1"},
		{"the patient", `{"resourceType":"Patient","id":"p"}`, "Patient/p"},
		{"a group", `{"resourceType":"Observation","subject":{"reference":"Group/1"}}`, ""},
		{"a string", `{"resourceType":"Observation","subject":"Patient/1"}`, ""},
		{"a number", `{"resourceType":"Observation","subject":{"reference":1}}`, ""},
		{"directory", `{"resourceType":"Organization","partOf":{"reference":"Patient/1"}}`, ""},
		{"no JSON", `{"resourceType":"Flag"`, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, ok := fhir.SubjectOf([]byte(c.in))
			if got != c.want || ok != (c.want != "") {
				t.Errorf("want %q, got %q, %v", c.want, got, ok)
			}
		})
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	var d fhir.Document
	in := `{"resourceType":"Communication", "recipient":[{"reference":"Patient/2"},{"identifier":{"system":"s","value":"v"},"type":"Patient","display":"B"}],"subject":{"reference":"Patient/1"}}`
	if err := d.Parse([]byte(in)); err != nil {
		t.Fatal(err)
	}
	got := d.Subjects()
	for i := range got {
		if d.Bytes()[got[i].Offset] != '{' {
			t.Errorf("%s: no object at its offset", got[i].Path)
		}
		got[i].Offset = 0
	}
	want := []fhir.Subject{
		{Path: "subject", Reference: "Patient/1"},
		{Path: "recipient[0]", Reference: "Patient/2"},
		{Path: "recipient[1]", Type: "Patient", Identifier: fhir.Identifier{System: "s", Value: "v"}, Display: "B"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestHeadAndDate(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in string
		want     fhir.Head
		bad      string
	}{
		{
			"all", `{"resourceType":"Observation","id":"o","meta":{"versionId":"2","lastUpdated":"2024-01-01T00:00:00Z","source":"urn:s"},"issued":"2024-01-02T00:00:00Z","effectiveDateTime":"2024-01"}`,
			fhir.Head{ResourceType: "Observation", ID: "o", VersionID: "2", LastUpdated: "2024-01-01T00:00:00Z", Source: "urn:s", Date: "2024-01"},
			"",
		},
		{"nothing", `{"resourceType":"Observation"}`, fhir.Head{ResourceType: "Observation"}, ""},
		{"of a period", `{"resourceType":"Encounter","period":{"start":"2024-02-03T04:05:06+01:00","end":"2024-02-04"}}`, fhir.Head{ResourceType: "Encounter", Date: "2024-02-03T04:05:06+01:00"}, ""},
		{"three deep", `{"resourceType":"DocumentReference","context":{"period":{"start":"2023"}}}`, fhir.Head{ResourceType: "DocumentReference", Date: "2023"}, ""},
		{"impossible, then another", `{"resourceType":"Condition","onsetDateTime":"2023-02-30","recordedDate":"2023-03-01"}`, fhir.Head{ResourceType: "Condition", Date: "2023-03-01"}, "onsetDateTime"},
		{"without a zone", `{"resourceType":"Immunization","occurrenceDateTime":"2023-02-03T04:05:06"}`, fhir.Head{ResourceType: "Immunization"}, "occurrenceDateTime"},
		{"no string", `{"resourceType":"Procedure","performedDateTime":{},"performedPeriod":7}`, fhir.Head{ResourceType: "Procedure"}, "performedDateTime"},
		{"type without a date", `{"resourceType":"Location","date":"2023"}`, fhir.Head{ResourceType: "Location"}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := fhir.HeadOf([]byte(c.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			var d fhir.Document
			if err := d.Parse([]byte(c.in)); err != nil {
				t.Fatal(err)
			}
			if _, bad := d.Date(); bad != c.bad {
				t.Errorf("bad path %q, want %q", bad, c.bad)
			}
		})
	}
}

func TestValidDateTime(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"2024": true, "2024-02": true, "2024-02-29": true, "2024-02-29T23:59:59Z": true, "2024-02-29T23:59:59.123456+01:00": true,
		"": false, "24": false, "2024-13": false, "2023-02-29": false, "2024-02-29T23:59Z": false, "2024-02-29T23:59:59": false, "2024-02-29 23:59:59Z": false, "20240229": false,
	} {
		if got := fhir.ValidDateTime(s); got != want {
			t.Errorf("%q: %v", s, got)
		}
	}
}

func TestParseReference(t *testing.T) {
	t.Parallel()
	cases := []struct {
		in   string
		want fhir.Reference
		ok   bool
	}{
		{"Patient/1", fhir.Reference{Type: "Patient", ID: "1"}, true},
		{"Patient/1/_history/7", fhir.Reference{Type: "Patient", ID: "1"}, true},
		{"https://a.example/b/c/Flag/x.y-Z", fhir.Reference{Base: "https://a.example/b/c/", Type: "Flag", ID: "x.y-Z"}, true},
		{"http://a.example/Flag/1/_history/2", fhir.Reference{Base: "http://a.example/", Type: "Flag", ID: "1"}, true},
		{"Prescription/1", fhir.Reference{}, false},
		{"x/Patient/1", fhir.Reference{}, false},
		{"urn:uuid:22222222-2222-4222-8222-222222222222", fhir.Reference{}, false},
		{"#p", fhir.Reference{}, false},
		{"Patient?identifier=a/b", fhir.Reference{}, false},
		{"Patient/", fhir.Reference{}, false},
		{"/1", fhir.Reference{}, false},
		{"Patient", fhir.Reference{}, false},
		{"", fhir.Reference{}, false},
	}
	for _, c := range cases {
		got, ok := fhir.ParseReference(c.in)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%q: %+v, %v", c.in, got, ok)
		}
	}
	if !fhir.IsURN("URN:uuid:1") || !fhir.IsURN("urn:oid:1.2") || fhir.IsURN("urn:uuid:") || fhir.IsURN("Patient/1") {
		t.Error("IsURN")
	}
	if !fhir.ValidID("a-1.B") || fhir.ValidID("") || fhir.ValidID("a b") || fhir.ValidID(strings.Repeat("a", 65)) {
		t.Error("ValidID")
	}
}

func TestChanges(t *testing.T) {
	t.Parallel()
	var d fhir.Document
	in := `{"resourceType":"Flag", "author":{"reference":"A/1"}, "contained":[{"a":[{"reference":"B/2"}]}], "subject":{"display":"x"}, "encounter":{}}`
	if err := d.Parse([]byte(in)); err != nil {
		t.Fatal(err)
	}
	if d.References() != 2 || d.Reference(1) != "B/2" {
		t.Fatalf("references: %d", d.References())
	}
	if got := d.ReferencePath(1); got != "contained[0].a[0].reference" {
		t.Errorf("path %q", got)
	}
	insert := d.InsertReference(d.Subjects()[0], fhir.OwnPatient)
	got := string(d.Apply(d.ChangeReference(1, `C/"3"`), insert, d.ChangeReference(0, "")))
	want := `{"resourceType":"Flag","author":{"reference":""},"contained":[{"a":[{"reference":"C/\"3\""}]}],"subject":{"reference":"Patient/@","display":"x"},"encounter":{}}`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	empty := fhir.Subject{Offset: strings.LastIndex(string(d.Bytes()), "{}")}
	if got := string(d.Apply(d.InsertReference(empty, "E/1"))); !strings.HasSuffix(got, `"encounter":{"reference":"E/1"}}`) {
		t.Errorf("into an empty object: %s", got)
	}
}

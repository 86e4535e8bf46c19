package fhir

import "strings"

// membership says by which elements a resource is in a patient's record.
type membership struct {
	paths []string // in the order in which they decide; "a[].b": a repeats
	bound bool     // a clinical statement that is worth nothing without its patient
}

// compartment follows CompartmentDefinition/patient of R4 with two changes.
// The standard lists every element by which a patient may be connected with a
// resource, so that one resource can be in several compartments; here stand
// only the elements that say whose record it is (the asserter of somebody's
// condition may be another patient). And types that R4 leaves out although
// they can be about a patient are in: Binary, Contract, Device,
// GuidanceResponse and Task.
var compartment = map[string]membership{
	"Account":                     {[]string{"subject[]"}, false},
	"AdverseEvent":                {[]string{"subject"}, true},
	"AllergyIntolerance":          {[]string{"patient"}, true},
	"Appointment":                 {[]string{"participant[].actor"}, false},
	"AppointmentResponse":         {[]string{"actor"}, false},
	"AuditEvent":                  {[]string{"entity[].what", "agent[].who"}, false},
	"Basic":                       {[]string{"subject", "author"}, false},
	"Binary":                      {[]string{"securityContext"}, false},
	"BodyStructure":               {[]string{"patient"}, true},
	"CarePlan":                    {[]string{"subject"}, true},
	"CareTeam":                    {[]string{"subject"}, true},
	"ChargeItem":                  {[]string{"subject"}, true},
	"Claim":                       {[]string{"patient"}, true},
	"ClaimResponse":               {[]string{"patient"}, true},
	"ClinicalImpression":          {[]string{"subject"}, true},
	"Communication":               {[]string{"subject", "recipient[]", "sender"}, false},
	"CommunicationRequest":        {[]string{"subject", "recipient[]", "sender", "requester"}, false},
	"Composition":                 {[]string{"subject"}, true},
	"Condition":                   {[]string{"subject"}, true},
	"Consent":                     {[]string{"patient"}, true},
	"Contract":                    {[]string{"subject[]"}, false},
	"Coverage":                    {[]string{"beneficiary"}, true},
	"CoverageEligibilityRequest":  {[]string{"patient"}, true},
	"CoverageEligibilityResponse": {[]string{"patient"}, true},
	"DetectedIssue":               {[]string{"patient"}, true},
	"Device":                      {[]string{"patient"}, false},
	"DeviceRequest":               {[]string{"subject"}, true},
	"DeviceUseStatement":          {[]string{"subject"}, true},
	"DiagnosticReport":            {[]string{"subject"}, true},
	"DocumentManifest":            {[]string{"subject"}, false},
	"DocumentReference":           {[]string{"subject"}, true},
	"Encounter":                   {[]string{"subject"}, true},
	"EnrollmentRequest":           {[]string{"candidate"}, true},
	"EpisodeOfCare":               {[]string{"patient"}, true},
	"ExplanationOfBenefit":        {[]string{"patient"}, true},
	"FamilyMemberHistory":         {[]string{"patient"}, true},
	"Flag":                        {[]string{"subject"}, true},
	"Goal":                        {[]string{"subject"}, true},
	"Group":                       {[]string{"member[].entity"}, false},
	"GuidanceResponse":            {[]string{"subject"}, false},
	"ImagingStudy":                {[]string{"subject"}, true},
	"Immunization":                {[]string{"patient"}, true},
	"ImmunizationEvaluation":      {[]string{"patient"}, true},
	"ImmunizationRecommendation":  {[]string{"patient"}, true},
	"Invoice":                     {[]string{"subject", "recipient"}, false},
	"List":                        {[]string{"subject"}, false},
	"MeasureReport":               {[]string{"subject"}, false},
	"Media":                       {[]string{"subject"}, false},
	"MedicationAdministration":    {[]string{"subject"}, true},
	"MedicationDispense":          {[]string{"subject"}, true},
	"MedicationRequest":           {[]string{"subject"}, true},
	"MedicationStatement":         {[]string{"subject"}, true},
	"MolecularSequence":           {[]string{"patient"}, true},
	"NutritionOrder":              {[]string{"patient"}, true},
	"Observation":                 {[]string{"subject"}, true},
	"Person":                      {[]string{"link[].target"}, false},
	"Procedure":                   {[]string{"subject"}, true},
	"Provenance":                  {[]string{"target[]"}, false},
	"QuestionnaireResponse":       {[]string{"subject", "source", "author"}, true},
	"RelatedPerson":               {[]string{"patient"}, true},
	"RequestGroup":                {[]string{"subject"}, true},
	"ResearchSubject":             {[]string{"individual"}, true},
	"RiskAssessment":              {[]string{"subject"}, true},
	"Schedule":                    {[]string{"actor[]"}, false},
	"ServiceRequest":              {[]string{"subject"}, true},
	"Specimen":                    {[]string{"subject"}, true},
	"SupplyDelivery":              {[]string{"patient"}, false},
	"SupplyRequest":               {[]string{"deliverTo"}, false},
	"Task":                        {[]string{"for"}, false},
	"VisionPrescription":          {[]string{"patient"}, true},
}

// Directory says whether a resource of the type is never in a patient's
// record: it describes the organisation (Organization, Practitioner, Location,
// Medication, Questionnaire and the like) or the terms it works by.
func Directory(resourceType string) bool {
	_, member := compartment[resourceType]
	return !member && resourceType != "Patient"
}

// PatientBound says whether a resource of the type is a clinical statement
// that is worth nothing without the patient it is about. Others may be about
// a patient and need not be (an Account, a Group, a List).
func PatientBound(resourceType string) bool {
	return resourceType == "Patient" || compartment[resourceType].bound
}

// SubjectPath is the first element by which a resource of the type is in a
// patient's record; empty for directory types and Patient.
func SubjectPath(resourceType string) string {
	paths := compartment[resourceType].paths
	if len(paths) == 0 {
		return ""
	}
	return strings.ReplaceAll(paths[0], "[]", "")
}

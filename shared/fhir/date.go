package fhir

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	effective  = "effectiveDateTime effectivePeriod.start effectiveInstant effectivePeriod.end"
	occurrence = "occurrenceDateTime occurrencePeriod.start occurrencePeriod.end"
	period     = "period.start period.end"
)

// dates says, type by type, which elements date a resource clinically, the
// first that is there deciding: when it happened to the patient before when it
// was written down. Requests count from when they were made.
var dates = map[string]string{
	"Account":                     "servicePeriod.start",
	"AdverseEvent":                "date detected recordedDate",
	"AllergyIntolerance":          "onsetDateTime onsetPeriod.start recordedDate lastOccurrence",
	"Appointment":                 "start created",
	"AppointmentResponse":         "start",
	"AuditEvent":                  period + " recorded",
	"Basic":                       "created",
	"CarePlan":                    period + " created",
	"CareTeam":                    period,
	"ChargeItem":                  occurrence + " enteredDate",
	"Claim":                       "billablePeriod.start created",
	"ClaimResponse":               "created",
	"ClinicalImpression":          effective + " date",
	"Communication":               "sent received",
	"CommunicationRequest":        "authoredOn " + occurrence,
	"Composition":                 "date",
	"Condition":                   "onsetDateTime onsetPeriod.start recordedDate",
	"Consent":                     "dateTime",
	"Contract":                    "issued",
	"Coverage":                    period,
	"CoverageEligibilityRequest":  "servicedDate servicedPeriod.start created",
	"CoverageEligibilityResponse": "servicedDate servicedPeriod.start created",
	"DetectedIssue":               "identifiedDateTime identifiedPeriod.start",
	"DeviceRequest":               "authoredOn " + occurrence,
	"DeviceUseStatement":          "timingDateTime timingPeriod.start recordedOn",
	"DiagnosticReport":            effective + " issued",
	"DocumentManifest":            "created",
	"DocumentReference":           "date context.period.start",
	"Encounter":                   period,
	"EnrollmentRequest":           "created",
	"EpisodeOfCare":               period,
	"ExplanationOfBenefit":        "billablePeriod.start created",
	"FamilyMemberHistory":         "date",
	"Flag":                        period,
	"Goal":                        "startDate statusDate",
	"GuidanceResponse":            "occurrenceDateTime",
	"ImagingStudy":                "started",
	"Immunization":                "occurrenceDateTime recorded",
	"ImmunizationEvaluation":      "date",
	"ImmunizationRecommendation":  "date",
	"Invoice":                     "date",
	"List":                        "date",
	"MeasureReport":               "date " + period,
	"Media":                       "createdDateTime createdPeriod.start issued",
	"MedicationAdministration":    effective,
	"MedicationDispense":          "whenHandedOver whenPrepared",
	"MedicationRequest":           "authoredOn",
	"MedicationStatement":         effective + " dateAsserted",
	"NutritionOrder":              "dateTime",
	"Observation":                 effective + " issued",
	"Procedure":                   "performedDateTime performedPeriod.start performedPeriod.end",
	"Provenance":                  "occurredDateTime occurredPeriod.start recorded",
	"QuestionnaireResponse":       "authored",
	"RequestGroup":                "authoredOn",
	"ResearchSubject":             period,
	"RiskAssessment":              occurrence,
	"Schedule":                    "planningHorizon.start",
	"ServiceRequest":              "authoredOn " + occurrence,
	"Slot":                        "start",
	"Specimen":                    "collection.collectedDateTime collection.collectedPeriod.start receivedTime",
	"SupplyDelivery":              occurrence,
	"SupplyRequest":               "authoredOn " + occurrence,
	"Task":                        "authoredOn lastModified",
	"VisionPrescription":          "dateWritten created",
}

// Date gives the clinical date of the resource: a FHIR dateTime, empty when it
// states none. Where an element that should date it holds no dateTime, that
// one is passed over and its path is given.
func (d *Document) Date() (date, badPath string) {
	for path := range strings.FieldsSeq(dates[d.kind]) {
		v := d.at(path)
		if v == nil {
			continue
		}
		text, _ := textOf(v)
		if ValidDateTime(text) {
			return text, badPath
		}
		if badPath == "" {
			badPath = path
		}
	}
	return "", badPath
}

// at follows a path of plain members; nil when it leads nowhere.
func (d *Document) at(path string) jsontext.Value {
	name, rest, nested := strings.Cut(path, ".")
	m := d.member(name)
	for m != nil && nested {
		parts, _ := membersAt(d.body, m.value.start)
		name, rest, nested = strings.Cut(rest, ".")
		m = nil
		for i := range parts {
			if parts[i].name == name {
				m = &parts[i]
			}
		}
	}
	if m == nil {
		return nil
	}
	return d.body[m.value.start:m.value.end]
}

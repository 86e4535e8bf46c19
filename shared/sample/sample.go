// Package sample carries the files of the sample region: extracts of a
// hospital, a community provider and a GP practice, and the register of these
// partners. The demonstration drops them, and tests of every format read them.
//
// It holds data and its order, no rule. README.md beside it says where each
// file comes from and under which licence; none is about a real person.
package sample

import "embed"

// FS holds the files, each under the path that Delivery.File gives, and the
// partner register as Partners.
//
//go:embed partners.yaml hl7 fhir gp
var FS embed.FS

// Partners is the path in FS of the sample region's partner register.
const Partners = "partners.yaml"

// The partners of the sample region. The codes have the shape of ODS codes and
// belong to no organisation that we know of.
const (
	Hospital  = "RZZ"    // an HL7 v2 feed "adt"
	Community = "NZZ99"  // FHIR feeds "bundles" and "bulk"
	Practice  = "Z99901" // a CSV feed "patients"
)

// LargestPatient is the id that the community provider's feed "bundles" has
// for the patient with the most entries: that of the Patient in the first and
// largest of its Bundles.
const LargestPatient = "3e26303e-a72a-4c60-866f-e5b81a9f1989"

// Delivery is one file as a partner drops it.
type Delivery struct {
	ODS  string // the partner
	Feed string // the feed's name in the partner register
	File string // path in FS; its last element is the name under which it is dropped
}

// Deliveries lists the files in the order in which the demonstration drops
// them. The files of one feed keep their order: the patients of the bulk
// export come before what is said of them.
func Deliveries() []Delivery {
	return []Delivery{
		{Hospital, "adt", "hl7/simhospital.hl7"},
		{Community, "bundles", "fhir/synthea/b3e8d121-f742-438c-92e3-02135e4543d5.json"},
		{Community, "bundles", "fhir/synthea/6d2eba67-5b4a-403f-a29f-e6da3f1ea963.json"},
		{Community, "bundles", "fhir/synthea/7735ab79-6ac8-4b81-9936-f7ddabd18751.json"},
		{Community, "bundles", "fhir/synthea/1af31141-7c85-4dc9-8472-8fd3fa953ee8.json"},
		{Community, "bundles", "fhir/synthea/22d6efc6-2dc7-4f36-9d27-84fc6609c469.json"},
		{Community, "bundles", "fhir/synthea/0b324782-31d1-4659-89ab-58e075d6e61f.json"},
		{Community, "bulk", "fhir/bulk/Patient.ndjson"},
		{Community, "bulk", "fhir/bulk/Organization.ndjson"},
		{Community, "bulk", "fhir/bulk/Practitioner.ndjson"},
		{Community, "bulk", "fhir/bulk/Condition.ndjson"},
		{Community, "bulk", "fhir/bulk/AllergyIntolerance.ndjson"},
		{Community, "bulk", "fhir/bulk/Immunization.ndjson"},
		{Practice, "patients", "gp/practice-list.csv"},
	}
}

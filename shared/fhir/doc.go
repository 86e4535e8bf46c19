// Package fhir is the codec for HL7 FHIR R4 (4.0.1) JSON: it walks resources,
// finds in them what the region needs (type, id, times, references, whose
// record they are in, a patient's details) and writes the resources that the
// region itself makes (Patient, OperationOutcome, Bundle).
//
// The source's own words are kept: a resource is never decoded into structs
// and written again. Numbers keep their text, so 88.00640 stays 88.00640;
// members that R4 does not know stay, in their order; only white space goes.
// JSON is read strictly (RFC 8259 with unique names and valid UTF-8), because
// a name given twice or a mangled letter can change what a record says.
//
// The package is pure: it knows no storage, no feed and no clock. It does not
// validate against StructureDefinitions and it decides nothing about faults;
// extract/resources does.
package fhir

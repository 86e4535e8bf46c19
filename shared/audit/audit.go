// Package audit keeps the trace of every look at a record: FHIR R4 AuditEvent
// resources in the shape of IHE Basic Audit Log Patterns (BALP), stored in
// chains of hashes so that an edit, a deletion, a reordering or a gap shows.
//
// A chain belongs to one process and one day (UTC). Each event carries its
// number in the chain, the SHA-256 of the event before it and its own; the
// chain's head item is written in the same commit and says where the chain
// ends, so that cutting off its end shows too. Chains are listed in registries
// which are chains themselves. What this cannot show is a store rewritten as a
// whole by someone who recomputes every hash: that needs a copy of the heads
// outside the store.
//
// An event never holds what was found, nor how much, nor a name or an NHS
// number: patients are named by their opaque person id. This package decides
// nothing about access and knows no HTTP.
package audit

import (
	"time"

	"github.com/carerecord/carerecord/shared/failure"
)

// Interaction is what was done, in FHIR's words. The zero Interaction is refused.
type Interaction struct {
	Code      string // read, search-type, or the name of an operation with its $
	operation bool
}

// Read is the reading of one resource by its id (BALP PatientRead).
var Read = Interaction{Code: "read"}

// Search is a search of a type (BALP PatientQuery).
var Search = Interaction{Code: "search-type"}

// Operation is a named operation, such as $everything. It is audited as a
// query: it is executed, whether it answers with a set or changes links.
func Operation(name string) Interaction { return Interaction{Code: name, operation: true} }

// Outcome is the AuditEvent outcome (http://hl7.org/fhir/audit-event-outcome).
type Outcome string

// Purpose is why something was asked (v3-ActReason).
type Purpose string

// The purposes. The zero Purpose is Treatment.
const (
	Treatment  Purpose = "TREAT"   // care of the patient
	Operations Purpose = "HOPERAT" // the running of care: whose record is whose
)

// Asked is the Reason of an event that is stored before a change is made. What
// became of the change follows in an event of its own.
const Asked = "asked"

// The outcomes used.
const (
	Success      Outcome = "0"
	MinorFailure Outcome = "4" // the request was refused or named nothing
	MajorFailure Outcome = "8" // the region could not answer
)

// Agent is the user on whose behalf something was asked, as authenticated.
type Agent struct {
	Subject      string // id given by the issuer
	Name         string
	Organisation string // ODS code
	Role         string // job role code
	Client       string // application
	Issuer       string
}

// Event is one look, or one try. Query is shown to whoever reads the audit
// trail: clean it with Query first.
type Event struct {
	Interaction Interaction
	Type        string // resource type asked for
	Of          string // id of what was read, where that is not the patient
	Patient     string // person id; empty when the request matched none
	Purpose     Purpose
	Query       string // the cleaned request, as Query gives it
	RequestID   string // X-Request-Id
	Caller      Agent
	Server      string // the FHIR base URL that answered
	Outcome     Outcome
	Reason      string    // why it failed, in coded words; Asked; or empty
	Recorded    time.Time // zero: the chain's clock
}

func (e Event) check() error {
	const op = "audit.Record"
	switch {
	case e.Interaction.Code == "":
		return failure.New(failure.Invalid, op, "no interaction")
	case e.Outcome == "":
		return failure.New(failure.Invalid, op, "no outcome")
	case e.Caller.Subject == "":
		return failure.New(failure.Invalid, op, "no caller")
	}
	return nil
}

package messages

import "github.com/carerecord/carerecord/shared/hl7v2"

// kind is what a message type and trigger event mean to us.
type kind struct {
	status string // Encounter.status of the event; empty: PV1 says (see encounterStatus)
	visit  bool   // PV1 is stated by this message, and not only copied along
	merge  bool   // MRG is now PID
	// document says that TXA and the text of the OBX make a document.
	document bool
	needs    []string // segments without which the message says nothing, beside PID
}

// kinds are the messages that are taken: the trigger events of HL7 v2.3 to v2.8
// that change a patient, a visit, results or documents. Encounter statuses are
// those of the guide's ConceptMap Event[EncounterStatus], except where that
// says "unknown" or takes a registered outpatient (A04) for planned: then the
// patient class and the discharge time decide.
var kinds = map[string]kind{
	"ADT^A01": {visit: true}, "ADT^A02": {visit: true}, "ADT^A03": {visit: true, status: "finished"},
	"ADT^A04": {visit: true}, "ADT^A05": {visit: true, status: "planned"}, "ADT^A06": {visit: true}, "ADT^A07": {visit: true},
	"ADT^A08": {visit: true}, "ADT^A09": {visit: true}, "ADT^A10": {visit: true},
	"ADT^A11": {visit: true, status: "cancelled"}, "ADT^A12": {visit: true, status: "in-progress"}, "ADT^A13": {visit: true, status: "in-progress"},
	"ADT^A14": {visit: true, status: "planned"}, "ADT^A15": {visit: true}, "ADT^A16": {visit: true},
	"ADT^A21": {visit: true, status: "onleave"}, "ADT^A22": {visit: true},
	"ADT^A25": {visit: true}, "ADT^A26": {visit: true}, "ADT^A27": {visit: true, status: "cancelled"}, "ADT^A38": {visit: true, status: "cancelled"},
	"ADT^A28": {visit: true}, "ADT^A31": {visit: true},

	"ADT^A18": merges, "ADT^A30": merges, "ADT^A34": merges, "ADT^A36": merges, "ADT^A39": merges, "ADT^A40": merges,

	"ORU^R01": results, "ORU^R30": results, "ORU^R31": results, "ORU^R32": results,

	"MDM^T01": documents, "MDM^T02": documents, "MDM^T03": documents, "MDM^T04": documents, "MDM^T05": documents, "MDM^T06": documents,
	"MDM^T07": documents, "MDM^T08": documents, "MDM^T09": documents, "MDM^T10": documents, "MDM^T11": documents,
}

var (
	merges    = kind{merge: true}
	results   = kind{needs: []string{"OBR"}}
	documents = kind{document: true, needs: []string{"TXA"}}
)

// kindOf names a message by MSH-9: "ADT^A01". An ADT message whose MSH-9 has no
// event is named by EVN-1, as before v2.3. Empty when MSH-9 is.
func kindOf(m *hl7v2.Message) string {
	field := m.Segments[0].Field(9)
	code, event := text(field.Component(1)), text(field.Component(2))
	if code == "" {
		return ""
	}
	if event == "" && len(m.Segments) > 1 && m.Segments[1].Name() == "EVN" {
		event = text(m.Segments[1].Field(1))
	}
	if event == "" {
		return code
	}
	return code + "^" + event
}

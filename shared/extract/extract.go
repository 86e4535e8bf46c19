// Package extract says what comes out of a partner's file whatever its format:
// a stream of rows, each with its place, the patient it is about, the entries
// it holds, and the faults found in it. The readers of the formats are
// extract/messages (HL7 v2), extract/resources (FHIR R4) and
// extract/registers (CSV). They are pure: no storage, no clock, no keys.
package extract

import (
	"context"
	"encoding/json"
	"io"
	"iter"
	"time"

	"github.com/carerecord/carerecord/shared/demographics"
)

// Place is where in a file something stands.
type Place struct {
	Line   int64  `json:"line"`          // 1-based; lines end with LF, CR or CRLF
	Offset int64  `json:"offset"`        // bytes from the start of the file
	Path   string `json:"path,omitzero"` // "PID-7", "OBX[3]-5.1", "column birth_date", "Bundle.entry[12].resource.birthDate"
}

// Patient names a patient as an organisation knows them: the id and the
// authority that assigned it. The organisation is that of the delivery.
type Patient struct {
	System string `json:"system,omitzero"` // assigning authority or identifier system; empty: the feed's only one
	Value  string `json:"value"`
}

// Row is the unit that a report counts: an HL7 message, a FHIR resource, a
// CSV record. A row with a fault of severity error is rejected and has neither
// Details, Merge nor Entries.
type Row struct {
	Number  int      `json:"number"` // 1-based, in file order
	Place   Place    `json:"place"`
	Kind    string   `json:"kind"`             // "ADT^A01", "Observation", "patient"
	Subject *Patient `json:"subject,omitzero"` // whom the row is about; nil: the organisation itself (a Practitioner, a Location)
	// At is the source's own time of this statement (MSH-7, meta.lastUpdated);
	// zero when it gives none, and the delivery's time then stands for it.
	At time.Time `json:"at,omitzero"`
	// Passing says that the row is about something else and names the patient
	// only to say whose it is: its details count while nothing better is known.
	Passing bool                  `json:"passing,omitzero"`
	Details *demographics.Details `json:"details,omitzero"` // what the row says of the subject; nil: nothing
	Merge   *Patient              `json:"merge,omitzero"`   // this patient (the prior id) is now Subject
	Entries []Entry               `json:"entries,omitzero"`
	Faults  []Fault               `json:"faults,omitzero"`
}

// Rejected says whether the row was refused.
func (r *Row) Rejected() bool {
	for _, f := range r.Faults {
		if f.Severity == Error {
			return true
		}
	}
	return false
}

// Entry is one FHIR R4 resource that a row holds.
//
// Resource is JSON in the source's own words, apart from references: those to
// the subject are exactly "Patient/@"; those to other resources of the same
// organisation are "<Type>/<source id>", with urn:uuid references resolved;
// references that cannot be understood stay as they came. The resource's own
// id is that of the source or absent.
type Entry struct {
	Type     string          `json:"type"`           // FHIR resource type
	ID       string          `json:"id"`             // the source's id of it, unique in (organisation, Type); the source's words, any characters
	Owner    *Patient        `json:"owner,omitzero"` // set only when it is not the row's Subject (the prior patient of a merge)
	Date     string          `json:"date,omitzero"`  // clinical date, FHIR dateTime; empty when unknown
	Resource json.RawMessage `json:"resource"`
}

// Source is the file that a reader reads. Open may be called more than once:
// a reader that needs a first look at the whole file takes two.
type Source struct {
	Open     func(ctx context.Context) (io.ReadCloser, error)
	Size     int64     // bytes
	Received time.Time // when the region got it: the bound for "in the future"
}

// Reader gives the rows of a file in order and stops at the end or with an
// error of reading or of ctx. What is wrong with the file is no error of the
// sequence but a Fault: one of a row, or, when it concerns the file as a whole
// (a header, a cut end), one of a row with Number 0, which is counted nowhere.
// Memory does not grow with the file.
type Reader interface {
	Rows(ctx context.Context, src Source) iter.Seq2[Row, error]
}

package event

import (
	"time"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/record"
)

// Completed is the data of DeliveryCompleted.
type Completed struct {
	Delivery     string          `json:"delivery"`
	Organisation string          `json:"organisation,omitzero"` // ODS code; absent when the sender is unknown
	Feed         string          `json:"feed,omitzero"`
	Status       delivery.Status `json:"status"` // completed, duplicate, refused or quarantined
	DuplicateOf  string          `json:"duplicateOf,omitzero"`
	Received     time.Time       `json:"received"`
	Counts       delivery.Counts `json:"counts"`
}

// Changed is the data of RecordChanged.
type Changed struct {
	SourcePatient string  `json:"sourcePatient"`
	Organisation  string  `json:"organisation"`
	Feed          string  `json:"feed"`
	Delivery      string  `json:"delivery"`
	Entries       []Entry `json:"entries"`
}

// Entry is one entry of a RecordChanged.
type Entry struct {
	Type   string `json:"type"` // FHIR resource type
	ID     string `json:"id"`   // FHIR id
	Change string `json:"change"`
}

// What happened to an entry.
const (
	created = "created"
	updated = "updated"
)

func (c *Change) deliveryEvents() ([]Event, error) {
	now, ok, err := delivery.Read(c.New)
	if !ok || !now.Reported {
		return nil, err
	}
	before, _, err := delivery.Read(c.Old)
	if err != nil || before.Reported {
		return nil, err
	}
	return []Event{{Type: DeliveryCompleted, subject: now.ID, Data: &Completed{
		Delivery: now.ID, Organisation: now.Organisation, Feed: now.Feed, Status: now.Status,
		DuplicateOf: now.DuplicateOf, Received: now.Received, Counts: now.Counts,
	}}}, nil
}

// recordEvents tells of what a view shows: the current state of entries about
// patients. Their past, and an organisation's directory, change silently.
func (c *Change) recordEvents() ([]Event, error) {
	now, ok, err := record.ReadCurrent(c.New)
	if !ok || record.IsDirectory(now.Owner) {
		return nil, err
	}
	before, existed, err := record.ReadCurrent(c.Old)
	if err != nil || existed && before.Hash == now.Hash {
		return nil, err
	}
	change := created
	if existed {
		change = updated
	}
	return []Event{{Type: RecordChanged, subject: now.Owner, Data: &Changed{
		SourcePatient: now.Owner, Organisation: now.Origin.Organisation, Feed: now.Origin.Feed, Delivery: now.Origin.Delivery,
		Entries: []Entry{{now.Type, now.ID, change}},
	}}}, nil
}

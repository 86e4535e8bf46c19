package event

import (
	"time"

	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/index"
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

// Link is the data of PersonLinked and PersonUnlinked.
type Link struct {
	Person        string `json:"person"`
	SourcePatient string `json:"sourcePatient"`
	Organisation  string `json:"organisation"` // ODS code of the source patient's organisation
	Number        int    `json:"number"`       // of the decision, counted for each source patient
	Outcome       string `json:"outcome"`
	Rule          string `json:"rule"`
	RuleVersion   string `json:"ruleVersion"`
	Delivery      string `json:"delivery"` // that made it necessary to decide
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

func (c *Change) indexEvents() (list []Event, err error) {
	now, ok, err := index.ReadDecided(c.New)
	if !ok {
		return nil, err
	}
	before, _, err := index.ReadDecided(c.Old)
	if err != nil {
		return nil, err
	}
	known := -1
	if n := len(before.Events); n > 0 {
		known = before.Events[n-1].Number
	}
	for _, e := range now.Events {
		if e.Number <= known || e.Person == e.Former {
			continue
		}
		link := Link{
			SourcePatient: now.Key, Organisation: now.Organisation, Number: e.Number, Outcome: string(e.Decision.Outcome),
			Rule: e.Decision.Rule, RuleVersion: e.Decision.Version, Delivery: e.Origin.Delivery,
		}
		if link.Person = e.Former; e.Former != "" {
			list = append(list, Event{Type: PersonUnlinked, subject: now.Key, Data: ptr(link)})
		}
		if link.Person = e.Person; e.Person != "" {
			list = append(list, Event{Type: PersonLinked, subject: now.Key, Data: ptr(link)})
		}
	}
	return list, nil
}

func ptr(l Link) *Link { return &l }

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

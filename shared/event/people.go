package event

import (
	"time"

	"github.com/carerecord/carerecord/shared/index"
)

// Link is the data of PersonLinked and PersonUnlinked.
type Link struct {
	Person        string `json:"person"`
	SourcePatient string `json:"sourcePatient"`
	Organisation  string `json:"organisation"` // ODS code of the source patient's organisation
	Number        int    `json:"number"`       // of the decision, counted for each source patient
	Outcome       string `json:"outcome"`
	Rule          string `json:"rule"`
	RuleVersion   string `json:"ruleVersion"`
	Delivery      string `json:"delivery,omitzero"` // that made it necessary to decide; absent when a human did
}

// Merge is the data of PersonMerged and PersonUnmerged. The source patients
// that move are told of one by one, as unlinked and linked.
type Merge struct {
	Person   string `json:"person"`   // whose id was given up, or is in use again
	Survivor string `json:"survivor"` // the person that it joined, or has left
}

// Review is the data of ReviewOpened and ReviewDecided. Who decided and why
// stays in the index: it is the name and the words of a member of staff.
type Review struct {
	Review        string            `json:"review"`
	Kind          index.ReviewKind  `json:"kind"`
	State         index.ReviewState `json:"state"`           // open or waiting; decided by a human, or closed by what was said since
	Answer        index.Answer      `json:"answer,omitzero"` // same or different, of a decided one
	SourcePatient string            `json:"sourcePatient"`
	With          string            `json:"with,omitzero"`   // the other source patient, where there is one
	Person        string            `json:"person,omitzero"` // that of SourcePatient when the review was opened
	Other         string            `json:"other,omitzero"`  // and that of With
	Opened        time.Time         `json:"opened"`
	Delivery      string            `json:"delivery,omitzero"` // that opened it
}

// indexEvents tells of links, of people and of reviews: each has an item of its
// own, of which the others' readers know nothing.
func (c *Change) indexEvents() ([]Event, error) {
	for _, read := range []func(*Change) ([]Event, error){(*Change).linkEvents, (*Change).mergeEvents, (*Change).reviewEvents} {
		if list, err := read(c); err != nil || len(list) > 0 {
			return list, err
		}
	}
	return nil, nil
}

func (c *Change) linkEvents() (list []Event, err error) {
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

// mergeEvents tells where a person's id leads. A person who joins another, and
// with that one a third, is told of twice.
func (c *Change) mergeEvents() ([]Event, error) {
	now, merged, err := index.ReadAlias(c.New)
	if err != nil {
		return nil, err
	}
	before, was, err := index.ReadAlias(c.Old)
	switch {
	case err != nil || now.Survivor == before.Survivor:
		return nil, err
	case merged:
		return []Event{{Type: PersonMerged, subject: now.Person, Data: &Merge{Person: now.Person, Survivor: now.Survivor}}}, nil
	case was:
		return []Event{{Type: PersonUnmerged, subject: before.Person, Data: &Merge{Person: before.Person, Survivor: before.Survivor}}}, nil
	}
	return nil, nil
}

// reviewEvents tells when a review enters the queue and when it leaves it. One
// that is looked at and waits stays in it.
func (c *Change) reviewEvents() ([]Event, error) {
	now, ok, err := index.ReadReview(c.New)
	if !ok {
		return nil, err
	}
	before, was, err := index.ReadReview(c.Old)
	if err != nil {
		return nil, err
	}
	e := Event{Type: ReviewDecided, subject: now.ID, Data: &Review{
		Review: now.ID, Kind: now.Kind, State: now.State, SourcePatient: now.Key, With: now.With,
		Person: now.Person, Other: now.Other, Opened: now.Opened, Delivery: now.Origin.Delivery, Answer: decided(&now),
	}}
	switch {
	case queued(&now) && was && queued(&before):
		return nil, nil
	case queued(&now):
		e.Type = ReviewOpened
	case !was || before.State == now.State && before.Answer == now.Answer:
		return nil, nil
	}
	return []Event{e}, nil
}

func queued(r *index.Review) bool {
	return r.State == index.ReviewOpen || r.State == index.ReviewWaiting
}

// decided gives the answer that settled a review; to wait settles nothing.
func decided(r *index.Review) index.Answer {
	if r.State != index.ReviewDecided {
		return ""
	}
	return r.Answer
}

package index

import (
	"strings"

	"github.com/carerecord/carerecord/shared/table"
)

// Decided is a source patient with the newest decisions on it, as its item
// holds them.
type Decided struct {
	Key          string
	Organisation string // ODS code
	Events       []Event
}

// ReadDecided reads an item of the index, for those who follow its changes.
// False when it is not that of a source patient.
func ReadDecided(item table.Item) (Decided, bool, error) {
	key, ok := strings.CutPrefix(item.Partition, "S#")
	if !ok || item.Key != patientKey(key) || item.Version == 0 {
		return Decided{}, false, nil
	}
	p, err := decodePatient(item)
	return Decided{Key: key, Organisation: p.Organisation, Events: p.Events}, err == nil, err
}

// Alias is an id of a person that is no longer in use, as its item holds it:
// the person was merged into another. The item goes when the two are taken
// apart again.
type Alias struct {
	Person   string // the id that was given up
	Survivor string // the person joined
}

// ReadAlias reads an item of the index, for those who follow its changes. False
// when it is not that of an id which was given up.
func ReadAlias(item table.Item) (Alias, bool, error) {
	person, ok := strings.CutPrefix(item.Partition, "P#")
	if !ok || item.Key != aliasKey(person) || item.Version == 0 {
		return Alias{}, false, nil
	}
	a, err := decode[alias](item, "alias")
	return Alias{Person: person, Survivor: a.Person}, err == nil, err
}

// ReadReview reads an item of the index, for those who follow its changes.
// False when it is not that of a review.
func ReadReview(item table.Item) (Review, bool, error) {
	id, ok := strings.CutPrefix(item.Partition, "V#")
	if !ok || item.Sort != "V" || item.Version == 0 {
		return Review{}, false, nil
	}
	r, err := decode[Review](item, "review")
	r.ID = id
	return r, err == nil, err
}

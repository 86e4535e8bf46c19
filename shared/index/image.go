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

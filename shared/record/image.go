package record

import (
	"strings"

	"github.com/carerecord/carerecord/shared/table"
)

// ReadCurrent reads an item of the record, for those who follow its changes.
// False when it is not the current state of an entry. A large resource lies
// elsewhere: Resource may be nil.
func ReadCurrent(item table.Item) (Entry, bool, error) {
	if item.Version == 0 || !strings.HasPrefix(item.Sort, currentPrefix) {
		return Entry{}, false, nil
	}
	n, err := nameOf(item.Key)
	if err != nil {
		return Entry{}, false, err
	}
	c, _, err := decode(item.Body)
	if err != nil {
		return Entry{}, false, err
	}
	return c.entry(n), true, nil
}

// IsDirectory says whether an owner is an organisation's directory and not a
// source patient.
func IsDirectory(owner string) bool { return strings.HasPrefix(owner, directoryPrefix) }

package delivery

import (
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// Read reads an item of the table of deliveries, for those who follow its
// changes. False when it is not a delivery itself.
func Read(item table.Item) (Delivery, bool, error) {
	id, ok := strings.CutPrefix(item.Partition, "D#")
	if !ok || item.Key != deliveryKey(id) || item.Version == 0 {
		return Delivery{}, false, nil
	}
	var d Delivery
	if decode(item.Body, &d) != nil { // its error could quote a file's name
		return Delivery{}, false, failure.New(failure.Internal, "delivery.Read", "the item is not a delivery")
	}
	return d, true, nil
}

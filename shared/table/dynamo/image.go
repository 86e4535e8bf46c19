package dynamo

import (
	"strconv"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/internal/stored"
)

// Names of an item's attributes, for readers of a table's stream.
const (
	PartitionAttribute = stored.Partition // text
	SortAttribute      = stored.Sort      // text
	VersionAttribute   = stored.Version   // number
	BodyAttribute      = stored.Body      // binary
)

// Image makes an item of the values of its attributes, as a table's stream
// gives them (Developer Guide, "Change data capture for DynamoDB Streams").
// What this package did not write is Internal.
func Image(partition, sort, version string, body []byte) (table.Item, error) {
	const op = "dynamo.Image"
	number, err := strconv.ParseUint(version, 10, 64)
	if err != nil || number == 0 || partition == "" || sort == "" {
		return table.Item{}, failure.New(failure.Internal, op, "the image is not an item of this product")
	}
	item := table.Item{Key: table.Key{Partition: partition, Sort: sort}, Version: number}
	item.Body, err = stored.Decode(op, body)
	return item, err
}

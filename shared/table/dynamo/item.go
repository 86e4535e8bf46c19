package dynamo

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/internal/stored"
)

// attributes is an item or a part of one as the SDK has it.
type attributes = map[string]types.AttributeValue

func text(s string) types.AttributeValue { return &types.AttributeValueMemberS{Value: s} }

func number(n uint64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatUint(n, 10)}
}

func keyOf(key table.Key) attributes {
	return attributes{stored.Partition: text(key.Partition), stored.Sort: text(key.Sort)}
}

// decode makes an item of what the service answered and counts it.
func decode(op string, from attributes, u *table.Usage) (table.Item, error) {
	partition, ok1 := from[stored.Partition].(*types.AttributeValueMemberS)
	sort, ok2 := from[stored.Sort].(*types.AttributeValueMemberS)
	v, ok3 := from[stored.Version].(*types.AttributeValueMemberN)
	b, ok4 := from[stored.Body].(*types.AttributeValueMemberB)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return table.Item{}, failure.New(failure.Internal, op, "an item lacks an attribute; the table is not one of this product")
	}
	version, err := strconv.ParseUint(v.Value, 10, 64)
	if err != nil {
		return table.Item{}, failure.New(failure.Internal, op, "an item's version is no whole number")
	}
	item := table.Item{Key: table.Key{Partition: partition.Value, Sort: sort.Value}, Version: version}
	u.ItemsRead++
	u.BytesRead += int64(stored.Size(item.Key, version, len(b.Value)))
	item.Body, err = stored.Decode(op, b.Value)
	return item, err
}

// total reads the units that the service says a request took.
func total(consumed *types.ConsumedCapacity) float64 {
	if consumed == nil || consumed.CapacityUnits == nil {
		return 0
	}
	return *consumed.CapacityUnits
}

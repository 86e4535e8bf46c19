// Package stream reads the records of the tables' DynamoDB streams as changes
// of items (Amazon DynamoDB Developer Guide, "DynamoDB Streams and AWS Lambda
// triggers"; StreamViewType NEW_AND_OLD_IMAGES). What a change means is for
// package event.
package stream

import (
	"strings"

	"github.com/aws/aws-lambda-go/events"

	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/dynamo"
)

// Tables says which table is which, by name.
type Tables map[string]event.Outbox

// Changes reads records in order. It gives the changes before the first record
// that it cannot read, with that one's error.
func (t Tables) Changes(records []events.DynamoDBEventRecord) ([]event.Change, error) {
	changes := make([]event.Change, 0, len(records))
	for i := range records {
		c, err := t.change(&records[i])
		if err != nil {
			return changes, err
		}
		changes = append(changes, c)
	}
	return changes, nil
}

func (t Tables) change(r *events.DynamoDBEventRecord) (c event.Change, err error) {
	const op = "stream.Changes"
	c = event.Change{ID: r.EventID, At: r.Change.ApproximateCreationDateTime.Time, Of: t[tableOf(r.EventSourceArn)]}
	switch {
	case r.EventSource != "aws:dynamodb" || c.ID == "":
		return c, failure.New(failure.Invalid, op, "a record is not of DynamoDB")
	case c.Of == 0:
		return c, failure.New(failure.Invalid, op, "a record is of another table")
	case r.EventName != "REMOVE" && len(r.Change.NewImage) == 0, r.EventName != "INSERT" && len(r.Change.OldImage) == 0:
		return c, failure.New(failure.Invalid, op, "a record lacks an image; the stream must carry both")
	}
	if c.New, err = image(r.Change.NewImage); err != nil {
		return c, err
	}
	c.Old, err = image(r.Change.OldImage)
	return c, err
}

// tableOf reads arn:aws:dynamodb:region:account:table/NAME/stream/LABEL.
func tableOf(arn string) string {
	_, rest, _ := strings.Cut(arn, ":table/")
	name, _, _ := strings.Cut(rest, "/stream/")
	return name
}

// image makes an item of its attributes; of none, the item that is not there.
func image(from map[string]events.DynamoDBAttributeValue) (table.Item, error) {
	if len(from) == 0 {
		return table.Item{}, nil
	}
	partition, ok1 := attribute(from, dynamo.PartitionAttribute, events.DataTypeString)
	sort, ok2 := attribute(from, dynamo.SortAttribute, events.DataTypeString)
	version, ok3 := attribute(from, dynamo.VersionAttribute, events.DataTypeNumber)
	body, ok4 := attribute(from, dynamo.BodyAttribute, events.DataTypeBinary)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return table.Item{}, failure.New(failure.Internal, "stream.image", "an image lacks an attribute")
	}
	return dynamo.Image(partition.String(), sort.String(), version.Number(), body.Binary())
}

// attribute finds one of its type: reading one of another type would panic.
func attribute(from map[string]events.DynamoDBAttributeValue, name string, kind events.DynamoDBDataType) (events.DynamoDBAttributeValue, bool) {
	value, ok := from[name]
	return value, ok && value.DataType() == kind
}

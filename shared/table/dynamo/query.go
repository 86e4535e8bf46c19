package dynamo

import (
	"context"
	"iter"
	"math"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// Query implements table.Table. A page is asked for when the caller has taken
// the one before.
func (t *Table) Query(ctx context.Context, r table.Range) iter.Seq2[table.Item, error] {
	return func(yield func(table.Item, error) bool) {
		const op = "dynamo.Query"
		if err := r.Check(op); err != nil {
			yield(table.Item{}, err)
			return
		}
		low, high, ok := r.Bounds()
		if !ok {
			return
		}
		input := t.queryInput(r, low, high)
		for left := r.Limit; ; {
			if r.Limit > 0 {
				input.Limit = aws.Int32(int32(min(left, math.MaxInt32)))
			}
			page, next, err := t.queryPage(ctx, op, input)
			for _, item := range page {
				if high != "" && item.Sort == high {
					continue // BETWEEN includes its end, the range does not
				}
				if ended := ctx.Err(); ended != nil {
					yield(table.Item{}, failure.Wrap(failure.Unavailable, op, ended))
					return
				}
				if !yield(item, nil) {
					return
				}
				left--
			}
			if err != nil {
				yield(table.Item{}, err)
				return
			}
			if len(next) == 0 || r.Limit > 0 && left <= 0 {
				return
			}
			input.ExclusiveStartKey = next
		}
	}
}

func (t *Table) queryInput(r table.Range, low, high string) *dynamodb.QueryInput {
	values := attributes{":p": text(r.Partition)}
	condition := "pk = :p" + sortCondition(r, low, high, values)
	return &dynamodb.QueryInput{
		TableName:                 &t.name,
		KeyConditionExpression:    &condition,
		ExpressionAttributeValues: values,
		ScanIndexForward:          aws.Bool(!r.Reverse),
		ConsistentRead:            aws.Bool(true),
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	}
}

// sortCondition words the bounds of the sort key, of which a key condition
// takes one comparison (Developer Guide, "Key condition expressions for the
// Query operation").
func sortCondition(r table.Range, low, high string, values attributes) string {
	switch {
	case r.Prefix != "" && r.From <= r.Prefix && r.To == "":
		values[":low"] = text(low)
		return " AND begins_with(sk, :low)"
	case low != "" && high != "":
		values[":low"], values[":high"] = text(low), text(high)
		return " AND sk BETWEEN :low AND :high"
	case low != "":
		values[":low"] = text(low)
		return " AND sk >= :low"
	case high != "":
		values[":high"] = text(high)
		return " AND sk < :high"
	}
	return ""
}

func (t *Table) queryPage(ctx context.Context, op string, input *dynamodb.QueryInput) (page []table.Item, next attributes, err error) {
	err = t.do(ctx, op, func(ctx context.Context, u *table.Usage) error {
		out, err := t.client.Query(ctx, input, once)
		if err != nil {
			return err
		}
		u.ReadUnits = max(1, total(out.ConsumedCapacity)) // DynamoDB Local says 0 for a page of nothing
		page, err = decodeAll(op, out.Items, u)
		next = out.LastEvaluatedKey
		return err
	})
	return page, next, err
}

// Scan implements table.Scanner, in the order of the service, which is none.
func (t *Table) Scan(ctx context.Context) iter.Seq2[table.Item, error] {
	return func(yield func(table.Item, error) bool) {
		const op = "dynamo.Scan"
		input := &dynamodb.ScanInput{
			TableName:              &t.name,
			ConsistentRead:         aws.Bool(true),
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		}
		for {
			var page []table.Item
			err := t.do(ctx, op, func(ctx context.Context, u *table.Usage) error {
				out, err := t.client.Scan(ctx, input, once)
				if err != nil {
					return err
				}
				u.ReadUnits = total(out.ConsumedCapacity)
				input.ExclusiveStartKey = out.LastEvaluatedKey
				page, err = decodeAll(op, out.Items, u)
				return err
			})
			for _, item := range page {
				if !yield(item, nil) {
					return
				}
			}
			if err != nil {
				yield(table.Item{}, err)
				return
			}
			if len(input.ExclusiveStartKey) == 0 {
				return
			}
		}
	}
}

// decodeAll gives the items before the first that cannot be read.
func decodeAll(op string, raw []attributes, u *table.Usage) ([]table.Item, error) {
	items := make([]table.Item, 0, len(raw))
	for _, from := range raw {
		item, err := decode(op, from, u)
		if err != nil {
			return items, err
		}
		items = append(items, item)
	}
	return items, nil
}

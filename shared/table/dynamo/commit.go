package dynamo

import (
	"context"
	"crypto/rand"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/internal/stored"
)

// Commit implements table.Table: one write is a plain conditional write,
// several are a transaction. The transaction's token makes its retries safe: an
// attempt that was made although its answer was lost is not made again (API
// Reference, TransactWriteItems, ClientRequestToken: 10 minutes).
func (t *Table) Commit(ctx context.Context, writes ...table.Write) error {
	const op = "dynamo.Commit"
	if err := table.CheckCommit(op, writes); err != nil {
		return err
	}
	changes, size := make([]*change, 0, len(writes)), 0
	for i := range writes {
		if writes[i].Idle() {
			continue
		}
		c, err := newChange(op, &writes[i])
		if err != nil {
			return err
		}
		changes = append(changes, c)
		size += stored.CommitSize(c.Key, c.form)
	}
	if err := stored.CheckCommitSize(op, size); err != nil {
		return err
	}
	switch len(changes) {
	case 0:
		return nil
	case 1:
		return t.single(ctx, op, changes[0])
	}
	return t.transact(ctx, op, changes)
}

func (t *Table) transact(ctx context.Context, op string, changes []*change) error {
	token := rand.Text()
	input := &dynamodb.TransactWriteItemsInput{
		ClientRequestToken:     &token,
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		TransactItems:          make([]types.TransactWriteItem, len(changes)),
	}
	for i, c := range changes {
		input.TransactItems[i] = t.transactItem(c)
	}
	return t.do(ctx, op, func(ctx context.Context, u *table.Usage) error {
		out, err := t.client.TransactWriteItems(ctx, input, once)
		if err != nil {
			refused(err, u, float64(2*len(changes)))
			return err
		}
		for i := range out.ConsumedCapacity {
			u.WriteUnits += total(&out.ConsumedCapacity[i])
		}
		u.WriteUnits = max(u.WriteUnits, least(changes)) // DynamoDB Local rounds the sum instead of each item
		for _, c := range changes {
			count(c, u)
		}
		return nil
	})
}

// least gives the units that the published rules ask for what was sent; the
// service never answers less, and more where a larger item was there before.
func least(changes []*change) float64 {
	var units float64
	for _, c := range changes {
		units += 2 * stored.WriteUnits(0, c.size())
	}
	return units
}

// count adds what a change stored.
func count(c *change, u *table.Usage) {
	if c.Action == table.Check {
		return
	}
	u.ItemsWritten++
	u.BytesWritten += int64(c.size())
}

func (t *Table) transactItem(c *change) types.TransactWriteItem {
	expression := update
	switch c.Action {
	case table.Put:
		return types.TransactWriteItem{Update: &types.Update{
			TableName: &t.name, Key: keyOf(c.Key), UpdateExpression: &expression,
			ConditionExpression: c.condition, ExpressionAttributeValues: c.values,
		}}
	case table.Delete:
		return types.TransactWriteItem{Delete: &types.Delete{
			TableName: &t.name, Key: keyOf(c.Key),
			ConditionExpression: c.condition, ExpressionAttributeValues: c.values,
		}}
	}
	return types.TransactWriteItem{ConditionCheck: &types.ConditionCheck{
		TableName: &t.name, Key: keyOf(c.Key),
		ConditionExpression: c.condition, ExpressionAttributeValues: c.values,
	}}
}

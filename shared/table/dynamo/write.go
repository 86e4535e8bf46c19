package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/internal/stored"
)

// update stores a body and raises the version; an absent version counts from 0
// (API Reference, UpdateItem, ADD).
const update = "SET b = :b ADD v :one"

// change is a Write in the words of the service.
type change struct {
	*table.Write
	form      []byte  // the stored body of a Put
	condition *string // nil: none
	values    attributes
}

func newChange(op string, w *table.Write) (*change, error) {
	c := &change{Write: w}
	values := attributes{}
	if w.Action == table.Put {
		form, err := stored.Encode(op, w.Body)
		if err != nil {
			return nil, err
		}
		c.form = form
		values[":b"], values[":one"] = &types.AttributeValueMemberB{Value: form}, number(1)
	}
	if version, any := w.If.Demands(); any {
		condition := "attribute_not_exists(pk)"
		if version > 0 {
			condition = "v = :v"
			values[":v"] = number(version)
		}
		c.condition = &condition
	}
	if len(values) > 0 {
		c.values = values
	}
	return c, nil
}

// size gives the bytes of the item that a Put stores, and 0 for other actions.
// Its version is taken as the one demanded and one more; without a demand that
// may be a byte short.
func (c *change) size() int {
	if c.Action != table.Put {
		return 0
	}
	version, _ := c.If.Demands()
	return stored.Size(c.Key, version+1, len(c.form))
}

// Each implements table.Table: single conditional writes, many at a time.
func (t *Table) Each(ctx context.Context, writes ...table.Write) []error {
	const op = "dynamo.Each"
	errs := table.CheckEach(op, writes)
	var group errgroup.Group
	group.SetLimit(Concurrency)
	for i := range writes {
		if errs[i] != nil || writes[i].Idle() {
			continue
		}
		group.Go(func() error {
			c, err := newChange(op, &writes[i])
			if err == nil {
				err = t.single(ctx, op, c)
			}
			errs[i] = err
			return nil
		})
	}
	_ = group.Wait() // every write has its own error
	return errs
}

// single makes one write on its own.
func (t *Table) single(ctx context.Context, op string, c *change) error {
	if c.Action == table.Check {
		return t.singleCheck(ctx, op, c)
	}
	return t.do(ctx, op, func(ctx context.Context, u *table.Usage) error {
		send := t.deleteItem
		if c.Action == table.Put {
			send = t.updateItem
		}
		consumed, err := send(ctx, c)
		if err != nil {
			refused(err, u, 1)
			return err
		}
		u.WriteUnits = total(consumed)
		count(c, u)
		return nil
	})
}

// singleCheck reads instead of writing: a read of one key is as atomic, and
// costs a fraction of a transaction with nothing but a condition.
func (t *Table) singleCheck(ctx context.Context, op string, c *change) error {
	item, err := t.getItem(ctx, op, c.Key)
	if err != nil {
		return err
	}
	if want, _ := c.If.Demands(); item.Version != want {
		return failure.New(failure.Conflict, op, "the item has version %d, not %d", item.Version, want)
	}
	return nil
}

func (t *Table) updateItem(ctx context.Context, c *change) (*types.ConsumedCapacity, error) {
	expression := update
	out, err := t.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName:                 &t.name,
		Key:                       keyOf(c.Key),
		UpdateExpression:          &expression,
		ConditionExpression:       c.condition,
		ExpressionAttributeValues: c.values,
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	}, once)
	if err != nil {
		return nil, err
	}
	return out.ConsumedCapacity, nil
}

func (t *Table) deleteItem(ctx context.Context, c *change) (*types.ConsumedCapacity, error) {
	out, err := t.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName:                 &t.name,
		Key:                       keyOf(c.Key),
		ConditionExpression:       c.condition,
		ExpressionAttributeValues: c.values,
		ReturnConsumedCapacity:    types.ReturnConsumedCapacityTotal,
	}, once)
	if err != nil {
		return nil, err
	}
	return out.ConsumedCapacity, nil
}

// refused counts what a refusal by a condition costs at least; the service
// does not say.
func refused(err error, u *table.Usage, units float64) {
	if kind, _ := classify(err); kind == failure.Conflict {
		u.WriteUnits += units
	}
}

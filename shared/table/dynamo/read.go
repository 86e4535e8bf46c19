package dynamo

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/table"
)

// batchKeys is the most keys of one BatchGetItem (API Reference, BatchGetItem).
const batchKeys = 100

// Get implements table.Table: one key is a GetItem, several are BatchGetItems
// of up to 100 keys, made at the same time.
func (t *Table) Get(ctx context.Context, keys ...table.Key) ([]table.Item, error) {
	const op = "dynamo.Get"
	wanted := make(map[table.Key]table.Item, len(keys))
	for _, key := range keys {
		if err := key.Check(op); err != nil {
			return nil, err
		}
		wanted[key] = table.Item{Key: key}
	}
	if err := t.read(ctx, op, wanted); err != nil {
		return nil, err
	}
	items := make([]table.Item, len(keys))
	given := make(map[table.Key]bool, len(keys))
	for i, key := range keys {
		items[i] = wanted[key]
		if given[key] { // the same key twice must not share a body
			items[i].Body = slices.Clone(items[i].Body)
		}
		given[key] = true
	}
	return items, nil
}

// read fills in the items that exist.
func (t *Table) read(ctx context.Context, op string, wanted map[table.Key]table.Item) error {
	keys := slices.Collect(maps.Keys(wanted))
	if len(keys) == 1 {
		item, err := t.getItem(ctx, op, keys[0])
		wanted[keys[0]] = item
		return err
	}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(Concurrency)
	for chunk := range slices.Chunk(keys, batchKeys) {
		group.Go(func() error {
			return t.getBatch(ctx, op, chunk, func(item table.Item) {
				mu.Lock()
				defer mu.Unlock()
				wanted[item.Key] = item
			})
		})
	}
	return group.Wait()
}

func (t *Table) getItem(ctx context.Context, op string, key table.Key) (table.Item, error) {
	item := table.Item{Key: key}
	err := t.do(ctx, op, func(ctx context.Context, u *table.Usage) error {
		out, err := t.client.GetItem(ctx, &dynamodb.GetItemInput{
			TableName:              &t.name,
			Key:                    keyOf(key),
			ConsistentRead:         aws.Bool(true),
			ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
		}, once)
		if err != nil {
			return err
		}
		u.ReadUnits = total(out.ConsumedCapacity)
		if len(out.Item) > 0 {
			item, err = decode(op, out.Item, u)
		}
		return err
	})
	return item, err
}

// getBatch asks until every key has been answered. An answer may leave keys
// out, because it would be over 16 MB or the table is busy: as long as some
// come, it goes on at once; an answer without any counts as a refusal.
func (t *Table) getBatch(ctx context.Context, op string, keys []table.Key, found func(table.Item)) error {
	asked := make([]attributes, len(keys))
	for i, key := range keys {
		asked[i] = keyOf(key)
	}
	for len(asked) > 0 {
		err := t.do(ctx, op, func(ctx context.Context, u *table.Usage) error {
			left, err := t.getSome(ctx, op, asked, found, u)
			if err == nil && len(left) == len(asked) {
				return errUnprocessed
			}
			if err == nil {
				asked = left
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *Table) getSome(ctx context.Context, op string, asked []attributes, found func(table.Item), u *table.Usage) (left []attributes, err error) {
	out, err := t.client.BatchGetItem(ctx, &dynamodb.BatchGetItemInput{
		RequestItems:           map[string]types.KeysAndAttributes{t.name: {Keys: asked, ConsistentRead: aws.Bool(true)}},
		ReturnConsumedCapacity: types.ReturnConsumedCapacityTotal,
	}, once)
	if err != nil {
		return nil, err
	}
	for i := range out.ConsumedCapacity {
		u.ReadUnits += total(&out.ConsumedCapacity[i])
	}
	for _, raw := range out.Responses[t.name] {
		item, err := decode(op, raw, u)
		if err != nil {
			return nil, err
		}
		found(item)
	}
	return out.UnprocessedKeys[t.name].Keys, nil
}

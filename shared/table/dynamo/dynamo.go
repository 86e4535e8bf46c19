// Package dynamo is the storage port on Amazon DynamoDB. It maps the port's
// calls to GetItem, BatchGetItem, Query, UpdateItem, DeleteItem and
// TransactWriteItems, and the service's errors to shared/failure. It holds no
// rule of the domain; shared/table says what its calls mean.
//
// An item has four attributes: pk and sk (the key), v (the version) and b (the
// stored body). Every write raises v inside the service, so that a version is
// right also where writers do not look at it.
//
// The package retries by itself, with full jitter (AWS Architecture Blog,
// "Exponential Backoff And Jitter"), and turns the SDK's own retries off, so
// that attempts are counted once and bounded in one place.
package dynamo

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/internal/stored"
)

// Concurrency is how many requests one call makes at the same time. A client
// should keep as many idle connections per host (the SDK's default is 10).
const Concurrency = 32

// Table is one DynamoDB table. It is a table.Table and a table.Scanner.
type Table struct {
	client *dynamodb.Client
	name   string
	retry  retry
}

var (
	_ table.Table   = (*Table)(nil)
	_ table.Scanner = (*Table)(nil)
)

// Option changes how a Table works.
type Option func(*Table)

// WithRetry bounds the attempts of one request and the waits between them: a
// wait is random between nothing and base, doubled with every attempt up to
// most. The default is 8 attempts, 25 ms and 2 s, which is given up after some
// 3 seconds of refusals.
func WithRetry(attempts int, base, most time.Duration) Option {
	return func(t *Table) { t.retry = retry{attempts: max(1, attempts), base: base, most: most} }
}

// New gives the table of that name, which must have been made as Create makes
// it. Nothing is sent.
func New(client *dynamodb.Client, tableName string, options ...Option) *Table {
	t := &Table{client: client, name: tableName}
	WithRetry(8, 25*time.Millisecond, 2*time.Second)(t)
	for _, option := range options {
		option(t)
	}
	return t
}

// Create makes a table, paid per request, and waits until it can be used. It is
// for tests and local use; a deployed table is made by infra. A table that
// exists already is a Conflict.
func Create(ctx context.Context, client *dynamodb.Client, tableName string) error {
	const op = "dynamo.Create"
	key := func(name string, kind types.KeyType) types.KeySchemaElement {
		return types.KeySchemaElement{AttributeName: &name, KeyType: kind}
	}
	text := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
	}
	_, err := client.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName:            &tableName,
		BillingMode:          types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{text(stored.Partition), text(stored.Sort)},
		KeySchema:            []types.KeySchemaElement{key(stored.Partition, types.KeyTypeHash), key(stored.Sort, types.KeyTypeRange)},
	})
	if exists := (*types.ResourceInUseException)(nil); errors.As(err, &exists) {
		return failure.Wrap(failure.Conflict, op, err)
	}
	if err != nil {
		return failure.Wrap(failure.Unavailable, op, err)
	}
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 2*time.Second
	})
	err = waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &tableName}, 5*time.Minute)
	return failure.Wrap(failure.Unavailable, op, err)
}

// once turns the SDK's retries off for a request.
func once(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} }

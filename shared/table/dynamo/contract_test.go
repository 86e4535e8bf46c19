package dynamo_test

import (
	"testing"

	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/dynamo/dynamolocal"
	"github.com/carerecord/carerecord/shared/table/tabletest"
)

func TestContract(t *testing.T) {
	t.Parallel()
	tabletest.Run(t, func(t *testing.T) table.Table { return dynamolocal.Table(t, "contract") })
}

func BenchmarkTable(b *testing.B) {
	tabletest.Bench(b, func(b *testing.B) table.Table { return dynamolocal.Table(b, "bench") })
}

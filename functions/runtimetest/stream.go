package runtimetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
)

// Records gives what a table's stream holds, one JSON text for each record, in
// order, as Lambda's event source gives them to a function (AWS Lambda
// Developer Guide, "Using AWS Lambda with Amazon DynamoDB"). setting is one of
// catalogue.Streams.
func (r *Region) Records(tb testing.TB, setting string) []json.RawMessage {
	tb.Helper()
	var streams struct{ Streams []struct{ StreamArn string } }
	r.streams(tb, "ListStreams", map[string]any{"TableName": r.Value(setting)}, &streams)
	if len(streams.Streams) != 1 {
		tb.Fatalf("%s has %d streams, want 1", setting, len(streams.Streams))
	}
	arn := streams.Streams[0].StreamArn
	var described struct {
		StreamDescription struct{ Shards []struct{ ShardId string } } //nolint:revive // the service's own spelling
	}
	r.streams(tb, "DescribeStream", map[string]any{"StreamArn": arn}, &described)
	var all []json.RawMessage
	for _, shard := range described.StreamDescription.Shards {
		all = append(all, r.shard(tb, arn, shard.ShardId)...)
	}
	return all
}

// shard reads one shard to its end, or to where nothing more comes.
func (r *Region) shard(tb testing.TB, arn, id string) (all []json.RawMessage) {
	tb.Helper()
	var at struct{ ShardIterator string }
	r.streams(tb, "GetShardIterator", map[string]any{"StreamArn": arn, "ShardId": id, "ShardIteratorType": "TRIM_HORIZON"}, &at)
	for next := at.ShardIterator; next != ""; {
		var page struct {
			Records           []map[string]any
			NextShardIterator string
		}
		r.streams(tb, "GetRecords", map[string]any{"ShardIterator": next}, &page)
		for _, record := range page.Records {
			record["eventSourceARN"] = arn // the event source adds it
			text, err := json.Marshal(record)
			if err != nil {
				tb.Fatal(err)
			}
			all = append(all, text)
		}
		if next = page.NextShardIterator; len(page.Records) == 0 {
			break
		}
	}
	return all
}

// streams calls DynamoDB Streams, for which the product needs no client.
func (r *Region) streams(tb testing.TB, operation string, in, out any) {
	tb.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		tb.Fatal(err)
	}
	request, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, r.endpoint, bytes.NewReader(body))
	if err != nil {
		tb.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "DynamoDBStreams_20120810."+operation)
	// DynamoDB Local takes any signature, and keeps tables by key and region.
	request.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/20261123/eu-west-2/dynamodb/aws4_request, SignedHeaders=host, Signature=0", "local"))
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		tb.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		tb.Fatalf("%s: %s %s %v", operation, answer.Status, text, err)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(out); err != nil {
		tb.Fatal(err)
	}
}

package dynamo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/dynamo"
	"github.com/carerecord/carerecord/shared/table/dynamo/dynamolocal"
)

// wire stands between the engine and DynamoDB Local and answers in its place.
type wire struct {
	next   dynamodb.HTTPClient
	answer func(action string, body []byte, n int) *http.Response // nil: go on to the server
	lose   func(action string, n int) bool                        // the server's answer does not come back

	mu    sync.Mutex
	count map[string]int
	sent  map[string][]string // the bodies of the requests
}

var errWire = &wireError{}

type wireError struct{}

func (*wireError) Error() string { return "connection reset by peer" }

func (w *wire) Do(r *http.Request) (*http.Response, error) {
	_, action, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	n := w.count[action]
	w.count[action]++
	w.sent[action] = append(w.sent[action], string(body))
	w.mu.Unlock()
	if w.answer != nil {
		if response := w.answer(action, body, n); response != nil {
			return response, nil
		}
	}
	response, err := w.next.Do(r)
	if err == nil && w.lose != nil && w.lose(action, n) {
		_ = response.Body.Close()
		return nil, errWire
	}
	return response, err
}

func (w *wire) requests(action string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.count[action]
}

// wired gives a table with a wire in front, and the same table without.
func wired(t *testing.T, w *wire, attempts int) (through, straight *dynamo.Table) {
	t.Helper()
	client := dynamolocal.Start(t)
	name := fmt.Sprintf("faults-%d", time.Now().UnixNano())
	if err := dynamo.Create(t.Context(), client, name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = client.DeleteTable(context.Background(), &dynamodb.DeleteTableInput{TableName: &name})
	})
	w.count, w.sent = map[string]int{}, map[string][]string{}
	options := client.Options()
	w.next = options.HTTPClient
	behind := dynamodb.New(options, func(o *dynamodb.Options) { o.HTTPClient = w })
	return dynamo.New(behind, name, dynamo.WithRetry(attempts, time.Millisecond, 4*time.Millisecond)), dynamo.New(client, name)
}

// refusal is an error of the service as it goes over the wire.
func refusal(status int, code, message string) *http.Response {
	return reply(status, map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + code, "message": message})
}

func cancelled(codes ...string) *http.Response {
	var reasons []map[string]string
	for _, code := range codes {
		reasons = append(reasons, map[string]string{"Code": code, "Message": "because of " + code})
	}
	return reply(400, map[string]any{
		"__type":              "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
		"Message":             "Transaction cancelled",
		"CancellationReasons": reasons,
	})
}

func reply(status int, body any) *http.Response {
	raw, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		Body:   io.NopCloser(bytes.NewReader(raw)), ContentLength: int64(len(raw)),
	}
}

var k = table.Key{Partition: "p", Sort: "s"}

// calls are the ways to one request each.
var calls = []struct {
	name, action string
	do           func(ctx context.Context, s table.Table) error
}{
	{"get of one", "GetItem", func(ctx context.Context, s table.Table) error { _, err := s.Get(ctx, k); return err }},
	{"get of many", "BatchGetItem", func(ctx context.Context, s table.Table) error {
		_, err := s.Get(ctx, k, table.Key{Partition: "p", Sort: "t"})
		return err
	}},
	{"query", "Query", func(ctx context.Context, s table.Table) error {
		for _, err := range s.Query(ctx, table.Range{Partition: "p"}) {
			return err
		}
		return nil
	}},
	{"put", "UpdateItem", func(ctx context.Context, s table.Table) error { return s.Commit(ctx, table.Write{Key: k}) }},
	{"delete", "DeleteItem", func(ctx context.Context, s table.Table) error {
		return s.Commit(ctx, table.Write{Key: k, Action: table.Delete})
	}},
	{"each", "UpdateItem", func(ctx context.Context, s table.Table) error { return s.Each(ctx, table.Write{Key: k})[0] }},
	{"transaction", "TransactWriteItems", func(ctx context.Context, s table.Table) error {
		return s.Commit(ctx, table.Write{Key: k}, table.Write{Key: table.Key{Partition: "p", Sort: "t"}})
	}},
}

func TestRefusalsOfTheService(t *testing.T) {
	t.Parallel()
	const attempts = 4
	w := &wire{}
	s, _ := wired(t, w, attempts)
	for _, c := range []struct {
		name   string
		answer func() *http.Response
		kind   failure.Kind
		again  bool
	}{
		{"throughput", func() *http.Response {
			return refusal(400, "ProvisionedThroughputExceededException", "slow down")
		}, failure.Throttled, true},
		{"throttling", func() *http.Response { return refusal(400, "ThrottlingException", "rate exceeded") }, failure.Throttled, true},
		{"request limit", func() *http.Response { return refusal(400, "RequestLimitExceeded", "limit") }, failure.Throttled, true},
		{"transaction in the way", func() *http.Response { return refusal(400, "TransactionConflictException", "conflict") }, failure.Throttled, true},
		{"server error", func() *http.Response { return refusal(500, "InternalServerError", "sorry") }, failure.Unavailable, true},
		{"gateway", func() *http.Response { return reply(503, nil) }, failure.Unavailable, true},
		{"condition", func() *http.Response { return refusal(400, "ConditionalCheckFailedException", "no") }, failure.Conflict, false},
		{"item size", func() *http.Response {
			return refusal(400, "ValidationException", "Item size has exceeded the maximum allowed size")
		}, failure.TooLarge, false},
		{"another validation", func() *http.Response { return refusal(400, "ValidationException", "Invalid expression") }, failure.Internal, false},
		{"no such table", func() *http.Response { return refusal(400, "ResourceNotFoundException", "not found") }, failure.Internal, false},
		{"no permission", func() *http.Response { return refusal(400, "AccessDeniedException", "no") }, failure.Internal, false},
		{"cancelled by a condition", func() *http.Response { return cancelled("None", "TransactionConflict", "ConditionalCheckFailed") }, failure.Conflict, false},
		{"cancelled by another transaction", func() *http.Response { return cancelled("None", "TransactionConflict") }, failure.Throttled, true},
		{"cancelled by throughput", func() *http.Response { return cancelled("ProvisionedThroughputExceeded", "None") }, failure.Throttled, true},
		{"cancelled by throttling", func() *http.Response { return cancelled("ThrottlingError") }, failure.Throttled, true},
		{"cancelled by size", func() *http.Response { return cancelled("ItemCollectionSizeLimitExceeded") }, failure.TooLarge, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, call := range calls {
				if strings.HasPrefix(c.name, "cancelled") && call.name != "transaction" {
					continue
				}
				before := w.requests(call.action)
				w.answer = func(string, []byte, int) *http.Response { return c.answer() }
				if err := call.do(t.Context(), s); !failure.Is(err, c.kind) {
					t.Errorf("%s: %v, want %v", call.name, err, c.kind)
				}
				want := 1
				if c.again {
					want = attempts
				}
				if got := w.requests(call.action) - before; got != want {
					t.Errorf("%s: %d requests, want %d", call.name, got, want)
				}
				// A refusal that passes is not seen by the caller, only by the meter.
				w.answer = func(_ string, _ []byte, n int) *http.Response {
					if n < before+want+attempts-1 {
						return c.answer()
					}
					return nil
				}
				ctx, meter := table.WithMeter(t.Context())
				if err := call.do(ctx, s); c.again && (err != nil || meter.Usage().Requests != attempts) {
					t.Errorf("%s after %d refusals: %v, %v", call.name, attempts-1, err, meter.Usage())
				}
			}
		})
	}
}

// An answer that is lost on the way: reads and transactions are simply made
// again, a condition may then speak against the write that was already made.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, call := range calls {
		w := &wire{lose: func(_ string, n int) bool { return n == 0 }}
		s, _ := wired(t, w, 4)
		if err := call.do(t.Context(), s); err != nil {
			t.Errorf("%s: %v", call.name, err)
		}
		w.lose = func(string, int) bool { return true }
		if err := call.do(t.Context(), s); !failure.Is(err, failure.Unavailable) {
			t.Errorf("%s when no answer comes: %v, want unavailable", call.name, err)
		}
	}

	w := &wire{lose: func(_ string, n int) bool { return n == 0 }}
	s, straight := wired(t, w, 4)
	a, b := table.Write{Key: k, If: table.Absent}, table.Write{Key: table.Key{Partition: "p", Sort: "t"}}
	if err := s.Commit(t.Context(), a, b); err != nil {
		t.Errorf("a transaction whose answer was lost: %v", err)
	}
	items, err := straight.Get(t.Context(), a.Key, b.Key)
	if err != nil || items[0].Version != 1 || items[1].Version != 1 {
		t.Errorf("the repeated transaction was made twice: %v, %v", items, err)
	}
	if sent := w.sent["TransactWriteItems"]; len(sent) != 2 || token(t, sent[0]) == "" || token(t, sent[0]) != token(t, sent[1]) {
		t.Errorf("the repeated transaction has another token: %q", sent)
	}
	err = s.Commit(t.Context(), table.Write{Key: table.Key{Partition: "p", Sort: "single"}, If: table.Absent})
	if !failure.Is(err, failure.Conflict) {
		t.Errorf("a single write whose answer was lost: %v, want the conflict that the contract allows", err)
	}
}

func token(t *testing.T, request string) string {
	var body struct{ ClientRequestToken string }
	if err := json.Unmarshal([]byte(request), &body); err != nil {
		t.Error(err)
	}
	return body.ClientRequestToken
}

func TestUnprocessedKeys(t *testing.T) {
	t.Parallel()
	var keys []table.Key
	var writes []table.Write
	for i := range 230 {
		keys = append(keys, table.Key{Partition: "p", Sort: fmt.Sprintf("%03d", i)})
		writes = append(writes, table.Write{Key: keys[i], Body: []byte(keys[i].Sort)})
	}
	for _, c := range []struct {
		name string
		keep func(n, asked int) int // how many of the keys asked in the n-th request are answered
		kind failure.Kind
		ok   bool
	}{
		{"a third at a time", func(_, asked int) int { return (asked + 2) / 3 }, 0, true},
		{"one at a time, far more often than attempts", func(_, asked int) int { return 1 }, 0, true},
		{"nothing at first", func(n, asked int) int { return asked * min(1, n/6) }, 0, true},
		{"nothing ever", func(_, _ int) int { return 0 }, failure.Throttled, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := &wire{}
			s, straight := wired(t, w, 4)
			for _, err := range straight.Each(t.Context(), writes...) {
				if err != nil {
					t.Fatal(err)
				}
			}
			w.answer = func(_ string, body []byte, n int) *http.Response { return partly(t, straight, body, c.keep, n) }
			items, err := s.Get(t.Context(), keys...)
			if !c.ok {
				if !failure.Is(err, c.kind) {
					t.Errorf("%v, want %v", err, c.kind)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, item := range items {
				if item.Key != keys[i] || string(item.Body) != keys[i].Sort {
					t.Fatalf("item %d is %v", i, item)
				}
			}
		})
	}
}

// partly answers a BatchGetItem for the first keys only.
func partly(t *testing.T, straight *dynamo.Table, body []byte, keep func(n, asked int) int, n int) *http.Response {
	var request struct {
		RequestItems map[string]struct {
			ConsistentRead bool
			Keys           []map[string]struct{ S string }
		}
	}
	if err := json.Unmarshal(body, &request); err != nil {
		t.Error(err)
	}
	for name, asked := range request.RequestItems {
		if !asked.ConsistentRead || len(asked.Keys) > 100 {
			t.Errorf("a batch of %d keys, consistent %v", len(asked.Keys), asked.ConsistentRead)
		}
		responses := []map[string]any{}
		stop := keep(n, len(asked.Keys))
		for _, key := range asked.Keys[:stop] {
			items, err := straight.Get(t.Context(), table.Key{Partition: key["pk"].S, Sort: key["sk"].S})
			if err != nil {
				t.Error(err)
			}
			responses = append(responses, map[string]any{
				"pk": key["pk"], "sk": key["sk"], "v": map[string]string{"N": fmt.Sprint(items[0].Version)},
				"b": map[string][]byte{"B": append([]byte{0}, items[0].Body...)},
			})
		}
		left := map[string]any{}
		if stop < len(asked.Keys) {
			left[name] = map[string]any{"Keys": asked.Keys[stop:], "ConsistentRead": true}
		}
		return reply(200, map[string]any{"Responses": map[string]any{name: responses}, "UnprocessedKeys": left})
	}
	return nil
}

// A wait between attempts ends with the context.
func TestCancelledWhileWaiting(t *testing.T) {
	t.Parallel()
	for _, call := range calls {
		w := &wire{answer: func(string, []byte, int) *http.Response { return refusal(400, "ThrottlingException", "") }}
		w.count, w.sent = map[string]int{}, map[string][]string{}
		client := dynamodb.New(dynamolocal.Start(t).Options(), func(o *dynamodb.Options) { o.HTTPClient = w })
		s := dynamo.New(client, "any", dynamo.WithRetry(100, time.Hour, time.Hour))
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		err := call.do(ctx, s)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || !failure.Is(err, failure.Unavailable) {
			t.Errorf("%s: %v, want unavailable because of the deadline", call.name, err)
		}
	}
}

func TestCreateTwice(t *testing.T) {
	t.Parallel()
	client := dynamolocal.Start(t)
	name := fmt.Sprintf("twice-%d", time.Now().UnixNano())
	if err := dynamo.Create(t.Context(), client, name); err != nil {
		t.Fatal(err)
	}
	if err := dynamo.Create(t.Context(), client, name); !failure.Is(err, failure.Conflict) {
		t.Errorf("the second time: %v, want a conflict", err)
	}
}

// A table that holds something else is told so, and nothing is guessed.
func TestForeignItems(t *testing.T) {
	t.Parallel()
	w := &wire{answer: func(action string, _ []byte, _ int) *http.Response {
		item := map[string]any{"pk": map[string]string{"S": "p"}, "sk": map[string]string{"S": "s"}}
		return reply(200, map[string]any{"Item": item, "Items": []any{item}})
	}}
	s, _ := wired(t, w, 2)
	for _, call := range []int{0, 2} {
		if err := calls[call].do(t.Context(), s); !failure.Is(err, failure.Internal) {
			t.Errorf("%s: %v, want internal", calls[call].name, err)
		}
	}
}

package lambdakit_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

func batchOf(bodies ...string) []byte {
	var e events.SQSEvent
	for i, body := range bodies {
		e.Records = append(e.Records, events.SQSMessage{MessageId: fmt.Sprintf("message-%d", i), Body: body})
	}
	raw, _ := json.Marshal(e)
	return raw
}

// Three of ten fail, one of them by a panic: those three come back.
func TestPartialBatch(t *testing.T) {
	t.Parallel()
	k, ctx, logged := kit(t)
	var taken []string
	h := lambdakit.Queue(k, func(_ context.Context, m events.SQSMessage) error {
		taken = append(taken, m.MessageId)
		switch {
		case strings.HasPrefix(m.Body, "fails"):
			return failure.New(failure.Unavailable, "s3.Head", "%s", m.Body)
		case strings.HasPrefix(m.Body, "panics"):
			panic(m.Body)
		}
		return nil
	})
	answer, err := h.Invoke(ctx, batchOf("a", "fails "+canary, "c", "d", "panics "+canary, "f", "g", "h", "fails", "j"))
	want := `{"batchItemFailures":[{"itemIdentifier":"message-1"},{"itemIdentifier":"message-4"},{"itemIdentifier":"message-8"}]}`
	if err != nil || string(answer) != want {
		t.Errorf("%s, %v\nwant %s", answer, err, want)
	}
	if len(taken) != 10 {
		t.Errorf("%d messages were taken", len(taken))
	}
	var failed []any
	for _, line := range written(t, logged) {
		if line["message"] == lambdakit.ItemFailed {
			failed = append(failed, line["item"])
		}
		if n, ok := line["ItemsFailed"]; ok && n != 3.0 {
			t.Errorf("counted %v", n)
		}
	}
	if diff := cmp.Diff([]any{"message-1", "message-4", "message-8"}, failed); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
}

func TestBatchesOfAllAndNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		// An empty list and not null: null fails the whole batch.
		{"all good", nil, `{"batchItemFailures":[]}`},
		{"all bad", failure.New(failure.Internal, "x.Y", "z"), `{"batchItemFailures":[{"itemIdentifier":"message-0"},{"itemIdentifier":"message-1"}]}`},
	} {
		k, ctx, _ := kit(t)
		answer, err := lambdakit.Queue(k, func(context.Context, events.SQSMessage) error { return c.err }).Invoke(ctx, batchOf("", ""))
		if err != nil || string(answer) != c.want {
			t.Errorf("%s: %s, %v", c.name, answer, err)
		}
	}
}

// When the time is over, what was not taken comes back untouched.
func TestBatchOutOfTime(t *testing.T) {
	t.Parallel()
	k, ctx, _ := kit(t)
	ctx, cancel := context.WithCancel(ctx)
	taken := 0
	h := lambdakit.Queue(k, func(context.Context, events.SQSMessage) error {
		if taken++; taken == 2 {
			cancel()
		}
		return nil
	})
	answer, err := h.Invoke(ctx, batchOf("", "", "", ""))
	if want := `{"batchItemFailures":[{"itemIdentifier":"message-2"},{"itemIdentifier":"message-3"}]}`; err != nil || string(answer) != want || taken != 2 {
		t.Errorf("%s, %v, %d taken", answer, err, taken)
	}
}

func TestMessageWithoutID(t *testing.T) {
	t.Parallel()
	k, ctx, _ := kit(t)
	h := lambdakit.Queue(k, func(context.Context, events.SQSMessage) error { return failure.New(failure.Internal, "x.Y", "z") })
	if answer, err := h.Invoke(ctx, []byte(`{"Records":[{}]}`)); err == nil {
		t.Errorf("%s: the message would be lost", answer)
	}
}

func TestStreamComesBackFromTheFirstFailure(t *testing.T) {
	t.Parallel()
	batch := []byte(`{"Records":[{"dynamodb":{"SequenceNumber":"111"}},{"dynamodb":{"SequenceNumber":"222"}},{"dynamodb":{}}]}`)
	bad := failure.New(failure.Unavailable, "region.Put", "%s", canary)
	for _, c := range []struct {
		name string
		done int
		err  error
		want string // empty: an error
	}{
		{"all done", 3, nil, `{"batchItemFailures":[]}`},
		{"the first of several", 0, bad, ""}, // Lambda halves the batch
		{"the second", 1, bad, `{"batchItemFailures":[{"itemIdentifier":"222"}]}`},
		{"one without a number", 2, bad, ""},
		{"an error after all", 3, bad, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k, ctx, _ := kit(t)
			h := lambdakit.Stream(k, func(context.Context, []events.DynamoDBEventRecord) (int, error) { return c.done, c.err })
			answer, err := h.Invoke(ctx, batch)
			if string(answer) != c.want || (err == nil) == (c.want == "") {
				t.Errorf("%s, %v", answer, err)
			}
		})
	}
}

// A panic counts as a failure of the first record: several of them fail as a
// whole, one alone is named.
func TestStreamThatPanics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, batch, want string
		codes             []string
	}{
		{"several", `{"Records":[{"dynamodb":{"SequenceNumber":"111"}},{"dynamodb":{"SequenceNumber":"222"}}]}`, "", []string{lambdakit.InvocationPanicked, lambdakit.InvocationFailed}},
		{"one", `{"Records":[{"dynamodb":{"SequenceNumber":"111"}}]}`, `{"batchItemFailures":[{"itemIdentifier":"111"}]}`, []string{lambdakit.InvocationPanicked, lambdakit.ItemFailed}},
	} {
		k, ctx, logged := kit(t)
		h := lambdakit.Stream(k, func(context.Context, []events.DynamoDBEventRecord) (int, error) { panic(canary) })
		if answer, err := h.Invoke(ctx, []byte(c.batch)); string(answer) != c.want || (err == nil) == (c.want == "") {
			t.Errorf("%s: %s, %v", c.name, answer, err)
		}
		if codes := codesIn(t, logged); !slices.Equal(codes, c.codes) {
			t.Errorf("%s: logged %v", c.name, codes)
		}
	}
}

// Of a hundred records one can never be done, wherever it stands: by Lambda's
// rules every other is done and it alone is given up.
func TestPoisonRecordAloneIsLost(t *testing.T) {
	t.Parallel()
	for _, poison := range []int{0, 1, 49, 50, 98, 99} {
		k, ctx, _ := kit(t)
		done := map[string]bool{}
		h := lambdakit.Stream(k, func(_ context.Context, records []events.DynamoDBEventRecord) (int, error) {
			for i, r := range records {
				if r.Change.SequenceNumber == fmt.Sprint(1000+poison) {
					return i, failure.New(failure.Internal, "stream.Changes", "it cannot be read")
				}
				done[r.Change.SequenceNumber] = true
			}
			return len(records), nil
		})
		var all []events.DynamoDBEventRecord
		for i := range 100 {
			all = append(all, events.DynamoDBEventRecord{Change: events.DynamoDBStreamRecord{SequenceNumber: fmt.Sprint(1000 + i)}})
		}
		if lost := drain(ctx, t, h, all, 3); !slices.Equal(lost, []string{fmt.Sprint(1000 + poison)}) || len(done) != 99 {
			t.Errorf("record %d: lost %v, %d done", poison, lost, len(done))
		}
	}
}

// drain is Lambda behind a stream: a batch is cut in front of the record that
// the answer names, and halved when the invocation fails; what cannot be cut
// further is tried again, and given up when the tries are used up.
func drain(ctx context.Context, t *testing.T, h lambda.Handler, records []events.DynamoDBEventRecord, tries int) (lost []string) {
	t.Helper()
	raw, err := json.Marshal(events.DynamoDBEvent{Records: records})
	if err != nil {
		t.Fatal(err)
	}
	var said events.DynamoDBEventResponse
	answer, err := h.Invoke(ctx, raw)
	if err == nil && json.Unmarshal(answer, &said) == nil && len(said.BatchItemFailures) == 0 {
		return nil
	}
	cut := len(records) / 2
	if err == nil {
		cut = slices.IndexFunc(records, func(r events.DynamoDBEventRecord) bool {
			return r.Change.SequenceNumber == said.BatchItemFailures[0].ItemIdentifier
		})
	}
	switch {
	case cut == 0 && tries == 0:
		for _, r := range records {
			lost = append(lost, r.Change.SequenceNumber)
		}
		return lost
	case cut == 0:
		return drain(ctx, t, h, records, tries-1)
	case err == nil:
		return drain(ctx, t, h, records[cut:], tries)
	}
	return append(drain(ctx, t, h, records[:cut], tries), drain(ctx, t, h, records[cut:], tries)...)
}

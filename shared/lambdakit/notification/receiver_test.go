package notification_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
	"github.com/carerecord/carerecord/shared/lambdakit/notification"
	"github.com/carerecord/carerecord/shared/object"
)

// region notes what it is asked. Keys decide what it answers.
type region struct {
	received []object.Ref
	started  []string
}

func (r *region) receive(_ context.Context, ref object.Ref) (string, bool, error) {
	r.received = append(r.received, ref)
	switch {
	case strings.Contains(ref.Key, "gone"):
		return "", false, failure.New(failure.NotFound, "s3.Head", "S3 answers NotFound, status 404")
	case strings.Contains(ref.Key, "busy"):
		return "", false, failure.New(failure.Throttled, "s3.Head", "S3 answers SlowDown, status 503")
	case strings.Contains(ref.Key, "folder"):
		return "", false, nil
	case strings.Contains(ref.Key, "again"):
		return "KNOWN", false, nil
	}
	return fmt.Sprintf("D%d", len(r.received)), true, nil
}

func (r *region) start(_ context.Context, id string) error {
	r.started = append(r.started, id)
	return nil
}

// run gives a batch to a receiver. Whatever it logs must not name a file.
func run(t *testing.T, r *region, bodies ...string) (failed []string, codes []string) {
	t.Helper()
	var out bytes.Buffer
	ctx := lambdakit.WithOutput(t.Context(), &out)
	k := lambdakit.New(ctx, "receive-delivery", "dev")
	receiver := notification.Receiver{Kit: k, Bucket: "drop", Receive: r.receive, Start: r.start}
	var batch events.SQSEvent
	for i, body := range bodies {
		batch.Records = append(batch.Records, events.SQSMessage{MessageId: fmt.Sprint(i), Body: body})
	}
	raw, err := json.Marshal(batch)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := lambdakit.Queue(k, receiver.Handle).Invoke(ctx, raw)
	var response events.SQSEventResponse
	if err != nil || json.Unmarshal(answer, &response) != nil {
		t.Fatalf("%s, %v", answer, err)
	}
	for _, f := range response.BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "CANARY") || strings.Contains(line, "café") {
			t.Errorf("a file's name was logged: %s", line)
		}
		var l struct{ Message string }
		if json.Unmarshal([]byte(line), &l) == nil && l.Message != "" {
			codes = append(codes, l.Message)
		}
	}
	return failed, codes
}

func put(key string) string { return records(s3("ObjectCreated:Put", "drop", key, "1")) }

func TestReceiver(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body string
		codes      []string
		started    int
		back       bool
	}{
		{"an object", put("CANARY"), []string{lambdakit.DeliveryStarted}, 1, false},
		{"one that came before", put("again"), []string{lambdakit.DeliveryKnown}, 0, false},
		{"the marker of a folder", put("folder"), nil, 0, false},
		{"an object that is gone", put("gone+CANARY"), []string{lambdakit.ObjectGone}, 0, false},
		{"a bucket that is not the drop", records(s3("ObjectCreated:Put", "another", "CANARY", "1")), []string{lambdakit.BucketUnknown}, 0, false},
		{"the test event", `{"Event":"s3:TestEvent"}`, []string{lambdakit.NotificationTest}, 0, false},
		{"a deletion", records(s3("ObjectRemoved:Delete", "drop", "CANARY", "1")), []string{lambdakit.NotificationSkip}, 0, false},
		{"a store that is busy", put("busy+CANARY"), []string{lambdakit.ItemFailed}, 0, true},
		{"a message of another kind", "CANARY", []string{lambdakit.ItemFailed}, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := &region{}
			failed, codes := run(t, r, c.body)
			if !slices.Equal(codes, c.codes) || len(r.started) != c.started || (len(failed) > 0) != c.back {
				t.Errorf("codes %v, started %v, failed %v; want %v, %d, %v", codes, r.started, failed, c.codes, c.started, c.back)
			}
		})
	}
}

// Three of ten fail: those three come back, and nothing of the others is lost.
func TestThreeOfTenFail(t *testing.T) {
	t.Parallel()
	r := &region{}
	bodies := []string{put("a"), put("busy"), put("c"), put("d"), "CANARY", put("f"), put("g"), put("busy+h"), put("i"), put("j")}
	failed, _ := run(t, r, bodies...)
	if diff := cmp.Diff([]string{"1", "4", "7"}, failed); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if len(r.started) != 7 {
		t.Errorf("%d deliveries were started, want 7", len(r.started))
	}
}

// A message with a good and a bad object comes back whole: taking the good one
// twice changes nothing.
func TestMessageOfSeveralObjects(t *testing.T) {
	t.Parallel()
	r := &region{}
	failed, _ := run(t, r, records(s3("ObjectCreated:Put", "drop", "good", "1"), s3("ObjectCreated:Put", "drop", "busy", "1")))
	if !slices.Equal(failed, []string{"0"}) || len(r.started) != 1 {
		t.Errorf("failed %v, started %v", failed, r.started)
	}
}

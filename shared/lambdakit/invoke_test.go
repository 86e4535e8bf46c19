package lambdakit_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

type in struct {
	Delivery string `json:"delivery"`
}

type out struct {
	Text string `json:"text"`
}

func TestHandler(t *testing.T) {
	t.Parallel()
	k, ctx, logged := kit(t)
	h := lambdakit.Handler(k, func(_ context.Context, e in) (out, error) { return out{e.Delivery + " <&>"}, nil })
	got, err := h.Invoke(ctx, []byte(`{"delivery":"x"}`))
	if err != nil || string(got) != `{"text":"x <&>"}` {
		t.Errorf("%s, %v", got, err)
	}
	if logged.Len() != 0 {
		t.Errorf("a success was logged: %s", logged)
	}
}

// Errors carry the name by which the state machine's Retry and Catch know them.
func TestErrorsHaveNames(t *testing.T) {
	t.Parallel()
	personal := errors.New(canary)
	for _, c := range []struct {
		name string
		err  error
		want messages.InvokeResponse_Error
	}{
		{"unavailable", failure.Wrap(failure.Unavailable, "dynamo.Get", personal), messages.InvokeResponse_Error{Type: "Retryable", Message: "dynamo.Get"}},
		{"throttled", fmt.Errorf("delivery.Load: %w", failure.New(failure.Throttled, "dynamo.Each", "%s", canary)), messages.InvokeResponse_Error{Type: "Retryable", Message: "dynamo.Each"}},
		{"invalid", failure.Wrap(failure.Invalid, "delivery.task", personal), messages.InvokeResponse_Error{Type: "invalid", Message: "delivery.task"}},
		{"two calls", failure.Wrap(failure.NotFound, "a.B", failure.New(failure.NotFound, "c.D", "x")), messages.InvokeResponse_Error{Type: "not-found", Message: "a.B > c.D"}},
		{"no kind", personal, messages.InvokeResponse_Error{Type: "internal"}},
		{"worded already", fmt.Errorf("x: %w", messages.InvokeResponse_Error{Type: "Unauthorized", Message: "Unauthorized"}), messages.InvokeResponse_Error{Type: "Unauthorized", Message: "Unauthorized"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k, ctx, _ := kit(t)
			h := lambdakit.Handler(k, func(context.Context, in) (out, error) { return out{}, c.err })
			_, err := h.Invoke(ctx, []byte(`{}`))
			// The runtime tells them from others by this very type.
			got, ok := err.(messages.InvokeResponse_Error) //nolint:errorlint
			if !ok || got.Type != c.want.Type || got.Message != c.want.Message {
				t.Errorf("%#v, want %#v", err, c.want)
			}
			if body, _ := json.Marshal(got); strings.Contains(string(body), "CANARY") {
				t.Errorf("the answer holds personal data: %s", body)
			}
		})
	}
}

// A poisoned event ends one invocation; the next one works.
func TestPoisonedEvents(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, event, code string }{
		{"not JSON", canary, lambdakit.InvocationFailed},
		{"nothing", "", lambdakit.InvocationFailed},
		{"of another type", `["` + canary + `"]`, lambdakit.InvocationFailed},
		{"one that panics", `{"delivery":"` + canary + `"}`, lambdakit.InvocationPanicked},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			k, ctx, logged := kit(t)
			h := lambdakit.Handler(k, func(_ context.Context, e in) (out, error) {
				if e.Delivery != "good" {
					panic("what is thrown quotes " + e.Delivery)
				}
				return out{"fine"}, nil
			})
			_, err := h.Invoke(ctx, []byte(c.event))
			var worded messages.InvokeResponse_Error
			if !errors.As(err, &worded) || worded.ShouldExit || strings.Contains(fmt.Sprintf("%+v", worded), "CANARY") {
				t.Errorf("%#v", err)
			}
			if !slices.Contains(codesIn(t, logged), c.code) {
				t.Errorf("logged %v, want %s", codesIn(t, logged), c.code)
			}
			if got, err := h.Invoke(ctx, []byte(`{"delivery":"good"}`)); err != nil || string(got) != `{"text":"fine"}` {
				t.Errorf("afterwards: %s, %v", got, err)
			}
		})
	}
}

func TestPanicsSayWhere(t *testing.T) {
	t.Parallel()
	k, ctx, logged := kit(t)
	_, err := lambdakit.Contain(ctx, k, func(context.Context) (int, error) { panic(errors.New(canary)) })
	if !failure.Is(err, failure.Internal) {
		t.Errorf("%v, want internal", err)
	}
	lines := written(t, logged)
	frames, _ := json.Marshal(lines[0]["frames"])
	if lines[0]["type"] != "*errors.errorString" || !strings.Contains(string(frames), "TestPanicsSayWhere") {
		t.Errorf("%v", lines[0])
	}
	if lines[1]["Panics"] != 1.0 {
		t.Errorf("not counted: %v", lines[1])
	}
}

// A second before Lambda's end the work's own time is over, so that there is an
// answer.
func TestTimeEndsBeforeLambdas(t *testing.T) {
	t.Parallel()
	k, ctx, _ := kit(t)
	end := time.Now().Add(time.Minute)
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	h := lambdakit.Handler(k, func(ctx context.Context, _ in) (time.Time, error) {
		inner, _ := ctx.Deadline()
		return inner, nil
	})
	answer, err := h.Invoke(ctx, []byte(`{}`))
	var inner time.Time
	if err != nil || json.Unmarshal(answer, &inner) != nil || end.Sub(inner).Round(time.Millisecond) != time.Second {
		t.Errorf("%v, %v: ends %s before", err, inner, end.Sub(inner))
	}
}

func TestUnencodableAnswer(t *testing.T) {
	t.Parallel()
	k, ctx, _ := kit(t)
	h := lambdakit.Handler(k, func(context.Context, in) (any, error) { return func() {}, nil })
	if _, err := h.Invoke(ctx, []byte(`{}`)); err == nil {
		t.Error("no error")
	}
}

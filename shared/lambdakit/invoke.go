package lambdakit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambda/messages"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/statemachine"
)

// margin is kept of an invocation's time for its own end: what is still under
// way then fails as Unavailable, which is told and tried again, instead of
// being cut off by Lambda.
const margin = time.Second

// Handler makes a function's handler: JSON of the event in, JSON of the answer
// out. It logs a failure once and gives it to Lambda under the name by which
// the state machine retries or catches it (statemachine.ErrorName), with the
// calls it went through as its message and nothing of the event. A panic
// becomes such a failure, and the process goes on.
//
// An error that is a messages.InvokeResponse_Error already is given as it is.
func Handler[In, Out any](k *Kit, handle func(context.Context, In) (Out, error)) lambda.Handler {
	return invoker(func(ctx context.Context, payload []byte) ([]byte, error) {
		ctx, cancel := withMargin(ctx)
		defer cancel()
		var in In
		if json.Unmarshal(payload, &in) != nil { // its error would quote the event
			return nil, k.failed(ctx, failure.New(failure.Invalid, "lambdakit.Handler", "the event is not what this function takes"))
		}
		out, err := Contain(ctx, k, func(ctx context.Context) (Out, error) { return handle(ctx, in) })
		if err != nil {
			return nil, k.failed(ctx, err)
		}
		return encode(out)
	})
}

type invoker func(context.Context, []byte) ([]byte, error)

// Invoke implements lambda.Handler.
func (f invoker) Invoke(ctx context.Context, payload []byte) ([]byte, error) { return f(ctx, payload) }

func withMargin(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok || time.Until(end) < 2*margin {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-margin))
}

// encode leaves text as it is: HTML escapes would make an answer larger.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if e.Encode(v) != nil { // its error can quote the answer
		return nil, messages.InvokeResponse_Error{Type: failure.Internal.String(), Message: "lambdakit.encode"}
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// failed logs an error and words it for Lambda.
func (k *Kit) failed(ctx context.Context, err error) error {
	var worded messages.InvokeResponse_Error
	if errors.As(err, &worded) {
		return worded
	}
	k.Log.LogAttrs(ctx, slog.LevelError, InvocationFailed,
		slog.String("kind", failure.KindOf(err).String()), slog.String("calls", calls(err)))
	return messages.InvokeResponse_Error{Type: statemachine.ErrorName(err), Message: calls(err)}
}

// Contain runs f and turns a panic in it into failure.Internal. What was
// panicked with is not told: it may hold anything.
func Contain[Out any](ctx context.Context, k *Kit, f func(context.Context) (Out, error)) (out Out, err error) {
	defer func() {
		if p := recover(); p != nil {
			k.Log.LogAttrs(ctx, slog.LevelError, InvocationPanicked,
				slog.String("type", fmt.Sprintf("%T", p)), slog.Any("frames", frames()))
			k.Count(ctx, Metric{MetricPanics, 1})
			err = failure.New(failure.Internal, "lambdakit.Contain", "a defect")
		}
	}()
	return f(ctx)
}

// frames gives where the panic came from, the innermost call first.
func frames() []string {
	var list []string
	pcs := make([]uintptr, 24)
	walk := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	for more := true; more; {
		var f runtime.Frame
		f, more = walk.Next()
		list = append(list, fmt.Sprintf("%s:%d", f.Function, f.Line))
	}
	return list
}

// calls gives the calls that an error went through, the outermost first. The
// texts of errors stay out: those of libraries can quote what they were given.
func calls(err error) string {
	var ops []string
	for err != nil {
		var e *failure.Error
		if !errors.As(err, &e) {
			break
		}
		ops, err = append(ops, e.Op), e.Err
	}
	return strings.Join(ops, " > ")
}

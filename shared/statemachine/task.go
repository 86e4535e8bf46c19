package statemachine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
)

// The integrations that are implemented: a Lambda function called and waited
// for (developer guide, "Invoke Lambda with Step Functions"), and the list of a
// state machine's executions ("Learning to use AWS service SDK integrations").
const (
	invoke = "arn:aws:states:::lambda:invoke"
	list   = "arn:aws:states:::aws-sdk:sfn:listExecutions"
)

// ListExecutions is the task that a definition calls as the integration
// aws-sdk:sfn:listExecutions: it takes the state's Parameters and answers as the
// API does, {"Executions":[{"ExecutionArn":...},...]}.
const ListExecutions = "sfn:listExecutions"

// task calls a function. Its result is what the integration gives: the
// function's answer as Payload, with the StatusCode of the call; of a call of the
// API the answer itself.
type task struct {
	effect
	function string
	api      bool // a call of the API and no function
	payload  template
	timeout  time.Duration // 0: none
}

func (c *compiler) task(name string, raw jsontext.Value) (compiled, error) {
	var shape taskShape
	if err := unmarshal(raw, &shape); err != nil {
		return nil, err
	}
	if shape.Resource != invoke && shape.Resource != list {
		return nil, errors.New("field Resource: only " + invoke + " and " + list + " are implemented")
	}
	f, err := shape.frame(name, true)
	if err != nil {
		return nil, err
	}
	t := &task{api: shape.Resource == list}
	if t.timeout, err = duration("TimeoutSeconds", shape.TimeoutSeconds, 0); err != nil {
		return nil, err
	}
	if t.effect, err = shape.compile(f); err != nil {
		return nil, err
	}
	parameters, err := parseField("Parameters", shape.Parameters)
	if err != nil {
		return nil, err
	}
	if err := t.parameters(parameters); err != nil {
		return nil, fmt.Errorf("field Parameters: %w", err)
	}
	c.functions[t.function] = true
	return t, nil
}

// parameters takes FunctionName, which must be fixed, and Payload. The
// parameters of a call of the API are its payload.
func (t *task) parameters(parameters template) error {
	fields, _ := parameters.(object)
	if t.api {
		t.function, t.payload = ListExecutions, fields
		return nil
	}
	for name, field := range fields {
		switch name {
		case "FunctionName":
			fixed, _ := field.(literal)
			t.function, _ = fixed.value.(string)
		case "Payload":
			t.payload = field
		default:
			return fmt.Errorf("%s is not implemented", name)
		}
	}
	switch {
	case t.function == "":
		return errors.New("needs a FunctionName of fixed text")
	case strings.Contains(t.function, "${"):
		return errors.New("has a FunctionName with a substitution that was not made")
	case t.payload == nil:
		return errors.New("needs a Payload")
	}
	return nil
}

func (t *task) enter(ctx context.Context, s scope, input any) (any, string, error) {
	return t.around(ctx, s, input, func(v any) (any, error) {
		payload, err := t.payload.fill(t.name, v, s.object(t.name))
		if err != nil {
			return nil, err
		}
		if err := limit(t.name, "payload", payload); err != nil {
			return nil, err
		}
		answer, err := t.call(ctx, s.env.Tasks[t.function], encode(payload))
		if err != nil {
			return nil, err
		}
		result := answer
		if !t.api {
			result = map[string]any{"Payload": answer, "StatusCode": json.Number("200")}
		}
		return result, limit(t.name, "result", result)
	})
}

// call runs the function within the state's time and names its error. An
// answer that comes too late is as lost as on AWS.
func (t *task) call(ctx context.Context, run Task, payload json.RawMessage) (any, error) {
	if t.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.timeout)
		defer cancel()
	}
	output, err := protect(ctx, run, payload)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, fail(timeoutError, t.name, "the task ran longer than its time")
	}
	if err != nil {
		return nil, t.failed(err)
	}
	if len(output) == 0 {
		return nil, nil
	}
	answer, err := decode(output)
	if err != nil {
		return nil, t.failed(failure.New(failure.Internal, t.function, "the answer is not JSON"))
	}
	return answer, nil
}

// failed gives a function's error as the Lambda service reports it: errorType
// is the name, and the cause holds both type and message.
func (t *task) failed(err error) *Error {
	name := ErrorName(err)
	cause := encode(map[string]any{"errorType": name, "errorMessage": err.Error()})
	return &Error{Name: name, State: t.name, Cause: string(cause), Err: err}
}

// protect turns a panic into an error. The error tells where, and not what:
// the value that was thrown may hold a patient's data.
func protect(ctx context.Context, run Task, payload json.RawMessage) (output json.RawMessage, err error) {
	defer func() {
		if recover() != nil {
			output, err = nil, failure.New(failure.Internal, "statemachine.Task", "panic in %s", panicSite())
		}
	}()
	return run(ctx, payload)
}

// panicSite names the function and line that panicked, called from a deferred
// function while the panic unwinds.
func panicSite() string {
	pcs := make([]uintptr, 16)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		if !more || !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("%s line %d", frame.Function, frame.Line)
		}
	}
}

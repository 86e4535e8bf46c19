package statemachine_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/statemachine"
)

// Expected values come from the States Language, "Input and Output Processing",
// and from the examples of the developer guide.
func TestDataFlow(t *testing.T) {
	t.Parallel()
	const nested = `{"a":{"b":[10,{"c d":"x"}]},"n":1.50,"big":12345678901234567890}`
	for name, c := range map[string]struct {
		state, input, want string
		fails              string
	}{
		"pass hands on":                   {`{"Type":"Pass","End":true}`, nested, `{"a":{"b":[10,{"c d":"x"}]},"big":12345678901234567890,"n":1.50}`, ""},
		"input path":                      {`{"Type":"Pass","InputPath":"$.a.b","End":true}`, nested, `[10,{"c d":"x"}]`, ""},
		"input path null":                 {`{"Type":"Pass","InputPath":null,"End":true}`, nested, `{}`, ""},
		"input path missing":              {`{"Type":"Pass","InputPath":"$.x","End":true}`, nested, "", "States.Runtime"},
		"index and quoted name":           {`{"Type":"Pass","InputPath":"$.a.b[1]['c d']","End":true}`, nested, `"x"`, ""},
		"index past the end":              {`{"Type":"Pass","InputPath":"$.a.b[2]","End":true}`, nested, "", "States.Runtime"},
		"index into an object":            {`{"Type":"Pass","InputPath":"$.a[0]","End":true}`, nested, "", "States.Runtime"},
		"name in an array":                {`{"Type":"Pass","InputPath":"$.a.b.c","End":true}`, nested, "", "States.Runtime"},
		"null is a value":                 {`{"Type":"Pass","InputPath":"$.a","End":true}`, `{"a":null}`, `null`, ""},
		"output path":                     {`{"Type":"Pass","OutputPath":"$.n","End":true}`, nested, `1.50`, ""},
		"output path null":                {`{"Type":"Pass","OutputPath":null,"End":true}`, nested, `{}`, ""},
		"output path missing":             {`{"Type":"Pass","OutputPath":"$.x","End":true}`, nested, "", "States.Runtime"},
		"result replaces":                 {`{"Type":"Pass","Result":{"r.$":"$.no"},"End":true}`, `{"a":1}`, `{"r.$":"$.no"}`, ""},
		"result beside":                   {`{"Type":"Pass","Result":2,"ResultPath":"$.r","End":true}`, `{"a":1}`, `{"a":1,"r":2}`, ""},
		"result deep":                     {`{"Type":"Pass","Result":2,"ResultPath":"$.x.y.z","End":true}`, `{"a":1}`, `{"a":1,"x":{"y":{"z":2}}}`, ""},
		"result over":                     {`{"Type":"Pass","Result":2,"ResultPath":"$.a","End":true}`, `{"a":{"b":1}}`, `{"a":2}`, ""},
		"result dropped":                  {`{"Type":"Pass","Result":2,"ResultPath":null,"End":true}`, `{"a":1}`, `{"a":1}`, ""},
		"result into the raw input":       {`{"Type":"Pass","InputPath":"$.a","ResultPath":"$.r","End":true}`, `{"a":1}`, `{"a":1,"r":1}`, ""},
		"result into a number":            {`{"Type":"Pass","Result":2,"ResultPath":"$.a.b","End":true}`, `{"a":1}`, "", "States.ResultPathMatchFailure"},
		"result into no object":           {`{"Type":"Pass","Result":2,"ResultPath":"$.a","End":true}`, `[1]`, "", "States.ResultPathMatchFailure"},
		"parameters":                      {`{"Type":"Pass","Parameters":{"k":[{"v.$":"$.n"}],"f":true},"End":true}`, nested, `{"f":true,"k":[{"v":1.50}]}`, ""},
		"parameters after the input path": {`{"Type":"Pass","InputPath":"$.a","Parameters":{"v.$":"$.b[0]"},"End":true}`, nested, `{"v":10}`, ""},
		"parameters missing":              {`{"Type":"Pass","Parameters":{"v.$":"$.x"},"End":true}`, nested, "", "States.Runtime"},
		"context":                         {`{"Type":"Pass","InputPath":"$.a","Parameters":{"s.$":"$$.State.Name","i.$":"$$.Execution.Input.n"},"End":true}`, nested, `{"i":1.50,"s":"S"}`, ""},
		"no map in the context":           {`{"Type":"Pass","Parameters":{"v.$":"$$.Map.Item.Value"},"End":true}`, nested, "", "States.Runtime"},
		"succeed filters":                 {`{"Type":"Succeed","InputPath":"$.a","OutputPath":"$.b[0]"}`, nested, `10`, ""},
		"fail":                            {`{"Type":"Fail","Error":"Own","Cause":"why"}`, nested, "", "Own"},
		"task answers as the service":     {call(`"Payload.$":"$.a.b[0]"`, `,"End":true`), nested, `{"Payload":10,"StatusCode":200}`, ""},
		"task result selected":            {call(`"Payload":{"v":1}`, `,"ResultSelector":{"got.$":"$.Payload.v"},"ResultPath":"$.r","OutputPath":"$.r","End":true`), `{"a":1}`, `{"got":1}`, ""},
		"task result not there":           {call(`"Payload":{"v":1}`, `,"ResultSelector":{"got.$":"$.Payload.w"},"End":true`), `{}`, "", "States.Runtime"},
		"text is kept":                    {`{"Type":"Pass","End":true}`, `"<é&\u2028>"`, "\"<é&\\u2028>\"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, err := parse(t, one(c.state)).Run(t.Context(), json.RawMessage(c.input), env(echo))
			if got := nameOf(t, err); got != c.fails || string(output) != c.want {
				t.Errorf("output %s, error %q; want %s, %q", output, got, c.want, c.fails)
			}
		})
	}
}

// A call of the API is given the state's parameters and answers without a
// Payload (developer guide, "Learning to use AWS service SDK integrations").
func TestListOfExecutions(t *testing.T) {
	t.Parallel()
	const state = `{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:sfn:listExecutions",` +
		`"Parameters":{"StateMachineArn.$":"$$.StateMachine.Id","StatusFilter":"RUNNING"},` +
		`"ResultSelector":{"first.$":"$.Executions[0].Name"},"ResultPath":"$.r","End":true}`
	var asked string
	e := statemachine.Env{StateMachine: "arn:m", Tasks: map[string]statemachine.Task{
		statemachine.ListExecutions: func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
			asked = string(input)
			return json.RawMessage(`{"Executions":[{"Name":"n"}]}`), nil
		},
	}}
	out, err := parse(t, one(state)).Run(t.Context(), json.RawMessage(`{"a":1}`), e)
	if err != nil || string(out) != `{"a":1,"r":{"first":"n"}}` {
		t.Errorf("output %s, error %v", out, err)
	}
	if want := `{"StateMachineArn":"arn:m","StatusFilter":"RUNNING"}`; asked != want {
		t.Errorf("asked %s, want %s", asked, want)
	}
}

func TestInputThatIsNoJSON(t *testing.T) {
	t.Parallel()
	machine := parse(t, one(`{"Type":"Succeed"}`))
	for _, input := range []string{``, `{`, `{} {}`, `nul`} {
		if _, err := machine.Run(t.Context(), json.RawMessage(input), env(echo)); !failure.Is(err, failure.Invalid) {
			t.Errorf("input %q: error %v, want invalid", input, err)
		}
	}
}

// An error keeps the kind of what caused it, and tells name, state and cause.
func TestErrorOfAnExecution(t *testing.T) {
	t.Parallel()
	_, err := parse(t, one(`{"Type":"Fail","Error":"Own","Cause":"why"}`)).Run(t.Context(), json.RawMessage(`{}`), env(echo))
	for _, want := range []string{"statemachine.Run", "S", "Own", "why"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	if failure.KindOf(err) != failure.Internal {
		t.Errorf("kind %s, want internal", failure.KindOf(err))
	}
}

// The limit is 262,144 bytes of JSON; a payload of exactly that size passes.
func TestPayloadLimit(t *testing.T) {
	t.Parallel()
	const most = 262144
	text := func(bytes int) string { return `"` + strings.Repeat("a", bytes-2) + `"` }
	wrapped := len(`{"Payload":,"StatusCode":200}`)
	catchAll := `,"Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":null,"Next":"E"}],"Next":"E"`
	task := several(`"S":` + call(`"Payload.$":"$"`, `,"OutputPath":null`+catchAll) + `,"E":{"Type":"Succeed"}`)
	for name, c := range map[string]struct {
		definition, input, fails string
	}{
		"input at the limit":          {one(`{"Type":"Succeed"}`), text(most), ""},
		"input over the limit":        {one(`{"Type":"Succeed"}`), text(most + 1), "States.DataLimitExceeded"},
		"output over the limit":       {one(`{"Type":"Pass","Parameters":{"a.$":"$"},"End":true}`), text(most), "States.DataLimitExceeded"},
		"result at the limit":         {task, text(most - wrapped), ""},
		"result over it, not caught":  {task, text(most - wrapped + 1), "States.DataLimitExceeded"},
		"payload over it, not caught": {strings.Replace(task, `"Payload.$":"$"`, `"Payload":{"a.$":"$"}`, 1), text(most - 5), "States.DataLimitExceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(t, c.definition).Run(t.Context(), json.RawMessage(c.input), env(echo))
			if got := nameOf(t, err); got != c.fails {
				t.Errorf("error %q, want %q", got, c.fails)
			}
		})
	}
}

// A machine holds nothing of an execution: many may run at once.
func TestMachineIsSharedByExecutions(t *testing.T) {
	t.Parallel()
	machine := parse(t, several(`"S":{"Type":"Pass","Result":1,"ResultPath":"$.r","Next":"T"},"T":`+
		call(`"Payload.$":"$"`, `,"OutputPath":"$.Payload","End":true`)))
	for range 8 {
		t.Run("execution", func(t *testing.T) {
			t.Parallel()
			for range 50 {
				output, err := machine.Run(t.Context(), json.RawMessage(`{"a":1}`), env(echo))
				if err != nil || string(output) != `{"a":1,"r":1}` {
					t.Fatalf("output %s, error %v", output, err)
				}
			}
		})
	}
}

func TestErrorName(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"Retryable": failure.New(failure.Throttled, "op", ""),
		"Own":       failure.Wrap(failure.Unavailable, "op", named{"Own"}),
		"not-found": failure.New(failure.NotFound, "op", ""),
		"internal":  errors.New("foreign"),
	} {
		if got := statemachine.ErrorName(err); got != want {
			t.Errorf("%v has the name %q, want %q", err, got, want)
		}
	}
	if got := statemachine.ErrorName(failure.New(failure.Unavailable, "op", "")); got != statemachine.RetryableName {
		t.Errorf("an unavailable service has the name %q", got)
	}
}

package definition_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	definition "github.com/carerecord/carerecord/infra/statemachine"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/statemachine"
	"github.com/carerecord/carerecord/tools/asl"
)

func delivery(t *testing.T) []byte {
	t.Helper()
	d, err := definition.Delivery(definition.Local())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDeliveryFillsEveryFunction(t *testing.T) {
	t.Parallel()
	machine, err := statemachine.Parse(delivery(t))
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(maps.Values(definition.Local()))
	if diff := cmp.Diff(want, machine.Functions()); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(definition.Local())), definition.Functions()); diff != "" {
		t.Errorf("substitutions (-want +got):\n%s", diff)
	}
}

func TestDeliveryTakesARNs(t *testing.T) {
	t.Parallel()
	arns := map[string]string{}
	for name, function := range definition.Local() {
		arns[name] = "arn:aws:lambda:eu-west-2:123456789012:function:carerecord-" + function + ":live"
	}
	d, err := definition.Delivery(arns)
	if err != nil {
		t.Fatal(err)
	}
	for _, arn := range arns {
		if !strings.Contains(string(d), `"FunctionName": "`+arn+`"`) {
			t.Errorf("no FunctionName %s", arn)
		}
	}
}

func TestDeliveryRefuses(t *testing.T) {
	t.Parallel()
	with := func(name, value string) map[string]string {
		m := definition.Local()
		m[name] = value
		return m
	}
	missing := definition.Local()
	delete(missing, "ReportDeliveryFunction")
	for name, c := range map[string]struct {
		substitutions map[string]string
		names         string
	}{
		"an unknown substitution": {with("ReportDeliveryFunktion", "x"), "ReportDeliveryFunktion"},
		"a missing substitution":  {missing, "ReportDeliveryFunction"},
		"an empty substitution":   {with("LoadEntriesFunction", ""), "LoadEntriesFunction"},
		"none":                    {nil, "LoadEntriesFunction"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := definition.Delivery(c.substitutions)
			if !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("error %v, want invalid with %s", err, c.names)
			}
		})
	}
}

// A value must stay a value: quotes in it do not end the JSON text it is in.
func TestSubstitutionCannotChangeTheStructure(t *testing.T) {
	t.Parallel()
	const hostile = `"x", "Payload": {}, "A": "\ <>&`
	m := definition.Local()
	m["ReportDeliveryFunction"] = hostile
	d, err := definition.Delivery(m)
	if err != nil {
		t.Fatal(err)
	}
	var machine struct {
		States struct {
			Report struct {
				Parameters struct{ FunctionName string }
			}
		}
	}
	if err := json.Unmarshal(d, &machine); err != nil {
		t.Fatal(err)
	}
	if got := machine.States.Report.Parameters.FunctionName; got != hostile {
		t.Errorf("FunctionName %q, want %q", got, hostile)
	}
}

func TestDeliveryIsValidForASLValidator(t *testing.T) {
	t.Parallel()
	broken := []byte(strings.Replace(string(delivery(t)), `"Next": "LoadEntries"`, `"Next": "Nowhere"`, 1))
	opinions := asl.Validate(t, delivery(t), broken)
	if !opinions[0].Valid {
		t.Errorf("the definition: %s", opinions[0].Errors)
	}
	if opinions[1].Valid {
		t.Error("a transition to nowhere passed: the validator tells nothing")
	}
}

// states gives every state of the definition, those of Maps' children included.
func states(t *testing.T, d []byte) map[string]map[string]any {
	t.Helper()
	var machine map[string]any
	if err := json.Unmarshal(d, &machine); err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string]any{}
	var walk func(flow map[string]any)
	walk = func(flow map[string]any) {
		for name, s := range flow["States"].(map[string]any) {
			found[name] = s.(map[string]any)
			if processor, ok := found[name]["ItemProcessor"].(map[string]any); ok {
				walk(processor)
			}
		}
	}
	walk(machine)
	return found
}

// retried are the errors of a function that is called again.
var retried = [][]any{
	{"Lambda.TooManyRequestsException"}, // no room now: waited for
	{"Lambda.ServiceException", "Lambda.AWSLambdaException", "Lambda.SdkClientException", statemachine.RetryableName},
}

func TestEveryStateIsExplainedAndGuarded(t *testing.T) {
	t.Parallel()
	for name, s := range states(t, delivery(t)) {
		if s["Comment"] == nil {
			t.Errorf("%s has no Comment", name)
		}
		child := strings.HasSuffix(name, "Batch")
		if s["Type"] == "Task" {
			if s["TimeoutSeconds"] == nil {
				t.Errorf("%s has no TimeoutSeconds", name)
			}
			checkRetries(t, name, s, retried)
		}
		// Quarantine is where all errors end; its own must fail the execution.
		if s["Type"] == "Map" || s["Type"] == "Task" && !child && name != "Quarantine" {
			catch := s["Catch"].([]any)[0].(map[string]any)
			if catch["ErrorEquals"].([]any)[0] != "States.ALL" {
				t.Errorf("%s does not catch all errors", name)
			}
		}
	}
}

func checkRetries(t *testing.T, name string, s map[string]any, want [][]any) {
	t.Helper()
	for i, errors := range want {
		retry := s["Retry"].([]any)[i].(map[string]any)
		if diff := cmp.Diff(errors, retry["ErrorEquals"]); diff != "" {
			t.Errorf("%s retries (-want +got):\n%s", name, diff)
		}
		if retry["JitterStrategy"] != "FULL" {
			t.Errorf("%s retries without jitter", name)
		}
	}
}

// An Express child runs for five minutes at most (developer guide, "Service
// quotas"), in which its task must be able to run twice; a Lambda function for
// fifteen.
func TestTimesFitTheService(t *testing.T) {
	t.Parallel()
	for name, s := range states(t, delivery(t)) {
		most := 900.0
		if strings.HasSuffix(name, "Batch") {
			most = (300 - 20) / 2 // 20 for the wait between the two
		}
		if seconds, ok := s["TimeoutSeconds"].(float64); ok && seconds > most {
			t.Errorf("%s may run %v seconds, the service allows %v", name, seconds, most)
		}
	}
}

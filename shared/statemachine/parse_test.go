package statemachine_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/statemachine"
)

// Each definition is refused with the state and the field in the message.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	task := func(more string) string { return one(call(`"Payload":{}`, `,"End":true`+more)) }
	for name, c := range map[string]struct {
		definition string
		wants      []string
	}{
		"no JSON":              {`{`, []string{"JSON"}},
		"two keys of one name": {`{"StartAt":"S","StartAt":"S","States":{}}`, []string{"JSON"}},
		"no states":            {`{"StartAt":"S","States":{}}`, []string{"StartAt", "S"}},
		"another start":        {`{"StartAt":"X","States":{"S":{"Type":"Succeed"}}}`, []string{"StartAt", "X"}},
		"another language":     {`{"QueryLanguage":"JSONata","StartAt":"S","States":{"S":{"Type":"Succeed"}}}`, []string{"QueryLanguage"}},
		"another version":      {`{"Version":"2.0","StartAt":"S","States":{"S":{"Type":"Succeed"}}}`, []string{"Version"}},
		"a time for the whole": {`{"TimeoutSeconds":1,"StartAt":"S","States":{"S":{"Type":"Succeed"}}}`, []string{"TimeoutSeconds"}},
		"a type unknown":       {one(`{"Type":"Wait","Seconds":1,"End":true}`), []string{`"S"`, "Type", "Wait"}},
		"a type of no kind":    {one(`{"Type":1}`), []string{`"S"`, "Type"}},
		"a state of no kind":   {one(`[]`), []string{`"S"`, "Type"}},
		"a field unknown":      {one(`{"Type":"Succeed","Assign":{}}`), []string{`"S"`, "Assign"}},
		"a field in lower case": {
			one(`{"Type":"Succeed","comment":""}`),
			[]string{`"S"`, "comment"},
		},
		"a field of another kind":    {task(`,"TimeoutSeconds":"1"`), []string{`"S"`, "TimeoutSeconds"}},
		"no end":                     {one(`{"Type":"Pass"}`), []string{`"S"`, "Next", "End"}},
		"two ends":                   {several(`"S":{"Type":"Pass","Next":"E","End":true},"E":{"Type":"Succeed"}`), []string{`"S"`, "Next", "End"}},
		"a Succeed that goes on":     {one(`{"Type":"Succeed","Next":"S"}`), []string{`"S"`, "Next"}},
		"a next that is not there":   {one(`{"Type":"Pass","Next":"E"}`), []string{`"S"`, `"E"`}},
		"a catch to nowhere":         {task(`,"Catch":[{"ErrorEquals":["a"],"Next":"E"}]`), []string{`"S"`, `"E"`}},
		"a state never reached":      {several(`"S":{"Type":"Succeed"},"E":{"Type":"Succeed"}`), []string{`"E"`}},
		"another resource":           {one(`{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage","End":true}`), []string{`"S"`, "Resource"}},
		"no function":                {one(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"Payload":{}},"End":true}`), []string{"Parameters", "FunctionName"}},
		"a function by path":         {one(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName.$":"$.f","Payload":{}},"End":true}`), []string{"FunctionName"}},
		"no substitution made":       {one(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"${F}","Payload":{}},"End":true}`), []string{"substitution"}},
		"no payload":                 {one(`{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"f"},"End":true}`), []string{"Payload"}},
		"an invocation type":         {one(call(`"Payload":{},"InvocationType":"Event"`, `,"End":true`)), []string{"InvocationType"}},
		"an intrinsic function":      {one(call(`"Payload":{"a.$":"States.UUID()"}`, `,"End":true`)), []string{`"S"`, "a.$"}},
		"a path of many":             {one(call(`"Payload":{"a.$":"$..b"}`, `,"End":true`)), []string{`"S"`, "a.$"}},
		"a wildcard":                 {one(`{"Type":"Pass","InputPath":"$.a[*]","End":true}`), []string{`"S"`, "InputPath"}},
		"a filter":                   {one(`{"Type":"Pass","InputPath":"$.a[?(@.b)]","End":true}`), []string{`"S"`, "InputPath"}},
		"an index from the end":      {one(`{"Type":"Pass","OutputPath":"$.a[-1]","End":true}`), []string{`"S"`, "OutputPath"}},
		"a name left open":           {one(`{"Type":"Pass","OutputPath":"$['a","End":true}`), []string{`"S"`, "OutputPath"}},
		"a path that is no text":     {one(`{"Type":"Pass","OutputPath":1,"End":true}`), []string{`"S"`, "OutputPath"}},
		"a path without a dollar":    {one(`{"Type":"Pass","InputPath":"a","End":true}`), []string{`"S"`, "InputPath"}},
		"a context part unknown":     {one(`{"Type":"Pass","Parameters":{"a.$":"$$.Execution.Id"},"End":true}`), []string{`"S"`, "a.$"}},
		"a context part by prefix":   {one(`{"Type":"Pass","Parameters":{"a.$":"$$.State.NameOf"},"End":true}`), []string{`"S"`, "a.$"}},
		"a dynamic field of no text": {one(`{"Type":"Pass","Parameters":{"a.$":1},"End":true}`), []string{`"S"`, "a.$"}},
		"a field given twice":        {one(`{"Type":"Pass","Parameters":{"a.$":"$","a":1},"End":true}`), []string{`"S"`, "Parameters", "a"}},
		"a result into an array":     {one(`{"Type":"Pass","ResultPath":"$.a[0]","End":true}`), []string{`"S"`, "ResultPath"}},
		"a result into the context":  {one(`{"Type":"Pass","ResultPath":"$$.State.Name","End":true}`), []string{`"S"`, "ResultPath"}},
		"no time":                    {task(`,"TimeoutSeconds":0`), []string{`"S"`, "TimeoutSeconds"}},
		"a heartbeat":                {task(`,"HeartbeatSeconds":5`), []string{`"S"`, "HeartbeatSeconds"}},
		"all errors not last": {
			task(`,"Retry":[{"ErrorEquals":["States.ALL"]},{"ErrorEquals":["a"]}]`),
			[]string{`"S"`, "Retry", "States.ALL"},
		},
		"all errors not alone":     {task(`,"Retry":[{"ErrorEquals":["a","States.ALL"]}]`), []string{`"S"`, "Retry", "States.ALL"}},
		"no errors":                {task(`,"Retry":[{"ErrorEquals":[]}]`), []string{`"S"`, "Retry"}},
		"an error that ends all":   {task(`,"Retry":[{"ErrorEquals":["States.Runtime"]}]`), []string{`"S"`, "States.Runtime"}},
		"an error without a name":  {task(`,"Retry":[{"ErrorEquals":[""]}]`), []string{`"S"`, "Retry"}},
		"an interval of none":      {task(`,"Retry":[{"ErrorEquals":["a"],"IntervalSeconds":0}]`), []string{`"S"`, "IntervalSeconds"}},
		"attempts without end":     {task(`,"Retry":[{"ErrorEquals":["a"],"MaxAttempts":9000000000000000000}]`), []string{`"S"`, "MaxAttempts"}},
		"an interval too long":     {task(`,"Retry":[{"ErrorEquals":["a"],"IntervalSeconds":9300000000}]`), []string{`"S"`, "IntervalSeconds"}},
		"a rate below one":         {task(`,"Retry":[{"ErrorEquals":["a"],"BackoffRate":0.5}]`), []string{`"S"`, "BackoffRate"}},
		"attempts below none":      {task(`,"Retry":[{"ErrorEquals":["a"],"MaxAttempts":-1}]`), []string{`"S"`, "MaxAttempts"}},
		"a longest wait of none":   {task(`,"Retry":[{"ErrorEquals":["a"],"MaxDelaySeconds":0}]`), []string{`"S"`, "MaxDelaySeconds"}},
		"a jitter unknown":         {task(`,"Retry":[{"ErrorEquals":["a"],"JitterStrategy":"SOME"}]`), []string{`"S"`, "JitterStrategy"}},
		"a field of a retrier":     {task(`,"Retry":[{"ErrorEquals":["a"],"Extra":1}]`), []string{`"S"`, "/Retry/0/Extra"}},
		"a choice of nothing":      {one(`{"Type":"Choice","Choices":[]}`), []string{`"S"`, "Choices"}},
		"a rule without next":      {one(`{"Type":"Choice","Choices":[{"Variable":"$","StringEquals":""}]}`), []string{`"S"`, "rule 0", "Next"}},
		"a rule of two":            {one(`{"Type":"Choice","Choices":[{"Variable":"$","StringEquals":"","BooleanEquals":true,"Next":"S"}]}`), []string{`"S"`, "rule 0"}},
		"a rule of none":           {one(`{"Type":"Choice","Choices":[{"Variable":"$","Next":"S"}]}`), []string{`"S"`, "rule 0"}},
		"a comparison unknown":     {one(`{"Type":"Choice","Choices":[{"Variable":"$","StringMatches":"*","Next":"S"}]}`), []string{`"S"`, "StringMatches"}},
		"an inner next":            {one(`{"Type":"Choice","Choices":[{"Not":{"Variable":"$","StringEquals":"","Next":"S"},"Next":"S"}]}`), []string{`"S"`, "rule 0", "Next"}},
		"a rule without variable":  {one(`{"Type":"Choice","Choices":[{"StringEquals":"","Next":"S"}]}`), []string{`"S"`, "rule 0", "Variable"}},
		"and of nothing":           {one(`{"Type":"Choice","Choices":[{"And":[],"Next":"S"}]}`), []string{`"S"`, "rule 0", "And"}},
		"a variable of many":       {one(`{"Type":"Choice","Choices":[{"Variable":"$.*","StringEquals":"","Next":"S"}]}`), []string{`"S"`, "Variable"}},
		"an inline map":            {one(`{"Type":"Map","ItemProcessor":{"ProcessorConfig":{"Mode":"INLINE"},"StartAt":"C","States":{"C":{"Type":"Succeed"}}},"End":true}`), []string{`"S"`, "ProcessorConfig"}},
		"children of no kind":      {one(strings.Replace(over(`{"Type":"Succeed"}`, `,"End":true`), "EXPRESS", "OTHER", 1)), []string{`"S"`, "ProcessorConfig"}},
		"a map in a map":           {one(over(over(`{"Type":"Succeed"}`, `,"End":true`), `,"End":true`)), []string{`"S"`, `"C"`, "Map"}},
		"one name twice":           {one(strings.Replace(over(`{"Type":"Succeed"}`, `,"End":true`), `"C"`, `"S"`, 2)), []string{`"S"`, "twice"}},
		"a batch of none":          {one(over(`{"Type":"Succeed"}`, `,"ItemBatcher":{"MaxItemsPerBatch":0},"End":true`)), []string{`"S"`, "MaxItemsPerBatch"}},
		"a batch by bytes":         {one(over(`{"Type":"Succeed"}`, `,"ItemBatcher":{"MaxItemsPerBatch":1,"MaxInputBytesPerBatch":9},"End":true`)), []string{`"S"`, "MaxInputBytesPerBatch"}},
		"more than all tolerated":  {one(over(`{"Type":"Succeed"}`, `,"ToleratedFailurePercentage":101,"End":true`)), []string{`"S"`, "ToleratedFailurePercentage"}},
		"fewer than none":          {one(over(`{"Type":"Succeed"}`, `,"ToleratedFailureCount":-1,"End":true`)), []string{`"S"`, "ToleratedFailureCount"}},
		"a concurrency below none": {one(over(`{"Type":"Succeed"}`, `,"MaxConcurrency":-1,"End":true`)), []string{`"S"`, "MaxConcurrency"}},
		"a writer of results":      {one(over(`{"Type":"Succeed"}`, `,"ResultWriter":{},"End":true`)), []string{`"S"`, "ResultWriter"}},
		"items read as CSV": {
			one(over(`{"Type":"Succeed"}`, `,"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"CSV"},"Parameters":{"Bucket":"b","Key":"k"}},"End":true`)),
			[]string{`"S"`, "ItemReader", "JSON"},
		},
		"items without a key": {
			one(over(`{"Type":"Succeed"}`, `,"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"b"}},"End":true`)),
			[]string{`"S"`, "ItemReader", "Key"},
		},
		"items of two places": {
			one(over(`{"Type":"Succeed"}`, `,"ItemsPath":"$","ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket":"b","Key":"k"}},"End":true`)),
			[]string{`"S"`, "ItemsPath"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := statemachine.Parse([]byte(c.definition))
			if !failure.Is(err, failure.Invalid) {
				t.Fatalf("error %v, want invalid", err)
			}
			for _, want := range c.wants {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not name %s", err, want)
				}
			}
		})
	}
}

func TestFunctionsAreThoseOfAllStates(t *testing.T) {
	t.Parallel()
	child := strings.Replace(call(`"Payload":{}`, `,"End":true`), `"f"`, `"child"`, 1)
	machine := parse(t, several(`"S":`+call(`"Payload":{}`, `,"Next":"M"`)+`,"M":`+over(child, `,"End":true`)))
	if diff := cmp.Diff([]string{"child", "f"}, machine.Functions()); diff != "" {
		t.Errorf("functions (-want +got):\n%s", diff)
	}
	_, err := machine.Run(t.Context(), []byte(`{}`), env(echo))
	if !failure.Is(err, failure.Invalid) || !strings.Contains(err.Error(), `"child"`) {
		t.Errorf("error %v, want invalid and the function without a task", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(one(`{"Type":"Succeed"}`)), []byte(`{}`))
	f.Add([]byte(one(call(`"Payload.$":"$['a'][0]"`, `,"ResultPath":"$.r","End":true`))), []byte(`{"a":[1]}`))
	f.Add([]byte(one(over(call(`"Payload.$":"$"`, `,"End":true`), `,"ItemBatcher":{"MaxItemsPerBatch":2},"End":true`))), []byte(`[1,2,3]`))
	f.Add([]byte(several(`"S":{"Type":"Choice","Choices":[{"Not":{"Variable":"$.a","IsPresent":true},"Next":"E"}],"Default":"E"},"E":{"Type":"Fail","Error":"x"}`)), []byte(`1`))
	f.Fuzz(func(t *testing.T, definition, input []byte) {
		machine, err := statemachine.Parse(definition)
		if err != nil {
			if !failure.Is(err, failure.Invalid) {
				t.Fatalf("error %v, want invalid", err)
			}
			return
		}
		e := env(echo)
		e.Tasks = map[string]statemachine.Task{}
		for _, name := range machine.Functions() {
			e.Tasks[name] = echo
		}
		ctx, stop := bounded(t, &e)
		defer stop()
		_, _ = machine.Run(ctx, input, e) // any end will do, but it must come
	})
}

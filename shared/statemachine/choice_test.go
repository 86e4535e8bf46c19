package statemachine_test

import (
	"encoding/json"
	"testing"
)

// States Language, "Choice State": a comparison with a value of another type
// does not hold; a variable that is missing fails the state, except for
// IsPresent.
func TestChoice(t *testing.T) {
	t.Parallel()
	const input = `{"s":"split","n":3,"z":0,"t":true,"null":null,"o":{"i":1}}`
	for name, c := range map[string]struct {
		rule string
		want string // the state gone to: Yes, No, or the name of an error
	}{
		"text equal":            {`"Variable":"$.s","StringEquals":"split"`, "Yes"},
		"text other":            {`"Variable":"$.s","StringEquals":"Split"`, "No"},
		"text against number":   {`"Variable":"$.n","StringEquals":"3"`, "No"},
		"number equal":          {`"Variable":"$.n","NumericEquals":3.0`, "Yes"},
		"number against text":   {`"Variable":"$.s","NumericGreaterThan":0`, "No"},
		"number against null":   {`"Variable":"$.null","NumericLessThan":1`, "No"},
		"greater":               {`"Variable":"$.n","NumericGreaterThan":2`, "Yes"},
		"greater is not equal":  {`"Variable":"$.z","NumericGreaterThan":0`, "No"},
		"greater or equal":      {`"Variable":"$.n","NumericGreaterThanEquals":3`, "Yes"},
		"less":                  {`"Variable":"$.n","NumericLessThan":3.5`, "Yes"},
		"less is not equal":     {`"Variable":"$.n","NumericLessThan":3`, "No"},
		"less or equal":         {`"Variable":"$.n","NumericLessThanEquals":3`, "Yes"},
		"true":                  {`"Variable":"$.t","BooleanEquals":true`, "Yes"},
		"false":                 {`"Variable":"$.t","BooleanEquals":false`, "No"},
		"present":               {`"Variable":"$.null","IsPresent":true`, "Yes"},
		"not present":           {`"Variable":"$.x","IsPresent":true`, "No"},
		"absent":                {`"Variable":"$.o.x","IsPresent":false`, "Yes"},
		"missing":               {`"Variable":"$.x","StringEquals":""`, "States.Runtime"},
		"the context":           {`"Variable":"$$.State.Name","StringEquals":"S"`, "Yes"},
		"and":                   {`"And":[{"Variable":"$.s","StringEquals":"split"},{"Variable":"$.n","NumericGreaterThan":0}]`, "Yes"},
		"and of one false":      {`"And":[{"Variable":"$.s","StringEquals":"split"},{"Variable":"$.z","NumericGreaterThan":0}]`, "No"},
		"and stops early":       {`"And":[{"Variable":"$.x","IsPresent":true},{"Variable":"$.x","StringEquals":"a"}]`, "No"},
		"or":                    {`"Or":[{"Variable":"$.s","StringEquals":"x"},{"Variable":"$.n","NumericEquals":3}]`, "Yes"},
		"or of none":            {`"Or":[{"Variable":"$.s","StringEquals":"x"},{"Variable":"$.n","NumericEquals":4}]`, "No"},
		"or of an error":        {`"Or":[{"Variable":"$.s","StringEquals":"x"},{"Variable":"$.x","NumericEquals":4}]`, "States.Runtime"},
		"not":                   {`"Not":{"Variable":"$.s","StringEquals":"x"}`, "Yes"},
		"not an error":          {`"Not":{"Variable":"$.x","StringEquals":"x"}`, "States.Runtime"},
		"not of and of not, or": {`"Not":{"And":[{"Not":{"Variable":"$.t","BooleanEquals":false}},{"Or":[{"Variable":"$.n","NumericEquals":1}]}]}`, "Yes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			machine := parse(t, several(`"S":{"Type":"Choice","Choices":[{`+c.rule+`,"Next":"Yes"}],"Default":"No"},`+
				`"Yes":{"Type":"Pass","Result":"Yes","End":true},"No":{"Type":"Pass","Result":"No","End":true}`))
			output, err := machine.Run(t.Context(), json.RawMessage(input), env(echo))
			got := nameOf(t, err)
			if err == nil {
				_ = json.Unmarshal(output, &got)
			}
			if got != c.want {
				t.Errorf("went to %s, want %s", got, c.want)
			}
		})
	}
}

func TestChoiceTakesTheFirstRule(t *testing.T) {
	t.Parallel()
	machine := parse(t, several(`"S":{"Type":"Choice","InputPath":"$.in","OutputPath":"$.out","Choices":[`+
		`{"Comment":"first","Variable":"$.n","NumericEquals":2,"Next":"B"},{"Variable":"$.n","NumericGreaterThan":0,"Next":"A"},`+
		`{"Variable":"$.n","NumericGreaterThan":0,"Next":"B"}]},"A":{"Type":"Pass","End":true},"B":{"Type":"Fail"}`))
	output, err := machine.Run(t.Context(), json.RawMessage(`{"in":{"n":1,"out":"o"}}`), env(echo))
	if err != nil || string(output) != `"o"` {
		t.Errorf("output %s, error %v", output, err)
	}
	if _, err := machine.Run(t.Context(), json.RawMessage(`{"in":{"n":0,"out":"o"}}`), env(echo)); nameOf(t, err) != "States.NoChoiceMatched" {
		t.Errorf("error %v, want States.NoChoiceMatched", err)
	}
}

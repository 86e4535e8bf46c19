package statemachine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/tools/asl"
)

const oracleInput = `{"a":{"b":"text","c d":[1,[2,3]]},"n":4,"t":true,"list":["x",{"y":1},[2]]}`

func ok(outputs ...string) []asl.Answer {
	var list []asl.Answer
	for _, output := range outputs {
		list = append(list, asl.Answer{Return: json.RawMessage(output)})
	}
	return list
}

// errorsThen fails with the names and then answers.
func errorsThen(output string, names ...string) []asl.Answer {
	var list []asl.Answer
	for _, name := range names {
		list = append(list, asl.Answer{Error: name})
	}
	return append(list, ok(output)...)
}

// TestFeaturesAgainstOracle runs each feature alone, here and in
// aws-local-stepfunctions.
func TestFeaturesAgainstOracle(t *testing.T) {
	t.Parallel()
	end := `,"E":{"Type":"Succeed"}`
	catch := func(more string) string {
		return several(`"S":` + call(`"Payload":{}`, `,"InputPath":"$.a","Next":"E",`+more) + end)
	}
	retry := func(more string) string { return catch(`"Retry":[` + more + `]`) }
	every := func(fields, child string) string {
		return one(over(child, `,"MaxConcurrency":1,"ItemsPath":"$.list","End":true`+fields))
	}
	choose := func(rule string) string {
		return several(`"S":{"Type":"Choice","Choices":[{` + rule + `,"Next":"E"}],"Default":"F"},"F":{"Type":"Fail","Error":"No"}` + end)
	}
	cases := map[string]struct {
		definition string
		answers    []asl.Answer
	}{
		"succeed":                   {one(`{"Type":"Succeed"}`), nil},
		"succeed with paths":        {one(`{"Type":"Succeed","InputPath":"$.a","OutputPath":"$['c d'][1]"}`), nil},
		"fail":                      {one(`{"Type":"Fail","Error":"Own","Cause":"c"}`), nil},
		"pass":                      {one(`{"Type":"Pass","End":true}`), nil},
		"pass result":               {one(`{"Type":"Pass","Result":{"x":[1]},"End":true}`), nil},
		"pass result beside":        {one(`{"Type":"Pass","Result":{"x":[1]},"ResultPath":"$.r","End":true}`), nil},
		"pass result deep":          {one(`{"Type":"Pass","Result":1,"ResultPath":"$.r.s.t","End":true}`), nil},
		"pass result in object":     {one(`{"Type":"Pass","Result":1,"ResultPath":"$.a.z","End":true}`), nil},
		"pass result dropped":       {one(`{"Type":"Pass","Result":1,"ResultPath":null,"End":true}`), nil},
		"pass result into no array": {one(`{"Type":"Pass","InputPath":"$.a","ResultPath":"$.r","End":true}`), nil},
		"raw input of result path":  {several(`"S":{"Type":"Pass","InputPath":"$.list","OutputPath":"$","Next":"T"},"T":{"Type":"Pass","Result":1,"ResultPath":"$.r","End":true}`), nil},
		"pass input path null":      {one(`{"Type":"Pass","InputPath":null,"End":true}`), nil},
		"pass output path null":     {one(`{"Type":"Pass","OutputPath":null,"End":true}`), nil},
		"pass input path missing":   {one(`{"Type":"Pass","InputPath":"$.x","End":true}`), nil},
		"pass output path missing":  {one(`{"Type":"Pass","OutputPath":"$.x","End":true}`), nil},
		"pass parameters":           {one(`{"Type":"Pass","Parameters":{"p.$":"$.a.b","q":[{"r.$":"$.list[1].y"},"$.a"]},"ResultPath":"$.r","End":true}`), nil},
		"pass parameters missing":   {one(`{"Type":"Pass","Parameters":{"p.$":"$.x"},"End":true}`), nil},
		"pass context":              {one(`{"Type":"Pass","Parameters":{"p.$":"$$.Execution.Input.n"},"End":true}`), nil},
		"task":                      {one(call(`"Payload.$":"$.a"`, `,"End":true`)), ok(`{"k":1}`)},
		"task paths":                {one(call(`"Payload":{"v.$":"$.b"}`, `,"InputPath":"$.a","ResultSelector":{"k.$":"$.Payload.k","s.$":"$.StatusCode"},"ResultPath":"$.r","OutputPath":"$.r","End":true`)), ok(`{"k":[1]}`)},
		"task result dropped":       {one(call(`"Payload":{}`, `,"ResultPath":null,"End":true`)), ok(`1`)},
		"task payload":              {one(call(`"Payload":{}`, `,"OutputPath":"$.Payload","End":true`)), ok(`"x"`)},
		"task selector missing":     {catch(`"ResultSelector":{"k.$":"$.Payload.k"},"Catch":[{"ErrorEquals":["States.ALL"],"Next":"E"}]`), ok(`{}`)},
		"task fails":                {catch(`"TimeoutSeconds":9`), errorsThen(``, "A")},
		"retry in the end":          {retry(`{"ErrorEquals":["A"]}`), errorsThen(`1`, "A", "A", "A")},
		"retry too often":           {retry(`{"ErrorEquals":["A"]}`), errorsThen(`1`, "A", "A", "A", "A")},
		"retry never":               {retry(`{"ErrorEquals":["A"],"MaxAttempts":0}`), errorsThen(`1`, "A")},
		"retry another":             {retry(`{"ErrorEquals":["B"]}`), errorsThen(`1`, "A")},
		"retry any":                 {retry(`{"ErrorEquals":["States.ALL"],"MaxAttempts":2}`), errorsThen(`1`, "A", "B")},
		"retry any of a task":       {retry(`{"ErrorEquals":["States.TaskFailed"],"MaxAttempts":2}`), errorsThen(`1`, "A", "B")},
		"retriers of their own":     {retry(`{"ErrorEquals":["A","B"],"MaxAttempts":2},{"ErrorEquals":["C"]}`), errorsThen(`1`, "A", "B", "C", "B")},
		"retrier used up":           {retry(`{"ErrorEquals":["A"],"MaxAttempts":1},{"ErrorEquals":["States.ALL"]}`), errorsThen(`1`, "A", "A")},
		"retry, then catch":         {catch(`"Retry":[{"ErrorEquals":["A"],"MaxAttempts":1}],"Catch":[{"ErrorEquals":["A"],"ResultPath":"$.e","Next":"E"}]`), errorsThen(`1`, "A", "A")},
		"catch":                     {catch(`"Catch":[{"ErrorEquals":["A"],"Next":"E"}]`), errorsThen(`1`, "A")},
		"catch beside":              {catch(`"Catch":[{"ErrorEquals":["A"],"ResultPath":"$.e","Next":"E"}]`), errorsThen(`1`, "A")},
		"catch dropped":             {catch(`"Catch":[{"ErrorEquals":["A"],"ResultPath":null,"Next":"E"}]`), errorsThen(`1`, "A")},
		"catch any":                 {catch(`"Catch":[{"ErrorEquals":["B"],"Next":"E"},{"ErrorEquals":["States.ALL"],"ResultPath":"$.e","Next":"E"}]`), errorsThen(`1`, "A")},
		"catch another":             {catch(`"Catch":[{"ErrorEquals":["B"],"Next":"E"}]`), errorsThen(`1`, "A")},
		"catch any of a task":       {catch(`"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"E"}]`), errorsThen(`1`, "A")},
		"catch no runtime error":    {several(`"S":` + call(`"Payload.$":"$.x"`, `,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"E"}],"Next":"E"`) + end), ok(`1`)},
		"map":                       {every(``, child), ok(`1`, `2`, `3`)},
		"map dropped":               {every(`,"ResultPath":null`, child), ok(`1`)},
		"map placed":                {every(`,"ResultPath":"$.r"`, child), ok(`1`)},
		"map selected result":       {every(`,"ResultSelector":{"first.$":"$[0]"}`, child), ok(`1`)},
		"map selector":              {every(`,"ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value","n.$":"$.n"}`, child), ok(`1`)},
		"map by input path":         {one(over(child, `,"MaxConcurrency":1,"InputPath":"$.list","End":true`)), ok(`1`)},
		"map of no array":           {one(over(child, `,"ItemsPath":"$.n","End":true`)), ok(`1`)},
		"map with retries inside": {
			every(``, call(`"Payload.$":"$"`, `,"Retry":[{"ErrorEquals":["A"]}],"OutputPath":"$.Payload","End":true`)),
			append(errorsThen(`1`, "A"), errorsThen(`2`, "A", "A")...),
		},
		"choice text":        {choose(`"Variable":"$.a.b","StringEquals":"text"`), nil},
		"choice not text":    {choose(`"Variable":"$.a.b","StringEquals":"Text"`), nil},
		"choice number":      {choose(`"Variable":"$.n","NumericGreaterThan":3.5`), nil},
		"choice not number":  {choose(`"Variable":"$.n","NumericLessThanEquals":3`), nil},
		"choice flag":        {choose(`"Variable":"$.t","BooleanEquals":true`), nil},
		"choice present":     {choose(`"Variable":"$.a.b","IsPresent":true`), nil},
		"choice absent":      {choose(`"Variable":"$.a.x","IsPresent":true`), nil},
		"choice missing":     {choose(`"Variable":"$.x","StringEquals":"a"`), nil},
		"choice and":         {choose(`"And":[{"Variable":"$.t","BooleanEquals":true},{"Variable":"$.n","NumericEquals":4}]`), nil},
		"choice or":          {choose(`"Or":[{"Variable":"$.t","BooleanEquals":false},{"Variable":"$.n","NumericLessThan":5}]`), nil},
		"choice not":         {choose(`"Not":{"Variable":"$.n","NumericGreaterThanEquals":4}`), nil},
		"choice of no match": {several(`"S":{"Type":"Choice","Choices":[{"Variable":"$.t","BooleanEquals":false,"Next":"E"}]}` + end), nil},
	}
	var list []asl.Case
	for name, c := range cases {
		list = append(list, asl.Case{
			Name: name, Definition: json.RawMessage(c.definition), Input: json.RawMessage(oracleInput),
			Answers: map[string][]asl.Answer{"f": c.answers},
		})
	}
	asl.Compare(t, list)
}

// TestMachinesAgainstOracle runs machines made at random, the same on every
// run, here and in aws-local-stepfunctions.
func TestMachinesAgainstOracle(t *testing.T) {
	t.Parallel()
	var list []asl.Case
	for seed := range uint64(400) {
		g := generator{rand.New(rand.NewPCG(seed, 1))}
		list = append(list, asl.Case{
			Name: fmt.Sprintf("seed %d", seed), Definition: json.RawMessage(g.machine()), Input: json.RawMessage(oracleInput),
			Answers: map[string][]asl.Answer{"f": g.answers()},
		})
	}
	asl.Compare(t, list)
	ways := map[string]int{}
	for _, c := range list {
		outcome := asl.Own(t, c)
		switch {
		case outcome.Error == "":
			ways["output"]++
		default:
			ways[outcome.Error]++
		}
	}
	for _, way := range []string{"output", "States.Runtime", "A", "Own"} {
		if ways[way] < 10 {
			t.Errorf("only %d of the machines end with %s: %v", ways[way], way, ways)
		}
	}
}

// patient is a child that tries until it succeeds: when a child fails the
// oracle reports its error, where a distributed Map reports the threshold.
var patient = call(`"Payload.$":"$"`, `,"Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":9}],"OutputPath":"$.Payload","End":true`)

// generator makes machines of a few states in a row. It keeps to what both
// engines read alike: no result that is empty or zero, no result placed inside
// of a value that is no object, and IsPresent true only (the oracle does not
// read its value).
type generator struct{ *rand.Rand }

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

func (g generator) path() string {
	if g.IntN(25) == 0 {
		return `"$.missing"`
	}
	return g.pick(`"$"`, `"$"`, `"$"`, `"$.a"`, `"$.n"`, `"$.list"`, `"$.list[1]"`, `"$.a['c d'][1]"`)
}

func (g generator) maybe(field, value string) string {
	if g.IntN(3) > 0 {
		return ""
	}
	return `,"` + field + `":` + value
}

func (g generator) machine() string {
	n := 2 + g.IntN(5)
	var states []string
	for i := range n {
		name := fmt.Sprintf("S%d", i)
		if i == 0 {
			name = "S"
		}
		states = append(states, fmt.Sprintf(`%q:%s`, name, g.state(i, fmt.Sprintf("S%d", i+1))))
	}
	last := g.pick(`{"Type":"Succeed"}`, `{"Type":"Succeed"}`, `{"Type":"Succeed","OutputPath":`+g.path()+`}`, `{"Type":"Fail","Error":"Own"}`)
	return several(strings.Join(append(states, fmt.Sprintf(`"S%d":%s`, n, last)), ","))
}

func (g generator) state(i int, next string) string {
	goes := `,"Next":"` + next + `"`
	place := g.maybe("ResultPath", g.pick(`null`, fmt.Sprintf(`"$.r%d"`, i), fmt.Sprintf(`"$.r%d.deep"`, i)))
	paths := g.rare("InputPath") + g.rare("OutputPath") + place
	switch g.IntN(5) {
	case 0:
		return `{"Type":"Pass"` + goes + paths + g.maybe("Result", g.pick(`1`, `{"x":[1,"$.n"]}`, `"text"`)) + `}`
	case 1:
		return `{"Type":"Pass"` + goes + paths + `,"Parameters":{"p.$":` + g.path() + `,"q":[{"r.$":` + g.path() + `}],"a":1}}`
	case 2:
		return `{"Type":"Choice","Choices":[{` + g.rule(2) + goes + `}],"Default":"` + next + `"}`
	case 3:
		return strings.ReplaceAll(over(patient, `,"MaxConcurrency":1,"ItemsPath":`+g.pick(`"$.list"`, `"$.a['c d']"`, `"$.list[2]"`)+goes+place+
			g.maybe("ItemSelector", `{"v.$":"$$.Map.Item.Value","i.$":"$$.Map.Item.Index","n.$":`+g.path()+`}`)+
			g.maybe("ResultSelector", `{"all.$":"$"}`)), `"C"`, fmt.Sprintf(`"C%d"`, i))
	default:
		return call(`"Payload":{"v.$":`+g.path()+`}`, goes+paths+
			g.maybe("ResultSelector", `{"p.$":"$.Payload","c.$":"$.StatusCode"}`)+
			g.maybe("Retry", `[`+g.pick(`{"ErrorEquals":["A","B"],"MaxAttempts":1}`, `{"ErrorEquals":["A"]},{"ErrorEquals":["B"],"MaxAttempts":2}`,
				`{"ErrorEquals":["States.TaskFailed"],"MaxAttempts":1}`, `{"ErrorEquals":["States.ALL"]}`)+`]`)+
			g.maybe("Catch", `[{"ErrorEquals":["`+g.pick("A", "B", "States.ALL", "States.TaskFailed")+`"]`+
				g.maybe("ResultPath", g.pick(`null`, fmt.Sprintf(`"$.e%d"`, i)))+goes+`}]`))
	}
}

func (g generator) rare(field string) string {
	if g.IntN(6) > 0 {
		return ""
	}
	return `,"` + field + `":` + g.pick(g.path(), `null`)
}

func (g generator) rule(depth int) string {
	if depth > 0 && g.IntN(2) == 0 {
		inner := `{` + g.rule(depth-1) + `},{` + g.rule(depth-1) + `}`
		return g.pick(`"And":[`+inner+`]`, `"Or":[`+inner+`]`, `"Not":{`+g.rule(depth-1)+`}`)
	}
	return `"Variable":` + g.path() + `,` + g.pick(`"StringEquals":"text"`, `"NumericEquals":4`, `"NumericGreaterThan":3`,
		`"NumericLessThan":4`, `"NumericGreaterThanEquals":4`, `"NumericLessThanEquals":3`, `"BooleanEquals":true`, `"IsPresent":true`)
}

func (g generator) answers() []asl.Answer {
	var list []asl.Answer
	for range 1 + g.IntN(4) {
		list = append(list, errorsThen(g.pick(`{"k":[1]}`, `"x"`, `7`), g.pick("A", "B"))[g.IntN(2):]...)
	}
	return list
}

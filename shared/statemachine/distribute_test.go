package statemachine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/statemachine"
)

const reader = `,"ItemReader":{"Resource":"arn:aws:states:::s3:getObject","ReaderConfig":{"InputType":"JSON"},"Parameters":{"Bucket.$":"$.b","Key":"k"}}`

// child hands its input to the function and gives the answer.
var child = call(`"Payload.$":"$"`, `,"OutputPath":"$.Payload","End":true`)

// Expected inputs of children come from the developer guide: "ItemReader",
// "ItemSelector", "ItemBatcher".
func TestItemsOfChildren(t *testing.T) {
	t.Parallel()
	const input = `{"b":"work","list":["x","y","z"],"id":7}`
	for name, c := range map[string]struct {
		object, fields string
		want           string // the children's inputs in order, as the Map's result
		fails          string
	}{
		"an object of items":      {`[1,{"a":2},"three",null]`, reader, `[1,{"a":2},"three",null]`, ""},
		"no items":                {`[]`, reader, `[]`, ""},
		"numbers keep their text": {`[1.50,12345678901234567890]`, reader, `[1.50,12345678901234567890]`, ""},
		"batches":                 {`[1,2,3,4,5]`, reader + `,"ItemBatcher":{"MaxItemsPerBatch":2}`, `[{"Items":[1,2]},{"Items":[3,4]},{"Items":[5]}]`, ""},
		"batches with input": {
			`[1,2,3]`, reader + `,"ItemBatcher":{"MaxItemsPerBatch":2,"BatchInput":{"d.$":"$.id","f":true}}`,
			`[{"BatchInput":{"d":7,"f":true},"Items":[1,2]},{"BatchInput":{"d":7,"f":true},"Items":[3]}]`, "",
		},
		"no batch of no items":   {`[]`, reader + `,"ItemBatcher":{"MaxItemsPerBatch":2}`, `[]`, ""},
		"items in the input":     {``, `,"ItemsPath":"$.list"`, `["x","y","z"]`, ""},
		"items selected by path": {``, `,"InputPath":"$.list"`, `["x","y","z"]`, ""},
		"selected": {
			``, `,"ItemsPath":"$.list","ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value","d.$":"$.id"}`,
			`[{"d":7,"i":0,"v":"x"},{"d":7,"i":1,"v":"y"},{"d":7,"i":2,"v":"z"}]`, "",
		},
		"selected, then batched": {
			`[5,6]`, reader + `,"ItemSelector":{"v.$":"$$.Map.Item.Value"},"ItemBatcher":{"MaxItemsPerBatch":9}`,
			`[{"Items":[{"v":5},{"v":6}]}]`, "",
		},
		"items of no array":         {``, `,"ItemsPath":"$.id"`, "", "States.Runtime"},
		"items missing":             {``, `,"ItemsPath":"$.x"`, "", "States.Runtime"},
		"an object of no array":     {`{"a":1}`, reader, "", "States.ItemReaderFailed"},
		"an object of null":         {`null`, reader, "", "States.ItemReaderFailed"},
		"an object cut off":         {`[1,2`, reader, "", "States.ItemReaderFailed"},
		"an object with more":       {`[1] [2]`, reader, "", "States.ItemReaderFailed"},
		"an object that is missing": {``, strings.Replace(reader, `"k"`, `"gone"`, 1), "", "States.ItemReaderFailed"},
		"a bucket that is missing":  {``, strings.Replace(reader, `$.b`, `$.x`, 1), "", "States.Runtime"},
		"a selector that fails":     {``, `,"ItemsPath":"$.list","ItemSelector":{"v.$":"$.x"}`, "", "States.Runtime"},
		"a batch input that fails":  {`[1]`, reader + `,"ItemBatcher":{"MaxItemsPerBatch":2,"BatchInput":{"d.$":"$.x"}}`, "", "States.Runtime"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := env(echo)
			e.Open = objects(map[string]string{"work/k": c.object})
			output, err := parse(t, one(over(child, c.fields+`,"End":true`))).Run(t.Context(), json.RawMessage(input), e)
			if got := nameOf(t, err); got != c.fails || string(output) != c.want {
				t.Errorf("output %s, error %q; want %s, %q", output, got, c.want, c.fails)
			}
		})
	}
}

func TestResultOfAMapIsPlaced(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]string{
		`,"ResultPath":null`:                              `{"list":[1,2]}`,
		`,"ResultPath":"$.r"`:                             `{"list":[1,2],"r":[1,2]}`,
		`,"ResultSelector":{"second.$":"$[1]"}`:           `{"second":2}`,
		`,"ResultPath":"$.r","OutputPath":"$.r[0]"`:       `1`,
		`,"ResultPath":"$.list","OutputPath":"$"`:         `{"list":[1,2]}`,
		`,"ResultSelector":{"all.$":"$"},"InputPath":"$"`: `{"all":[1,2]}`,
	} {
		output, err := parse(t, one(over(child, `,"ItemsPath":"$.list"`+fields+`,"End":true`))).
			Run(t.Context(), json.RawMessage(`{"list":[1,2]}`), env(echo))
		if err != nil || string(output) != want {
			t.Errorf("%s: output %s, error %v; want %s", fields, output, err, want)
		}
	}
}

// A child is an execution of its own: its input is the context's, and it sees
// nothing of the item.
func TestChildHasItsOwnContext(t *testing.T) {
	t.Parallel()
	own := `{"Type":"Pass","Parameters":{"in.$":"$$.Execution.Input","name.$":"$$.State.Name"},"End":true}`
	output, err := parse(t, one(over(own, `,"End":true`))).Run(t.Context(), json.RawMessage(`[1,2]`), env(echo))
	if want := `[{"in":1,"name":"C"},{"in":2,"name":"C"}]`; err != nil || string(output) != want {
		t.Errorf("output %s, error %v; want %s", output, err, want)
	}
}

// failing fails for each item that is listed. A batch fails when one of its
// items does.
func failing(bad ...int) statemachine.Task {
	return func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
		var batch struct{ Items []int }
		_ = json.Unmarshal(input, &batch)
		for _, item := range batch.Items {
			if slices.Contains(bad, item) {
				return nil, failure.New(failure.Invalid, "test", "scripted")
			}
		}
		return input, nil
	}
}

// Developer guide, "Failure thresholds": counted in items, a failed batch with
// all of its items; either threshold that is passed fails the Map.
func TestToleratedFailures(t *testing.T) {
	t.Parallel()
	const ten = `[0,1,2,3,4,5,6,7,8,9]`
	for name, c := range map[string]struct {
		fields string
		bad    []int
		done   string // numbers of the results; empty when the Map fails
	}{
		"none by default":            {``, []int{3}, ""},
		"no failure":                 {``, nil, "5"},
		"none by percentage":         {`,"ToleratedFailurePercentage":0`, []int{3}, ""},
		"none by count":              {`,"ToleratedFailureCount":0`, []int{3}, ""},
		"one batch of two items":     {`,"ToleratedFailureCount":2`, []int{3}, "4"},
		"a batch counts two":         {`,"ToleratedFailureCount":1`, []int{3}, ""},
		"a fifth":                    {`,"ToleratedFailurePercentage":20`, []int{3}, "4"},
		"just less than a fifth":     {`,"ToleratedFailurePercentage":19.9`, []int{3}, ""},
		"more than a fifth":          {`,"ToleratedFailurePercentage":20`, []int{3, 5}, ""},
		"all":                        {`,"ToleratedFailurePercentage":100`, []int{0, 2, 4, 6, 8}, "0"},
		"both held":                  {`,"ToleratedFailureCount":4,"ToleratedFailurePercentage":40`, []int{3, 5}, "3"},
		"the count passed of both":   {`,"ToleratedFailureCount":2,"ToleratedFailurePercentage":90`, []int{3, 5}, ""},
		"the percentage passed":      {`,"ToleratedFailureCount":9,"ToleratedFailurePercentage":20`, []int{3, 5}, ""},
		"two items of one batch bad": {`,"ToleratedFailureCount":2`, []int{2, 3}, "4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			machine := parse(t, one(over(child, `,"ItemBatcher":{"MaxItemsPerBatch":2},"End":true`+c.fields)))
			output, err := machine.Run(t.Context(), json.RawMessage(ten), env(failing(c.bad...)))
			if c.done == "" {
				if nameOf(t, err) != "States.ExceedToleratedFailureThreshold" || !failure.Is(err, failure.Invalid) {
					t.Errorf("error %v, want the threshold exceeded and the child's kind", err)
				}
				return
			}
			var results []json.RawMessage
			if err == nil {
				err = json.Unmarshal(output, &results)
			}
			if err != nil || fmt.Sprint(len(results)) != c.done {
				t.Errorf("%d results, error %v; want %s", len(results), err, c.done)
			}
		})
	}
}

func TestMapIsTriedAgainAndCaught(t *testing.T) {
	t.Parallel()
	guarded := over(child, `,"ItemsPath":"$.list","Retry":[{"ErrorEquals":["States.ExceedToleratedFailureThreshold"],"MaxAttempts":1}],`+
		`"Catch":[{"ErrorEquals":["States.ALL"],"ResultPath":null,"Next":"F"}],"ResultPath":null,"Next":"E"`)
	machine := parse(t, several(`"S":`+guarded+`,"E":{"Type":"Pass","Result":"E","End":true},"F":{"Type":"Pass","Result":"F","End":true}`))
	for want, names := range map[string][]string{`"E"`: {"a"}, `"F"`: {"a", "a"}} {
		e := env(scripted(names...))
		e.Parallel = 1
		output, err := machine.Run(t.Context(), json.RawMessage(`{"list":[1]}`), e)
		if err != nil || string(output) != want {
			t.Errorf("output %s, error %v; want %s", output, err, want)
		}
	}
}

// What ends a child for good fails its items and not the whole execution.
func TestChildsRuntimeErrorCountsAsAFailure(t *testing.T) {
	t.Parallel()
	machine := parse(t, one(over(`{"Type":"Pass","InputPath":"$.a","End":true}`, `,"ToleratedFailureCount":1,"End":true`)))
	output, err := machine.Run(t.Context(), json.RawMessage(`[{"a":1},{"b":1}]`), env(echo))
	if err != nil || string(output) != `[1]` {
		t.Errorf("output %s, error %v", output, err)
	}
}

func TestChildrenAtOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fields   string
		parallel int
		want     int
	}{
		"as the region allows":   {``, 3, 3},
		"as the map allows":      {`,"MaxConcurrency":2`, 3, 2},
		"the lower of both":      {`,"MaxConcurrency":10`, 3, 3},
		"no bound of the map":    {`,"MaxConcurrency":0`, 5, 5},
		"one when nobody says":   {``, 0, 1},
		"no more than there are": {``, 20, 6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				running, most := 0, 0
				e := env(func(context.Context, json.RawMessage) (json.RawMessage, error) {
					mu.Lock()
					running++
					most = max(most, running)
					mu.Unlock()
					time.Sleep(time.Second)
					mu.Lock()
					running--
					mu.Unlock()
					return json.RawMessage(`1`), nil
				})
				e.Parallel = c.parallel
				if _, err := parse(t, one(over(child, c.fields+`,"End":true`))).Run(t.Context(), json.RawMessage(`[1,2,3,4,5,6]`), e); err != nil {
					t.Fatal(err)
				}
				if most != c.want {
					t.Errorf("%d children at once, want %d", most, c.want)
				}
			})
		})
	}
}

// When too much has failed, running children are stopped and none is started.
func TestMapStopsWhenTooMuchFailed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var began, stopped []string
		e := env(func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
			mu.Lock()
			began = append(began, string(input))
			mu.Unlock()
			if string(input) == `1` {
				time.Sleep(time.Second)
				return nil, failure.New(failure.Internal, "test", "scripted")
			}
			<-ctx.Done()
			mu.Lock()
			stopped = append(stopped, string(input))
			mu.Unlock()
			return nil, ctx.Err()
		})
		e.Parallel = 2
		_, err := parse(t, one(over(child, `,"End":true`))).Run(t.Context(), json.RawMessage(`[1,2,3,4,5]`), e)
		if nameOf(t, err) != "States.ExceedToleratedFailureThreshold" {
			t.Fatalf("error %v", err)
		}
		slices.Sort(began)
		if diff := cmp.Diff([]string{"1", "2"}, began); diff != "" {
			t.Errorf("begun (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"2"}, stopped); diff != "" {
			t.Errorf("stopped (-want +got):\n%s", diff)
		}
	})
}

func TestMapIsCancelled(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	ctx, stop := context.WithCancel(t.Context())
	machine := parse(t, several(`"S":`+over(child, `,"ToleratedFailurePercentage":100,"Catch":[{"ErrorEquals":["States.ALL"],"Next":"E"}],"Next":"E"`)+`,"E":{"Type":"Succeed"}`))
	_, err := machine.Run(ctx, json.RawMessage(`[1,2,3,4,5]`), env(func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
		stop()
		<-ctx.Done()
		return nil, ctx.Err()
	}))
	if !failure.Is(err, failure.Unavailable) || ctx.Err() == nil {
		t.Errorf("error %v, want unavailable", err)
	}
}

// An Express execution ends after five minutes (developer guide, "Quotas").
func TestChildHasFiveMinutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		_, err := parse(t, one(over(child, `,"End":true`))).Run(t.Context(), json.RawMessage(`[1]`), env(func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		if nameOf(t, err) != "States.ExceedToleratedFailureThreshold" || !strings.Contains(err.Error(), "States.Timeout") {
			t.Errorf("error %v, want the threshold exceeded by a timeout", err)
		}
		if took := time.Since(began); took != 5*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

// A standard execution may run for a year (ibid.).
func TestStandardChildHasItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := env(func(context.Context, json.RawMessage) (json.RawMessage, error) {
			time.Sleep(24 * time.Hour)
			return json.RawMessage(`"done"`), nil
		})
		definition := strings.Replace(one(over(child, `,"End":true`)), "EXPRESS", "STANDARD", 1)
		if out, err := parse(t, definition).Run(t.Context(), json.RawMessage(`[1]`), slow); err != nil || string(out) != `["done"]` {
			t.Errorf("output %s, error %v", out, err)
		}
	})
}

// A batch closes before its input would pass the limit of 262,144 bytes.
func TestBatchesStayUnderThePayloadLimit(t *testing.T) {
	t.Parallel()
	item := `"` + strings.Repeat("a", 99_998) + `"`
	e := env(echo)
	e.Open = objects(map[string]string{"work/k": "[" + strings.Repeat(item+",", 4) + item + "]"})
	var sizes []int
	var mu sync.Mutex
	e.Tasks["f"] = func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
		mu.Lock()
		defer mu.Unlock()
		sizes = append(sizes, len(input)/100_000)
		return nil, nil
	}
	machine := parse(t, one(over(child, reader+`,"ItemBatcher":{"MaxItemsPerBatch":100},"ResultPath":null,"End":true`)))
	if _, err := machine.Run(t.Context(), json.RawMessage(`{"b":"work"}`), e); err != nil {
		t.Fatal(err)
	}
	slices.Sort(sizes)
	if diff := cmp.Diff([]int{1, 2, 2}, sizes); diff != "" {
		t.Errorf("items a batch (-want +got):\n%s", diff)
	}
}

// The result of a Map is bound by the limit although ResultPath drops it.
func TestResultOfAMapIsLimited(t *testing.T) {
	t.Parallel()
	machine := parse(t, one(over(child, `,"ResultPath":null,"End":true`)))
	big := json.RawMessage(`"` + strings.Repeat("a", 100_000) + `"`)
	_, err := machine.Run(t.Context(), json.RawMessage(`[1,2,3]`), env(func(context.Context, json.RawMessage) (json.RawMessage, error) { return big, nil }))
	if nameOf(t, err) != "States.DataLimitExceeded" {
		t.Errorf("error %v, want States.DataLimitExceeded", err)
	}
}

func TestReaderThatBreaksOff(t *testing.T) {
	t.Parallel()
	e := env(echo)
	e.Open = func(context.Context, string, string) (io.ReadCloser, error) {
		broken, w := io.Pipe()
		_ = w.CloseWithError(failure.New(failure.Unavailable, "object.Open", "scripted"))
		return broken, nil
	}
	_, err := parse(t, one(over(child, reader+`,"End":true`))).Run(t.Context(), json.RawMessage(`{"b":"work"}`), e)
	if nameOf(t, err) != "States.ItemReaderFailed" || !failure.Is(err, failure.Unavailable) {
		t.Errorf("error %v, want States.ItemReaderFailed, unavailable", err)
	}
	e.Open = nil
	if _, err := parse(t, one(over(child, reader+`,"End":true`))).Run(t.Context(), json.RawMessage(`{"b":"work"}`), e); nameOf(t, err) != "States.ItemReaderFailed" {
		t.Errorf("without Open: error %v", err)
	}
}

// Whatever the batches and however many run at once: every item reaches one
// child, in order within its batch, and the results stand in the items' order.
func TestEveryItemReachesOneChild(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 60).Draw(t, "items")
		size := rapid.IntRange(1, 9).Draw(t, "batch")
		e := env(echo)
		e.Parallel = rapid.IntRange(0, 8).Draw(t, "parallel")
		items := make([]int, n)
		for i := range items {
			items[i] = i
		}
		body, _ := json.Marshal(items)
		e.Open = objects(map[string]string{"work/k": string(body)})
		machine, err := statemachine.Parse([]byte(one(over(child, reader+fmt.Sprintf(`,"ItemBatcher":{"MaxItemsPerBatch":%d},"End":true`, size)))))
		if err != nil {
			t.Fatal(err)
		}
		output, err := machine.Run(context.Background(), json.RawMessage(`{"b":"work"}`), e)
		if err != nil {
			t.Fatal(err)
		}
		var batches []struct{ Items []int }
		if err := json.Unmarshal(output, &batches); err != nil {
			t.Fatal(err)
		}
		got := []int{}
		for i, b := range batches {
			if len(b.Items) != size && i != len(batches)-1 {
				t.Fatalf("batch %d of %d has %d items, want %d", i, len(batches), len(b.Items), size)
			}
			got = append(got, b.Items...)
		}
		if diff := cmp.Diff(items, got); diff != "" {
			t.Fatalf("items (-want +got):\n%s", diff)
		}
	})
}

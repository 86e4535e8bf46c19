package statemachine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/statemachine"
)

// scripted fails with the names one after the other, then answers.
func scripted(names ...string) statemachine.Task {
	return func(context.Context, json.RawMessage) (json.RawMessage, error) {
		if len(names) == 0 {
			return json.RawMessage(`"ok"`), nil
		}
		name := names[0]
		names = names[1:]
		return nil, named{name}
	}
}

func seconds(all ...float64) []time.Duration {
	var list []time.Duration
	for _, s := range all {
		list = append(list, time.Duration(s*float64(time.Second)))
	}
	return list
}

// States Language, "Retrying after error". The third case is that page's own
// example: ErrorA, ErrorB, ErrorC, ErrorB wait 1, 2, 5 and then 4 seconds.
func TestRetryWaits(t *testing.T) {
	t.Parallel()
	example := `{"ErrorEquals":["ErrorA","ErrorB"],"IntervalSeconds":1,"BackoffRate":2.0,"MaxAttempts":%d},{"ErrorEquals":["ErrorC"],"IntervalSeconds":5}`
	for name, c := range map[string]struct {
		retry string
		fail  []string
		waits []time.Duration
		ends  string
	}{
		"the defaults": {`{"ErrorEquals":["a"]}`, []string{"a", "a", "a", "a"}, seconds(1, 2, 4), "a"},
		"none at all":  {`{"ErrorEquals":["a"],"MaxAttempts":0}`, []string{"a"}, nil, "a"},
		"each retrier counts for itself": {
			fmt.Sprintf(example, 5), []string{"ErrorA", "ErrorB", "ErrorC", "ErrorB"}, seconds(1, 2, 5, 4), "",
		},
		"a retrier used up ends it": {
			fmt.Sprintf(example, 2), []string{"ErrorA", "ErrorB", "ErrorC", "ErrorB"}, seconds(1, 2, 5), "ErrorB",
		},
		"the first that matches": {
			`{"ErrorEquals":["a"],"MaxAttempts":1},{"ErrorEquals":["States.ALL"]}`, []string{"a", "a"}, seconds(1), "a",
		},
		"all errors":             {`{"ErrorEquals":["States.ALL"],"BackoffRate":1}`, []string{"a", "b", "c"}, seconds(1, 1, 1), ""},
		"all errors of tasks":    {`{"ErrorEquals":["States.TaskFailed"]}`, []string{"a", "Lambda.Unknown"}, seconds(1, 2), ""},
		"an error of no retrier": {`{"ErrorEquals":["a"]}`, []string{"b"}, nil, "b"},
		"a longest wait": {
			`{"ErrorEquals":["a"],"IntervalSeconds":3,"BackoffRate":1.5,"MaxDelaySeconds":5,"MaxAttempts":3}`,
			[]string{"a", "a", "a"},
			seconds(3, 4.5, 5), "",
		},
		"jitter of half": {
			`{"ErrorEquals":["a"],"IntervalSeconds":4,"MaxDelaySeconds":10,"JitterStrategy":"FULL"}`,
			[]string{"a", "a", "a"},
			seconds(2, 4, 5), "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var waits []time.Duration
			e := env(scripted(c.fail...))
			e.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
			e.Jitter = func(limit time.Duration) time.Duration { return limit / 2 }
			machine := parse(t, one(call(`"Payload":{}`, `,"Retry":[`+c.retry+`],"End":true`)))
			_, err := machine.Run(t.Context(), json.RawMessage(`{}`), e)
			if got := nameOf(t, err); got != c.ends {
				t.Errorf("ended with %q, want %q", got, c.ends)
			}
			if diff := cmp.Diff(c.waits, waits); diff != "" {
				t.Errorf("waits (-want +got):\n%s", diff)
			}
		})
	}
}

func TestJitterStaysWithinTheWait(t *testing.T) {
	t.Parallel()
	machine := parse(t, one(call(`"Payload":{}`, `,"Retry":[{"ErrorEquals":["a"],"BackoffRate":1,"MaxAttempts":99,"JitterStrategy":"FULL"}],"End":true`)))
	e := env(scripted(strings.Split(strings.Repeat("a ", 99), " ")[:99]...))
	distinct := map[time.Duration]bool{}
	e.Sleep = func(_ context.Context, d time.Duration) error {
		if d < 0 || d > time.Second {
			t.Errorf("a wait of %s", d)
		}
		distinct[d] = true
		return nil
	}
	if _, err := machine.Run(t.Context(), json.RawMessage(`{}`), e); err != nil {
		t.Fatal(err)
	}
	if len(distinct) < 50 {
		t.Errorf("%d different waits of 99", len(distinct))
	}
}

func TestCatch(t *testing.T) {
	t.Parallel()
	cause := `{"errorMessage":"scripted","errorType":"a"}`
	quoted, _ := json.Marshal(cause)
	caught := `{"Cause":` + string(quoted) + `,"Error":"a"}`
	for name, c := range map[string]struct {
		catch, input, want, ends string
	}{
		"replaces":            {`{"ErrorEquals":["a"],"Next":"E"}`, `{"in":1}`, caught, ""},
		"beside":              {`{"ErrorEquals":["x","a"],"ResultPath":"$.e","Next":"E"}`, `{"in":1}`, `{"e":` + caught + `,"in":1}`, ""},
		"dropped":             {`{"ErrorEquals":["States.ALL"],"ResultPath":null,"Next":"E"}`, `{"in":1}`, `{"in":1}`, ""},
		"the raw input":       {`{"ErrorEquals":["States.TaskFailed"],"ResultPath":null,"Next":"E"}`, `{"in":1}`, `{"in":1}`, ""},
		"the first":           {`{"ErrorEquals":["a"],"ResultPath":null,"Next":"E"},{"ErrorEquals":["States.ALL"],"Next":"F"}`, `{"in":1}`, `{"in":1}`, ""},
		"another":             {`{"ErrorEquals":["b"],"Next":"E"},{"ErrorEquals":["c"],"Next":"F"}`, `{"in":1}`, "", "a"},
		"no place for it":     {`{"ErrorEquals":["a"],"ResultPath":"$.in.e","Next":"E"}`, `{"in":1}`, "", "States.ResultPathMatchFailure"},
		"its own Fail":        {`{"ErrorEquals":["a"],"Next":"F"}`, `{"in":1}`, "", "F"},
		"timeouts are others": {`{"ErrorEquals":["States.Timeout"],"Next":"E"}`, `{"in":1}`, "", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			catch, also := c.catch, ""
			if strings.Contains(catch, `"F"`) {
				also = `,"F":{"Type":"Fail","Error":"F"}`
			}
			machine := parse(t, several(`"S":`+call(`"Payload":{}`, `,"InputPath":"$.in","Catch":[`+catch+`],"Next":"E"`)+`,"E":{"Type":"Succeed"}`+also))
			output, err := machine.Run(t.Context(), json.RawMessage(c.input), env(scripted("a")))
			if got := nameOf(t, err); got != c.ends || string(output) != c.want {
				t.Errorf("output %s, error %q; want %s, %q", output, got, c.want, c.ends)
			}
		})
	}
}

// States.ALL does not catch States.Runtime (developer guide, "Error names").
func TestRuntimeErrorsAreNeverCaught(t *testing.T) {
	t.Parallel()
	machine := parse(t, several(`"S":`+call(`"Payload.$":"$.x"`, `,"Retry":[{"ErrorEquals":["States.ALL"]}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"E"}],"Next":"E"`)+
		`,"E":{"Type":"Succeed"}`))
	_, err := machine.Run(t.Context(), json.RawMessage(`{}`), env(echo))
	if nameOf(t, err) != "States.Runtime" {
		t.Errorf("error %v, want States.Runtime", err)
	}
}

func TestTimeout(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		takes time.Duration
		late  bool // answers although its time is over
		want  string
	}{
		"in time":       {4 * time.Second, false, `"done"`},
		"out of time":   {6 * time.Second, false, `"States.Timeout"`},
		"a late answer": {6 * time.Second, true, `"States.Timeout"`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				task := func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
					if c.late {
						time.Sleep(c.takes)
						return json.RawMessage(`"late"`), nil
					}
					select {
					case <-time.After(c.takes):
						return json.RawMessage(`"done"`), nil
					case <-ctx.Done():
						return nil, ctx.Err()
					}
				}
				machine := parse(t, several(`"S":`+call(`"Payload":{}`, `,"TimeoutSeconds":5,"OutputPath":"$.Payload",`+
					`"Catch":[{"ErrorEquals":["States.TaskFailed"],"Next":"F"},{"ErrorEquals":["States.ALL"],"Next":"T"}],"Next":"E"`)+
					`,"E":{"Type":"Succeed"},"F":{"Type":"Fail"},"T":{"Type":"Succeed","OutputPath":"$.Error"}`))
				output, err := machine.Run(t.Context(), json.RawMessage(`{}`), env(task))
				if err != nil || string(output) != c.want {
					t.Errorf("output %s, error %v; want %s", output, err, c.want)
				}
			})
		})
	}
}

// Nothing is caught or tried again when the caller stops.
func TestCancellation(t *testing.T) {
	t.Parallel()
	const guarded = `,"Retry":[{"ErrorEquals":["States.ALL"]}],"Catch":[{"ErrorEquals":["States.ALL"],"Next":"E"}],"Next":"E"`
	machine := parse(t, several(`"S":`+call(`"Payload":{}`, guarded)+`,"E":{"Type":"Succeed"}`))
	t.Run("in a task", func(t *testing.T) {
		t.Parallel()
		ctx, stop := context.WithCancel(t.Context())
		_, err := machine.Run(ctx, json.RawMessage(`{}`), env(func(ctx context.Context, _ json.RawMessage) (json.RawMessage, error) {
			stop()
			return nil, ctx.Err()
		}))
		if !errors.Is(err, context.Canceled) || !failure.Is(err, failure.Unavailable) {
			t.Errorf("error %v", err)
		}
	})
	t.Run("in a wait", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer stop()
			e := env(scripted("a"))
			e.Sleep = nil
			if _, err := machine.Run(ctx, json.RawMessage(`{}`), e); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("error %v", err)
			}
		})
	})
	t.Run("before the start", func(t *testing.T) {
		t.Parallel()
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := machine.Run(ctx, json.RawMessage(`{}`), env(echo)); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v", err)
		}
	})
}

func TestRetryWaitsByTheClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := env(scripted("a", "a"))
		e.Sleep = nil
		began := time.Now()
		machine := parse(t, one(call(`"Payload":{}`, `,"Retry":[{"ErrorEquals":["a"]}],"End":true`)))
		if _, err := machine.Run(t.Context(), json.RawMessage(`{}`), e); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("waited %s, want 3s", took)
		}
	})
}

// A panic is an internal error that tells its place and not its value.
func TestPanicBecomesAnError(t *testing.T) {
	t.Parallel()
	machine := parse(t, one(call(`"Payload":{}`, `,"End":true`)))
	_, err := machine.Run(t.Context(), json.RawMessage(`{}`), env(func(context.Context, json.RawMessage) (json.RawMessage, error) {
		panic("a value nobody may see")
	}))
	if !failure.Is(err, failure.Internal) || nameOf(t, err) != "internal" {
		t.Fatalf("error %v, want internal", err)
	}
	if text := err.Error(); strings.Contains(text, "nobody") || !strings.Contains(text, "TestPanicBecomesAnError") {
		t.Errorf("error %q", text)
	}
}

func TestTaskAnswers(t *testing.T) {
	t.Parallel()
	machine := parse(t, one(call(`"Payload":{}`, `,"OutputPath":"$.Payload","End":true`)))
	for name, c := range map[string]struct{ answer, want, fails string }{
		"nothing":   {``, `null`, ""},
		"null":      {`null`, `null`, ""},
		"a number":  {`1.0`, `1.0`, ""},
		"not JSON":  {`{`, ``, "internal"},
		"two of it": {`1 2`, ``, "internal"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			output, err := machine.Run(t.Context(), json.RawMessage(`{}`), env(func(context.Context, json.RawMessage) (json.RawMessage, error) {
				return json.RawMessage(c.answer), nil
			}))
			if got := nameOf(t, err); got != c.fails || string(output) != c.want {
				t.Errorf("output %s, error %q; want %s, %q", output, got, c.want, c.fails)
			}
		})
	}
}

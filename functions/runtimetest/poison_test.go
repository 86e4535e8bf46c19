package runtimetest_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

// poison are events that no function can take. Each carries a personal value.
func poison() map[string][]byte {
	const canary = "MUSTILL-9590475116"
	return map[string][]byte{
		"nothing":        {},
		"not JSON":       []byte("{" + canary),
		"cut off":        []byte(`{"delivery": "` + canary),
		"not UTF-8":      append([]byte(`{"delivery":[],"BatchInput":[],"Records":{},"path":[],"methodArn":[],"a":"`+canary), 0xff, '"', '}'),
		"a text":         []byte(`"` + canary + `"`),
		"a list":         []byte(`["` + canary + `"]`),
		"deeply nested":  []byte(strings.Repeat(`{"Records":[`, 20000) + `"` + canary),
		"of other types": []byte(`{"delivery":{"a":"` + canary + `"},"BatchInput":"x","Records":"x","path":7,"methodArn":7}`),
	}
}

// A poisoned event ends as an error that repeats nothing of it, and the process
// that met it answers the next one.
func TestPoison(t *testing.T) {
	t.Parallel()
	r := bare(t)
	r.Canaries = []string{"MUSTILL", "9590475116"}
	for _, f := range catalogue.Functions() {
		t.Run(f.Name, func(t *testing.T) {
			p := r.Start(t, f.Name)
			for name, event := range poison() {
				a := p.Invoke(t, event)
				r.CheckPrivate(t, name, a.Payload)
				if !a.Failed || a.Type != "invalid" {
					t.Errorf("%s: %s %s, want invalid", name, a.Type, a.Payload)
				}
				if got := p.Codes(t, a.Request, 1); !slices.Equal(got, []string{lambdakit.InvocationFailed}) {
					t.Errorf("%s: logged %v", name, got)
				}
			}
			if !p.Alive() {
				t.Error("the process has ended")
			}
		})
	}
}

// Events of the right form about what is not there.
func TestTasksOfNoDelivery(t *testing.T) {
	t.Parallel()
	r := stored(t)
	for _, f := range catalogue.Functions() {
		if f.Trigger != catalogue.Task {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			p := r.Start(t, f.Name)
			if a := p.Invoke(t, trigger(t, f.Name)); a.Type != "not-found" {
				t.Errorf("an unknown delivery: %s %s, want not-found", a.Type, a.Payload)
			}
			if f.Name != "split-delivery" {
				return // one stands for all: the retries take their time
			}
			p.Down("dynamodb", true)
			if a := p.Invoke(t, trigger(t, f.Name)); a.Type != "Retryable" || bytes.Contains(a.Payload, []byte("127.0.0.1")) {
				t.Errorf("tables that are away: %s %s, want Retryable and no address", a.Type, a.Payload)
			}
		})
	}
}

package runtimetest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// Execution is one execution of the state machine.
type Execution struct {
	Name  string
	Input json.RawMessage
	ended bool
}

// Machine is Step Functions with the one state machine of deliveries. It runs
// nothing: who asks takes what was started.
type Machine struct {
	mu      sync.Mutex
	started []Execution
}

// Started gives all executions, in the order in which they were started.
func (m *Machine) Started() []Execution {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.started)
}

// End ends all executions, as failed: to start one of them again is then refused.
func (m *Machine) End() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range m.started {
		m.started[i].ended = true
	}
}

type startInput struct {
	StateMachineArn string `json:"stateMachineArn"`
	Name            string `json:"name"`
	Input           string `json:"input"`
}

type startOutput struct {
	ExecutionArn string  `json:"executionArn"`
	StartDate    float64 `json:"startDate"`
}

// start is StartExecution of a standard workflow: a running execution of the
// same name and input is found again, any other of the name is refused (AWS
// Step Functions API Reference).
func (m *Machine) start(in startInput) (out startOutput, refused *fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if in.Name == "" || len(in.Name) > 80 || strings.ContainsAny(in.Name, " <>{}[]?*\"#%\\^|~`$&,;:/") {
		return out, &fault{"InvalidName", "not a name of an execution"}
	}
	if !json.Valid([]byte(in.Input)) {
		return out, &fault{"InvalidExecutionInput", "not JSON"}
	}
	out = startOutput{ExecutionArn: executionOf(in.StateMachineArn, in.Name), StartDate: float64(time.Now().Unix())}
	for _, e := range m.started {
		if e.Name != in.Name {
			continue
		}
		if e.ended || string(e.Input) != in.Input {
			return out, &fault{"ExecutionAlreadyExists", "there is an execution of this name"}
		}
		return out, nil
	}
	m.started = append(m.started, Execution{Name: in.Name, Input: json.RawMessage(in.Input)})
	return out, nil
}

type describeInput struct {
	ExecutionArn string `json:"executionArn"`
}

type describeOutput struct {
	ExecutionArn string  `json:"executionArn"`
	Status       string  `json:"status"`
	StartDate    float64 `json:"startDate"`
}

// describe is DescribeExecution.
func (m *Machine) describe(in describeInput) (out describeOutput, refused *fault) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.started {
		if executionOf(machineOf(in.ExecutionArn), e.Name) != in.ExecutionArn {
			continue
		}
		out = describeOutput{ExecutionArn: in.ExecutionArn, Status: "RUNNING", StartDate: float64(time.Now().Unix())}
		if e.ended {
			out.Status = "FAILED"
		}
		return out, nil
	}
	return out, &fault{"ExecutionDoesNotExist", "there is no execution of this ARN"}
}

// executionOf gives the ARN of an execution, machineOf the machine of one (AWS
// Service Authorization Reference, "Resource types defined by AWS Step Functions").
func executionOf(machine, name string) string {
	return strings.Replace(machine, ":stateMachine:", ":execution:", 1) + ":" + name
}

func machineOf(execution string) string {
	at := strings.LastIndex(execution, ":")
	if at < 0 || !strings.Contains(execution, ":execution:") {
		return ""
	}
	return strings.Replace(execution[:at], ":execution:", ":stateMachine:", 1)
}

// Published is one event that the bus took.
type Published struct {
	EventBusName string
	Source       string
	DetailType   string
	Detail       string
}

// Bus is EventBridge, as one process sees it.
type Bus struct {
	mu     sync.Mutex
	taken  []Published
	refuse func(Published) bool
}

// Taken gives all events that the bus took, in order.
func (b *Bus) Taken() []Published {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.taken)
}

// Refuse says which events the bus does not take from now on; nil: none.
func (b *Bus) Refuse(which func(Published) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refuse = which
}

type putInput struct{ Entries []Published }

type putEntry struct {
	EventID      string `json:"EventId,omitzero"`
	ErrorCode    string `json:"ErrorCode,omitzero"`
	ErrorMessage string `json:"ErrorMessage,omitzero"`
}

type putOutput struct {
	FailedEntryCount int
	Entries          []putEntry
}

// put is PutEvents: up to ten events of together 256 KB, each taken or not on
// its own (Amazon EventBridge API Reference).
func (b *Bus) put(in putInput) (out putOutput, refused *fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := 0
	for _, e := range in.Entries {
		size += len(e.Source) + len(e.DetailType) + len(e.Detail) + 14 // a time
		if e.Source == "" || e.DetailType == "" || !json.Valid([]byte(e.Detail)) || !utf8.ValidString(e.Detail) {
			return out, &fault{"ValidationException", "an entry lacks a member"}
		}
	}
	if n := len(in.Entries); n == 0 || n > 10 || size > 256<<10 {
		return out, &fault{"ValidationException", fmt.Sprintf("%d entries of %d bytes", n, size)}
	}
	for _, e := range in.Entries {
		if b.refuse != nil && b.refuse(e) {
			out.FailedEntryCount++
			out.Entries = append(out.Entries, putEntry{ErrorCode: "ThrottlingException", ErrorMessage: "scripted"})
			continue
		}
		b.taken = append(b.taken, e)
		out.Entries = append(out.Entries, putEntry{EventID: fmt.Sprintf("17793124-05d4-b198-2fde-%012d", len(b.taken))})
	}
	return out, nil
}

type secretInput struct {
	SecretID string `json:"SecretId"`
}

type secretOutput struct {
	ARN          string
	Name         string
	SecretBinary []byte
}

// secret is GetSecretValue of Secrets Manager, which has one secret.
func (r *Region) secret(in secretInput) (out secretOutput, refused *fault) {
	if in.SecretID != r.Value(catalogue.RegionKey) {
		return out, &fault{"ResourceNotFoundException", "no such secret"}
	}
	return secretOutput{ARN: in.SecretID, Name: "region-key", SecretBinary: r.Key}, nil
}

package functiontest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/opaque"
)

// Key is the region's key that Secrets Manager gives.
var Key = []byte(strings.Repeat("k", opaque.KeySize))

// Published is an entry of PutEvents.
type Published struct {
	Source, DetailType, Detail, EventBusName string
}

// Services answers for Secrets Manager, Step Functions and EventBridge (AWS
// JSON protocol, which names the operation in X-Amz-Target).
type Services struct {
	*httptest.Server
	Secret map[string]any // the answer of GetSecretValue
	Down   string         // operation that fails
	Status string         // of every execution, where it is not empty

	mu      sync.Mutex
	targets map[string]bool
	started []string // names of executions, in order
	inputs  []string
	ended   int // how many of them have ended, the first ones
	events  []Published
}

func newServices(t *testing.T) *Services {
	s := &Services{Secret: map[string]any{"SecretBinary": Key}, targets: map[string]bool{}}
	s.Server = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.Close)
	return s
}

// Started gives the names and inputs of the executions that were started.
func (s *Services) Started() (names, inputs []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.started), slices.Clone(s.inputs)
}

// End ends all executions that were started.
func (s *Services) End() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = len(s.started)
}

// Events gives what was published.
func (s *Services) Events() []Published {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

func (s *Services) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	s.targets[operation] = true
	body, err := io.ReadAll(r.Body)
	if err != nil || s.Down != "" && s.Down == operation {
		answer(w, http.StatusBadRequest, map[string]any{"__type": "AccessDeniedException", "message": "CANARY " + string(body)})
		return
	}
	switch operation {
	case "GetSecretValue":
		answer(w, http.StatusOK, s.Secret)
	case "StartExecution":
		s.start(w, body)
	case "DescribeExecution":
		s.describe(w, body)
	case "PutEvents":
		var in struct{ Entries []Published }
		if json.Unmarshal(body, &in) != nil {
			answer(w, http.StatusBadRequest, nil)
			return
		}
		s.events = append(s.events, in.Entries...)
		answer(w, http.StatusOK, map[string]any{"FailedEntryCount": 0, "Entries": slices.Repeat([]map[string]string{{"EventId": "1"}}, len(in.Entries))})
	default:
		answer(w, http.StatusBadRequest, map[string]any{"__type": "UnknownOperationException"})
	}
}

// start finds a running execution of the same name and input again and refuses
// a name that was used otherwise, as Step Functions does for 90 days.
func (s *Services) start(w http.ResponseWriter, body []byte) {
	var in struct{ Name, Input string }
	if json.Unmarshal(body, &in) != nil {
		answer(w, http.StatusBadRequest, nil)
		return
	}
	switch i := slices.Index(s.started, in.Name); {
	case i >= 0 && (i < s.ended || s.inputs[i] != in.Input):
		answer(w, http.StatusBadRequest, map[string]any{"__type": "ExecutionAlreadyExists"})
		return
	case i < 0:
		s.started, s.inputs = append(s.started, in.Name), append(s.inputs, in.Input)
	}
	answer(w, http.StatusOK, map[string]any{"executionArn": executions + in.Name, "startDate": 1795446130})
}

// executions is what the ARN of every execution begins with.
const executions = "arn:aws:states:eu-west-2:123456789012:execution:carerecord-dev-delivery:"

func (s *Services) describe(w http.ResponseWriter, body []byte) {
	var in struct{ ExecutionArn string }
	if json.Unmarshal(body, &in) != nil {
		answer(w, http.StatusBadRequest, nil)
		return
	}
	name, ours := strings.CutPrefix(in.ExecutionArn, executions)
	i, status := slices.Index(s.started, name), "RUNNING"
	if !ours || i < 0 {
		answer(w, http.StatusBadRequest, map[string]any{"__type": "ExecutionDoesNotExist"})
		return
	}
	if i < s.ended {
		status = "FAILED"
	}
	if s.Status != "" {
		status = s.Status
	}
	answer(w, http.StatusOK, map[string]any{"executionArn": in.ExecutionArn, "status": status, "startDate": 1795446130})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// operations gives the calls that were made, in the words of the catalogue.
func (s *Services) operations() (calls []catalogue.Call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[string]catalogue.Call{
		"GetSecretValue":    {Operation: "secretsmanager:GetSecretValue", Resource: catalogue.RegionKey},
		"StartExecution":    {Operation: "states:StartExecution", Resource: catalogue.StateMachine},
		"DescribeExecution": {Operation: "states:DescribeExecution", Resource: catalogue.StateMachine},
		"PutEvents":         {Operation: "events:PutEvents", Resource: catalogue.EventBus},
	}
	for target := range s.targets {
		calls = append(calls, known[target])
	}
	return calls
}

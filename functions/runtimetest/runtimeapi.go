package runtimetest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"time"
)

// maxPayload is the most that an answer may have (AWS Lambda Developer Guide,
// "Lambda quotas": 6 MB for a synchronous invocation).
const maxPayload = 6 << 20

// trace is the trace header of every invocation.
const trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"

// Answer is what a function answered to one event.
type Answer struct {
	Request string // id of the request
	Failed  bool   // it answered with an error
	Payload []byte // the answer, or the error as Error reads it
	Type    string // errorType of an error
	Message string // errorMessage
}

// runtimeAPI is the Runtime API of one execution environment.
type runtimeAPI struct {
	server  *httptest.Server
	name    string // of the function
	asked   chan struct{}
	askedAt time.Time // of the first request for an event; set before asked is closed
	once    sync.Once
	queue   chan *invocation

	mu         sync.Mutex
	running    map[string]*invocation
	count      int
	initErrors []string
}

type invocation struct {
	id       string
	payload  []byte
	deadline time.Time
	answer   chan Answer
}

func newRuntimeAPI(function string) *runtimeAPI {
	a := &runtimeAPI{name: function, asked: make(chan struct{}), queue: make(chan *invocation), running: map[string]*invocation{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", a.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", a.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", a.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", a.initError)
	a.server = httptest.NewServer(mux)
	return a
}

// address is the value of AWS_LAMBDA_RUNTIME_API.
func (a *runtimeAPI) address() string { return strings.TrimPrefix(a.server.URL, "http://") }

func (a *runtimeAPI) close() {
	a.server.CloseClientConnections() // one waits in next for as long as the function lives
	a.server.Close()
}

// next holds the function until there is an event for it.
func (a *runtimeAPI) next(w http.ResponseWriter, r *http.Request) {
	a.once.Do(func() { a.askedAt = time.Now(); close(a.asked) })
	select {
	case <-r.Context().Done():
	case i := <-a.queue:
		a.mu.Lock()
		a.running[i.id] = i
		a.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		h.Set("Lambda-Runtime-Deadline-Ms", fmt.Sprint(i.deadline.UnixMilli()))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-west-2:123456789012:function:"+a.name)
		h.Set("Lambda-Runtime-Trace-Id", trace)
		_, _ = w.Write(i.payload) // a function that has gone answers nothing, which is seen there
	}
}

func (a *runtimeAPI) response(w http.ResponseWriter, r *http.Request) {
	a.settle(w, r, func(i *invocation, body []byte) (int, *Answer) {
		if len(body) > maxPayload {
			return http.StatusRequestEntityTooLarge, &Answer{Failed: true, Type: "Function.ResponseSizeTooLarge"}
		}
		return http.StatusAccepted, &Answer{Payload: body}
	})
}

func (a *runtimeAPI) failure(w http.ResponseWriter, r *http.Request) {
	a.settle(w, r, func(i *invocation, body []byte) (int, *Answer) {
		var said struct {
			Type    string `json:"errorType"`
			Message string `json:"errorMessage"`
		}
		if json.Unmarshal(body, &said) != nil {
			return http.StatusBadRequest, &Answer{Failed: true, Type: "Runtime.Unknown", Payload: body}
		}
		return http.StatusAccepted, &Answer{Failed: true, Payload: body, Type: said.Type, Message: said.Message}
	})
}

// settle ends the invocation that the path names; of any other it knows nothing.
func (a *runtimeAPI) settle(w http.ResponseWriter, r *http.Request, judge func(*invocation, []byte) (int, *Answer)) {
	body, err := io.ReadAll(r.Body)
	a.mu.Lock()
	i := a.running[r.PathValue("id")]
	delete(a.running, r.PathValue("id"))
	a.mu.Unlock()
	if i == nil || err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	status, answer := judge(i, body)
	w.WriteHeader(status)
	answer.Request = i.id
	i.answer <- *answer
}

func (a *runtimeAPI) initError(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.initErrors = append(a.initErrors, r.Header.Get("Lambda-Runtime-Function-Error-Type"))
	a.mu.Unlock()
	w.WriteHeader(http.StatusAccepted)
}

// invoke gives the function an event and waits for its answer, for the end of
// the process, or for a little longer than the function has.
func (a *runtimeAPI) invoke(payload []byte, limit time.Duration, ended <-chan struct{}) (Answer, error) {
	a.mu.Lock()
	a.count++
	id := fmt.Sprintf("8476a536-e9f4-11e8-9739-%012x", a.count)
	a.mu.Unlock()
	i := &invocation{id: id, payload: payload, deadline: time.Now().Add(limit), answer: make(chan Answer, 1)}
	ctx, cancel := context.WithDeadline(context.Background(), i.deadline.Add(time.Second))
	defer cancel()
	select {
	case a.queue <- i:
	case <-ended:
		return Answer{}, fmt.Errorf("%s has ended", a.name)
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("%s asked for no event", a.name)
	}
	select {
	case answer := <-i.answer:
		return answer, nil
	case <-ended:
		return Answer{}, fmt.Errorf("%s ended during an invocation", a.name)
	case <-ctx.Done():
		return Answer{}, fmt.Errorf("%s gave no answer in %s", a.name, limit)
	}
}

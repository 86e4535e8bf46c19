package runtimetest

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// startTime is the most that a function has to ask for its first event (AWS
// Lambda Developer Guide, "Init phase": 10 seconds).
const startTime = 10 * time.Second

// stopTime is the most that a function has to end after SIGTERM before Lambda
// kills it (ibid., "Shutdown phase": 300 ms to 2 s; a busy machine gets those).
const stopTime = 2 * time.Second

// Process is one execution environment: a running bootstrap.
type Process struct {
	Function catalogue.Function
	Started  time.Duration // from exec to the first request for an event
	Bus      *Bus          // EventBridge as this process has it

	region  *Region
	api     *runtimeAPI
	gateway *gateway
	command *exec.Cmd
	out     output    // standard output
	err     output    // standard error
	began   time.Time // when it was started
	ended   chan struct{}
	ids     []string // of the requests that it answered
	stopped bool
}

// output collects what a child writes.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) lines() [][]byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := bytes.TrimRight(bytes.Clone(o.buf.Bytes()), "\n")
	if len(text) == 0 {
		return nil
	}
	return bytes.Split(text, []byte("\n"))
}

// Change changes the environment of a function before it starts.
type Change func(env map[string]string)

// With sets a variable.
func With(name, value string) Change { return func(env map[string]string) { env[name] = value } }

// Without removes variables.
func Without(names ...string) Change {
	return func(env map[string]string) {
		for _, name := range names {
			delete(env, name)
		}
	}
}

// Start starts a function's binary and waits until it asks for its first
// event. When the test ends the process is stopped as Lambda stops it, and its
// logs and its calls are checked: see Process.Stop.
func (r *Region) Start(tb testing.TB, function string, changes ...Change) *Process {
	tb.Helper()
	p := r.launch(tb, function, changes...)
	select {
	case <-p.api.asked:
		p.Started = p.api.askedAt.Sub(p.began)
	case <-p.ended:
		tb.Fatalf("%s did not start: %s%s", function, p.out.buf.String(), p.err.buf.String())
	case <-time.After(startTime):
		tb.Fatalf("%s did not ask for an event in %s", function, startTime)
	}
	tb.Cleanup(func() { p.Stop(tb) })
	return p
}

// Refused starts a function that must not start. It gives its log line, and
// fails the test when it asks for an event or ends with another status than 1.
func (r *Region) Refused(tb testing.TB, function string, changes ...Change) Line {
	tb.Helper()
	p := r.launch(tb, function, changes...)
	select {
	case <-p.ended:
	case <-p.api.asked:
		tb.Errorf("%s started", function)
		p.Stop(tb)
		return Line{}
	case <-time.After(startTime):
		tb.Errorf("%s neither started nor ended", function)
		_ = p.command.Process.Kill()
		<-p.ended
	}
	lines := p.Lines(tb)
	if code := p.command.ProcessState.ExitCode(); code != 1 || len(lines) != 1 || len(p.err.lines()) != 0 {
		tb.Errorf("%s: status %d, %d log lines, %d lines on standard error; want 1, 1 and 0", function, code, len(lines), len(p.err.lines()))
		return Line{}
	}
	return lines[0]
}

func (r *Region) launch(tb testing.TB, function string, changes ...Change) *Process {
	tb.Helper()
	f, ok := catalogue.Find(function)
	if !ok {
		tb.Fatalf("no function %q", function)
	}
	folder := Host(tb, function)
	p := &Process{Function: f, region: r, api: newRuntimeAPI(function), gateway: newGateway(r), ended: make(chan struct{})}
	tb.Cleanup(func() { p.api.close(); p.gateway.close() })
	env := r.environment(p, folder)
	for _, change := range changes {
		change(env)
	}
	p.command = exec.Command(filepath.Join(folder, Bootstrap))
	p.Bus = p.gateway.bus
	p.command.Dir, p.command.Stdout, p.command.Stderr = folder, &p.out, &p.err
	p.command.Env = []string{} // not nil, which would be the environment of the tests
	for name, value := range env {
		p.command.Env = append(p.command.Env, name+"="+value)
	}
	p.began = time.Now()
	if err := p.command.Start(); err != nil {
		tb.Fatal(err)
	}
	go func() {
		_ = p.command.Wait() // its state says how it ended
		close(p.ended)
	}()
	return p
}

// Invoke gives the function an event and waits for its answer. It fails the
// test when there is none; an error is an answer.
func (p *Process) Invoke(tb testing.TB, event []byte) Answer {
	tb.Helper()
	answer, err := p.Try(event)
	if err != nil {
		tb.Fatalf("%v\n%s", err, p.err.lines())
	}
	return answer
}

// Try is Invoke for callers that have no test to fail.
func (p *Process) Try(event []byte) (Answer, error) {
	answer, err := p.api.invoke(event, time.Duration(p.Function.Timeout)*time.Second, p.ended)
	if err == nil {
		p.ids = append(p.ids, answer.Request)
	}
	return answer, err
}

// Alive says whether the process has not ended.
func (p *Process) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Stop sends SIGTERM and fails the test when the process does not end in time,
// has ended before, has logged what it must not log, or made a call that its
// catalogue entry does not have. To stop twice does nothing.
func (p *Process) Stop(tb testing.TB) (took time.Duration) {
	tb.Helper()
	if p.stopped {
		return 0
	}
	p.stopped = true
	if !p.Alive() {
		tb.Errorf("%s ended by itself: %s\n%s", p.Function.Name, p.command.ProcessState, p.err.lines())
	}
	began := time.Now()
	if err := p.command.Process.Signal(syscall.SIGTERM); err != nil && p.Alive() {
		tb.Error(err)
	}
	select {
	case <-p.ended:
		took = time.Since(began)
	case <-time.After(stopTime):
		tb.Errorf("%s lives %s after SIGTERM", p.Function.Name, stopTime)
		_ = p.command.Process.Kill() // it is gone either way
		<-p.ended
	}
	p.checkLogs(tb)
	p.gateway.check(tb, p.Function)
	return took
}

package runtimetest

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/lambdakit"
)

// Line is one line of a function's log: its members by name.
type Line map[string]any

// Code is the coded event of the line; "" where it is a metric.
func (l Line) Code() string { return l.text("message") }

// Request is the id of the request that the line belongs to.
func (l Line) Request() string { return l.text("requestId") }

// Texts gives a member that is a list of texts.
func (l Line) Texts(name string) []string {
	list, _ := l[name].([]any)
	texts := make([]string, len(list))
	for i := range list {
		texts[i], _ = list[i].(string)
	}
	return texts
}

func (l Line) text(name string) string {
	s, _ := l[name].(string)
	return s
}

// Lines gives what the process has logged so far. Every line must be JSON.
func (p *Process) Lines(tb testing.TB) []Line {
	tb.Helper()
	var list []Line
	for _, text := range p.out.lines() {
		var l Line
		if err := json.Unmarshal(text, &l); err != nil {
			tb.Errorf("%s: a log line is not JSON: %v", p.Function.Name, err)
			continue
		}
		list = append(list, l)
	}
	return list
}

// Codes gives the coded events that the process logged for a request, in
// order. It waits for at least that many, as a pipe is slower than an answer.
func (p *Process) Codes(tb testing.TB, request string, least int) []string {
	tb.Helper()
	for deadline := time.Now().Add(stopTime); ; time.Sleep(5 * time.Millisecond) {
		codes := []string{}
		for _, l := range p.Lines(tb) {
			if l.Request() == request && l.Code() != "" {
				codes = append(codes, l.Code())
			}
		}
		if len(codes) >= least || time.Now().After(deadline) {
			return codes
		}
	}
}

// checkLogs holds every line to the rules of all functions: a coded event or a
// metric, of a request that there was, and no canary anywhere.
func (p *Process) checkLogs(tb testing.TB) {
	tb.Helper()
	for _, l := range p.Lines(tb) {
		switch {
		case l["_aws"] != nil:
			if l["Function"] != p.Function.Name || l["Stage"] != p.region.Value("STAGE") {
				tb.Errorf("%s: a metric of another function or stage", p.Function.Name)
			}
		case !slices.Contains(lambdakit.Codes(), l.Code()) && !strings.HasPrefix(l.Code(), "FHIR_"):
			tb.Errorf("%s: a log line without a known code", p.Function.Name)
		case l["function"] != p.Function.Name || l["stage"] != p.region.Value("STAGE"), l.text("timestamp") == "", l.text("level") == "":
			tb.Errorf("%s: %s lacks a member that every line has", p.Function.Name, l.Code())
		}
		if !slices.Contains(p.ids, l.Request()) {
			tb.Errorf("%s: a line %q of request %q, which there was not", p.Function.Name, l.Code(), l.Request())
		}
	}
	for _, text := range p.err.lines() {
		// The runtime itself writes the error that it gives to Lambda, after the time.
		at := bytes.IndexByte(text, '{')
		if at < 0 || !json.Valid(text[at:]) {
			tb.Errorf("%s: standard error has a line that is no error of the runtime", p.Function.Name)
		}
	}
	p.region.CheckPrivate(tb, p.Function.Name+", standard output", bytes.Join(p.out.lines(), []byte("\n")))
	p.region.CheckPrivate(tb, p.Function.Name+", standard error", bytes.Join(p.err.lines(), []byte("\n")))
}

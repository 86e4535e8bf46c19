// Package asl gives tests a second opinion on state machines from two npm
// packages: asl-validator, which knows the schema of the Amazon States
// Language, and aws-local-stepfunctions, which runs it. Only tests import it.
package asl

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Opinion is what asl-validator says of a definition.
type Opinion struct {
	Valid  bool   `json:"valid"`
	Errors string `json:"errors"`
}

// Case is one execution. Answers holds, for every function, what its calls
// give one after the other; the last is given again when they run out.
type Case struct {
	Name       string              `json:"name"`
	Definition json.RawMessage     `json:"definition"`
	Input      json.RawMessage     `json:"input"`
	Answers    map[string][]Answer `json:"answers"`
}

// Answer is a function's answer, or the name of its error.
type Answer struct {
	Return json.RawMessage `json:"return,omitempty"`
	Error  string          `json:"error,omitempty"`
}

// Outcome is how an execution went: its output or the name of its error, the
// states that began in their order, and the calls of functions with what each
// was given.
type Outcome struct {
	Output json.RawMessage `json:"output,omitempty"`
	Error  string          `json:"error,omitempty"`
	States []string        `json:"states"`
	Calls  []Call          `json:"calls,omitempty"`
}

// Call is one call of a function.
type Call struct {
	Function string          `json:"function"`
	Payload  json.RawMessage `json:"payload"`
}

// Validate asks asl-validator about definitions.
func Validate(t testing.TB, definitions ...json.RawMessage) []Opinion {
	t.Helper()
	var opinions []Opinion
	script(t, "validate.mjs", definitions, &opinions)
	return opinions
}

// Run runs cases with aws-local-stepfunctions, without waiting before retries.
func Run(t testing.TB, cases []Case) []Outcome {
	t.Helper()
	var outcomes []Outcome
	script(t, "run.mjs", cases, &outcomes)
	return outcomes
}

// script runs one of the scripts beside this file. A machine without the npm
// tools skips the test, unless they are required.
func script(t testing.TB, name string, in, out any) {
	t.Helper()
	root := repository(t)
	_, missing := os.Stat(filepath.Join(root, "node_modules", "aws-local-stepfunctions"))
	if missing == nil {
		_, missing = exec.LookPath("node")
	}
	if missing != nil {
		if os.Getenv("CI") != "" || os.Getenv("CARERECORD_REQUIRE_NODE") != "" {
			t.Fatalf("the npm tools are required and missing (npm ci): %v", missing)
		}
		t.Skip("the npm tools are missing: npm ci brings them")
	}
	body, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", filepath.Join(root, "tools", "asl", name))
	var stderr bytes.Buffer
	node.Stdin, node.Stderr = bytes.NewReader(body), &stderr
	answer, err := node.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr.Bytes())
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// repository is the folder of go.mod, above the test's own.
func repository(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		if folder == filepath.Dir(folder) {
			t.Fatal("no go.mod above the test")
		}
		folder = filepath.Dir(folder)
	}
}

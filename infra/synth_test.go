package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/jsii-runtime-go"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/infra/stage"
)

func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	for _, a := range assemblies {
		_ = os.RemoveAll(a.folder)
	}
	os.Exit(code)
}

// template is one synthesised stack. Values are plain: see plain_test.go.
type template struct {
	Resources map[string]resource
	Outputs   map[string]any
}

type resource struct {
	Type                string
	Properties          map[string]any
	DeletionPolicy      string
	UpdateReplacePolicy string
	DependsOn           any `yaml:",omitempty"`
}

// assembly is one synthesised stage by name of the stack.
type assembly struct {
	folder string
	stacks map[string]template
}

var stacks = []string{"data", "ingest", "api", "operations"}

var (
	assemblies = map[string]assembly{}
	guard      sync.Mutex // the CDK's runtime does one thing at a time
)

// synth gives a stage as it is synthesised, once for all tests. It is skipped
// where there is no node, which the CDK runs on, unless CI is set.
func synth(t *testing.T, name string) assembly {
	t.Helper()
	guard.Lock()
	defer guard.Unlock()
	if a, ok := assemblies[name]; ok {
		return a
	}
	if _, err := exec.LookPath("node"); err != nil && os.Getenv("CI") == "" {
		t.Skip("node is missing: the CDK runs on it")
	}
	folder, err := os.MkdirTemp("", "carerecord-"+name)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CDK_OUTDIR", folder)
	if err := run(arguments(t, name), os.Getenv); err != nil {
		t.Fatal(err)
	}
	a := assembly{folder: folder, stacks: read(t, folder, name)}
	assemblies[name] = a
	return a
}

// arguments are a command line with packages of functions that hold next to
// nothing, so that the tests need no build.
func arguments(t *testing.T, name string) []string {
	t.Helper()
	args := []string{"-c", "stage=" + name, "-c", "partners=../" + samplePartners}
	if name == stage.Live { // it has a model of its own
		return append(args, "-c", "model="+shippedModel, "-c", "assets="+packages(t, shippedModel))
	}
	return append(args, "-c", "assets="+packages(t, ""))
}

// shippedModel stands for a model that a region has trained.
const shippedModel = "../shared/matching/default-model.json"

func packages(t *testing.T, model string) string {
	t.Helper()
	folder := t.TempDir()
	var trained []byte
	if model != "" {
		var err error
		if trained, err = os.ReadFile(model); err != nil {
			t.Fatal(err)
		}
	}
	register, err := os.ReadFile("../" + samplePartners)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range catalogue.Functions() {
		write(t, filepath.Join(folder, f.Name, "bootstrap"), []byte(f.Name))
		if f.Has(catalogue.PartnersFile) {
			write(t, filepath.Join(folder, f.Name, registerFile), register)
		}
		if f.Has(catalogue.ModelFile) && trained != nil {
			write(t, filepath.Join(folder, f.Name, modelFile), trained)
		}
	}
	return folder
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, folder, name string) map[string]template {
	t.Helper()
	raw := map[string]map[string]any{}
	for _, stack := range stacks {
		text, err := os.ReadFile(filepath.Join(folder, "carerecord-"+name+"-"+stack+".template.json"))
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		raw[stack] = v
	}
	exported := exports(raw)
	read := map[string]template{}
	for stack, v := range raw {
		text, err := json.Marshal(plain(v, exported))
		if err != nil {
			t.Fatal(err)
		}
		var made template
		if err := json.Unmarshal(text, &made); err != nil {
			t.Fatal(err)
		}
		read[stack] = made
	}
	return read
}

// all gives the resources of a type in a stack by their name without its hash.
func (a assembly) all(stack, kind string) map[string]resource {
	found := map[string]resource{}
	for id, r := range a.stacks[stack].Resources {
		if r.Type == kind {
			found[unhashed(id)] = r
		}
	}
	return found
}

// every gives the resources of a type in all stacks.
func (a assembly) every(kind string) map[string]resource {
	found := map[string]resource{}
	for _, stack := range stacks {
		for name, r := range a.all(stack, kind) {
			found[name] = r
		}
	}
	return found
}

// one gives a resource by its name without its hash.
func (a assembly) one(t *testing.T, stack, kind, name string) resource {
	t.Helper()
	r, ok := a.all(stack, kind)[name]
	if !ok {
		t.Fatalf("stack %s has no %s %s", stack, kind, name)
	}
	return r
}

// at gives what lies in nested properties, such as "A.B.0.C"; nil where there
// is nothing.
func (r resource) at(path string) any { return at(r.Properties, path) }

func at(v any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[step]
		case []any:
			i := int(step[0] - '0')
			if len(step) != 1 || i < 0 || i >= len(inner) {
				return nil
			}
			v = inner[i]
		default:
			return nil
		}
	}
	return v
}

// want compares properties by path.
func (r resource) want(t *testing.T, name string, properties map[string]any) {
	t.Helper()
	for path, want := range properties {
		got, _ := json.Marshal(r.at(path))
		wanted, _ := json.Marshal(want)
		if string(got) != string(wanted) {
			t.Errorf("%s: %s is %s, want %s", name, path, got, wanted)
		}
	}
}

// list makes a list of what may be a single value.
func list(v any) []any {
	if l, ok := v.([]any); ok {
		return l
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

func texts(v any) []string {
	var out []string
	for _, item := range list(v) {
		s, _ := item.(string)
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

var everyStage = stage.Names()

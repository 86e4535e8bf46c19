package main

import (
	"bytes"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/carerecord/carerecord/infra/stage"
	definition "github.com/carerecord/carerecord/infra/statemachine"
)

var update = flag.Bool("update", false, "write the snapshots anew")

// asset is the content hash of a function's package.
var asset = regexp.MustCompile(`[0-9a-f]{64}\.zip`)

// The snapshot of a stage shows in a review what a change does to the
// templates: go test ./infra -run Snapshot -update writes it anew. Logical ids
// keep their hash here: one that changes is a resource that is replaced.
func TestSnapshot(t *testing.T) {
	a := synth(t, stage.Dev)
	for _, stack := range stacks {
		got := snapshot(t, a.stacks[stack])
		file := filepath.Join("testdata", "snapshot", stack+".yaml")
		if *update {
			write(t, file, got)
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")); diff != "" {
			t.Errorf("%s has changed (-snapshot +template); go test ./infra -run Snapshot -update writes it anew:\n%s", stack, diff)
		}
	}
}

func snapshot(t *testing.T, made template) []byte {
	t.Helper()
	shown := map[string]any{}
	for id, r := range made.Resources {
		entry := map[string]any{"Type": r.Type}
		if r.DeletionPolicy != "" {
			entry["DeletionPolicy"] = r.DeletionPolicy
		}
		if len(r.Properties) > 0 {
			entry["Properties"] = shortened(r.Properties)
		}
		shown[id] = entry
	}
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(1)
	if err := encoder.Encode(shown); err != nil {
		t.Fatal(err)
	}
	out := asset.ReplaceAllString(text.String(), "package.zip")
	return []byte(out)
}

// shortened leaves out what is the same everywhere (tags) and what is a file
// of its own (the state machines' definitions).
func shortened(properties map[string]any) map[string]any {
	out := maps.Clone(properties)
	delete(out, "Tags")
	for name, text := range map[string]string{"delivery": definition.Text(), "resolution": definition.ResolutionText()} {
		if out["DefinitionString"] == text {
			out["DefinitionString"] = "infra/statemachine/" + name + ".asl.json"
		}
	}
	return out
}

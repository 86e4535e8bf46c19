package events_test

import (
	"encoding/json"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/functions/catalogue"
)

func names(t *testing.T, pattern string) (list []string) {
	t.Helper()
	files, err := fs.Glob(events.FS, pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %v", pattern, err)
	}
	for _, file := range files {
		text, err := events.FS.ReadFile(file)
		if err != nil || !json.Valid(text) {
			t.Errorf("%s is not JSON: %v", file, err)
		}
		list = append(list, path.Base(file))
	}
	return list
}

// Every function has a sample, and every sample a function.
func TestTriggers(t *testing.T) {
	t.Parallel()
	have := map[string]bool{}
	for _, file := range names(t, "triggers/*.json") {
		function, _, _ := strings.Cut(file, ".")
		if _, ok := catalogue.Find(function); !ok {
			t.Errorf("%s is of no function", file)
		}
		have[function] = true
	}
	for _, f := range catalogue.Functions() {
		if !have[f.Name] {
			t.Errorf("%s has no sample", f.Name)
		}
	}
}

// Every contract has a sample, and every sample a contract.
func TestContracts(t *testing.T) {
	t.Parallel()
	all := names(t, "contracts/*.json")
	for _, file := range all {
		base := strings.TrimSuffix(strings.TrimSuffix(file, ".json"), ".schema")
		if !slices.Contains(all, base+".json") || !slices.Contains(all, base+".schema.json") {
			t.Errorf("%s stands alone", file)
		}
		if !strings.HasSuffix(base, ".v1") {
			t.Errorf("%s names no version", file)
		}
	}
}

// The ids in the samples are those that tests replace.
func TestIDs(t *testing.T) {
	t.Parallel()
	for file, id := range map[string]string{
		"split-delivery.json": events.Delivery, "load-entries.json": events.Delivery, "quarantine-delivery.json": events.Delivery,
		"serve-fhir.everything.json": events.Person,
	} {
		text, err := events.FS.ReadFile("triggers/" + file)
		if err != nil || !strings.Contains(string(text), id) {
			t.Errorf("%s does not hold %s: %v", file, id, err)
		}
	}
}

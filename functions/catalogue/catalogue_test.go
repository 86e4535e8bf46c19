package catalogue_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/functions/catalogue"
)

// The catalogue and the folders are the same functions.
func TestEveryFolderIsAFunction(t *testing.T) {
	t.Parallel()
	mains, err := filepath.Glob("../*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	var folders, names []string
	for _, main := range mains {
		folders = append(folders, filepath.Base(filepath.Dir(main)))
	}
	for _, f := range catalogue.Functions() {
		names = append(names, f.Name)
	}
	slices.Sort(names)
	if !slices.Equal(folders, names) {
		t.Errorf("folders %v, catalogue %v", folders, names)
	}
}

var callForm = regexp.MustCompile(`^(dynamodb|s3|states|events|secretsmanager):[A-Z][A-Za-z]+$`)

func TestEntries(t *testing.T) {
	t.Parallel()
	for _, f := range catalogue.Functions() {
		switch {
		case !strings.HasSuffix(f.Does, "."):
			t.Errorf("%s: no sentence says what it does", f.Name)
		case f.Timeout < 3 || f.Timeout > 900 || f.Memory < 128 || f.Memory > 10240:
			t.Errorf("%s: limits that Lambda does not take", f.Name)
		case !slices.IsSorted(f.Settings) || !f.Has(catalogue.Stage):
			t.Errorf("%s: settings %v", f.Name, f.Settings)
		}
		seen := map[catalogue.Call]bool{}
		for _, c := range f.Calls {
			if seen[c] || !callForm.MatchString(c.Operation) || c.Resource == "" {
				t.Errorf("%s: call %+v", f.Name, c)
			}
			seen[c] = true
		}
		if f.Has(catalogue.RegionKey) != seen[catalogue.Call{Operation: "secretsmanager:GetSecretValue", Resource: catalogue.RegionKey}] {
			t.Errorf("%s: the region's key is a setting and no call, or the other way", f.Name)
		}
	}
}

// A task's function ends before its state does, so that what it answers counts.
func TestTasksEndBeforeTheirStates(t *testing.T) {
	t.Parallel()
	definition, err := os.ReadFile("../../infra/statemachine/delivery.asl.json")
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]int{"split-delivery": 900, "match-patients": 130, "load-entries": 130, "report-delivery": 300, "quarantine-delivery": 300}
	for name, limit := range states {
		f, ok := catalogue.Find(name)
		if !ok || f.Trigger != catalogue.Task || f.Timeout >= limit {
			t.Errorf("%s: %d seconds, its state has %d", name, f.Timeout, limit)
		}
	}
	for _, seconds := range []string{"900", "130", "300"} {
		if !strings.Contains(string(definition), `"TimeoutSeconds": `+seconds) {
			t.Errorf("the definition has no state of %s seconds: this test is out of date", seconds)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	if _, ok := catalogue.Find("no-function"); ok {
		t.Error("found a function that is not there")
	}
	if f, ok := catalogue.Find("publish-events"); !ok || f.Trigger != catalogue.Stream {
		t.Errorf("%+v, %v", f, ok)
	}
	for _, setting := range catalogue.Streams() {
		if f, _ := catalogue.Find("publish-events"); !f.Has(setting) {
			t.Errorf("publish-events cannot tell the table %s", setting)
		}
	}
}

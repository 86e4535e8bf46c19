package catalogue_test

import (
	"fmt"
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
	for machine, states := range map[string]map[string]int{
		"delivery":   {"split-delivery": 900, "match-patients": 130, "load-entries": 130, "report-delivery": 300, "quarantine-delivery": 300},
		"resolution": {"resolve-patients": 300},
	} {
		definition, err := os.ReadFile("../../infra/statemachine/" + machine + ".asl.json")
		if err != nil {
			t.Fatal(err)
		}
		trigger := map[string]catalogue.Trigger{"delivery": catalogue.Task, "resolution": catalogue.Resolution}[machine]
		for name, limit := range states {
			f, ok := catalogue.Find(name)
			if !ok || f.Trigger != trigger || f.Timeout >= limit {
				t.Errorf("%s: %d seconds, its state has %d", name, f.Timeout, limit)
			}
			if !strings.Contains(string(definition), fmt.Sprintf(`"TimeoutSeconds": %d`, limit)) {
				t.Errorf("%s has no state of %d seconds: this test is out of date", machine, limit)
			}
		}
	}
}

// What a function can start without, it has as its last resort in its binary.
func TestOptionalSettings(t *testing.T) {
	t.Parallel()
	for _, f := range catalogue.Functions() {
		for _, setting := range f.Settings {
			if catalogue.Optional(setting) != (setting == "MODEL_FILE") {
				t.Errorf("%s can do without %s", f.Name, setting)
			}
		}
		if index := slices.ContainsFunc(f.Calls, func(c catalogue.Call) bool { return c.Resource == catalogue.TableIndex }); index != f.Has(catalogue.ModelFile) {
			t.Errorf("%s: it calls the patient index %v, and has its model %v", f.Name, index, f.Has(catalogue.ModelFile))
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

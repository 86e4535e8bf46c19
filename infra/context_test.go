package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/failure"
)

func nothing(string) string { return "" }

func TestContextRefuses(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	twice := filepath.Join(folder, "twice.yaml")
	write(t, twice, []byte("partners:\n- {ods: RZZ, name: A, feeds: [{name: a, format: fhir}]}\n- {ods: RZZ, name: B, feeds: [{name: a, format: fhir}]}\n"))
	other := filepath.Join(folder, "other.yaml")
	write(t, other, []byte("partners:\n- {ods: RXX, name: A, feeds: [{name: a, format: fhir}]}\n"))
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"an unknown stage":                   {[]string{"-c", "stage=prod"}, `stage "prod" is unknown: want dev, test or live`},
		"an unknown key":                     {[]string{"-c", "region=eu-west-1"}, "want key=value with assets, model, partners, settings or stage"},
		"no value":                           {[]string{"-c", "stage"}, "want key=value"},
		"something else":                     {[]string{"deploy"}, `"deploy": want -c key=value`},
		"live without its partner register":  {[]string{"-c", "stage=live"}, "stage live needs its partner register: -c partners=FILE"},
		"a register with a code twice":       {[]string{"-c", "partners=" + twice}, `"RZZ" stands in the register twice`},
		"a register that is not there":       {[]string{"-c", "partners=" + folder + "/none.yaml"}, "no such file"},
		"a model that is not there":          {[]string{"-c", "partners=../" + samplePartners, "-c", "model=" + folder + "/none.json"}, "no such file"},
		"a model that is none":               {[]string{"-c", "partners=../" + samplePartners, "-c", "model=" + twice}, "infra.readModel: invalid"},
		"settings that are not there":        {[]string{"-c", "settings=" + folder + "/none.yaml"}, "no such file"},
		"an account of a partner that isn't": {[]string{"-c", "stage=live", "-c", "partners=" + other}, "senders.RZZ: the partner register has no such partner"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := run(c.args, nothing)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

// The CDK CLI gives its context in a variable; the command line is over it.
func TestContextOfTheCLI(t *testing.T) {
	t.Parallel()
	env := func(name string) string {
		if name == "CDK_CONTEXT_JSON" {
			return `{"stage":"test","assets":"x","@aws-cdk/core:something":true}`
		}
		return ""
	}
	given, err := contextOf([]string{"-c", "stage=live"}, env)
	if err != nil {
		t.Fatal(err)
	}
	if given["stage"] != "live" || given["assets"] != "x" || len(given) != 2 {
		t.Errorf("context %v", given)
	}
	if _, err := contextOf(nil, func(string) string { return "{" }); !failure.Is(err, failure.Invalid) {
		t.Errorf("broken context: %v", err)
	}
}

// Functions that are not built, or were built with another register, are
// refused with what to do.
func TestAssetsRefuse(t *testing.T) {
	t.Parallel()
	folder := packages(t, shippedModel)
	if err := os.Remove(filepath.Join(folder, "serve-fhir", "bootstrap")); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "match-patients", registerFile)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "split-delivery", registerFile), []byte("partners: []\n"))
	write(t, filepath.Join(folder, "load-entries", modelFile), []byte("{}"))
	o, err := options(map[string]string{contextPartners: "../" + samplePartners, contextAssets: folder, contextModel: shippedModel}, "")
	if err != nil {
		t.Fatal(err)
	}
	refuses := func(function, want string) {
		t.Helper()
		f, _ := catalogue.Find(function)
		_, err := o.asset(f)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", function, err, want)
		}
	}
	refuses("serve-fhir", "bootstrap is missing: run make build first")
	refuses("match-patients", "partners.yaml is missing: run make build PARTNERS=FILE first")
	refuses("split-delivery", "is not the register given")
	refuses("load-entries", "is not the model given")
	refuses("report-delivery", "")
	refuses("resolve-patients", "")
	if err := os.Remove(filepath.Join(folder, "resolve-patients", modelFile)); err != nil {
		t.Fatal(err)
	}
	refuses("resolve-patients", "model.json is missing: run make build MODEL=FILE first")
	o.Model = nil
	refuses("resolve-patients", "")
	refuses("load-entries", "model.json is there, and no model was given: run make build without MODEL")
	o.Output = t.TempDir()
	guard.Lock()
	defer guard.Unlock()
	if err := synthesize(o); err == nil || !strings.Contains(err.Error(), "make build") {
		t.Errorf("error %v, want what to do", err)
	}
}

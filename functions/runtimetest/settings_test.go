package runtimetest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

// bare is a region of its own, without tables and deliveries.
func bare(t testing.TB) *runtimetest.Region {
	t.Helper()
	r := runtimetest.Open(t, t.TempDir())
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// Each function starts with the settings of its entry and no other variable.
func TestStartAndStop(t *testing.T) {
	t.Parallel()
	r := bare(t)
	for _, f := range catalogue.Functions() {
		t.Run(f.Name, func(t *testing.T) {
			p := r.Start(t, f.Name)
			secrets := 0
			if f.Has(catalogue.RegionKey) {
				secrets = 1
			}
			if got := p.Requests("secretsmanager"); got != secrets {
				t.Errorf("the key was read %d times, want %d", got, secrets)
			}
			if n := p.Requests("dynamodb") + p.Requests("s3") + p.Requests("states") + p.Requests("events"); n != 0 {
				t.Errorf("%d requests before the first event", n)
			}
			t.Logf("first event after %s, ended %s after SIGTERM", p.Started, p.Stop(t))
		})
	}
}

// refusedFor checks that a start was refused for exactly these settings.
func refusedFor(t *testing.T, line runtimetest.Line, want []string, how string) {
	t.Helper()
	var named []string
	for _, said := range line.Texts("settings") {
		name, reason, _ := strings.Cut(said, " ")
		named = append(named, name)
		if how != "" && reason != how || reason == "" || strings.Contains(said, malformed) {
			t.Errorf("%s: %q", name, reason)
		}
	}
	slices.Sort(named)
	slices.Sort(want)
	if line.Code() != lambdakit.StartRefused || line["kind"] != "invalid" || !slices.Equal(named, want) {
		t.Errorf("%s for %v, want %s for %v", line.Code(), named, lambdakit.StartRefused, want)
	}
}

func TestMissingSettings(t *testing.T) {
	t.Parallel()
	r := bare(t)
	for _, f := range catalogue.Functions() {
		t.Run(f.Name, func(t *testing.T) {
			needed := slices.DeleteFunc(slices.Clone(f.Settings), catalogue.Optional)
			refusedFor(t, r.Refused(t, f.Name, runtimetest.Without(f.Settings...)), slices.Clone(needed), "is missing")
			for _, setting := range needed {
				refusedFor(t, r.Refused(t, f.Name, runtimetest.Without(setting)), []string{setting}, "is missing")
			}
		})
	}
}

// malformed is no value of any setting, and must not be repeated.
const malformed = " not\ta value "

func TestMalformedSettings(t *testing.T) {
	t.Parallel()
	r := bare(t)
	for _, f := range catalogue.Functions() {
		t.Run(f.Name, func(t *testing.T) {
			line := r.Refused(t, f.Name, func(env map[string]string) {
				for _, setting := range f.Settings {
					env[setting] = malformed
				}
			})
			refusedFor(t, line, slices.Clone(f.Settings), "")
		})
	}
}

// What a setting names can be wrong although its form is right.
func TestSettingsThatNameNothing(t *testing.T) {
	t.Parallel()
	r := bare(t)
	twice, cut := filepath.Join(t.TempDir(), "partners.yaml"), filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(cut, []byte(`{"version":"fs1-`), 0o600); err != nil {
		t.Fatal(err)
	}
	const organisation = "  - ods: RZZ\n    name: Hospital\n    feeds: [{name: adt, format: hl7v2}]\n"
	if err := os.WriteFile(twice, []byte("partners:\n"+organisation+organisation), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		setting, value, kind string
		settings             []string
	}{
		"no partner register":          {catalogue.PartnersFile, "/nowhere/partners.yaml", "invalid", []string{"PARTNERS_FILE names a file that cannot be read"}},
		"one organisation twice":       {catalogue.PartnersFile, twice, "invalid", []string{}},
		"a partner register of no use": {catalogue.PartnersFile, "/proc/self/status", "invalid", []string{}},
		"no model":                     {catalogue.ModelFile, "/nowhere/model.json", "invalid", []string{"MODEL_FILE names a file that cannot be read"}},
		"a model cut off":              {catalogue.ModelFile, cut, "invalid", []string{"MODEL_FILE names a file that is no model"}},
		"a register for a model":       {catalogue.ModelFile, twice, "invalid", []string{"MODEL_FILE names a file that is no model"}},
		"no such secret":               {catalogue.RegionKey, "arn:aws:secretsmanager:eu-west-2:123456789012:secret:other-AbCdEf", "unavailable", []string{}},
		"http to another machine":      {catalogue.BaseURL, "http://api.carerecord.example/fhir/R4", "invalid", []string{"BASE_URL is not an absolute https URL"}},
	} {
		line := r.Refused(t, "serve-fhir", runtimetest.With(c.setting, c.value))
		if line["kind"] != c.kind || !slices.Equal(line.Texts("settings"), c.settings) || line.Code() != lambdakit.StartRefused {
			t.Errorf("%s: kind %v, settings %q", name, line["kind"], line.Texts("settings"))
		}
	}
	refusedFor(t, r.Refused(t, "load-entries", runtimetest.Without("AWS_REGION", "AWS_DEFAULT_REGION")), []string{"AWS_REGION"}, "is missing")
}

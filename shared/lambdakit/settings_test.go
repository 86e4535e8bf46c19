package lambdakit_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/lambdakit"
)

type settings struct {
	Stage   lambdakit.Stage      `env:"STAGE"`
	Table   lambdakit.TableName  `env:"TABLE_INDEX"`
	Bucket  lambdakit.BucketName `env:"BUCKET_DROP"`
	File    lambdakit.File       `env:"PARTNERS_FILE"`
	Secret  lambdakit.Secret     `env:"REGION_KEY_SECRET"`
	Machine lambdakit.Machine    `env:"STATE_MACHINE_ARN"`
	Bus     lambdakit.Bus        `env:"EVENT_BUS"`
	Text    lambdakit.Text       `env:"TOKEN_AUDIENCE"`
	URL     lambdakit.URL        `env:"BASE_URL"`
	Model   lambdakit.Model      `env:"MODEL_FILE,optional"`
}

var good = map[string]string{
	"STAGE":             "dev",
	"TABLE_INDEX":       "carerecord-dev-index",
	"BUCKET_DROP":       "carerecord-dev-drop",
	"PARTNERS_FILE":     "/var/task/partners.yaml",
	"REGION_KEY_SECRET": "arn:aws:secretsmanager:eu-west-2:123456789012:secret:carerecord-dev-key-AbCdEf",
	"STATE_MACHINE_ARN": "arn:aws:states:eu-west-2:123456789012:stateMachine:carerecord-dev-delivery",
	"EVENT_BUS":         "carerecord-dev",
	"TOKEN_AUDIENCE":    "carerecord",
	"BASE_URL":          "https://care.example/fhir/R4",
}

// with gives the good environment with some variables changed.
func with(changes map[string]string) func(string) string {
	return func(name string) string {
		if value, changed := changes[name]; changed {
			return value
		}
		return good[name]
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	var got settings
	if err := lambdakit.Settings(with(nil), &got); err != nil {
		t.Fatal(err)
	}
	want := settings{
		"dev", "carerecord-dev-index", "carerecord-dev-drop", "/var/task/partners.yaml",
		"arn:aws:secretsmanager:eu-west-2:123456789012:secret:carerecord-dev-key-AbCdEf",
		"arn:aws:states:eu-west-2:123456789012:stateMachine:carerecord-dev-delivery",
		"carerecord-dev", "carerecord", "https://care.example/fhir/R4", "",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A variable that may be missing is read where it is there.
func TestOptionalSettings(t *testing.T) {
	t.Parallel()
	var got settings
	if err := lambdakit.Settings(with(map[string]string{"MODEL_FILE": "/var/task/model.json"}), &got); err != nil || got.Model != "/var/task/model.json" {
		t.Errorf("%q, %v", got.Model, err)
	}
}

// Every mistake is named at once, with its reason and without its value.
func TestEveryMistakeIsNamed(t *testing.T) {
	t.Parallel()
	const canary = "Canary 943 476 5919"
	changes := map[string]string{"STAGE": "", "EVENT_BUS": ""}
	want := []string{"STAGE is missing", "EVENT_BUS is missing"}
	for name, reason := range map[string]string{
		"TABLE_INDEX": "the name of a table", "BUCKET_DROP": "the name of a bucket", "PARTNERS_FILE": "an absolute path", "MODEL_FILE": "an absolute path",
		"REGION_KEY_SECRET": "the ARN of a secret", "STATE_MACHINE_ARN": "the ARN of a state machine", "BASE_URL": "an absolute https URL",
	} {
		changes[name] = canary
		want = append(want, name+" is not "+reason)
	}
	changes["TOKEN_AUDIENCE"] = canary + "\n"
	want = append(want, "TOKEN_AUDIENCE is not printable text of one line")

	var s settings
	err := lambdakit.Settings(with(changes), &s)
	var wrong lambdakit.Mistakes
	if !failure.Is(err, failure.Invalid) || !errors.As(err, &wrong) {
		t.Fatalf("%v, want invalid with mistakes", err)
	}
	if len(wrong) != len(want) {
		t.Errorf("%d mistakes, want %d: %v", len(wrong), len(want), err)
	}
	for _, text := range want {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("not told: %s", text)
		}
	}
	if strings.Contains(err.Error(), "Canary") || strings.Contains(err.Error(), "943") {
		t.Errorf("a value is told: %v", err)
	}
}

func TestMalformedValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, variable, value string }{
		{"stage in capitals", "STAGE", "Dev"},
		{"stage of 21 characters", "STAGE", strings.Repeat("s", 21)},
		{"table by its ARN", "TABLE_INDEX", "arn:aws:dynamodb:eu-west-2:123456789012:table/index"},
		{"table of two characters", "TABLE_INDEX", "xy"},
		{"bucket in capitals", "BUCKET_DROP", "Drop"},
		{"bucket with a path", "BUCKET_DROP", "drop/prefix"},
		{"relative path", "PARTNERS_FILE", "partners.yaml"},
		{"relative path of a model", "MODEL_FILE", "model.json"},
		{"secret by its name", "REGION_KEY_SECRET", "carerecord-key"},
		{"ARN of another service", "REGION_KEY_SECRET", "arn:aws:ssm:eu-west-2:123456789012:parameter/key"},
		{"ARN of an execution", "STATE_MACHINE_ARN", "arn:aws:states:eu-west-2:123456789012:execution:delivery:1"},
		{"bus with a blank", "EVENT_BUS", "a bus"},
		{"audience with a line break", "TOKEN_AUDIENCE", "a\nb"},
		{"audience with a blank at its end", "TOKEN_AUDIENCE", "carerecord "},
		{"http elsewhere", "BASE_URL", "http://care.example/fhir/R4"},
		{"no host", "BASE_URL", "https:///fhir"},
		{"a query", "BASE_URL", "https://care.example/fhir?a=b"},
		{"a password", "BASE_URL", "https://user:secret@care.example/"},
		{"another scheme", "BASE_URL", "ftp://care.example/"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var s settings
			err := lambdakit.Settings(with(map[string]string{c.variable: c.value}), &s)
			var wrong lambdakit.Mistakes
			if !errors.As(err, &wrong) || len(wrong) != 1 || !strings.HasPrefix(wrong[0], c.variable+" is not ") {
				t.Errorf("%v", err)
			}
			if strings.Contains(err.Error(), strings.TrimSpace(c.value)) {
				t.Errorf("the value is told: %v", err)
			}
		})
	}
}

func TestLoopbackNeedsNoTLS(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://127.0.0.1:8080/keys", "http://[::1]:8080/", "http://localhost/fhir/R4"} {
		var s settings
		if err := lambdakit.Settings(with(map[string]string{"BASE_URL": url}), &s); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestFieldsThatAreNoSettings(t *testing.T) {
	t.Parallel()
	var untagged struct{ Stage lambdakit.Stage }
	var plain struct {
		Stage string `env:"STAGE"`
	}
	for _, into := range []any{&untagged, &plain} {
		if err := lambdakit.Settings(with(nil), into); !failure.Is(err, failure.Internal) {
			t.Errorf("%T: %v, want internal", into, err)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	want := []string{
		"STAGE", "TABLE_INDEX", "BUCKET_DROP", "PARTNERS_FILE", "REGION_KEY_SECRET", "STATE_MACHINE_ARN",
		"EVENT_BUS", "TOKEN_AUDIENCE", "BASE_URL", "MODEL_FILE",
	}
	if diff := cmp.Diff(want, lambdakit.Names(settings{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

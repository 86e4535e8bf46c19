package lambdakit_test

import (
	"context"
	"errors"
	"log"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/carerecord/carerecord/shared/lambdakit"
)

// strayVariable has the test's own binary behave as a function whose libraries
// log by themselves, and whose settings are wrong.
const strayVariable = "CARERECORD_TEST_STRAYS"

func TestMain(m *testing.M) {
	if os.Getenv(strayVariable) == "" {
		os.Exit(m.Run())
	}
	lambdakit.Start("load-entries", stray)
}

// Whatever a library of a function logs by itself, its text does not get out.
func TestStrays(t *testing.T) {
	t.Parallel()
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), strayVariable+"=1", "STAGE=dev")
	out, err := command.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%v, want exit status 1", err)
	}
	text := string(out)
	if strings.Contains(text, "CANARY") || strings.Count(text, lambdakit.Uncoded) != 2 || !strings.Contains(text, lambdakit.StartRefused) {
		t.Errorf("%s", text)
	}
	if !strings.Contains(text, `"settings":["TABLE_INDEX is missing"]`) || !strings.Contains(text, `"kind":"invalid"`) {
		t.Errorf("the refusal does not say why: %s", text)
	}
}

func stray(_ context.Context, _ func(string) string) (lambda.Handler, error) {
	log.Printf("patient %s", canary)
	slog.Info("patient", "name", canary)
	log.Printf(`{"errorMessage":"dynamo.Get","errorType":"Retryable"}`)
	var s struct {
		Table lambdakit.TableName `env:"TABLE_INDEX"`
	}
	return nil, lambdakit.Settings(func(string) string { return "" }, &s)
}

package functions_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// All mains are alike: whoever knows one knows them all.
func TestMainsAreAlike(t *testing.T) {
	t.Parallel()
	mains, err := filepath.Glob("*/main.go")
	if err != nil || len(mains) == 0 {
		t.Fatal(err)
	}
	for _, path := range mains {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Dir(path)
		if lines := strings.Count(string(text), "\n"); lines < 25 || lines > 50 {
			t.Errorf("%s has %d lines, want 25 to 50", path, lines)
		}
		at := 0
		for _, part := range []string{
			"// Command " + name + " ", "package main", `const name = "` + name + `"`, "type settings struct {",
			"func main() { lambdakit.Start(name, run) }", "func run(ctx context.Context, getenv func(string) string) (lambda.Handler, error) {",
			"var s settings", "getenv, &s)", "return lambdakit.",
		} {
			i := strings.Index(string(text)[at:], part)
			if i < 0 {
				t.Errorf("%s: %q is missing or out of order", path, part)
				break
			}
			at += i
		}
		if strings.Contains(string(text), "os.Getenv") || strings.Contains(string(text), "\nvar ") {
			t.Errorf("%s reads the environment by itself or keeps state", path)
		}
	}
}

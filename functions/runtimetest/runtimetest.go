// Package runtimetest runs the functions' real binaries as AWS Lambda does: it
// builds them with the flags of the deployment, starts each bootstrap as a
// child with the environment of its catalogue entry and no other, gives it
// events over Lambda's Runtime API, and stands in for the services that it
// calls. Tables are those of DynamoDB Local, objects those of the local region.
//
// It follows the AWS Lambda Developer Guide ("Using the Lambda runtime API for
// custom runtimes", "Lambda execution environment lifecycle"). It is for tests
// alone, holds no rule of the domain, and calls no package of a function: what
// it knows of them is functions/catalogue.
package runtimetest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/sample"
)

// Bootstrap is the name that Lambda looks for in a function's package on
// provided.al2023.
const Bootstrap = "bootstrap"

// register is the partner register's name beside Bootstrap.
const register = "partners.yaml"

// builds are the binaries of this process, made once for each architecture.
var builds struct {
	mu   sync.Mutex
	root string
	done map[string]func() error
}

// Build gives the folder of a function's package for an architecture of Linux
// (amd64, arm64): bootstrap and the sample region's partner register. All
// functions are built by the first call. Clean removes them.
func Build(tb testing.TB, architecture, function string) (folder string) {
	tb.Helper()
	root, once := buildOf(tb, architecture)
	if err := once(); err != nil {
		tb.Fatal(err)
	}
	return filepath.Join(root, architecture, function)
}

// Host gives a function's package for this machine.
func Host(tb testing.TB, function string) (folder string) {
	tb.Helper()
	return Build(tb, runtime.GOARCH, function)
}

// Clean removes what was built. TestMain calls it at the end.
func Clean() error {
	builds.mu.Lock()
	defer builds.mu.Unlock()
	return os.RemoveAll(builds.root)
}

func buildOf(tb testing.TB, architecture string) (root string, once func() error) {
	tb.Helper()
	builds.mu.Lock()
	defer builds.mu.Unlock()
	if builds.root == "" {
		dir, err := os.MkdirTemp("", "functions")
		if err != nil {
			tb.Fatal(err)
		}
		builds.root, builds.done = dir, map[string]func() error{}
	}
	if builds.done[architecture] == nil {
		target := filepath.Join(builds.root, architecture)
		builds.done[architecture] = sync.OnceValue(func() error { return build(architecture, target) })
	}
	return builds.root, builds.done[architecture]
}

// build links all functions in one call, two at a time, and lays out packages.
func build(architecture, target string) error {
	linked := filepath.Join(target, "linked") + string(filepath.Separator)
	args := []string{"build", "-p", "2", "-tags", "lambda.norpc", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid=", "-o", linked}
	for _, f := range catalogue.Functions() {
		args = append(args, "github.com/carerecord/carerecord/functions/"+f.Name)
	}
	command := exec.Command("go", args...)
	command.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+architecture, "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	partners, err := sample.FS.ReadFile(sample.Partners)
	for _, f := range catalogue.Functions() {
		folder := filepath.Join(target, f.Name)
		err = errors.Join(err, os.MkdirAll(folder, 0o755),
			os.Rename(linked+f.Name, filepath.Join(folder, Bootstrap)),
			os.WriteFile(filepath.Join(folder, register), partners, 0o644))
	}
	return err
}

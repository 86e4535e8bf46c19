package main

import (
	"os"
	"strings"
	"testing"
)

// The commit is in no program: else every commit would change the hash of every
// package, and each function would be deployed anew.
func TestBuildsAreTheSameInEveryCommit(t *testing.T) {
	t.Parallel()
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	builds := 0
	for line := range strings.Lines(string(makefile)) {
		if !strings.Contains(line, "go build ") {
			continue
		}
		builds++
		for _, flag := range []string{" -trimpath ", " -buildvcs=false "} {
			if !strings.Contains(line, flag) {
				t.Errorf("without%s: %s", flag, line)
			}
		}
	}
	if builds != 2 {
		t.Errorf("%d builds, want that of the programs and that of the functions", builds)
	}
}

// Command testcount runs the tests of the repository and counts them. Packages
// where goroutines meet run under the race detector, the others without it,
// which keeps the whole under the time that a small machine has for it. Output
// of tests that pass is dropped; the last line is always
//
//	N passed, N failed, N skipped
//
// Tests and subtests count alike. A package that does not build or that ends
// outside of a test counts as one failure. The exit status is 1 when anything
// failed and when no test ran at all.
//
//	testcount [-packages ./...] [-race folder,folder] [-- flags of go test]
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

func main() {
	race := flag.String("race", "", "folders whose packages run under the race detector, separated by commas")
	packages := flag.String("packages", "./...", "what to test, as go list takes it, separated by spaces")
	flag.Parse()
	c := counter{out: os.Stdout}
	if err := run(&c, strings.Fields(*packages), strings.Split(*race, ","), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "testcount:", err)
		c.failed++
	}
	fmt.Println(c.total())
	if c.failed > 0 || c.passed == 0 {
		os.Exit(1)
	}
}

// run tests all packages in two goes, with the race detector and without.
func run(c *counter, packages, race, flags []string) error {
	list := exec.Command("go", append([]string{"list"}, packages...)...)
	list.Stderr = os.Stderr
	names, err := list.Output()
	if err != nil {
		return fmt.Errorf("go list: %w", err)
	}
	raced, plain := split(strings.Fields(string(names)), race)
	if !canRace() {
		fmt.Fprintln(c.out, "no C compiler: the race detector is left out")
		return test(c, flags, append(raced, plain...))
	}
	if err := test(c, append([]string{"-race"}, flags...), raced); err != nil {
		return err
	}
	return test(c, flags, plain)
}

// canRace says whether the race detector can be linked, which needs cgo.
func canRace() bool {
	cc, err := exec.Command("go", "env", "CC").Output()
	if err != nil || os.Getenv("CGO_ENABLED") == "0" {
		return false
	}
	_, err = exec.LookPath(strings.TrimSpace(string(cc)))
	return err == nil
}

// split parts the packages by whether they stand in one of the folders.
func split(packages, folders []string) (in, out []string) {
	for _, p := range packages {
		found := false
		for _, folder := range folders {
			found = found || folder != "" && strings.Contains(p+"/", "/"+strings.Trim(folder, "/")+"/")
		}
		if found {
			in = append(in, p)
		} else {
			out = append(out, p)
		}
	}
	return in, out
}

// test runs go test and counts what it tells. A run that fails without saying
// why in its events counts as a failure too.
func test(c *counter, flags, packages []string) error {
	if len(packages) == 0 {
		return nil
	}
	args := append(append([]string{"test", "-json"}, flags...), packages...)
	cmd := exec.Command("go", args...)
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	before := c.failed
	readErr := c.read(events)
	_, _ = io.Copy(io.Discard, events)
	if err := cmd.Wait(); err != nil && c.failed == before {
		return fmt.Errorf("go test: %w", err)
	}
	return readErr
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// event is one line of `go test -json` (go doc test2json, and go help
// buildjson for those of a build).
type event struct {
	Action     string
	Package    string
	ImportPath string // of a build
	Test       string
	Output     string
	Elapsed    float64
}

// counter counts tests and shows the output of those that fail.
type counter struct {
	out                     io.Writer
	passed, failed, skipped int

	outputs map[string][]string // by package and test, until it ends
	broken  map[string]bool     // packages in which a test failed
}

func (c *counter) total() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", c.passed, c.failed, c.skipped)
}

// read counts the events of one run. A line that is no event is shown.
func (c *counter) read(events io.Reader) error {
	c.outputs, c.broken = map[string][]string{}, map[string]bool{}
	lines := bufio.NewReader(events)
	for {
		line, err := lines.ReadString('\n')
		var e event
		if json.Unmarshal([]byte(line), &e) == nil && e.Action != "" {
			c.add(e)
		} else if strings.TrimSpace(line) != "" {
			fmt.Fprint(c.out, line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (c *counter) add(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		c.outputs[key] = append(c.outputs[key], e.Output)
	case "build-output":
		fmt.Fprint(c.out, e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			c.packageEnds(e, key)
		} else {
			c.testEnds(e, key)
		}
		delete(c.outputs, key)
	}
}

func (c *counter) testEnds(e event, key string) {
	switch e.Action {
	case "pass":
		c.passed++
		return
	case "skip":
		c.skipped++
	case "fail":
		c.failed++
		c.broken[e.Package] = true
	}
	c.show(key)
}

// packageEnds shows the package's line. A package that failed although none of
// its tests did has not built, or has ended on its own.
func (c *counter) packageEnds(e event, key string) {
	if e.Action == "fail" {
		if !c.broken[e.Package] {
			c.failed++
		}
		c.show(key)
	}
	fmt.Fprintf(c.out, "%-4s  %s  %.1fs\n", e.Action, e.Package, e.Elapsed)
}

func (c *counter) show(key string) {
	for _, line := range c.outputs[key] {
		if !strings.HasPrefix(line, "=== ") {
			fmt.Fprint(c.out, line)
		}
	}
}

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCount(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events, total string
		shown, hidden string
	}{
		"a pass": {
			`{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"chatter\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"pass","Package":"p","Elapsed":0.2}`,
			"1 passed, 0 failed, 0 skipped", "pass  p  0.2s", "chatter",
		},
		"a subtest and its test": {
			`{"Action":"pass","Package":"p","Test":"TestA/x"}
{"Action":"pass","Package":"p","Test":"TestA"}`,
			"2 passed, 0 failed, 0 skipped", "", "",
		},
		"a failure": {
			`{"Action":"output","Package":"p","Test":"TestA","Output":"=== RUN TestA\n"}
{"Action":"output","Package":"p","Test":"TestA","Output":"why\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			"0 passed, 1 failed, 0 skipped", "why", "=== RUN",
		},
		"a skip": {
			`{"Action":"output","Package":"p","Test":"TestA","Output":"no tool\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`,
			"0 passed, 0 failed, 1 skipped", "no tool", "",
		},
		"a package without tests": {`{"Action":"skip","Package":"p"}`, "0 passed, 0 failed, 0 skipped", "p", ""},
		"a build that fails": {
			`{"ImportPath":"p [p.test]","Action":"build-output","Output":"a.go:1: undefined\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL\tp [build failed]\n"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			"0 passed, 1 failed, 0 skipped", "undefined", "",
		},
		"a package that ends on its own": {
			`{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Output":"exit status 2\n"}
{"Action":"fail","Package":"p"}`,
			"1 passed, 1 failed, 0 skipped", "exit status 2", "",
		},
		"a line that is no event": {"go: something\n", "0 passed, 0 failed, 0 skipped", "go: something", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			counted := counter{out: &out}
			if err := counted.read(strings.NewReader(c.events)); err != nil {
				t.Fatal(err)
			}
			if got := counted.total(); got != c.total {
				t.Errorf("counted %s, want %s", got, c.total)
			}
			if !strings.Contains(out.String(), c.shown) || c.hidden != "" && strings.Contains(out.String(), c.hidden) {
				t.Errorf("shown %q, want %q and not %q", out.String(), c.shown, c.hidden)
			}
		})
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	in, out := split([]string{"m/shared/table", "m/shared/table/dynamo", "m/shared/tablet", "m/cmd"}, []string{"shared/table", ""})
	if diff := cmp.Diff([]string{"m/shared/table", "m/shared/table/dynamo"}, in); diff != "" {
		t.Errorf("in (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"m/shared/tablet", "m/cmd"}, out); diff != "" {
		t.Errorf("out (-want +got):\n%s", diff)
	}
}

// Two runs add up.
func TestCountersAddUp(t *testing.T) {
	t.Parallel()
	c := counter{out: new(strings.Builder)}
	for range 2 {
		if err := c.read(strings.NewReader(`{"Action":"pass","Package":"p","Test":"TestA"}`)); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.total(); got != "2 passed, 0 failed, 0 skipped" {
		t.Errorf("counted %s", got)
	}
}

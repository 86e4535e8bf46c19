// Package strictyaml reads a settings file written in YAML 1.2 by walking its
// nodes, so that every mistake is reported with file, line and field, and all
// of them at once.
//
// It knows no setting: the caller names the keys it takes. It must not accept
// a key twice or one that the caller does not know.
package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one mistake in a file.
type Problem struct {
	File   string
	Line   int    // 1-based
	Field  string // "partners[0].feeds[1].format"; empty: the file as a whole
	Reason string
}

// String gives "file:line: field: reason".
func (p Problem) String() string {
	if p.Field == "" {
		return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Reason)
	}
	return fmt.Sprintf("%s:%d: %s: %s", p.File, p.Line, p.Field, p.Reason)
}

// Problems are all mistakes of a file, in its order; one a line as an error.
type Problems []Problem

func (p Problems) Error() string {
	lines := make([]string, len(p))
	for i, problem := range p {
		lines[i] = problem.String()
	}
	return strings.Join(lines, "\n")
}

// File is a file being read; it gathers the problems.
type File struct {
	name     string
	problems Problems
}

// Problems gives what was found so far in the order of the file's lines; nil
// when there is nothing.
func (f *File) Problems() error {
	if len(f.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(f.problems, func(a, b Problem) int { return a.Line - b.Line })
	return f.problems
}

func (f *File) add(line int, field, reason string) {
	f.problems = append(f.problems, Problem{File: f.name, Line: line, Field: field, Reason: reason})
}

// syntaxLine finds the line in an error of the YAML library.
var syntaxLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// Parse reads one YAML document. The value is not usable (false) when the text
// is no YAML or holds no document or more than one; the file then says why.
func Parse(name string, data []byte) (*File, Value, bool) {
	f := &File{name: name}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var document, second yaml.Node
	if err := decoder.Decode(&document); errors.Is(err, io.EOF) {
		f.add(1, "", "the file is empty")
		return f, Value{}, false
	} else if err != nil {
		f.syntax(err)
		return f, Value{}, false
	}
	switch err := decoder.Decode(&second); {
	case err == nil:
		f.add(second.Line, "", "a second YAML document: a file holds one")
		return f, Value{}, false
	case !errors.Is(err, io.EOF):
		f.syntax(err)
		return f, Value{}, false
	}
	return f, Value{file: f, node: document.Content[0]}, true
}

// parserError knows the errors whose line the library counts from 0; it counts
// those of its scanner from 1.
var parserError = regexp.MustCompile(`^did not find expected (<document start>|node content|'-' indicator|key$|',' or)`)

func (f *File) syntax(err error) {
	line, reason := 1, err.Error()
	if m := syntaxLine.FindStringSubmatch(reason); m != nil {
		reason = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			line = n
			if parserError.MatchString(reason) {
				line++
			}
		}
	}
	f.add(line, "", "no valid YAML: "+reason)
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/linkage"
)

// outputs are files that appear under their names only when all of them are
// complete.
type outputs struct{ files []*output }

type output struct {
	*bufio.Writer
	file *os.File
	name string // empty: the file is no regular one and is written in place
}

// create begins a file beside the place where it will stand. Only the owner may
// read it.
func (o *outputs) create(name string) (io.Writer, error) {
	info, err := os.Stat(name)
	if err == nil && info.IsDir() {
		return nil, failure.New(failure.Invalid, "link", "%s is a folder: name a file", name)
	}
	made := &output{name: name}
	if err == nil && !info.Mode().IsRegular() { // a pipe, or a terminal
		made.name = ""
		made.file, err = os.OpenFile(name, os.O_WRONLY, 0)
	} else {
		made.file, err = os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+"-")
	}
	if err != nil {
		return nil, failure.Wrap(failure.Invalid, "link", err)
	}
	made.Writer = bufio.NewWriterSize(made.file, 1<<16)
	o.files = append(o.files, made)
	return made, nil
}

// keep gives all files their names.
func (o *outputs) keep() error {
	for _, f := range o.files {
		if err := f.Flush(); err != nil {
			return failure.Wrap(failure.Unavailable, "link", err)
		}
		if f.name != "" {
			if err := f.file.Sync(); err != nil {
				return failure.Wrap(failure.Unavailable, "link", err)
			}
		}
	}
	for _, f := range o.files {
		if err := f.file.Close(); err != nil {
			return failure.Wrap(failure.Unavailable, "link", err)
		}
		if f.name == "" {
			continue
		}
		if err := os.Rename(f.file.Name(), f.name); err != nil {
			return failure.Wrap(failure.Unavailable, "link", err)
		}
	}
	o.files = nil
	return nil
}

// discard takes away what was not kept.
func (o *outputs) discard() {
	for _, f := range o.files {
		f.file.Close()
		if f.name != "" {
			os.Remove(f.file.Name())
		}
	}
}

// progress shows one line that changes, on a terminal alone.
type progress struct {
	out   io.Writer // nil: none
	last  time.Time
	stage string
}

// progressEvery bounds how often the line changes within a stage.
const progressEvery = 200 * time.Millisecond

func newProgress(out io.Writer, quiet bool) *progress {
	file, ok := out.(*os.File)
	if quiet || !ok {
		return &progress{}
	}
	if info, err := file.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return &progress{}
	}
	return &progress{out: out}
}

// tell shows how far the work is; no stage takes the line away.
func (p *progress) tell(at linkage.Progress) {
	switch {
	case p.out == nil:
	case at.Stage == "" && p.stage != "":
		fmt.Fprint(p.out, "\r\x1b[K")
	case at.Stage != "" && (at.Stage != p.stage || time.Since(p.last) >= progressEvery):
		p.last, p.stage = time.Now(), at.Stage
		fmt.Fprintf(p.out, "\r\x1b[K%s", at)
	}
}

// tellRows tells what was left out, bounded.
func tellRows(out io.Writer, s linkage.Summary) {
	for _, p := range s.Problems {
		fmt.Fprintln(out, p)
	}
	if more := s.LeftOut - len(s.Problems); more > 0 {
		fmt.Fprintf(out, "%d more rows left out\n", more)
	}
	for _, u := range s.Unread {
		fmt.Fprintf(out, "%s: %d values of %s cannot be understood; taken as not known\n", u.File, u.Values, u.Field)
	}
	if s.BlocksPassed > 0 {
		fmt.Fprintf(out, "%d keys are shared by too many records to compare them all by (%d records in them); they are compared by their other keys\n", s.BlocksPassed, s.RecordsPassed)
	}
}

func printSummary(out io.Writer, s linkage.Summary, trained, asJSON bool) error {
	if asJSON {
		return failure.Wrap(failure.Unavailable, "link", json.NewEncoder(out).Encode(s))
	}
	origin := ""
	if trained {
		origin = ", trained on the files"
	}
	_, err := fmt.Fprintf(out, "%d records are %d people: %d linked, %d for review (%d pairs), %d new; %d pairs compared by model %s%s\n",
		s.Records, s.People, s.Linked, s.Reviewed, s.Reviews, s.New, s.Pairs, s.Model, origin)
	return failure.Wrap(failure.Unavailable, "link", err)
}

package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/carerecord/carerecord/cmd/carerecord/region"
	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/sample"
)

// TestReviewScript runs the commands that ask the API, as a user does, against
// the demonstration's region: see testdata/review.
func TestReviewScript(t *testing.T) {
	t.Parallel()
	demo := sync.OnceValues(func() (string, error) { return loadedRegion(t) })
	testscript.Run(t, testscript.Params{
		Dir: "testdata/review",
		Setup: func(env *testscript.Env) error {
			data, err := demo()
			folder := filepath.Join(env.WorkDir, "region")
			if err == nil {
				err = os.CopyFS(folder, os.DirFS(data))
			}
			if err == nil {
				err = os.Chmod(filepath.Join(folder, region.IssuerFile), 0o600)
			}
			env.Values["region"] = &running{}
			env.Defer(env.Values["region"].(*running).stop)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"region": runRegion, "keep": keep},
	})
}

// loadedRegion loads the sample region into a folder, once.
func loadedRegion(t *testing.T) (string, error) {
	data := t.TempDir()
	register, err := sampleRegister()
	if err != nil {
		return "", err
	}
	r, err := region.Open(region.Settings{Data: data, Partners: register})
	if err != nil {
		return "", err
	}
	for _, s := range sample.Deliveries() {
		if _, err := dropSample(t.Context(), r, s); err != nil {
			return "", err
		}
	}
	if err := r.Wait(t.Context()); err != nil {
		return "", err
	}
	return data, r.Close()
}

// running is a region of a script.
type running struct {
	region *region.Region
	end    context.CancelFunc
	ended  chan error
}

func (r *running) stop() {
	if r.region == nil {
		return
	}
	r.end()
	<-r.ended
	_ = r.region.Close()
	r.region = nil
}

// runRegion is the script's command "region": start FOLDER serves a region and
// sets API, CARERECORD_TOKEN (anna, who reviews), BEN (another reviewer) and NURSE
// (who does not review); drop ODS/FEED FILE puts a file in and waits for it to be
// loaded; stop stops it.
func runRegion(ts *testscript.TestScript, neg bool, args []string) {
	r := ts.Value("region").(*running)
	switch {
	case neg || len(args) == 0:
		ts.Fatalf("region start FOLDER, drop ODS/FEED FILE, or stop")
	case args[0] == "start":
		ts.Check(r.start(ts, ts.MkAbs(args[1])))
	case args[0] == "drop":
		_, err := r.region.Drop(context.Background(), args[1]+"/"+args[2], strings.NewReader(ts.ReadFile(args[2])))
		ts.Check(err)
		ts.Check(r.region.Wait(context.Background()))
	case args[0] == "stop":
		r.stop()
	}
}

func (r *running) start(ts *testscript.TestScript, data string) error {
	register, err := sampleRegister()
	if err != nil {
		return err
	}
	if r.region, err = region.Open(region.Settings{Data: data, Partners: register}); err != nil {
		return err
	}
	at, err := r.region.Listen(region.Addresses{API: ":0", S3: ":0"})
	if err != nil {
		return err
	}
	var ctx context.Context
	ctx, r.end = context.WithCancel(context.Background())
	r.ended = make(chan error, 1)
	go func() { r.ended <- r.region.Serve(ctx) }()
	ts.Setenv("API", "http://"+at.API+"/fhir/R4")
	for name, c := range map[string]access.Claims{
		"CARERECORD_TOKEN": {Subject: "anna", Organisation: sample.Hospital, Role: "R8013"},
		"BEN":              {Subject: "ben", Organisation: sample.Practice, Role: "R5105"},
		"NURSE":            {Subject: "nora", Organisation: sample.Hospital, Role: "R8001"},
	} {
		token, err := r.region.Issuer.Token(c, time.Hour)
		if err != nil {
			return err
		}
		ts.Setenv(name, token)
	}
	return nil
}

// keep is the script's command "keep NAME PATTERN": it sets a variable to what the
// pattern's group matches in the last output.
func keep(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("keep NAME PATTERN")
	}
	match := regexp.MustCompile("(?m)" + args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if len(match) != 2 {
		ts.Fatalf("%s is nowhere in the output", args[1])
	}
	ts.Setenv(args[0], match[1])
}

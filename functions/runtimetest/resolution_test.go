package runtimetest_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	definition "github.com/carerecord/carerecord/infra/statemachine"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/resolution"
	"github.com/carerecord/carerecord/shared/statemachine"
)

// resolve runs the deployed definition of the re-resolution with a task, and
// gives the total.
func resolve(t testing.TB, task statemachine.Task) (total resolution.Total) {
	t.Helper()
	text, err := definition.Resolution(definition.ResolutionLocal())
	if err != nil {
		t.Fatal(err)
	}
	m, err := statemachine.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	output, err := m.Run(t.Context(), json.RawMessage(`{}`), statemachine.Env{
		Parallel: 1, StateMachine: "arn:aws:states:eu-west-2:123456789012:stateMachine:carerecord-dev-resolution",
		Tasks: map[string]statemachine.Task{
			resolution.TaskName: task,
			statemachine.ListExecutions: func(context.Context, json.RawMessage) (json.RawMessage, error) {
				return json.RawMessage(`{"Executions":[{"Name":"this"}]}`), nil
			},
		},
	})
	if err == nil {
		err = json.Unmarshal(output, &total)
	}
	if err != nil {
		t.Fatal(err)
	}
	return total
}

// binary is the task as its function's binary does it.
func binary(t testing.TB, r *runtimetest.Region, p *runtimetest.Process) statemachine.Task {
	return func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
		r.CheckPrivate(t, "input of the re-resolution", input)
		answer, err := p.Try(input)
		if err == nil && answer.Failed {
			err = taskError{answer.Type}
		}
		r.CheckPrivate(t, "answer of the re-resolution", answer.Payload)
		return answer.Payload, err
	}
}

// resolved takes the shared region through a re-resolution, and the reference
// through another.
func resolved(t *testing.T, r *runtimetest.Region) {
	t.Helper()
	here := &resolution.Service{Index: world.reference.service.Index, Now: time.Now}
	world.totals = [2]resolution.Total{
		resolve(t, binary(t, r, r.Start(t, resolution.TaskName))),
		resolve(t, here.Tasks()[resolution.TaskName]),
	}
}

// The binary on DynamoDB comes to what one process on the embedded engine comes
// to; that the tables are the same is seen by those who compare them.
func TestResolutionIsTheSame(t *testing.T) {
	t.Parallel()
	delivered(t)
	there, here := world.totals[0], world.totals[1]
	if there != here || there.Parts != len(index.SweepParts()) || there.Failed != 0 {
		t.Errorf("the binary: %+v, in process: %+v", there, here)
	}
	if there.Looked == 0 || there.Open == 0 {
		t.Errorf("the sample region has nothing to look at again: %+v", there)
	}
}

// A second run over the same region changes nothing at all.
func TestResolutionOfASettledRegion(t *testing.T) {
	t.Parallel()
	r := delivered(t)
	before := string(dumps(t, r))
	total := resolve(t, binary(t, r, r.Start(t, resolution.TaskName)))
	if want := world.totals[0]; total.Changed != 0 || total.Looked != want.Looked || total.Open != want.Open || total.Failed != 0 {
		t.Errorf("%+v, the first run %+v", total, want)
	}
	if string(dumps(t, r)) != before {
		t.Error("a table has changed")
	}
}

// strict writes a model that links nothing by details alone, as a region might
// begin with, and gives its path. Its version is the digest of its parameters.
func strict(t *testing.T) string {
	t.Helper()
	m := *matching.Default()
	training := m.Training
	m.LinkBits, m.Version, m.Training = 60, "", matching.Training{}
	parameters, err := json.Marshal(&m)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(parameters)
	m.Version, m.Training = "fs1-"+hex.EncodeToString(sum[:6]), training
	path := filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(path, m.Write(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// doubtful is a region in which a hospital and a practice know one person, and
// the model of the time left it to a human to say so.
func doubtful(t *testing.T) *runtimetest.Region {
	t.Helper()
	r := stored(t)
	r.Canaries = append(r.Canaries, "Teague", "Homogenate", "5002147747")
	pool := tasks(t, r)
	pool["receive-delivery"] = r.Start(t, "receive-delivery")
	pool["match-patients"] = r.Start(t, "match-patients", runtimetest.With(catalogue.ModelFile, strict(t)))
	merge(t, r, pool)
	drop(t, r, pool, "Z99901/patients/1.csv", listHeader+
		"T1,,,Mr,Teague,Lilly Aki with Merge,Gerard,24/12/1961,M,3 Homogenate House,Condor Road,Ilford,VS70 1EY,020 6504 7547,,13/05/1987,,Z99901\r\n")
	if hospital, practice := twoSides(t, r); hospital == practice {
		t.Fatal("linked by a model that links nobody")
	}
	return r
}

// twoSides gives the person of the hospital's patient and that of the practice's.
func twoSides(t *testing.T, r *runtimetest.Region) (hospital, practice string) {
	t.Helper()
	h := hasher(t, r)
	keys := []string{index.SourceKey(h, "RZZ", "SIMULATOR MRN", "2777246431"), index.SourceKey(h, "Z99901", "patients", "T1")}
	links, err := indexOf(t, r).Links(t.Context(), keys...)
	if err != nil || len(links) != 2 {
		t.Fatalf("%d patients have a person: %v", len(links), err)
	}
	return links[keys[0]], links[keys[1]]
}

func indexOf(t *testing.T, r *runtimetest.Region) *index.Index {
	t.Helper()
	return index.New(r.Table(catalogue.TableIndex), hasher(t, r), matching.NewMatcher(matching.Default()))
}

// A model that takes the place of another is followed by the next run: whom it
// finds to be one person is linked, and their review is closed.
func TestANewModelIsFollowedByTheNextRun(t *testing.T) {
	t.Parallel()
	r := doubtful(t)
	possible := func() int {
		t.Helper()
		m, err := indexOf(t, r).Metrics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return m.Open[index.ReviewPossible]
	}
	was, _ := twoSides(t, r)
	if possible() == 0 {
		t.Fatal("nobody is asked about the two")
	}
	total := resolve(t, binary(t, r, r.Start(t, resolution.TaskName)))
	if total.Changed == 0 || total.Failed != 0 || possible() != 0 {
		t.Errorf("%+v, and %d possible ones are open", total, possible())
	}
	if hospital, practice := twoSides(t, r); hospital != was || practice != was {
		t.Errorf("the hospital's patient is %s, the practice's %s, want %s", hospital, practice, was)
	}
	again := resolve(t, binary(t, r, r.Start(t, resolution.TaskName)))
	if again.Changed != 0 || again.Open != total.Open {
		t.Errorf("afterwards %+v", again)
	}
}

// Package resolution is one run of the re-resolution: what was left undecided
// is decided again in the light of all that has come since, so that the order
// of arrival does not decide. The work falls into the parts of index.SweepParts;
// a state machine (infra/statemachine/resolution.asl.json) has one task do each
// of them, a stretch at a time, and then sum them up.
//
// A run may end anywhere and be started again: what is decided stays decided,
// and what does not change is not written. The package holds no rule by which
// people are joined; that is the index's.
package resolution

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/statemachine"
)

// TaskName is the name of the task and of the function that does it.
const TaskName = "resolve-patients"

// Index is what a run needs of the patient index.
type Index interface {
	Sweep(ctx context.Context, s index.Sweep) (index.Swept, error)
	Metrics(ctx context.Context, days ...string) (index.ReviewMetrics, error)
}

// Service does the task of a run. Index and Now are required.
type Service struct {
	Index  Index
	Now    func() time.Time
	Swept  func(context.Context, index.Swept) // told of each stretch; nil: nobody asks
	Summed func(context.Context, Total)       // told of the end; nil: nobody asks
}

// Part is how far a part of the run has come. It goes into the task again and
// again until it is done.
type Part struct {
	Part    string `json:"part"`           // one of index.SweepParts
	After   string `json:"after"`          // index.Swept.After of the stretch before
	Done    bool   `json:"done"`           // there is nothing left of it
	Looked  int    `json:"looked"`         // source patients that were looked at so far
	Changed int    `json:"changed"`        // of which another person or another review came
	Error   string `json:"error,omitzero"` // name of the error that ended it before it was done
}

// Input is what the task is given: a part to go on with, or at the end all of
// them to be summed up.
type Input struct {
	Part
	Most  int    `json:"most,omitzero"`  // source patients of one stretch; 0: as many as the index takes
	Parts []Part `json:"parts,omitzero"` // all parts, at the end
}

// Total is what a run came to, with how the queue of reviews stands after it.
type Total struct {
	Parts   int `json:"parts"`  // that are done
	Failed  int `json:"failed"` // that are not
	Looked  int `json:"looked"`
	Changed int `json:"changed"`
	Open    int `json:"open"`   // reviews that wait for a human
	Oldest  int `json:"oldest"` // age of the oldest one in whole days
}

// Tasks gives the run's one task under the name of its function.
func (s *Service) Tasks() map[string]statemachine.Task {
	return map[string]statemachine.Task{TaskName: func(ctx context.Context, input json.RawMessage) (json.RawMessage, error) {
		const op = "resolution.Task"
		var in Input
		if json.Unmarshal(input, &in) != nil {
			return nil, failure.New(failure.Invalid, op, "the input is not what this task takes")
		}
		out, err := s.Do(ctx, in)
		if err != nil {
			return nil, err
		}
		body, err := json.Marshal(out)
		return body, failure.Wrap(failure.Internal, op, err)
	}}
}

// Do does a stretch of one part and gives the Part as it is then, or sums all
// of them up and gives the Total. Errors: failure.Invalid for a part that is
// none, and those of the index.
func (s *Service) Do(ctx context.Context, in Input) (any, error) {
	if in.Parts != nil {
		return s.sum(ctx, in.Parts)
	}
	return s.stretch(ctx, in)
}

func (s *Service) stretch(ctx context.Context, in Input) (Part, error) {
	swept, err := s.Index.Sweep(ctx, index.Sweep{Part: in.Part.Part, After: in.After, Most: in.Most})
	if err != nil {
		return Part{}, err
	}
	if !swept.Done && swept.After == in.After {
		return Part{}, failure.New(failure.Internal, "resolution.stretch", "the part does not get on") // it would go on for ever
	}
	if s.Swept != nil {
		s.Swept(ctx, swept)
	}
	return Part{
		Part: in.Part.Part, After: swept.After, Done: swept.Done,
		Looked: in.Looked + swept.Looked, Changed: in.Changed + swept.Changed,
	}, nil
}

// sum counts every part of index.SweepParts once: one that is missing among
// those given has failed.
func (s *Service) sum(ctx context.Context, parts []Part) (Total, error) {
	var t Total
	for _, name := range index.SweepParts() {
		i := slices.IndexFunc(parts, func(p Part) bool { return p.Part == name })
		if i < 0 || !parts[i].Done {
			t.Failed++
		} else {
			t.Parts++
		}
		if i >= 0 {
			t.Looked, t.Changed = t.Looked+parts[i].Looked, t.Changed+parts[i].Changed
		}
	}
	queue, err := s.Index.Metrics(ctx)
	if err != nil {
		return Total{}, err
	}
	for _, n := range queue.Open {
		t.Open += n
	}
	if !queue.Oldest.IsZero() {
		t.Oldest = max(0, int(s.Now().Sub(queue.Oldest)/(24*time.Hour)))
	}
	if s.Summed != nil {
		s.Summed(ctx, t)
	}
	return t, nil
}

package runtimetest_test

import (
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	definition "github.com/carerecord/carerecord/infra/statemachine"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/statemachine"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// taskError is a function's error as Step Functions sees it: a name.
type taskError struct{ name string }

func (e taskError) Error() string     { return e.name }
func (e taskError) ErrorName() string { return e.name }

// execute runs an execution: the deployed definition, and each task in its
// function's binary. answers is given the last answer of each.
func execute(t testing.TB, r *runtimetest.Region, pool map[string]*runtimetest.Process, e runtimetest.Execution, answers map[string]string) (json.RawMessage, error) {
	t.Helper()
	env := statemachine.Env{
		Parallel: 1, Tasks: map[string]statemachine.Task{},
		Sleep: func(context.Context, time.Duration) error { return nil },
		Open: func(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
			body, _, err := r.Store().Open(ctx, object.Ref{Bucket: bucket, Key: key}, 0)
			return body, err
		},
	}
	for name, p := range pool {
		env.Tasks[name] = func(_ context.Context, input json.RawMessage) (json.RawMessage, error) {
			r.CheckPrivate(t, "input of "+name, input)
			answer, err := p.Try(input)
			if err != nil {
				return nil, err
			}
			r.CheckPrivate(t, "answer of "+name, answer.Payload)
			if answer.Failed {
				return nil, taskError{answer.Type}
			}
			answers[name] = string(answer.Payload)
			return answer.Payload, nil
		}
	}
	r.CheckPrivate(t, "execution", append([]byte(e.Name), e.Input...))
	return machine(t).Run(context.Background(), e.Input, env)
}

func machine(t testing.TB) *statemachine.Machine {
	t.Helper()
	text, err := definition.Delivery(definition.Local())
	if err != nil {
		t.Fatal(err)
	}
	m, err := statemachine.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func openReference(t testing.TB, r *runtimetest.Region) {
	t.Helper()
	db, err := embedded.Memory() // goes with the process
	if err != nil {
		t.Fatal(err)
	}
	h := hasher(t, r)
	world.reference = reference{tables: db, service: &delivery.Service{
		Partners: partners(t), Objects: r.Store(), Table: db.Table("delivery"), Hasher: h,
		Index: index.New(db.Table("index"), h, matching.NewMatcher(matching.Default())), Record: record.New(db.Table("record")), Now: time.Now,
		Buckets: delivery.Buckets{Drop: r.Value(catalogue.BucketDrop), Work: runtimetest.ReferenceWork, Reports: runtimetest.ReferenceReports},
	}}
}

// inProcess takes an object to its report without any binary.
func inProcess(t testing.TB, info object.Info) {
	t.Helper()
	s := world.reference.service
	d, _, err := s.Receive(t.Context(), info.Ref)
	if err != nil {
		t.Fatal(err)
	}
	input, _ := json.Marshal(delivery.Input{Delivery: d.ID}) // a struct of one string
	_, err = machine(t).Run(t.Context(), input, statemachine.Env{
		Parallel: 1, Tasks: s.Tasks(),
		Open: func(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
			body, _, err := s.Objects.Open(ctx, object.Ref{Bucket: bucket, Key: key}, 0)
			return body, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
}

package delivery_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"iter"
	"strings"
	"sync"
	"testing"
	"time"

	definition "github.com/carerecord/carerecord/infra/statemachine"
	"github.com/carerecord/carerecord/shared/delivery"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/object"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/partner"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/statemachine"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

const register = `
partners:
  - ods: RZZ
    name: Test Hospital
    feeds:
      - name: adt
        format: hl7v2
  - ods: NZZ99
    name: Test Community
    feeds:
      - name: fhir
        format: fhir
  - ods: Z99901
    name: Test Surgery
    feeds:
      - name: patients
        format: csv
        mapping:
          header: [id, nhs, surname, forename, dob, sex, line, town, postcode]
          fields:
            localId: id
            nhsNumber: nhs
            family: surname
            given: forename
            birthDate: {column: dob, format: DD/MM/YYYY}
            sex: {column: sex, codes: {M: male, F: female}}
            addressLines: [line]
            city: town
            postcode: postcode
`

var (
	buckets = delivery.Buckets{Drop: "drop", Work: "work", Reports: "reports"}
	clock   = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
)

// store is everything that outlives a stop.
type store struct {
	tables  []engines.Table // index, record, delivery
	objects object.Store
}

func newStore(t testing.TB, open engines.Open) store {
	t.Helper()
	return store{tables: open("index", "record", "delivery"), objects: &memory{bodies: map[string][]byte{}, came: map[string]time.Time{}}}
}

// memory keeps the newest version of each object. Its times follow from the
// order in which keys came, so that two runs on two stores see the same objects.
type memory struct {
	mu     sync.Mutex
	bodies map[string][]byte
	came   map[string]time.Time // to the drop bucket
}

func (m *memory) Head(_ context.Context, ref object.Ref) (object.Info, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	body, ok := m.bodies[ref.Bucket+"/"+ref.Key]
	if !ok {
		return object.Info{}, failure.New(failure.NotFound, "memory.Head", "no such object")
	}
	ref.Version = "1"
	return object.Info{Ref: ref, Size: int64(len(body)), Modified: m.came[ref.Key]}, nil
}

func (m *memory) Open(ctx context.Context, ref object.Ref, offset int64) (io.ReadCloser, object.Info, error) {
	info, err := m.Head(ctx, ref)
	if err != nil {
		return nil, info, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	body := m.bodies[ref.Bucket+"/"+ref.Key]
	return io.NopCloser(bytes.NewReader(body[min(offset, info.Size):])), info, nil
}

func (m *memory) Put(ctx context.Context, bucket, key, _ string, body io.Reader) (object.Info, error) {
	content, err := io.ReadAll(body)
	if err != nil {
		return object.Info{}, err
	}
	m.mu.Lock()
	m.bodies[bucket+"/"+key] = content
	if _, known := m.came[key]; bucket == buckets.Drop && !known {
		m.came[key] = clock.Add(time.Duration(len(m.came)) * time.Second)
	}
	m.mu.Unlock()
	return m.Head(ctx, object.Ref{Bucket: bucket, Key: key})
}

func (m *memory) List(context.Context, string, string) iter.Seq2[object.Info, error] {
	return func(func(object.Info, error) bool) {} // no step lists
}

// service is the domain on a store, with faults planned or without.
func (s store) service(t testing.TB, faults *table.Faults) *delivery.Service {
	t.Helper()
	hasher, err := opaque.NewHasher([]byte("a key of the tests, 32 bytes long"))
	if err != nil {
		t.Fatal(err)
	}
	partners, err := partner.Parse("partners.yaml", []byte(register))
	if err != nil {
		t.Fatal(err)
	}
	tables, objects := make([]table.Table, len(s.tables)), s.objects
	for i, tb := range s.tables {
		tables[i] = tb
		if faults != nil {
			tables[i] = faults.Wrap(tb)
		}
	}
	if faults != nil {
		objects = faultyObjects{objects, faults}
	}
	return &delivery.Service{
		Partners: partners, Objects: objects, Table: tables[2], Index: index.New(tables[0], hasher, matching.NewMatcher(matching.Default())), Record: record.New(tables[1]),
		Hasher: hasher, Buckets: buckets, Now: func() time.Time { return clock },
	}
}

// faultyObjects puts the object store's calls under the plan too.
type faultyObjects struct {
	object.Store
	faults *table.Faults
}

func (f faultyObjects) Head(ctx context.Context, ref object.Ref) (info object.Info, err error) {
	err = f.faults.Do(func() (err error) { info, err = f.Store.Head(ctx, ref); return err })
	return info, err
}

func (f faultyObjects) Open(ctx context.Context, ref object.Ref, offset int64) (body io.ReadCloser, info object.Info, err error) {
	err = f.faults.Do(func() (err error) { body, info, err = f.Store.Open(ctx, ref, offset); return err })
	return body, info, err
}

func (f faultyObjects) Put(ctx context.Context, bucket, key, contentType string, body io.Reader) (info object.Info, err error) {
	err = f.faults.Do(func() (err error) { info, err = f.Store.Put(ctx, bucket, key, contentType, body); return err })
	return info, err
}

func (f faultyObjects) List(ctx context.Context, bucket, prefix string) iter.Seq2[object.Info, error] {
	return f.Store.List(ctx, bucket, prefix)
}

// run takes a dropped object through the state machine.
func run(ctx context.Context, t testing.TB, s *delivery.Service, key string) (delivery.Delivery, error) {
	t.Helper()
	d, start, err := s.Receive(ctx, object.Ref{Bucket: buckets.Drop, Key: key})
	if err != nil || !start {
		return d, err
	}
	text, err := definition.Delivery(definition.Local())
	if err != nil {
		t.Fatal(err)
	}
	machine, err := statemachine.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	in, _ := json.Marshal(delivery.Input{Delivery: d.ID})
	if _, err := machine.Run(ctx, in, environment(s)); err != nil {
		return d, err
	}
	return s.Get(ctx, d.ID)
}

func environment(s *delivery.Service) statemachine.Env {
	return statemachine.Env{
		Tasks: s.Tasks(),
		Open: func(ctx context.Context, bucket, key string) (io.ReadCloser, error) {
			body, _, err := s.Objects.Open(ctx, object.Ref{Bucket: bucket, Key: key}, 0)
			return body, err
		},
		Sleep:    func(context.Context, time.Duration) error { return nil },
		Parallel: 1,
	}
}

// drop puts a file and takes it to its report.
func (s store) drop(t testing.TB, key, content string) delivery.Report {
	t.Helper()
	ctx := context.Background()
	s.put(t, key, strings.NewReader(content))
	service := s.service(t, nil)
	d, err := run(ctx, t, service, key)
	if err != nil {
		t.Fatal(err)
	}
	r, err := service.ReadReport(ctx, d.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Counts.Balanced() {
		t.Errorf("the counts do not add up: %+v", r.Counts)
	}
	return r
}

func (s store) put(t testing.TB, key string, content io.Reader) {
	t.Helper()
	if _, err := s.objects.Put(context.Background(), buckets.Drop, key, "application/octet-stream", content); err != nil {
		t.Fatal(err)
	}
}

// dump gives every table whole, as text that shows a difference.
func (s store) dump(t testing.TB) string {
	t.Helper()
	var b strings.Builder
	for i, name := range []string{"index", "record", "delivery"} {
		items, err := table.Dump(context.Background(), s.tables[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range items {
			b.WriteString(name + " " + item.Partition + " " + item.Sort + " v" + string(rune('0'+item.Version)) + " " + string(item.Body) + "\n")
		}
	}
	return b.String()
}

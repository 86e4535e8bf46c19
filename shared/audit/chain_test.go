package audit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

func clock() time.Time { return start }

func memory(t testing.TB) *embedded.Table {
	t.Helper()
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db.Table("audit")
}

// event is a look whose request id is n, by which tests know it again.
func event(n int) audit.Event {
	return audit.Event{
		Interaction: audit.Operation("$everything"), Type: "Patient", Patient: "01JNA5Y8T0ABCDEFGHJKMNPQRS",
		Query: "Patient/$everything", RequestID: fmt.Sprintf("request-%d", n), Server: "https://care.test/fhir/R4",
		Caller:  audit.Agent{Subject: "user-1", Organisation: "RXX", Role: "R8000", Issuer: "https://issuer.test", Client: "viewer"},
		Outcome: audit.Success,
	}
}

func verify(t testing.TB, tb table.Table) audit.Summary {
	t.Helper()
	s, err := audit.Verify(t.Context(), tb)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// requests gives the request ids of all stored events, with how often each occurs.
func requests(t testing.TB, tb table.Table) map[string]int {
	t.Helper()
	found := map[string]int{}
	err := audit.Events(t.Context(), tb, func(e []byte) error {
		_, rest, _ := strings.Cut(string(e), `"value":"request-`)
		id, _, _ := strings.Cut(rest, `"`)
		found[id]++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestRecordConcurrently(t *testing.T) {
	t.Parallel()
	const events = 300
	tb := memory(t)
	c := audit.New(tb, audit.Config{Writer: "test", Now: clock})
	var wait sync.WaitGroup
	for n := range events {
		wait.Go(func() {
			if err := c.Record(t.Context(), event(n)); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	s := verify(t, tb)
	if s.Chains != 1 || s.Events != events || !s.Whole() {
		t.Errorf("got %d chains, %d events, findings %v; want 1, %d, none", s.Chains, s.Events, s.Findings, events)
	}
	for id, times := range requests(t, tb) {
		if times != 1 {
			t.Errorf("event %s stored %d times", id, times)
		}
	}
}

func TestRecordKeepsTheOrderOfCalls(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	c := audit.New(tb, audit.Config{Now: clock})
	for n := range 5 {
		if err := c.Record(t.Context(), event(n)); err != nil {
			t.Fatal(err)
		}
	}
	var order []string
	err := audit.Events(t.Context(), tb, func(e []byte) error {
		_, rest, _ := strings.Cut(string(e), `"value":"request-`)
		order = append(order, rest[:1])
		return nil
	})
	if err != nil || strings.Join(order, "") != "01234" {
		t.Errorf("order %v, error %v", order, err)
	}
}

func TestRecordOpensAChainEachDayAndProcess(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	at := start
	c := audit.New(tb, audit.Config{Now: func() time.Time { return at }})
	other := audit.New(tb, audit.Config{Now: func() time.Time { return at }})
	for day := range 3 {
		at = start.AddDate(0, 0, day)
		for _, chain := range []*audit.Chain{c, c, other} {
			if err := chain.Record(t.Context(), event(day)); err != nil {
				t.Fatal(err)
			}
		}
	}
	at = start // a clock that went back opens nothing
	if err := c.Record(t.Context(), event(9)); err != nil {
		t.Fatal(err)
	}
	if s := verify(t, tb); s.Chains != 6 || s.Events != 10 || !s.Whole() {
		t.Errorf("got %d chains, %d events, findings %v; want 6, 10, none", s.Chains, s.Events, s.Findings)
	}
}

func TestRecordCostsOneCommit(t *testing.T) {
	t.Parallel()
	counted, rounds := table.CountRounds(memory(t))
	c := audit.New(counted, audit.Config{Now: clock})
	if err := c.Record(t.Context(), event(0)); err != nil {
		t.Fatal(err)
	}
	rounds.Reset()
	ctx, meter := table.WithMeter(t.Context())
	if err := c.Record(ctx, event(1)); err != nil {
		t.Fatal(err)
	}
	if u := meter.Usage(); rounds.N() != 1 || u.Requests != 1 || u.ItemsWritten != 2 {
		t.Errorf("one event cost %d rounds and %s; want 1 round, 1 request, 2 items", rounds.N(), u)
	}
}

// TestRecordAtEveryFault fails, loses or stops at every storage call in turn.
// Whatever Record said was stored is stored, and no fault looks like tampering.
func TestRecordAtEveryFault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mode table.Mode
		err  error
		ends bool // the process does not go on
	}{
		"unavailable":      {table.Fail, failure.New(failure.Unavailable, "test", "down"), false},
		"throttled":        {table.Fail, failure.New(failure.Throttled, "test", "slow"), false},
		"not retryable":    {table.Fail, failure.New(failure.Internal, "test", "defect"), false},
		"answer lost":      {table.Lose, failure.New(failure.Unavailable, "test", "lost"), false},
		"false conflict":   {table.Lose, failure.New(failure.Conflict, "test", "lost"), false},
		"lost, no retries": {table.Lose, errors.New("lost"), false},
		"stopped":          {table.Stop, nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for plan := range table.EveryCall(c.mode, c.err) {
				tb := memory(t)
				chain := audit.New(plan.Wrap(tb), audit.Config{Now: clock})
				stored := map[string]bool{}
				for n := range 4 {
					if err := chain.Record(t.Context(), event(n)); err == nil {
						stored[fmt.Sprint(n)] = true
					}
				}
				if !c.ends && len(stored) < 3 {
					t.Errorf("fault at call %d: %d of 4 events stored, want at least 3", plan.At(), len(stored))
				}
				s, found := verify(t, tb), requests(t, tb)
				if !s.Whole() {
					t.Errorf("fault at call %d: findings %v, want none", plan.At(), s.Findings)
				}
				for id := range stored {
					if found[id] != 1 {
						t.Errorf("fault at call %d: event %s is there %d times, want 1", plan.At(), id, found[id])
					}
				}
			}
		})
	}
}

// late holds back the first event's commit until the test lets it go: a write
// that was given up and arrives after all.
type late struct {
	table.Table
	mu   sync.Mutex
	held []table.Write
	n    int
}

func (l *late) Commit(ctx context.Context, writes ...table.Write) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	switch l.n {
	case 2, 3, 4, 5: // all attempts of the first event; the opening is call 1
		l.held = writes
		return failure.New(failure.Unavailable, "test", "no answer")
	case 6: // the next event: the old write arrives just before it
		if err := l.Table.Commit(ctx, l.held...); err != nil {
			return err
		}
	}
	return l.Table.Commit(ctx, writes...)
}

func TestRecordAfterALateWrite(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	c := audit.New(&late{Table: tb}, audit.Config{Now: clock})
	if err := c.Record(t.Context(), event(0)); !failure.Is(err, failure.Unavailable) {
		t.Fatalf("got %v, want unavailable", err)
	}
	for n := 1; n < 3; n++ {
		if err := c.Record(t.Context(), event(n)); err != nil {
			t.Fatal(err)
		}
	}
	if s := verify(t, tb); !s.Whole() || s.Chains != 1 || s.Events != 3 {
		t.Errorf("got %d chains, %d events, findings %v; want 1, 3, none", s.Chains, s.Events, s.Findings)
	}
}

func TestRecordRefusesAnEventThatSaysNothing(t *testing.T) {
	t.Parallel()
	tb := memory(t)
	c := audit.New(tb, audit.Config{Now: clock})
	for name, change := range map[string]func(*audit.Event){
		"interaction": func(e *audit.Event) { e.Interaction = audit.Interaction{} },
		"outcome":     func(e *audit.Event) { e.Outcome = "" },
		"caller":      func(e *audit.Event) { e.Caller = audit.Agent{} },
	} {
		e := event(0)
		change(&e)
		if err := c.Record(t.Context(), e); !failure.Is(err, failure.Invalid) {
			t.Errorf("without %s: got %v, want invalid", name, err)
		}
	}
}

func TestRecordWithACancelledContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tb := memory(t)
	c := audit.New(tb, audit.Config{Now: clock})
	for n := range 20 {
		// Either outcome is right; a nil must mean that the event is stored.
		if err := c.Record(ctx, event(n)); err != nil && !failure.Is(err, failure.Unavailable) {
			t.Errorf("got %v, want unavailable or nil", err)
		}
	}
	if err := c.Record(t.Context(), event(20)); err != nil {
		t.Fatal(err)
	}
	if s := verify(t, tb); !s.Whole() || s.Events != 21 {
		t.Errorf("got %d events, findings %v; want 21, none", s.Events, s.Findings)
	}
}

func BenchmarkRecord(b *testing.B) {
	c := audit.New(memory(b), audit.Config{Now: clock})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if err := c.Record(b.Context(), event(0)); err != nil {
				b.Error(err)
			}
		}
	})
}

package restapi

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
)

// call is one request on its way through a handler.
type call struct {
	route
	id         string // X-Request-Id
	kind       string // resource type of the path
	instance   string // id of the path; empty for an operation of a type
	caller     access.Caller
	parameters parameters
	// persons are the people whom the answer is about: the handler names
	// each before it returns, and each gets an audit event.
	persons []string
}

// answer is what a handler gives. It is written only after it was audited.
type answer struct {
	status int // 0: 200
	body   []byte
}

// serve is the one way from a request to an answer.
func (s *server) serve(w http.ResponseWriter, r *http.Request, at route) {
	if err := negotiate(r); err != nil {
		s.refuse(w, r, at.name, err)
		return
	}
	c := &call{route: at, id: requestID(w), kind: r.PathValue("type"), instance: r.PathValue("id")}
	if strings.HasPrefix(c.instance, "$") {
		c.instance = ""
	}
	if at.public {
		a, err := at.handle(r.Context(), c)
		s.write(w, r, at.name, a, err)
		return
	}
	caller, err := s.authenticate(r)
	if err != nil {
		// Not audited: a stranger must not be able to fill the trail.
		s.refuse(w, r, at.name, err)
		return
	}
	c.caller = caller
	a, err := s.permitted(w, r, c)
	if auditErr := s.trace(r.Context(), c, err); auditErr != nil {
		s.Log.LogAttrs(r.Context(), slog.LevelError, logAuditFailed, slog.String("request", c.id), slog.String("kind", failure.KindOf(auditErr).String()), callsOf(auditErr))
		a, err = answer{}, failure.Wrap(failure.Unavailable, "restapi.serve", auditErr)
	}
	s.write(w, r, at.name, a, err)
}

// authenticate refuses two Authorization headers: which one counts would be a guess.
func (s *server) authenticate(r *http.Request) (access.Caller, error) {
	header := r.Header.Values("Authorization")
	if len(header) > 1 {
		return access.Caller{}, failure.New(failure.Unauthenticated, "restapi.authenticate", "more than one Authorization header")
	}
	caller, err := s.Access.Authenticate(r.Context(), r.Header.Get("Authorization"))
	return caller, failure.Wrap(failure.KindOf(err), "restapi.authenticate", err)
}

// permitted asks the policy point and then the handler. The deferred
// conversion of a panic keeps even a defect from leaving without a trace.
func (s *server) permitted(w http.ResponseWriter, r *http.Request, c *call) (a answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.logPanic(c.id, p)
			a, err = answer{}, failure.New(failure.Internal, "restapi.handle", "defect")
		}
	}()
	if err = c.allowed(); err != nil {
		return answer{}, err
	}
	if c.parameters, err = readParameters(w, r, c.operation); err != nil {
		return answer{}, err
	}
	if c.choose != nil {
		c.route = c.choose(c.route, c.parameters)
		if err = c.allowed(); err != nil {
			return answer{}, err
		}
	}
	return c.handle(r.Context(), c)
}

// allowed asks the policy point.
func (c *call) allowed() error {
	request := access.Request{Activity: c.activity, Interaction: c.interaction.Code, Type: c.kind}
	if c.kind == "Patient" {
		request.Person = c.instance
	}
	if decision := access.Decide(c.caller, request); !decision.Permit {
		return failure.New(failure.Forbidden, "restapi.allowed", "%s", decision.Reason)
	}
	return nil
}

// trace stores one event for each person seen, or one when there was none.
func (s *server) trace(ctx context.Context, c *call, failed error) error {
	e := s.eventOf(c)
	if failed != nil {
		kind := failure.KindOf(failed)
		e.Outcome, e.Reason = audit.MinorFailure, kind.String()
		if status, _ := replyTo(failed); ourFault(status) {
			e.Outcome = audit.MajorFailure
		}
	}
	return s.record(ctx, e, c.persons)
}

func (s *server) eventOf(c *call) audit.Event {
	e := audit.Event{
		Interaction: c.interaction, Type: c.kind, RequestID: c.id, Server: s.BaseURL, Outcome: audit.Success,
		Query: audit.Query(c.name, c.parameters.values, fhir.KnownType), Recorded: s.Now(),
		Caller: audit.Agent{
			Subject: c.caller.Subject, Name: c.caller.Name, Organisation: c.caller.Organisation,
			Role: c.caller.Role, Client: c.caller.Client, Issuer: c.caller.Issuer,
		},
	}
	if c.activity == access.Reviewing {
		e.Purpose = audit.Operations
	}
	if c.interaction == audit.Read && c.kind != "Patient" {
		e.Of = opaqueID(c.instance)
	}
	return e
}

// record stores the event once for each person. They are given to the trail
// together, which stores those that wait at once in one write.
func (s *server) record(ctx context.Context, e audit.Event, persons []string) error {
	if len(persons) == 0 {
		persons = []string{""}
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, p := range slices.Compact(slices.Sorted(slices.Values(persons))) {
		event := e
		event.Patient = p
		group.Go(func() error { return s.Audit.Record(ctx, event) })
	}
	err := group.Wait()
	return failure.Wrap(failure.KindOf(err), "restapi.record", err)
}

// change does to the index what the caller asked for, after the trail says who
// asks and of whom: a change that cannot be audited is not made. What became of
// it is audited as with every answer.
func (s *server) change(ctx context.Context, c *call, do func(index.Act) error) error {
	reason, err := c.parameters.reason()
	if err != nil {
		return err
	}
	asked := s.eventOf(c)
	asked.Reason = audit.Asked
	if err := s.record(ctx, asked, c.persons); err != nil {
		// Unavailable, whatever the trail said: nothing was changed, and it may be later.
		return failure.Wrap(failure.Unavailable, "restapi.change", err)
	}
	return do(index.Act{
		By: c.caller.Subject, Organisation: c.caller.Organisation, Role: c.caller.Role, Reason: reason, At: s.Now().UTC(),
	})
}

// refuse answers a request that reached no handler.
func (s *server) refuse(w http.ResponseWriter, r *http.Request, route string, err error) {
	s.write(w, r, route, answer{}, err)
}

// write sends the answer, or the OperationOutcome of the error, and logs it.
func (s *server) write(w http.ResponseWriter, r *http.Request, route string, a answer, err error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	if err != nil {
		var issue fhir.Issue
		a.status, issue = replyTo(err)
		a.body = fhir.OperationOutcome(issue)
		s.explain(w, r, a.status, issue, err)
	}
	sent := send(w, r, a)
	s.Log.LogAttrs(r.Context(), slog.LevelInfo, logAnswered,
		slog.String("request", requestID(w)), slog.String("method", knownMethod(r.Method)), slog.String("route", route),
		slog.Int("status", a.status), slog.Int("bytes", sent), slog.Int64("ms", s.since(w).Milliseconds()))
}

// explain sets the headers of a refusal, and logs what is our fault.
func (s *server) explain(w http.ResponseWriter, r *http.Request, status int, issue fhir.Issue, err error) {
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", challenge(issue))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", retryAfter)
	}
	if ourFault(status) {
		s.Log.LogAttrs(r.Context(), slog.LevelError, logFailed,
			slog.String("request", requestID(w)), slog.String("kind", failure.KindOf(err).String()), callsOf(err))
	}
}

func (s *server) since(w http.ResponseWriter) time.Duration {
	if t, ok := w.(*tracked); ok {
		return time.Since(t.begun)
	}
	return 0
}

// knownMethod keeps a caller's own words out of the log.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

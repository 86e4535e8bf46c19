package restapi

import (
	"context"
	"slices"
	"time"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/nhs"
)

// decide answers Task/[id]/$decide: the reviewer's answer with its reason. The
// review comes back as it stands afterwards.
func (s *server) decide(ctx context.Context, c *call) (answer, error) {
	ignored, err := c.parameters.only("answer", "reason")
	if err != nil {
		return answer{}, err
	}
	said, err := c.parameters.need("answer")
	if err != nil {
		return answer{}, err
	}
	given := index.Answer(said)
	if !slices.Contains([]index.Answer{index.AnswerSame, index.AnswerDifferent, index.AnswerWait}, given) {
		return answer{}, bad("answer", fhir.IssueCodeInvalid, "answer is same, different or wait")
	}
	found, err := s.review(ctx, c)
	if err != nil {
		return answer{}, err
	}
	err = s.change(ctx, c, func(act index.Act) error {
		found.Review, err = s.Index.Decide(ctx, found.ID, given, act)
		return decideError(err)
	})
	if err != nil {
		return answer{}, err
	}
	t := taskOf(found.Review)
	body, err := t.body()
	if err != nil {
		return answer{}, err
	}
	return parametersAnswer([]parameterForm{{Name: "return", Resource: body}}, ignored)
}

// decideError words what the index refuses.
func decideError(err error) error {
	const op = "restapi.decide"
	switch failure.KindOf(err) {
	case failure.Conflict:
		return failure.New(failure.Conflict, op, "this review was decided already: read it again")
	case failure.Gone:
		return failure.New(failure.Gone, op, "this review was closed: what was said since has settled it")
	}
	return failure.Wrap(failure.KindOf(err), op, err)
}

const (
	usualDays = 30
	mostDays  = 92
)

// metrics answers Task/$metrics: how the queue stands, and the decisions of each
// of the last days, today in London included.
func (s *server) metrics(ctx context.Context, c *call) (answer, error) {
	ignored, err := c.parameters.only("days")
	if err != nil {
		return answer{}, err
	}
	count, err := c.parameters.number("days", usualDays, mostDays)
	if err != nil {
		return answer{}, err
	}
	today := s.Now().In(nhs.London)
	days := make([]string, count)
	for i := range days {
		days[i] = today.AddDate(0, 0, -i).Format(time.DateOnly)
	}
	m, err := s.Index.Metrics(ctx, days...)
	if err != nil {
		return answer{}, failure.Wrap(failure.KindOf(err), "restapi.metrics", err)
	}
	list := []parameterForm{{Name: "waiting", ValueInteger: &m.Waiting}}
	for _, kind := range index.ReviewKinds() {
		open := m.Open[kind]
		list = append(list, parameterForm{Name: "open", Part: []parameterForm{{Name: "kind", ValueCode: string(kind)}, {Name: "count", ValueInteger: &open}}})
	}
	if !m.Oldest.IsZero() {
		list = append(list, parameterForm{Name: "oldest", ValueDateTime: m.Oldest.UTC().Format(time.RFC3339)})
	}
	for _, day := range days {
		decided := m.Decisions[day]
		list = append(list, parameterForm{Name: "decisions", Part: []parameterForm{{Name: "day", ValueDate: day}, {Name: "count", ValueInteger: &decided}}})
	}
	return parametersAnswer(list, ignored)
}

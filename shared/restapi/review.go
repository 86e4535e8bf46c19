package restapi

import (
	"bytes"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
)

const (
	usualReviews = 50
	mostReviews  = 200
	// mostPages bounds how many pages of the queue are read for one page of an
	// answer that asks for a part of the states.
	mostPages = 10
)

// chooseTasks tells the two meanings of a search for Tasks: those in a person's
// record, and the reviews of the region.
func (s *server) chooseTasks(at route, p parameters) route {
	if len(p.values["patient"]) == 0 {
		at.activity, at.handle = access.Reviewing, s.searchReviews
	}
	return at
}

// reviewSearch is a search for reviews.
type reviewSearch struct {
	query  index.ReviewQuery
	states []index.ReviewState
	shared url.Values // the search as it was understood, for links
}

// searchReviews answers Task?code=patient-link-review: the open queue, by age or
// by score, in pages.
func (s *server) searchReviews(ctx context.Context, c *call) (answer, error) {
	ignored, err := c.parameters.only("code", "status", "_sort", "_count", pageParameter)
	if err != nil {
		return answer{}, err
	}
	search, err := c.parameters.reviews()
	if err != nil {
		return answer{}, err
	}
	page, err := s.reviewPage(ctx, search)
	if err != nil {
		return answer{}, err
	}
	for _, r := range page.Reviews {
		c.persons = append(c.persons, peopleOf(index.ReviewCase{Review: r})...)
	}
	return s.tasks(search, page, ignored)
}

// reviewPage reads the queue until a page is full or the queue ends.
func (s *server) reviewPage(ctx context.Context, search reviewSearch) (index.ReviewPage, error) {
	q, whole := search.query, index.ReviewPage{}
	for range mostPages {
		page, err := s.Index.Reviews(ctx, q)
		switch {
		case failure.Is(err, failure.Invalid) && q.After != "":
			return whole, errReviewPage
		case err != nil:
			return whole, failure.Wrap(failure.KindOf(err), "restapi.reviewPage", err)
		}
		for _, r := range page.Reviews {
			if slices.Contains(search.states, r.State) {
				whole.Reviews = append(whole.Reviews, r)
			}
		}
		whole.Next = page.Next
		q.After, q.Limit = page.Next, search.query.Limit-len(whole.Reviews)
		if page.Next == "" || q.Limit <= 0 {
			break
		}
	}
	return whole, nil
}

var errReviewPage = bad(pageParameter, fhir.IssueValue, "%s is not one that this server gave for this queue", pageParameter)

func (s *server) tasks(search reviewSearch, page index.ReviewPage, ignored []string) (answer, error) {
	self := s.BaseURL + "/Task?" + search.shared.Encode()
	links := []fhir.Link{{Relation: "self", URL: withPlace(self, search.query.After)}}
	if page.Next != "" {
		links = append(links, fhir.Link{Relation: "next", URL: withPlace(self, page.Next)})
	}
	var out bytes.Buffer
	b := fhir.NewBundleWriter(&out, fhir.BundleHead{Type: "searchset", Timestamp: s.Now(), Total: -1, Links: links})
	for _, r := range page.Reviews {
		t := taskOf(r)
		body, err := t.body()
		if err != nil {
			return answer{}, err
		}
		b.Entry(s.BaseURL+"/Task/"+r.ID, body, fhir.ModeMatch)
	}
	if len(ignored) > 0 {
		outcome := outcomeForm{ResourceType: "OperationOutcome"}
		for _, name := range ignored {
			outcome.Issue = append(outcome.Issue, unheeded(name))
		}
		body, err := json.Marshal(outcome, json.Deterministic(true))
		if err != nil {
			return answer{}, failure.Wrap(failure.Internal, "restapi.tasks", err)
		}
		b.Entry("", body, fhir.ModeOutcome)
	}
	err := b.End()
	return answer{body: out.Bytes()}, failure.Wrap(failure.Internal, "restapi.tasks", err)
}

// withPlace adds the place of a page, which is opaque.
func withPlace(self, after string) string {
	if after == "" {
		return self
	}
	return self + "&" + url.Values{pageParameter: {after}}.Encode()
}

// reviews reads what part of the queue is asked for.
func (p parameters) reviews() (reviewSearch, error) {
	s := reviewSearch{shared: url.Values{"code": {reviewTask}}}
	var err error
	if err = s.readCode(p); err == nil {
		err = s.readStatus(p)
	}
	if err == nil {
		err = s.readSort(p)
	}
	if err != nil {
		return s, err
	}
	if s.query.Limit, err = p.number("_count", usualReviews, mostReviews); err != nil {
		return s, err
	}
	s.shared.Set("_count", strconv.Itoa(s.query.Limit))
	s.query.After, _, err = p.one(pageParameter)
	return s, err
}

// readCode takes patient-link-review, or kinds of review; several, separated by
// commas, are any of them.
func (s *reviewSearch) readCode(p parameters) error {
	text, given, err := p.one("code")
	if err != nil || !given {
		return err
	}
	for part := range strings.SplitSeq(text, ",") {
		system, code, coded := strings.Cut(part, "|")
		if !coded {
			system, code = "", system
		}
		kind := index.ReviewKind(code)
		switch known := slices.Contains(index.ReviewKinds(), kind); {
		case code == reviewTask && (system == "" || system == taskSystem):
			s.query.Kinds = nil
			return nil
		case known && (system == "" || system == kindSystem):
			s.query.Kinds = append(s.query.Kinds, kind)
		default:
			return bad("code", fhir.IssueCodeInvalid, "code is %s or a kind of review; see docs/api.md", reviewTask)
		}
	}
	s.shared.Set("code", text)
	return nil
}

// readStatus takes the states that stand in the queue. The others do not: what
// was decided is read by its id.
func (s *reviewSearch) readStatus(p parameters) error {
	s.states = []index.ReviewState{index.ReviewOpen, index.ReviewWaiting}
	text, given, err := p.one("status")
	if err != nil || !given {
		return err
	}
	var states []index.ReviewState
	for code := range strings.SplitSeq(text, ",") {
		switch code {
		case "requested":
			states = append(states, index.ReviewOpen)
		case "on-hold":
			states = append(states, index.ReviewWaiting)
		case "completed", "cancelled":
			return bad("status", fhir.IssueNotSupported, "the queue holds what is requested or on-hold; a review that is over is read by its id")
		default:
			return bad("status", fhir.IssueCodeInvalid, "status is requested, on-hold, or both with a comma between them")
		}
	}
	s.states = states
	s.shared.Set("status", text)
	return nil
}

func (s *reviewSearch) readSort(p parameters) error {
	text, given, err := p.one("_sort")
	switch {
	case err != nil:
		return err
	case !given || text == "authored-on":
		s.query.Order = index.ByAge
	case text == "-score":
		s.query.Order = index.ByScore
	default:
		return bad("_sort", fhir.IssueNotSupported, "_sort is authored-on (the oldest first) or -score (the most evidence first)")
	}
	if given {
		s.shared.Set("_sort", text)
	}
	return nil
}

// readReview answers Task/[id]: a review with both sides as they are now.
func (s *server) readReview(ctx context.Context, c *call) (answer, error) {
	if _, err := c.parameters.only(); err != nil {
		return answer{}, err
	}
	found, err := s.review(ctx, c)
	if err != nil {
		return answer{}, err
	}
	return caseAnswer(found)
}

func caseAnswer(found index.ReviewCase) (answer, error) {
	t := taskOf(found.Review)
	if err := t.sides(found); err != nil {
		return answer{}, err
	}
	body, err := t.body()
	return answer{body: body}, err
}

// review reads the review that the path names, and notes both people as seen.
func (s *server) review(ctx context.Context, c *call) (index.ReviewCase, error) {
	errNone := failure.New(failure.NotFound, "restapi.review", "there is no such Task here; a Task of a person's record is found by Task?patient=[id]")
	id := opaqueID(c.instance)
	if id == "" {
		return index.ReviewCase{}, errNone
	}
	found, err := s.Index.Review(ctx, id)
	if failure.Is(err, failure.NotFound) {
		return index.ReviewCase{}, errNone
	}
	if err != nil {
		return index.ReviewCase{}, failure.Wrap(failure.KindOf(err), "restapi.review", err)
	}
	c.persons = append(c.persons, peopleOf(found)...)
	return found, nil
}

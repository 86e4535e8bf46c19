package restapi

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
)

// merge answers Patient/[id]/$merge (FHIR R5 Patient, operation merge): the
// person given as source-patient becomes one with this one, whose id stays.
// Records do not move: only links change, and $unmerge takes it back.
func (s *server) merge(ctx context.Context, c *call) (answer, error) {
	ignored, err := c.parameters.only("source-patient", "other", "reason")
	if err != nil {
		return answer{}, err
	}
	text, err := c.parameters.either("source-patient", "other")
	if err != nil {
		return answer{}, err
	}
	survivor, err := s.person(ctx, c, c.instance)
	if err != nil {
		return answer{}, err
	}
	other, err := s.person(ctx, c, strings.TrimPrefix(strings.TrimPrefix(text, s.BaseURL+"/"), "Patient/"))
	if failure.Is(err, failure.NotFound) {
		err = bad("source-patient", fhir.IssueNotFound, "source-patient names nobody")
	}
	if err != nil {
		return answer{}, err
	}
	err = s.change(ctx, c, func(act index.Act) error {
		err := s.Index.Merge(ctx, survivor.ID, other.ID, act)
		return reworded("restapi.merge", err, "these two are one person already")
	})
	if err != nil {
		return answer{}, err
	}
	return s.changed(ctx, c, "The two are one person now.", ignored, survivor.ID)
}

// either reads a parameter that has two names.
func (p parameters) either(name, alias string) (string, error) {
	a, _, err := p.one(name)
	b, _, err2 := p.one(alias)
	switch err = cmp.Or(err, err2); {
	case err != nil:
		return "", err
	case a != "" && b != "":
		return "", bad(name, fhir.IssueInvalid, "%s is given more than once", name)
	case a+b == "":
		return p.need(name)
	}
	return a + b, nil
}

// unmerge answers Patient/[id]/$unmerge: the person whose id was given up comes
// back, with what came for them since. Where the survivor is known to several
// organisations a second reviewer has to ask too: until then the answer is 202.
func (s *server) unmerge(ctx context.Context, c *call) (answer, error) {
	ignored, err := c.parameters.only("reason")
	if err != nil {
		return answer{}, err
	}
	survivor, err := s.person(ctx, c, c.instance)
	if err != nil {
		return answer{}, err
	}
	done := false
	err = s.change(ctx, c, func(act index.Act) error {
		var err error
		done, err = s.Index.Unmerge(ctx, c.instance, act)
		switch failure.KindOf(err) {
		case failure.NotFound:
			return failure.New(failure.NotFound, "restapi.unmerge", "this person's id was never given up")
		case failure.Forbidden:
			return failure.New(failure.Forbidden, "restapi.unmerge", "you have asked already: a second person has to ask too")
		}
		return reworded("restapi.unmerge", err, "this person was given back already")
	})
	switch {
	case err != nil:
		return answer{}, err
	case !done:
		return answer{status: http.StatusAccepted, body: said("Noted. The person is known to more than one organisation: a second reviewer has to ask for the same.")}, nil
	}
	return s.changed(ctx, c, "They are two people again.", ignored, c.instance, survivor.ID)
}

// link answers Patient/$link: two source patients are one person from now on.
func (s *server) link(ctx context.Context, c *call) (answer, error) {
	keys, ignored, err := s.sources(ctx, c, 2)
	if err != nil {
		return answer{}, err
	}
	err = s.change(ctx, c, func(act index.Act) error {
		return reworded("restapi.link", s.Index.Link(ctx, keys[0], keys[1], act), "the index changed meanwhile; ask again")
	})
	if err != nil {
		return answer{}, err
	}
	return s.changedSources(ctx, c, "The two are linked.", ignored, keys...)
}

// unlink answers Patient/$unlink: a source patient leaves its person.
func (s *server) unlink(ctx context.Context, c *call) (answer, error) {
	keys, ignored, err := s.sources(ctx, c, 1)
	if err != nil {
		return answer{}, err
	}
	err = s.change(ctx, c, func(act index.Act) error {
		return reworded("restapi.unlink", s.Index.Unlink(ctx, keys[0], act), "it is the person's only one: there is nothing to take it out of")
	})
	if err != nil {
		return answer{}, err
	}
	return s.changedSources(ctx, c, "It is a person of its own.", ignored, keys...)
}

// sources reads the source patients that a request names, and notes their people.
func (s *server) sources(ctx context.Context, c *call, count int) (keys, ignored []string, err error) {
	const name = "sourceIdentifier"
	if ignored, err = c.parameters.only(name, "reason"); err != nil {
		return nil, nil, err
	}
	tokens := c.parameters.values[name]
	if len(tokens) != count {
		return nil, nil, &refusal{
			error: failure.New(failure.Invalid, "restapi.sources", "%s is needed %d times, each a patient of an organisation as [system]|[value]", name, count),
			code:  fhir.IssueRequired, spine: "MISSING_VALUE", where: []string{name},
		}
	}
	for _, token := range tokens {
		system, value, err := parseToken(name, token)
		if err != nil {
			return nil, nil, err
		}
		key, ok := s.sourceKey(system, value)
		if !ok {
			return nil, nil, bad(name, fhir.IssueCodeInvalid, "the system is not %s[ODS code]:[authority]", localPrefix)
		}
		id, err := s.Index.FindSource(ctx, key)
		if failure.Is(err, failure.NotFound) {
			return nil, nil, bad(name, fhir.IssueNotFound, "%s names nobody", name)
		}
		if err != nil {
			return nil, nil, failure.Wrap(failure.KindOf(err), "restapi.sources", err)
		}
		keys, c.persons = append(keys, key), append(c.persons, id)
	}
	return keys, ignored, nil
}

// reworded gives a conflict words for the caller.
func reworded(op string, err error, conflict string) error {
	if failure.Is(err, failure.Conflict) {
		return failure.New(failure.Conflict, op, "%s", conflict)
	}
	return failure.Wrap(failure.KindOf(err), op, err)
}

// changedSources answers with the people whom source patients belong to now.
func (s *server) changedSources(ctx context.Context, c *call, text string, ignored []string, keys ...string) (answer, error) {
	var ids []string
	for _, key := range keys {
		id, err := s.Index.FindSource(ctx, key)
		if err != nil {
			return answer{}, failure.Wrap(failure.Unavailable, "restapi.changed", err)
		}
		ids = append(ids, id)
	}
	return s.changed(ctx, c, text, ignored, ids...)
}

// changed answers with what was done, and with the people as they are now.
func (s *server) changed(ctx context.Context, c *call, text string, ignored []string, ids ...string) (answer, error) {
	list := []parameterForm{{Name: "outcome", Resource: said(text)}}
	seen := map[string]bool{}
	for _, id := range ids {
		p, err := s.person(ctx, c, id)
		if err != nil {
			return answer{}, failure.Wrap(failure.Unavailable, "restapi.changed", err)
		}
		if seen[p.ID] {
			continue
		}
		seen[p.ID] = true
		body, err := fhir.PatientResource(composite(p))
		if err != nil {
			return answer{}, failure.Wrap(failure.KindOf(err), "restapi.changed", err)
		}
		list = append(list, parameterForm{Name: "result", Resource: body})
	}
	return parametersAnswer(list, ignored)
}

package restapi

import (
	"cmp"
	"context"
	"slices"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
)

// mostDecisions bounds how many decisions on one source patient are shown: the
// newest ones.
const mostDecisions = 100

// decisions answers Patient/[id]/$decisions: why each source patient of a
// person is linked to them, with every decision before, the first one first.
// Who was compared with them and is another person is named too, and audited.
func (s *server) decisions(ctx context.Context, c *call) (answer, error) {
	ignored, err := c.parameters.only()
	if err != nil {
		return answer{}, err
	}
	p, err := s.person(ctx, c, c.instance)
	if err != nil {
		return answer{}, err
	}
	sources := slices.SortedFunc(slices.Values(p.Sources), func(a, b index.SourcePatient) int {
		return cmp.Or(cmp.Compare(a.Organisation, b.Organisation), cmp.Compare(a.System, b.System), cmp.Compare(a.Value, b.Value), cmp.Compare(a.Key, b.Key))
	})
	events := make([][]index.Event, len(sources))
	for i, source := range sources {
		if events[i], err = s.Index.Decisions(ctx, source.Key); err != nil {
			return answer{}, failure.Wrap(failure.Unavailable, "restapi.decisions", err)
		}
	}
	names, err := s.namesOf(ctx, c, p, events)
	if err != nil {
		return answer{}, err
	}
	list := []parameterForm{{Name: "person", ValueReference: &reference{Reference: "Patient/" + p.ID}}}
	for i, source := range sources {
		part := parameterForm{Name: "source"}
		if id := names[source.Key]; id != nil {
			part.Part = append(part.Part, parameterForm{Name: "sourceIdentifier", ValueIdentifier: id})
		}
		if left := len(events[i]) - mostDecisions; left > 0 {
			events[i] = events[i][left:]
			part.Part = append(part.Part, parameterForm{Name: "earlier", ValueInteger: &left})
		}
		for _, e := range events[i] {
			part.Part = append(part.Part, decisionOf(e, names))
		}
		list = append(list, part)
	}
	return parametersAnswer(list, ignored)
}

// namesOf gives the identifiers of a person's source patients and of those with
// whom they were compared, by key. Whose people those are is noted as seen.
func (s *server) namesOf(ctx context.Context, c *call, p index.Person, events [][]index.Event) (map[string]*identifierRef, error) {
	names := map[string]*identifierRef{}
	note := func(p index.Person) {
		for _, source := range p.Sources {
			if source.Value != "" {
				names[source.Key] = &identifierRef{localSystem(source.Organisation, source.System), source.Value}
			}
		}
	}
	note(p)
	var others []string
	for _, e := range slices.Concat(events...) {
		if e.With != "" && names[e.With] == nil && !slices.Contains(others, e.With) {
			others = append(others, e.With)
		}
	}
	for _, key := range others {
		if names[key] != nil {
			continue
		}
		id, err := s.Index.FindSource(ctx, key)
		if err == nil {
			p, err = s.person(ctx, c, id)
		}
		switch {
		case err == nil:
			note(p)
		case !failure.Is(err, failure.NotFound):
			return nil, failure.Wrap(failure.KindOf(err), "restapi.namesOf", err)
		}
	}
	return names, nil
}

// decisionOf words a decision: what became of the source patient, with whom it
// was compared, on what evidence, and after which row; of a human's decision who
// it was and why.
func decisionOf(e index.Event, names map[string]*identifierRef) parameterForm {
	number := e.Number
	form := parameterForm{
		Name: "decision", Extension: []extension{evidence(e.Decision), {URL: provenanceExtension, Extension: placeOf(e.Origin)}},
		Part: []parameterForm{{Name: "number", ValueInteger: &number}},
	}
	add := func(p parameterForm) { form.Part = append(form.Part, p) }
	for _, person := range []struct{ name, id string }{{"linked-to", e.Person}, {"formerly", e.Former}} {
		if person.id != "" {
			add(parameterForm{Name: person.name, ValueReference: &reference{Reference: "Patient/" + person.id}})
		}
	}
	if id := names[e.With]; id != nil {
		add(parameterForm{Name: "with", ValueIdentifier: id})
	}
	if e.Origin.Delivery != "" {
		add(parameterForm{Name: "delivery", ValueIdentifier: &identifierRef{deliverySystem, e.Origin.Delivery}})
	}
	if e.Decision.Rule == matching.RulePin {
		add(parameterForm{Name: "decided-by", ValueIdentifier: &identifierRef{decidedBySystem, e.Decision.By}})
		add(parameterForm{Name: "reason", ValueString: e.Decision.Reason})
	}
	return form
}

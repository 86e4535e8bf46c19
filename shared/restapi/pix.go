package restapi

import (
	"context"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/nhs"
)

// crossReference answers Patient/$ihe-pix (IHE PIXm, ITI-83): all other
// identifiers of the person who has one, and the person's own id. The texts of
// its refusals are those of ITI-83.
func (s *server) crossReference(ctx context.Context, c *call) (answer, error) {
	ignored, err := c.parameters.only("sourceIdentifier", "targetSystem")
	if err != nil {
		return answer{}, err
	}
	source, err := c.parameters.need("sourceIdentifier")
	if err != nil {
		return answer{}, err
	}
	ids, err := s.sourceIDs(ctx, source)
	if err != nil {
		return answer{}, err
	}
	p, err := s.onlyOne(ctx, c, ids)
	if err != nil {
		return answer{}, err
	}
	targets := c.parameters.values["targetSystem"]
	if err := s.knownTargets(ctx, p, targets); err != nil {
		return answer{}, err
	}
	var out []parameterForm
	for _, id := range identifiersOf(p) {
		if (len(targets) == 0 || slices.Contains(targets, id.System)) && !isToken(source, id) {
			out = append(out, parameterForm{Name: "targetIdentifier", ValueIdentifier: &identifierRef{id.System, id.Value}})
		}
	}
	if own := s.BaseURL + "|Patient/" + p.ID; (len(targets) == 0 || slices.Contains(targets, s.BaseURL)) && source != own {
		out = append(out, parameterForm{Name: "targetId", ValueReference: &reference{Reference: "Patient/" + p.ID}})
	}
	return parametersAnswer(out, ignored)
}

// sourceIDs gives the ids of the people with the source identifier. A system
// that the region does not know is refused, an identifier that nobody has too.
func (s *server) sourceIDs(ctx context.Context, token string) ([]string, error) {
	system, value, err := parseToken("sourceIdentifier", token)
	if err != nil {
		return nil, err
	}
	if system == s.BaseURL {
		return []string{strings.TrimPrefix(value, "Patient/")}, nil
	}
	ids, err := s.findIdentifier(ctx, "sourceIdentifier", system, value)
	if err != nil || len(ids) > 0 {
		return ids, err
	}
	known, err := s.knownSystem(ctx, system)
	if err == nil && !known {
		err = bad("sourceIdentifier", fhir.IssueCodeInvalid, "sourceIdentifier Assigning Authority not found")
	}
	return nil, err
}

// onlyOne reads the person of an identifier. Several are refused: to mix their
// identifiers would say that they are one.
func (s *server) onlyOne(ctx context.Context, c *call, ids []string) (index.Person, error) {
	if len(ids) > 1 {
		return index.Person{}, &refusal{
			error: failure.New(failure.Conflict, "restapi.crossReference", "sources of more than one person state this identifier: search for it and compare their details"),
			code:  fhir.IssueMultipleMatches, where: []string{"sourceIdentifier"},
		}
	}
	if len(ids) == 1 {
		p, err := s.person(ctx, c, ids[0])
		if !failure.Is(err, failure.NotFound) {
			return p, err
		}
	}
	return index.Person{}, &refusal{
		error: failure.New(failure.NotFound, "restapi.crossReference", "sourceIdentifier Patient Identifier not found"), where: []string{"sourceIdentifier"},
	}
}

// knownTargets refuses a target that is none of the region's domains.
func (s *server) knownTargets(ctx context.Context, p index.Person, targets []string) error {
	held := identifiersOf(p)
	for _, target := range targets {
		if target == s.BaseURL || slices.ContainsFunc(held, func(id fhir.Identifier) bool { return id.System == target }) {
			continue
		}
		known, err := s.knownSystem(ctx, target)
		if err == nil && !known {
			err = &refusal{
				error: failure.New(failure.Forbidden, "restapi.crossReference", "targetSystem not found"),
				code:  fhir.IssueCodeInvalid, spine: "INVALID_VALUE", where: []string{"targetSystem"},
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// knownSystem says whether an identifier system is a domain of the region: NHS
// numbers, and the patient ids of an organisation that has a feed.
func (s *server) knownSystem(ctx context.Context, system string) (bool, error) {
	if fhir.IsNHSNumberSystem(system) {
		return true, nil
	}
	organisation, _, ok := parseLocalSystem(system)
	if !ok {
		return false, nil
	}
	states, err := s.Freshness(ctx, []string{organisation})
	if err != nil {
		return false, failure.Wrap(failure.KindOf(err), "restapi.freshness", err)
	}
	return slices.ContainsFunc(states, func(f FeedState) bool { return f.Organisation == organisation }), nil
}

// identifiersOf gives every identifier that is the person's now, the NHS number first.
func identifiersOf(p index.Person) []fhir.Identifier {
	patient := composite(p)
	list := slices.DeleteFunc(patient.Identifiers, func(id fhir.Identifier) bool { return id.Use == oldIdentifier })
	if n := patient.Details.NHSNumber; n != "" {
		list = append([]fhir.Identifier{{System: nhs.NumberSystem, Value: n}}, list...)
	}
	return list
}

// isToken says whether the identifier is the one that was asked with.
func isToken(token string, id fhir.Identifier) bool {
	system, value, err := parseToken("sourceIdentifier", token)
	if err != nil {
		return false
	}
	if fhir.IsNHSNumberSystem(system) && id.System == nhs.NumberSystem {
		number, err := nhs.ParseNumber(value)
		return err == nil && number == id.Value
	}
	return system == id.System && value == id.Value
}

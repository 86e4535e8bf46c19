package restapi

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/nhs"
)

// readPatient answers Patient/[id]. An id that was merged away gives an
// inactive Patient with a link to the survivor.
func (s *server) readPatient(ctx context.Context, c *call) (answer, error) {
	if _, err := c.parameters.only(); err != nil {
		return answer{}, err
	}
	p, err := s.person(ctx, c, c.instance)
	if err != nil {
		return answer{}, err
	}
	resource := composite(p)
	if p.ID != c.instance {
		resource = superseded(c.instance, p.ID)
	}
	body, err := fhir.PatientResource(resource)
	return answer{body: body}, failure.Wrap(failure.KindOf(err), "restapi.readPatient", err)
}

// readOther refuses the reading of other resources by id: an entry is read
// within its patient's record, where it is known who may see it.
func (s *server) readOther(context.Context, *call) (answer, error) {
	return answer{}, failure.New(failure.NotSupported, "restapi.readOther", "a resource is read within its patient's record: use Patient/[id]/$everything or [type]?patient=[id]")
}

// searchPatient answers Patient?identifier= and Patient?_id=; given both, the
// person must fit both. It finds one person or none, and more only where
// several state one NHS number: which of them is meant is not for us to guess.
func (s *server) searchPatient(ctx context.Context, c *call) (answer, error) {
	ignored, err := c.parameters.only("identifier", "_id", "_count")
	if err != nil {
		return answer{}, err
	}
	if _, err = c.parameters.count(); err != nil {
		return answer{}, err
	}
	search, err := s.find(ctx, c.parameters)
	if err != nil {
		return answer{}, err
	}
	var people []index.Person
	for _, id := range search.ids {
		p, err := s.person(ctx, c, id)
		switch {
		case err == nil:
			people = append(people, p)
		case !failure.Is(err, failure.NotFound):
			return answer{}, err
		}
	}
	var warnings []issueForm
	if search.contested {
		warnings = append(warnings, contested)
	}
	return s.patients(ctx, people, ignored, warnings...)
}

// matches is what the parameters of a search name.
type matches struct {
	ids       []string
	contested bool // several people state the identifier
}

// contested is said in the same words each time.
var contested = issueForm{
	Severity: fhir.SeverityWarning, Code: fhir.IssueMultipleMatches, Expression: []string{"identifier"},
	Details: issueText{"Sources of more than one person state this NHS number, and their details do not agree. " +
		"Compare names, birth dates and addresses before you use a record."},
}

// find gives the people whom all search parameters name.
func (s *server) find(ctx context.Context, p parameters) (matches, error) {
	id, byID, err := p.one("_id")
	if err != nil {
		return matches{}, err
	}
	token, byIdentifier, err := p.one("identifier")
	switch {
	case err != nil:
		return matches{}, err
	case byIdentifier:
		ids, err := s.findIdentifier(ctx, token)
		f := matches{ids, len(ids) > 1}
		if byID {
			f.ids = slices.DeleteFunc(f.ids, func(holder string) bool { return holder != id })
		}
		return f, err
	case !byID:
		return matches{}, bad("identifier", fhir.IssueRequired, "a search for a Patient needs identifier=[system]|[value] or _id=[id]")
	}
	return matches{ids: []string{id}}, nil
}

// findIdentifier looks up an NHS number or an organisation's own patient id.
func (s *server) findIdentifier(ctx context.Context, token string) ([]string, error) {
	system, value, err := parseToken(token)
	if err != nil {
		return nil, err
	}
	if fhir.IsNHSNumberSystem(system) {
		number, err := nhs.ParseNumber(value)
		if err != nil {
			return nil, bad("identifier", fhir.IssueValue, "the value is no NHS number: ten digits that pass the Modulus 11 check")
		}
		ids, err := s.Index.FindAllByNHSNumber(ctx, number)
		return ids, failure.Wrap(failure.KindOf(err), "restapi.find", err)
	}
	organisation, authority, ok := parseLocalSystem(system)
	if !ok {
		return nil, bad("identifier", fhir.IssueCodeInvalid, "the system is neither that of NHS numbers nor %s[ODS code]:[authority]", localPrefix)
	}
	id, err := s.Index.FindSource(ctx, index.SourceKey(s.Hasher, organisation, authority, value))
	if failure.Is(err, failure.NotFound) {
		return nil, nil
	}
	return []string{id}, failure.Wrap(failure.KindOf(err), "restapi.find", err)
}

// parseToken reads [system]|[value] with the escapes of FHIR R4 search
// (Escaping Search Parameters). A list of values is not offered.
func parseToken(token string) (system, value string, err error) {
	parts := []string{""}
	escaped := false
	for _, r := range token {
		switch {
		case escaped:
			escaped = false
			parts[len(parts)-1] += string(r)
		case r == '\\':
			escaped = true
		case r == ',':
			return "", "", bad("identifier", fhir.IssueNotSupported, "identifier takes one value, not a list")
		case r == '|':
			parts = append(parts, "")
		default:
			parts[len(parts)-1] += string(r)
		}
	}
	if len(parts) != 2 || parts[0] == "" || strings.TrimSpace(parts[1]) == "" || escaped {
		return "", "", bad("identifier", fhir.IssueValue, "identifier has the form [system]|[value]")
	}
	return parts[0], parts[1], nil
}

// patients answers with the people found. Its links never repeat an
// identifier: a person is named by id.
func (s *server) patients(ctx context.Context, people []index.Person, ignored []string, warnings ...issueForm) (answer, error) {
	organisations := organisationsOf(people...)
	self := s.BaseURL + "/Patient"
	if len(people) == 1 {
		self += "?_id=" + people[0].ID
	}
	states, err := s.Freshness(ctx, organisations)
	if err != nil {
		return answer{}, failure.Wrap(failure.KindOf(err), "restapi.freshness", err)
	}
	outcome, err := completeness(organisations, states, ignored, warnings...)
	if err != nil {
		return answer{}, err
	}
	var out bytes.Buffer
	b := fhir.NewBundleWriter(&out, fhir.BundleHead{
		Type: "searchset", Timestamp: s.Now(), Total: len(people), Links: []fhir.Link{{Relation: "self", URL: self}},
	})
	for _, p := range people {
		patient, err := fhir.PatientResource(composite(p))
		if err != nil {
			return answer{}, failure.Wrap(failure.KindOf(err), "restapi.patients", err)
		}
		b.Entry(s.BaseURL+"/Patient/"+p.ID, patient, fhir.ModeMatch)
	}
	b.Entry("", outcome, fhir.ModeOutcome)
	err = b.End() // before the bytes are taken: it writes the last of them
	return answer{body: out.Bytes()}, failure.Wrap(failure.Internal, "restapi.patients", err)
}

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

// matches is what the parameters of a search name.
type matches struct {
	ids       []string
	contested bool // several people state the identifier
}

// contested is said in the same words each time.
var contested = issueForm{
	Severity: fhir.SeverityWarning, Code: fhir.IssueMultipleMatches, Expression: []string{"identifier"},
	Details: issueText{Text: "Sources of more than one person state this NHS number, and their details do not agree. " +
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
		system, value, err := parseToken("identifier", token)
		if err != nil {
			return matches{}, err
		}
		ids, err := s.findIdentifier(ctx, "identifier", system, value)
		f := matches{ids, len(ids) > 1}
		if byID {
			f.ids = slices.DeleteFunc(f.ids, func(holder string) bool { return holder != id })
		}
		return f, err
	case !byID:
		return matches{}, nil
	}
	return matches{ids: []string{id}}, nil
}

// findIdentifier looks up an NHS number or an organisation's own patient id that
// came in a parameter.
func (s *server) findIdentifier(ctx context.Context, where, system, value string) ([]string, error) {
	if fhir.IsNHSNumberSystem(system) {
		number, err := nhs.ParseNumber(value)
		if err != nil {
			return nil, bad(where, fhir.IssueValue, "the value is no NHS number: ten digits that pass the Modulus 11 check")
		}
		ids, err := s.Index.FindAllByNHSNumber(ctx, number)
		return ids, failure.Wrap(failure.KindOf(err), "restapi.find", err)
	}
	key, ok := s.sourceKey(system, value)
	if !ok {
		return nil, bad(where, fhir.IssueCodeInvalid, "the system is neither that of NHS numbers nor %s[ODS code]:[authority]", localPrefix)
	}
	id, err := s.Index.FindSource(ctx, key)
	if failure.Is(err, failure.NotFound) {
		return nil, nil
	}
	return []string{id}, failure.Wrap(failure.KindOf(err), "restapi.find", err)
}

// sourceKey gives the key of an organisation's patient; false for a system that
// is none of an organisation.
func (s *server) sourceKey(system, value string) (string, bool) {
	organisation, authority, ok := parseLocalSystem(system)
	return index.SourceKey(s.Hasher, organisation, authority, value), ok
}

// parseToken reads [system]|[value] with the escapes of FHIR R4 search
// (Escaping Search Parameters). A list of values is not offered.
func parseToken(where, token string) (system, value string, err error) {
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
			return "", "", bad(where, fhir.IssueNotSupported, "%s takes one value, not a list", where)
		case r == '|':
			parts = append(parts, "")
		default:
			parts[len(parts)-1] += string(r)
		}
	}
	if len(parts) != 2 || parts[0] == "" || strings.TrimSpace(parts[1]) == "" || escaped {
		return "", "", bad(where, fhir.IssueValue, "%s has the form [system]|[value]", where)
	}
	return parts[0], parts[1], nil
}

package restapi

import (
	"context"
	"strings"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/audit"
)

// operation is a named operation of FHIR (R4 Extended Operations): of a type
// ([type]/$name), or of one resource ([type]/[id]/$name).
type operation struct {
	kind, name string
	instance   bool
	methods    string // GET, POST, or both
	activity   access.Activity
	definition string // the canonical URL of its OperationDefinition
	says       string // for metadata
	handle     func(context.Context, *call) (answer, error)
}

// definitions are those of our own, described in docs/api.md.
const definitions = "https://github.com/carerecord/carerecord/fhir/OperationDefinition/"

// operations are all that are offered. One that is not here is no route.
func (s *server) operations() []operation {
	return []operation{
		{
			"Patient", "$everything", true, "GET", access.Reading, "http://hl7.org/fhir/OperationDefinition/Patient-everything",
			"_count and _type are offered. Every page names the next one.", s.everything,
		},
		{
			"Patient", "$match", false, "POST", access.Reading, "http://hl7.org/fhir/OperationDefinition/Patient-match",
			"resource, onlyCertainMatches and count. Each match has its grade, score and evidence.", s.match,
		},
		{
			"Patient", "$ihe-pix", false, "GET POST", access.Reading, "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
			"IHE ITI-83. Send sourceIdentifier by POST: it belongs in no URL.", s.crossReference,
		},
		{
			"Patient", "$link", false, "POST", access.Reviewing, definitions + "Patient-link",
			"Two source patients (sourceIdentifier, twice) are one person, for a reason.", s.link,
		},
		{
			"Patient", "$unlink", false, "POST", access.Reviewing, definitions + "Patient-unlink",
			"A source patient (sourceIdentifier) is nobody else of its person, for a reason.", s.unlink,
		},
		{
			"Patient", "$merge", true, "POST", access.Reviewing, "http://hl7.org/fhir/OperationDefinition/Patient-merge",
			"The person given as source-patient becomes one with this one, for a reason.", s.merge,
		},
		{
			"Patient", "$unmerge", true, "POST", access.Reviewing, definitions + "Patient-unmerge",
			"Gives back the person whose id was given up; a second person may have to ask.", s.unmerge,
		},
		{
			"Patient", "$decisions", true, "GET", access.Reviewing, definitions + "Patient-decisions",
			"Every decision on the person's source patients with its evidence, and who made it by hand and why.", s.decisions,
		},
		{
			"Task", "$metrics", false, "GET", access.Reviewing, definitions + "Task-metrics",
			"How the queue of reviews stands, and the decisions of each day.", s.metrics,
		},
		{
			"Task", "$decide", true, "POST", access.Reviewing, definitions + "Task-decide",
			"Answers a review: same, different or wait, with a reason.", s.decide,
		},
	}
}

// operationRoutes gives the methods of an operation; nil when there is none.
func (s *server) operationRoutes(kind, name string, instance bool) methods {
	for _, o := range s.operations() {
		if o.kind != kind || o.name != name || o.instance != instance {
			continue
		}
		at := route{name: kind + "/" + name, interaction: audit.Operation(name), activity: o.activity, operation: true, handle: o.handle}
		found := methods{}
		for method := range strings.FieldsSeq(o.methods) {
			found[method] = at
		}
		return found
	}
	return nil
}

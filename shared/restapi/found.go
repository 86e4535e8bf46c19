package restapi

import (
	"bytes"
	"context"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
)

// shown is a person in an answer, with why.
type shown struct {
	index.Person
	search fhir.EntrySearch
}

// patientsAnswer is a searchset of people, yet to be written.
type patientsAnswer struct {
	people   []shown
	self     string // the search below the FHIR root, with nothing personal in it
	unknown  bool   // how many there are is not said
	ignored  []string
	warnings []issueForm
}

// patients answers with the people found. Its links never repeat an
// identifier or a detail: a person is named by id.
func (s *server) patients(ctx context.Context, a patientsAnswer) (answer, error) {
	people := make([]index.Person, len(a.people))
	for i := range a.people {
		people[i] = a.people[i].Person
	}
	organisations := organisationsOf(people...)
	states, err := s.Freshness(ctx, organisations)
	if err != nil {
		return answer{}, failure.Wrap(failure.KindOf(err), "restapi.freshness", err)
	}
	outcome, err := completeness(organisations, states, a.ignored, append(a.warnings, held(people...)...)...)
	if err != nil {
		return answer{}, err
	}
	head := fhir.BundleHead{
		Type: "searchset", Timestamp: s.Now(), Total: len(people), Links: []fhir.Link{{Relation: "self", URL: s.BaseURL + a.self}},
	}
	if a.unknown {
		head.Total = -1
	}
	var out bytes.Buffer
	b := fhir.NewBundleWriter(&out, head)
	for _, p := range a.people {
		patient, err := fhir.PatientResource(composite(p.Person))
		if err != nil {
			return answer{}, failure.Wrap(failure.KindOf(err), "restapi.patients", err)
		}
		b.Found(s.BaseURL+"/Patient/"+p.ID, patient, p.search)
	}
	b.Entry("", outcome, fhir.ModeOutcome)
	err = b.End() // before the bytes are taken: it writes the last of them
	return answer{body: out.Bytes()}, failure.Wrap(failure.Internal, "restapi.patients", err)
}

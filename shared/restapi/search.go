package restapi

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
)

const (
	// mostCandidates bounds how many people are read to be compared with a search.
	mostCandidates = 400
	readsAtOnce    = 32
)

// searchPatient answers a search for Patients: by identifier or id, by details
// (IHE ITI-78, PDS), or by both, and then the person must fit both.
func (s *server) searchPatient(ctx context.Context, c *call) (answer, error) {
	ignored, err := c.parameters.only(append([]string{"identifier", "_id", "_count"}, detailParameters...)...)
	if err != nil {
		return answer{}, err
	}
	wanted, err := c.parameters.criteria()
	if err != nil {
		return answer{}, err
	}
	if len(c.parameters.values["identifier"])+len(c.parameters.values["_id"]) > 0 {
		return s.searchNamed(ctx, c, wanted, ignored)
	}
	if len(wanted.words)+len(wanted.births) == 0 && wanted.gender == "" {
		return answer{}, bad("identifier", fhir.IssueRequired, "a search for a Patient needs identifier=[system]|[value], _id=[id], or details such as family and birthdate")
	}
	return s.searchDetails(ctx, c, wanted, ignored)
}

// searchNamed finds one person or none, and more only where several state one
// NHS number: which of them is meant is not for us to guess.
func (s *server) searchNamed(ctx context.Context, c *call, wanted criteria, ignored []string) (answer, error) {
	search, err := s.find(ctx, c.parameters)
	if err != nil {
		return answer{}, err
	}
	people, err := s.look(ctx, search.ids)
	if err != nil {
		return answer{}, err
	}
	a := patientsAnswer{self: "/Patient", ignored: ignored}
	for _, p := range people {
		if _, fits := wanted.agree(composite(p).Details, nil); fits {
			a.people = append(a.people, shown{p, fhir.EntrySearch{Mode: fhir.ModeMatch}})
		}
	}
	if search.contested {
		a.warnings = append(a.warnings, contested)
	}
	return s.showFound(ctx, c, a)
}

// searchDetails asks the index for candidates and compares them with the search.
func (s *server) searchDetails(ctx context.Context, c *call, wanted criteria, ignored []string) (answer, error) {
	lookups, err := wanted.lookups()
	if err != nil {
		return answer{}, err
	}
	var found []shown
	all := false
	candidates, err := s.candidates(ctx, lookups)
	if err == nil {
		found, all, err = s.compare(ctx, wanted, candidates)
	}
	if err != nil && !failure.Is(err, failure.TooLarge) {
		return answer{}, err
	}
	a := patientsAnswer{self: "/Patient", ignored: ignored}
	if !all {
		a.unknown, a.warnings = true, append(a.warnings, tooMany)
		return s.patients(ctx, a)
	}
	a.people = found
	return s.showFound(ctx, c, a)
}

// showFound answers with people, and notes that they were seen.
func (s *server) showFound(ctx context.Context, c *call, a patientsAnswer) (answer, error) {
	for _, p := range a.people {
		c.persons = append(c.persons, p.ID)
	}
	if len(a.people) == 1 {
		a.self += "?_id=" + a.people[0].ID
	}
	return s.patients(ctx, a)
}

// tooMany is what PDS answers with in place of more people than it shows.
var tooMany = issueForm{
	Severity: fhir.SeverityWarning, Code: fhir.IssueMultipleMatches,
	Details: issueText{
		Text:   "More people fit than may be shown. None is shown: give more details, or a larger _max-results (at most 50).",
		Coding: []fhir.Coding{{System: fhir.SpineCodeSystem, Code: "TOO_MANY_MATCHES"}},
	},
}

// candidates asks the index for each set of details at once and gives every
// person found once, with the decision that is most probable.
func (s *server) candidates(ctx context.Context, lookups []demographics.Details) ([]index.Match, error) {
	best := map[string]index.Match{}
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	for _, d := range lookups {
		group.Go(func() error {
			found, err := s.Index.Candidates(ctx, d, 0)
			mu.Lock()
			defer mu.Unlock()
			for _, m := range found {
				if have, known := best[m.Person]; !known || m.Probability > have.Probability {
					best[m.Person] = m
				}
			}
			return err
		})
	}
	err := group.Wait()
	list := slices.SortedFunc(maps.Values(best), func(a, b index.Match) int {
		return cmp.Or(cmp.Compare(b.Probability, a.Probability), cmp.Compare(a.Person, b.Person))
	})
	return list, failure.Wrap(failure.KindOf(err), "restapi.candidates", err)
}

// compare reads candidates until there are more of them that fit than the
// answer may hold; all says that every one was compared. Who agrees best comes first.
func (s *server) compare(ctx context.Context, wanted criteria, candidates []index.Match) (found []shown, all bool, err error) {
	if len(candidates) > mostCandidates {
		return nil, false, nil
	}
	seen := map[string]bool{}
	for part := range slices.Chunk(candidates, 2*mostMatches) {
		ids := make([]string, len(part))
		levels := map[string]index.Match{}
		for i, m := range part {
			ids[i], levels[m.Person] = m.Person, m
		}
		people, err := s.look(ctx, ids)
		if err != nil {
			return nil, false, err
		}
		for _, p := range people {
			score, fits := wanted.agree(composite(p).Details, levels[p.ID].Decision.Fields)
			if fits && !seen[p.ID] {
				found = append(found, shown{p, fhir.EntrySearch{Mode: fhir.ModeMatch, Score: &score}})
			}
			seen[p.ID] = true
		}
		if len(found) > wanted.limit {
			return nil, false, nil
		}
	}
	slices.SortStableFunc(found, func(a, b shown) int { return cmp.Compare(*b.search.Score, *a.search.Score) })
	return found, true, nil
}

// look reads people at once, in the order of their ids. One that is no more is
// left out. Nobody is noted as seen: that is for whoever shows them.
func (s *server) look(ctx context.Context, ids []string) ([]index.Person, error) {
	read := make([]index.Person, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readsAtOnce)
	for i, id := range ids {
		group.Go(func() (err error) {
			read[i], err = s.read(ctx, id)
			if failure.Is(err, failure.NotFound) {
				return nil
			}
			return err
		})
	}
	err := group.Wait()
	return slices.DeleteFunc(read, func(p index.Person) bool { return p.ID == "" }), err
}

package restapi

import (
	"bytes"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/oklog/ulid/v2"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/fhir"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/record"
)

// view is one page of one person's record, on its way into a Bundle.
type view struct {
	person     index.Person
	types      []string
	count      int // matches a page may hold
	after      cursor
	leads      bool // the Patient of the person comes first
	provenance bool
	ignored    []string
	self       string // the URL of this search, without page
}

// everything answers Patient/[id]/$everything (FHIR R4 Patient, operation
// everything): the Patient, then the current entries of all sources, by pages.
func (s *server) everything(ctx context.Context, c *call) (answer, error) {
	v := view{provenance: true}
	var err error
	if v.ignored, err = c.parameters.only("_count", "_type", pageParameter); err != nil {
		return answer{}, err
	}
	if err = v.read(c.parameters); err != nil {
		return answer{}, err
	}
	if v.person, err = s.person(ctx, c, c.instance); err != nil {
		return answer{}, err
	}
	if err = v.bind(c.instance); err != nil {
		return answer{}, err
	}
	v.leads = v.after == cursor{} && (len(v.types) == 0 || slices.Contains(v.types, "Patient"))
	shared := url.Values{}
	if len(v.types) > 0 {
		shared.Set("_type", strings.Join(v.types, ","))
	}
	v.self = v.link(s.BaseURL+"/Patient/"+v.person.ID+"/$everything", shared)
	return s.show(ctx, v)
}

// searchType answers [type]?patient=[id]: the entries of one type in a person's record.
func (s *server) searchType(ctx context.Context, c *call) (answer, error) {
	v := view{}
	if !searchable(c.kind) {
		return answer{}, bad("patient", fhir.IssueNotSupported, "resources of this type are not searched by patient; see metadata for those that are")
	}
	var err error
	if v.ignored, err = c.parameters.only("patient", "_count", "_revinclude", pageParameter); err != nil {
		return answer{}, err
	}
	id, ok, err := c.parameters.one("patient")
	if err == nil && !ok {
		err = bad("patient", fhir.IssueRequired, "a search is within one patient: give patient=[id]")
	}
	if err == nil {
		err = v.read(c.parameters)
	}
	if err == nil {
		v.provenance, err = c.parameters.revinclude()
	}
	if err != nil {
		return answer{}, err
	}
	id = strings.TrimPrefix(id, "Patient/")
	v.person, err = s.person(ctx, c, id)
	if failure.Is(err, failure.NotFound) {
		err = bad("patient", fhir.IssueNotFound, "patient names nobody")
	}
	if err == nil {
		err = v.bind(id)
	}
	if err != nil {
		return answer{}, err
	}
	shared := url.Values{"patient": {v.person.ID}}
	if v.provenance {
		shared.Set("_revinclude", "Provenance:target")
	}
	v.types, v.self = []string{c.kind}, v.link(s.BaseURL+"/"+c.kind, shared)
	return s.show(ctx, v)
}

// searchable says whether [type]?patient= is offered. Types that describe an
// organisation are in nobody's record. An AuditEvent or Provenance that a
// source sent is shown by $everything; a search for it would look like one of
// the region's own, which are not kept as entries.
func searchable(kind string) bool {
	return kind != "AuditEvent" && kind != "Provenance" && !fhir.Directory(kind)
}

// revinclude takes the one value that is offered.
func (p parameters) revinclude() (bool, error) {
	value, ok, err := p.one("_revinclude")
	if err == nil && ok && value != "Provenance:target" {
		err = bad("_revinclude", fhir.IssueNotSupported, "only _revinclude=Provenance:target is offered")
	}
	return ok, err
}

// person reads a person whom the request names, and notes that they were seen.
func (s *server) person(ctx context.Context, c *call, id string) (index.Person, error) {
	p, err := s.read(ctx, id)
	if err == nil {
		c.persons = append(c.persons, p.ID)
	}
	return p, err
}

// read gives a person by id.
func (s *server) read(ctx context.Context, id string) (index.Person, error) {
	// Nothing but a ULID names a person; an NHS number typed here reaches no key.
	if _, err := ulid.ParseStrict(id); err != nil || id != strings.ToUpper(id) {
		return index.Person{}, failure.New(failure.NotFound, "restapi.read", "there is no such Patient")
	}
	p, err := s.Index.Person(ctx, id)
	if failure.Is(err, failure.NotFound) {
		return index.Person{}, failure.New(failure.NotFound, "restapi.read", "there is no such Patient")
	}
	return p, failure.Wrap(failure.KindOf(err), "restapi.read", err)
}

// read takes the parameters that all pages share.
func (v *view) read(p parameters) (err error) {
	if v.types, err = p.types(); err != nil {
		return err
	}
	if v.count, err = p.count(); err != nil {
		return err
	}
	v.after, err = p.page()
	return err
}

// bind refuses a cursor that was given for another person. asked is the id in
// the request: when its person joined another between two pages, the page goes
// on in the survivor's record. The source of the cursor need not be one of
// theirs any more: when it was unlinked meanwhile, the page goes on with the
// next source in the order of keys.
func (v *view) bind(asked string) error {
	if v.after == (cursor{}) {
		return nil
	}
	if v.after.Person != v.person.ID && v.after.Person != asked {
		return errCursor
	}
	v.after.Person = v.person.ID
	return nil
}

// link gives the URL of this search with the parameters as they were understood.
func (v *view) link(path string, shared url.Values) string {
	if v.count <= maxCount {
		shared.Set("_count", strconv.Itoa(v.count))
	}
	if len(shared) == 0 {
		return path
	}
	return path + "?" + shared.Encode()
}

// withPage adds a place to a URL made by link.
func withPage(self string, c cursor) string {
	separator := "?"
	if strings.Contains(self, "?") {
		separator = "&"
	}
	return self + separator + pageParameter + "=" + c.String()
}

// show reads a page and the freshness of its sources in one round trip, and
// then what the page refers to, most of which is cached.
func (s *server) show(ctx context.Context, v view) (answer, error) {
	room := v.count
	if v.leads {
		room-- // the Patient is a match as well
	}
	var found page
	var states []FeedState
	organisations := organisationsOf(v.person)
	group, inner := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		found, err = s.readPage(inner, stretches(v.person.Sources, v.types, v.after), room)
		return err
	})
	group.Go(func() (err error) {
		states, err = s.Freshness(inner, organisations)
		return failure.Wrap(failure.KindOf(err), "restapi.freshness", err)
	})
	if err := group.Wait(); err != nil {
		return answer{}, err
	}
	included, err := s.included(ctx, found.entries)
	if err != nil {
		return answer{}, err
	}
	outcome, err := completeness(organisations, states, v.ignored, held(v.person)...)
	if err != nil {
		return answer{}, err
	}
	return s.bundle(v, found, included, outcome)
}

// bundle lays a page out: matches, what they refer to, Provenance, outcome.
func (s *server) bundle(v view, found page, included []record.Entry, outcome []byte) (answer, error) {
	var out bytes.Buffer
	b := fhir.NewBundleWriter(&out, fhir.BundleHead{Type: "searchset", Timestamp: s.Now(), Total: -1, Links: v.links(found)})
	if v.leads {
		patient, err := fhir.PatientResource(composite(v.person))
		if err != nil {
			return answer{}, failure.Wrap(failure.KindOf(err), "restapi.bundle", err)
		}
		b.Entry(s.BaseURL+"/Patient/"+v.person.ID, patient, fhir.ModeMatch)
	}
	self := []byte(`"Patient/` + v.person.ID + `"`)
	for _, e := range found.entries {
		b.Entry(s.BaseURL+"/"+refOf(e), bytes.ReplaceAll(e.Resource, ownPatient, self), fhir.ModeMatch)
	}
	for _, e := range included {
		b.Entry(s.BaseURL+"/"+refOf(e), e.Resource, fhir.ModeInclude)
	}
	if v.provenance {
		ids, bodies, err := provenances(s.Hasher, slices.Concat(found.entries, included))
		if err != nil {
			return answer{}, err
		}
		for i, id := range ids {
			b.Entry(s.BaseURL+"/Provenance/"+id, bodies[i], fhir.ModeInclude)
		}
	}
	b.Entry("", outcome, fhir.ModeOutcome)
	if err := b.End(); err != nil {
		return answer{}, failure.Wrap(failure.KindOf(err), "restapi.bundle", err)
	}
	return answer{body: out.Bytes()}, nil
}

// ownPatient is how a stored entry refers to the patient it is about.
var ownPatient = []byte(`"` + fhir.OwnPatient + `"`)

func (v *view) links(found page) []fhir.Link {
	self := v.self
	if v.after != (cursor{}) {
		self = withPage(self, v.after)
	}
	links := []fhir.Link{{Relation: "self", URL: self}}
	if found.more {
		next := afterPatient
		if n := len(found.entries); n > 0 {
			next = cursorAfter(found.entries[n-1])
		}
		next.Person = v.person.ID
		links = append(links, fhir.Link{Relation: "next", URL: withPage(v.self, next)})
	}
	return links
}

func organisationsOf(people ...index.Person) []string {
	var list []string
	for _, p := range people {
		for _, s := range p.Sources {
			if s.Organisation != "" {
				list = append(list, s.Organisation)
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

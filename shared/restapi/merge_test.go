package restapi_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/restapi"
	"github.com/carerecord/carerecord/shared/table/embedded"
	"github.com/carerecord/carerecord/shared/version"
)

// A second number that passes the Modulus 11 check.
const priorNumber = "9000000009"

// indexed puts a real index with the statements behind the region, each in an
// Apply of its own.
func (r *region) indexed(t testing.TB, statements ...index.Statement) {
	t.Helper()
	db, err := embedded.Memory()
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	x := index.New(db.Table("index"), r.hasher, matcher)
	for _, s := range statements {
		check(t, x.Apply(t.Context(), now, []index.Statement{s}))
	}
	r.handler = r.serveIndex(t, x)
}

// says makes a statement of the hospital on its patient, at an hour.
func (r *region) says(id string, hour int, d *demographics.Details) index.Statement {
	return index.Statement{
		Key: index.SourceKey(r.hasher, "RXX", "", id), Organisation: "RXX", Value: id, Details: d,
		At:     version.Instant{Time: now.Add(time.Duration(hour-48) * time.Hour), Row: 1},
		Origin: record.Origin{Organisation: "RXX", Feed: "adt", Delivery: "d1", Row: hour},
	}
}

func (r *region) merges(prior, survivor string, hour int) index.Statement {
	s := r.says(prior, hour, nil)
	s.MergedInto = index.SourceKey(r.hasher, "RXX", "", survivor)
	return s
}

func celia() *demographics.Details {
	return &demographics.Details{
		NHSNumber: priorNumber, NHSStatus: "01", BirthDate: "1952-11-03", Sex: "female", Practice: "Y00002", Deceased: "2025",
		Names: []demographics.Name{{Use: "official", Family: "Ard", Given: []string{"Celia"}}},
	}
}

func rosalind() *demographics.Details {
	return &demographics.Details{
		NHSNumber: number, BirthDate: "1950-05-21", Sex: "male", Practice: "Y00001",
		Names: []demographics.Name{{Family: "Arden", Given: []string{"Rosalind"}}},
	}
}

type patient struct {
	ID         string
	Identifier []struct{ System, Value string }
	Name       []struct {
		Use, Family string
	}
	Gender, BirthDate, DeceasedDateTime string
	GeneralPractitioner                 []struct{ Identifier struct{ Value string } }
}

func (p patient) numbers() (list []string) {
	for _, i := range p.Identifier {
		if i.System == numberID {
			list = append(list, i.Value)
		}
	}
	return list
}

// search looks for an NHS number.
func (r *region) search(t testing.TB, number string) (people []patient, b bundle) {
	t.Helper()
	b = read(t, r.do(t, "POST", "/fhir/R4/Patient/_search", form(url.Values{"identifier": {numberID + "|" + number}})))
	_, bodies := b.in(t, "match")
	for _, body := range bodies {
		var p patient
		check(t, json.Unmarshal([]byte(body), &p))
		people = append(people, p)
	}
	if b.Total == nil || *b.Total != len(people) {
		t.Fatalf("total %v with %d matches", b.Total, len(people))
	}
	return people, b
}

// TestTheSurvivorOfAMergeLeads: after two admissions (A01) and a merge (A34) the
// person is who the survivor is, though the prior spoke last, and both numbers
// find them. What the survivor does not say comes from the prior.
func TestTheSurvivorOfAMergeLeads(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	statements := []index.Statement{r.says("Q", 1, rosalind()), r.says("P", 2, celia()), r.merges("P", "Q", 3), r.says("Q", 3, rosalind())}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 2, 0, 3}} {
		var given []index.Statement
		for _, i := range order {
			given = append(given, statements[i])
		}
		r.indexed(t, given...)
		for _, n := range []string{number, priorNumber} {
			found, _ := r.search(t, n)
			if len(found) != 1 {
				t.Fatalf("%d people with one of the two numbers, want 1", len(found))
			}
			got := found[0]
			if got.BirthDate != "1950-05-21" || got.Gender != "male" || got.DeceasedDateTime != "2025" || len(got.GeneralPractitioner) != 1 || got.GeneralPractitioner[0].Identifier.Value != "Y00001" {
				t.Errorf("order %v: details are not the survivor's: %+v", order, got)
			}
			if diff := cmp.Diff([]string{number, priorNumber}, got.numbers()); diff != "" {
				t.Errorf("order %v: numbers (-want +got):\n%s", order, diff)
			}
			if diff := cmp.Diff([]struct{ Use, Family string }{{"", "Arden"}, {"old", "Ard"}}, got.Name); diff != "" {
				t.Errorf("order %v: names (-want +got):\n%s", order, diff)
			}
		}
	}
}

// TestASurvivorWhoSaysNothing: known by the merge alone, they have the prior's details.
func TestASurvivorWhoSaysNothing(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.indexed(t, r.says("P", 1, celia()), r.merges("P", "Q", 2))
	found, _ := r.search(t, priorNumber)
	if len(found) != 1 || found[0].BirthDate != "1952-11-03" || len(found[0].Name) != 1 || found[0].Name[0].Use != "official" {
		t.Errorf("got %+v, want the prior's details, the name as it is", found)
	}
}

// TestAllWhoStateANumberAreShown: nobody is chosen in silence.
func TestAllWhoStateANumberAreShown(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	stranger := celia()
	stranger.NHSNumber = number
	statements := []index.Statement{r.says("1", 1, rosalind()), r.says("2", 2, stranger)}
	var first []string
	for range 2 {
		slices.Reverse(statements)
		r.indexed(t, statements...)
		before := len(r.events(t))
		found, b := r.search(t, number)
		if len(found) != 2 || found[0].BirthDate != "1952-11-03" {
			t.Fatalf("%d people, want 2, the verified one first", len(found))
		}
		if got := len(r.events(t)) - before; got != 2 {
			t.Errorf("%d audit events, want one for each person", got)
		}
		_, outcomes := b.in(t, "outcome")
		var o bundle
		check(t, json.Unmarshal([]byte(outcomes[0]), &o))
		if o.Issue[0].Severity != "warning" || o.Issue[0].Code != "multiple-matches" || !strings.HasPrefix(o.Issue[0].Details.Text, "Sources of more than one person state this NHS number") {
			t.Errorf("first issue %+v, want a warning", o.Issue[0])
		}
		if self := b.link("self"); self != "/fhir/R4/Patient" {
			t.Errorf("self is %q", self)
		}
		if first = append(first, outcomes[0]); first[0] != outcomes[0] {
			t.Error("the order of arrival shows in the answer")
		}
		one := read(t, r.do(t, "GET", "/fhir/R4/Patient?_id="+found[1].ID+"&identifier="+url.QueryEscape(numberID+"|"+number)))
		if names, _ := one.in(t, "match"); len(names) != 1 || names[0] != "Patient/"+found[1].ID {
			t.Errorf("number and id find %v, want the one with the id", names)
		}
	}
	r.indexed(t, r.says("1", 1, rosalind()))
	_, b := r.search(t, number)
	if _, outcomes := b.in(t, "outcome"); len(outcomes) != 1 || strings.Contains(outcomes[0], "warning") {
		t.Error("a warning with one person alone")
	}
}

// TestACursorIsOfOnePerson: a place in another's record is refused.
func TestACursorIsOfOnePerson(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	const stranger = "01JNA5Y8T0000000000000000A"
	r.persons[stranger] = index.Person{ID: stranger, Sources: r.persons[person].Sources}
	next := read(t, r.do(t, "GET", everything+"?_count=2")).link("next")
	if w := r.do(t, "GET", strings.Replace(next, person, stranger, 1)); w.Code != 400 || read(t, w).Issue[0].Expression[0] != "_page" {
		t.Errorf("$everything of another: status %d, want 400", w.Code)
	}
	_, page, _ := strings.Cut(next, "_page=")
	if w := r.do(t, "GET", "/fhir/R4/Observation?patient="+stranger+"&_page="+page); w.Code != 400 {
		t.Errorf("search of another: status %d, want 400", w.Code)
	}
	// The person joins another between two pages: the pages go on, to their end.
	r.aliases[person] = stranger
	for page := 0; next != ""; page++ {
		w := r.do(t, "GET", next)
		if w.Code != 200 || page > 5 {
			t.Fatalf("page %d after a merge: status %d", page, w.Code)
		}
		next = read(t, w).link("next")
	}
	// The source of the place is unlinked meanwhile: the next one follows.
	delete(r.aliases, person)
	next = read(t, r.do(t, "GET", everything+"?_count=2")).link("next")
	r.persons[person] = index.Person{ID: person, Sources: slices.DeleteFunc(slices.Clone(r.persons[person].Sources), func(s index.SourcePatient) bool { return s.Key == hospital })}
	names, _ := read(t, r.do(t, "GET", next)).in(t, "match")
	if diff := cmp.Diff([]string{"Condition/con1"}, names); diff != "" {
		t.Errorf("after the source was unlinked (-want +got):\n%s", diff)
	}
}

// TestTypesThatAreNobodys: no empty answer to what is never asked of a patient.
func TestTypesThatAreNobodys(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for _, kind := range []string{"Practitioner", "Organization", "Medication", "AuditEvent", "Provenance"} {
		for _, w := range []*responses{
			{"GET", r.do(t, "GET", "/fhir/R4/"+kind+"?patient="+person)},
			{"POST", r.do(t, "POST", "/fhir/R4/"+kind+"/_search", form(url.Values{"patient": {person}}))},
		} {
			b := read(t, w.recorder)
			if w.recorder.Code != 400 || b.ResourceType != "OperationOutcome" || b.Issue[0].Code != "not-supported" {
				t.Errorf("%s %s: status %d, issue %+v", w.method, kind, w.recorder.Code, b.Issue)
			}
		}
		if strings.Contains(r.do(t, "GET", "/fhir/R4/metadata").Body.String(), `"type":"`+kind+`"`) {
			t.Errorf("metadata offers %s", kind)
		}
	}
}

var _ restapi.Index = (*index.Index)(nil)

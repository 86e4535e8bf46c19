package runtimetest_test

import (
	"encoding/base64"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/version"
)

// reviewing is the sample of a form, sent to another path by another user in
// another role.
func reviewing(t *testing.T, path, user, role string, form url.Values) []byte {
	t.Helper()
	return request(t, "serve-fhir.search", func(e *events.APIGatewayProxyRequest) {
		e.Path = "/fhir/R4/" + path
		e.Body = base64.StdEncoding.EncodeToString([]byte(form.Encode()))
		e.RequestContext.Authorizer["role"], e.RequestContext.Authorizer["subject"] = role, user
	})
}

// What reviewers decide is written by the function's own rights: a review that is
// answered, links made and undone, and a person given back whom two asked for.
func TestReviewersChangeLinks(t *testing.T) {
	t.Parallel()
	r := stored(t)
	h := hasher(t, r)
	x := index.New(r.Table(catalogue.TableIndex), h, matching.NewMatcher(matching.Default()))
	at := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	says := func(organisation string, d demographics.Details) string {
		at = at.Add(time.Hour)
		key := index.SourceKey(h, organisation, "pas", "1")
		if err := x.Apply(t.Context(), at, []index.Statement{{
			Key: key, Organisation: organisation, System: "pas", Value: "1", Details: &d, At: version.Instant{Time: at, Row: 1},
			Origin: record.Origin{Organisation: organisation, Feed: "pas", Delivery: "01KAS3R8F0Z6M4Q2V7X9C1B5N3", Row: 1},
		}}); err != nil {
			t.Fatal(err)
		}
		id, err := x.FindSource(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	testington := []demographics.Name{{Family: "Testington", Given: []string{"Wilhelmina"}}}
	full := demographics.Details{BirthDate: "1980-09-17", Sex: "female", Names: testington, Addresses: []demographics.Address{{Postcode: "LS1 4AP"}}}
	thin := demographics.Details{BirthDate: "1980-09-17", Sex: "female", Names: []demographics.Name{{Family: "Testington"}}}
	one := says("RZZ", full)
	if same := says("RVV", full); same != one { // who is looked at and not written when the others are
		t.Fatal("the same details are two people")
	}
	says("RYY", thin) // too little to link: a review
	other := says("RXX", demographics.Details{BirthDate: "1955-02-03", Names: []demographics.Name{{Family: "Quarrington", Given: []string{"Isolde"}}}})
	page, err := x.Reviews(t.Context(), index.ReviewQuery{})
	if err != nil || len(page.Reviews) != 1 {
		t.Fatalf("%d reviews, %v", len(page.Reviews), err)
	}
	const reason, source = "reason", "sourceIdentifier"
	why := []string{"checked"}
	clinic := []string{"urn:carerecord:patient:RYY:pas|1"}
	p := r.Start(t, "serve-fhir")
	for _, step := range []struct {
		path, user, role string
		form             url.Values
		status           int
	}{
		{"Task/" + page.Reviews[0].ID + "/$decide", "a", "R8000", url.Values{"answer": {"same"}, reason: why}, 403},
		{"Task/" + page.Reviews[0].ID + "/$decide", "a", "R8013", url.Values{"answer": {"wait"}, reason: why}, 200},
		{"Task/" + page.Reviews[0].ID + "/$decide", "a", "R8013", url.Values{"answer": {"same"}, reason: why}, 200},
		{"Patient/$unlink", "a", "R8013", url.Values{source: clinic, reason: why}, 200},
		{"Patient/$link", "a", "R8013", url.Values{source: {clinic[0], "urn:carerecord:patient:RZZ:pas|1"}, reason: why}, 200},
		{"Patient/" + one + "/$merge", "a", "R8013", url.Values{"source-patient": {"Patient/" + other}, reason: why}, 200},
		{"Patient/" + other + "/$unmerge", "a", "R8013", url.Values{reason: why}, 202},
		{"Patient/" + other + "/$unmerge", "b", "R5105", url.Values{reason: why}, 200},
	} {
		a := p.Invoke(t, reviewing(t, step.path, step.user, step.role, step.form))
		if a.Failed {
			t.Fatalf("%s: the function failed: %s", step.path, a.Type)
		}
		if got := proxied(t, a.Payload); got.status != step.status {
			t.Fatalf("%s: status %d, want %d: %s", step.path, got.status, step.status, got.body)
		}
	}
	if id, err := x.FindSource(t.Context(), index.SourceKey(h, "RXX", "pas", "1")); err != nil || id != other {
		t.Errorf("the person given back is %s, want %s: %v", id, other, err)
	}
}

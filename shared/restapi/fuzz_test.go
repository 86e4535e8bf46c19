package restapi

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
)

// The targets stand inside of the package: through HTTP each run would go by
// another path, with its audit event, and the fuzzer would learn nothing.

// checkRefusal holds an error to what a caller may be told: it is theirs to mend.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	var fine *refusal
	if status, _ := replyTo(err); status >= 500 || !errors.As(err, &fine) && !failure.Is(err, failure.TooLarge) {
		t.Errorf("status %d: %v", status, err)
	}
}

// FuzzBody: a body is read or refused, and a Patient in it gives details that the
// index can look for, or is refused.
func FuzzBody(f *testing.F) {
	const patient = `{"resourceType":"Patient","name":[{"family":"Smith","given":["Ann",null]}],"birthDate":"1970-01-31","address":[{"postalCode":"LS1 4AP"}]}`
	f.Add(patient)
	f.Add(`{"resourceType":"Parameters","parameter":[{"name":"resource","resource":` + patient + `},{"name":"count","valueInteger":3}]}`)
	f.Add(`{"resourceType":"Parameters","parameter":[{"name":"sourceIdentifier","valueIdentifier":{"system":"a|b,c","value":"\\"}}]}`)
	f.Add(`{"resourceType":"Parameters","parameter":[[],{},{"name":"answer","valueCode":"same"},{"name":"reason","valueString":"x"}]}`)
	f.Add(`{"resourceType":"Patient","name":[{"family":"Baby","given":[7]}],"birthDate":[],"identifier":{}}`)
	s := &server{Config: Config{Now: func() time.Time { return time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC) }}}
	f.Fuzz(func(t *testing.T, body string) {
		p := parameters{values: url.Values{}}
		if err := p.readJSON(strings.NewReader(body)); err != nil {
			checkRefusal(t, err)
			return
		}
		if source := p.values.Get("sourceIdentifier"); source != "" {
			if _, _, err := parseToken("sourceIdentifier", source); err != nil {
				checkRefusal(t, err)
			}
		}
		if _, err := p.reason(); err != nil {
			checkRefusal(t, err)
		}
		details, _, err := s.described(p)
		if err != nil {
			checkRefusal(t, err)
		} else if !tellsSomebody(details) {
			t.Error("details that nobody can look for")
		}
	})
}

// FuzzSearch: a search is refused, or is looked up by few dates, each of which
// the search allows; and who has just the details looked up agrees with it.
func FuzzSearch(f *testing.F) {
	f.Add("family=Smith&birthdate=ge1980-05-10&birthdate=lt1980-05-20")
	f.Add(`family:exact=a\,b&given=x*&name=\&address-postalcode=LS*&_fuzzy-match=true`)
	f.Add("birthdate=eq9999-12-31&birthdate=gt9999-12-31&family=x&given=y")
	f.Add("birthdate=0001&given=%00&family=%e2%80%8b&gender=male")
	f.Add("family=Smith&address-postalcode=LS1 4AP&birthdate=1980-05")
	f.Fuzz(func(t *testing.T, text string) {
		values, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		wanted, err := parameters{values: values}.criteria()
		if err != nil {
			checkRefusal(t, err)
			return
		}
		list, err := wanted.lookups()
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if len(list) > mostLookups {
			t.Errorf("%d look-ups", len(list))
		}
		for _, d := range list {
			if len(d.BirthDate) != len(time.DateOnly) {
				continue
			}
			if _, fits := (&criteria{births: wanted.births}).agree(demographics.Details{BirthDate: d.BirthDate}, nil); !fits {
				t.Errorf("looked up by %s, which the search does not allow", d.BirthDate)
			}
		}
	})
}

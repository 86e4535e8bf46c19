package restapi_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
)

const annaID = "01JNA5Y8T0AAAAAAAAAAAAAAAA"

// anna lets the index find one person, with former values, for every search.
func (r *region) anna(levels ...matching.Field) {
	r.persons[annaID] = index.Person{ID: annaID, Sources: []index.SourcePatient{{Key: hospital, Organisation: "RXX", Value: "1", Details: demographics.Details{
		BirthDate: "1980-05-17", Sex: "female",
		Names: []demographics.Name{
			{Use: "usual", Family: "O'Neill-Jones", Given: []string{"Zoë Anna", "May"}},
			{Use: "old", Family: "Taylor", Given: []string{"Zoë"}},
		},
		Addresses: []demographics.Address{{Use: "home", Postcode: "LS1 4AP"}, {Use: "old", Postcode: "M1 1AE"}},
	}}}}
	r.matches = []index.Match{{Person: annaID, Probability: 0.5, Decision: matching.Decision{Outcome: matching.New, Fields: levels}}}
}

// found gives the ids of the matches of a search, with their scores.
func (r *region) found(t testing.TB, values url.Values) (list []string, b bundle) {
	t.Helper()
	w := r.do(t, "POST", "/fhir/R4/Patient/_search", form(values))
	if b = read(t, w); w.Code != 200 {
		t.Fatalf("%v: status %d, %+v", values, w.Code, b.Issue)
	}
	for _, e := range b.Entry {
		if e.Search.Mode == "match" {
			list = append(list, fmt.Sprintf("%s %.2f", e.FullURL[strings.LastIndexByte(e.FullURL, '/')+1:], *e.Search.Score))
		}
	}
	return list, b
}

func query(t testing.TB, text string) url.Values {
	t.Helper()
	values, err := url.ParseQuery(text)
	check(t, err)
	return values
}

// TestSearchByDetails follows FHIR R4 search, IHE ITI-78 and PDS: whom a search
// finds among the candidates of the index, and with which score.
func TestSearchByDetails(t *testing.T) {
	t.Parallel()
	const born = "&birthdate=1980-05-17"
	level := func(name, level string) matching.Field { return matching.Field{Name: name, Level: level} }
	for search, c := range map[string]struct {
		score  string // "": not found
		levels []matching.Field
	}{
		"family=O'Neill-Jones" + born:                                {"1.00", nil},
		"family=oneilljones" + born:                                  {"1.00", nil}, // without case and punctuation
		"family=O’NEILL JONES" + born:                                {"1.00", nil},
		"family=Jones" + born:                                        {"0.50", nil}, // a part of a double-barrelled name
		"family=ones" + born:                                         {"", nil},
		"family=Taylor" + born:                                       {"0.50", nil}, // a former name
		"family=Taylor" + born + "&_history=false":                   {"", nil},
		"family=Taylor" + born + "&_exact-match=true":                {"", nil},
		"family=Smith" + born:                                        {"", nil},
		"family=Zoe" + born:                                          {"", nil},
		"given=Zoe Anna" + born:                                      {"1.00", nil},
		"given=Zoe" + born:                                           {"0.50", nil},
		"given=May" + born:                                           {"1.00", nil},
		"given=zoe anna may" + born:                                  {"1.00", nil},
		"given=Zoe&given=May" + born:                                 {"0.67", nil},
		"given=Zoe&given=June" + born:                                {"", nil},
		"given=Jones" + born:                                         {"", nil},
		"name=Jones" + born:                                          {"0.50", nil},
		"name=May" + born:                                            {"1.00", nil},
		"name=Smith" + born:                                          {"", nil},
		"family:exact=O'Neill-Jones" + born:                          {"1.00", nil},
		"family:exact=o'neill-jones" + born:                          {"", nil},
		"given:exact=Zoë Anna" + born:                                {"1.00", nil},
		"given:exact=Zoe Anna" + born:                                {"", nil},
		"family=O'N*&given=Zoe Anna" + born:                          {"0.67", nil},
		"family=Jo*&given=May" + born:                                {"0.67", nil},
		"family=Ne*&given=May" + born:                                {"", nil},
		"family=Jones&address-postalcode=LS1 4AP":                    {"0.50", nil},
		"family=Jones&address-postalcode=ls14ap":                     {"0.50", nil},
		"family=Jones&address-postalcode=M11AE":                      {"0.00", nil},
		"family=Jones&address-postalcode=LS1 4AQ":                    {"", nil},
		"family=Jones&address-postalcode=LS*" + born:                 {"0.33", nil},
		"family=Jones&address-postalcode=BD*" + born:                 {"", nil},
		"family=Jones&gender=female" + born:                          {"0.67", nil},
		"family=Jones&gender=male" + born:                            {"", nil},
		"family=Jones&birthdate=1980-05-18":                          {"", nil},
		"family=Jones&given=May&birthdate=1980":                      {"0.67", nil},
		"family=Jones&given=May&birthdate=1980-05":                   {"0.67", nil},
		"family=Jones&given=May&birthdate=1980-06":                   {"", nil},
		"family=Jones&birthdate=ge1980-05-15&birthdate=le1980-05-18": {"0.67", nil},
		"family=Jones&birthdate=gt1980-05-17&birthdate=le1980-05-18": {"", nil},
		"family=Jones&birthdate=ge1980-05-15&birthdate=lt1980-05-17": {"", nil},
		"family=Jones&birthdate=ge1980-05-18&birthdate=le1980-05-15": {"", nil},
		// What the index remembers and the details tell no more.
		"family=Smith" + born + " ":               {"0.50", []matching.Field{level("family", "former")}},
		"family=Smith" + born + "&_history=true ": {"0.50", []matching.Field{level("family", "token")}},
		"given=June&family=Jones" + born:          {"0.33", []matching.Field{level("given", "middle")}},
		"family=Smith" + born + "&_history=true":  {"", []matching.Field{level("family", "slip")}},
		"family=Smith" + born + "&_history=false": {"", []matching.Field{level("family", "former")}},
		"family:exact=Smith" + born:               {"", []matching.Field{level("family", "former")}},
		"family=Jones&address-postalcode=BD1 1AA": {"0.00", []matching.Field{level("postcode", "former")}},
		"family=Jones&address-postalcode=BD1 1AB": {"", []matching.Field{level("postcode", "slip")}},
		// A fuzzy search takes what sounds or is written alike.
		"_fuzzy-match=true&family=Smith&given=May" + born:        {"0.67", []matching.Field{level("family", "slip")}},
		"_fuzzy-match=true&family=May&given=Smith" + born:        {"0.33", []matching.Field{level("family", "swapped"), level("given", "swapped")}},
		"_fuzzy-match=true&family=Smith&given=May&name=X" + born: {"", []matching.Field{level("family", "weak")}},
		"_fuzzy-match=true&family=Smith" + born:                  {"", []matching.Field{level("family", "differs")}},
		"_fuzzy-match=true&given=Liz&family=Jones" + born:        {"0.33", []matching.Field{level("given", "nickname")}},
		"_fuzzy-match=false&given=Liz&family=Jones" + born:       {"", []matching.Field{level("given", "nickname")}},
	} {
		t.Run(search, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			r.anna(c.levels...)
			var want []string
			if c.score != "" {
				want = []string{annaID + " " + c.score}
			}
			got, b := r.found(t, query(t, strings.TrimSpace(search)))
			if diff := cmp.Diff(want, got); diff != "" || *b.Total != len(want) {
				t.Errorf("total %d (-want +got):\n%s", *b.Total, diff)
			}
		})
	}
}

// TestLookups: with which details the index is asked. Whoever fits the search
// shares a key with one of them.
func TestLookups(t *testing.T) {
	t.Parallel()
	days := func(from, to int) (list []string) {
		for d := from; d <= to; d++ {
			list = append(list, fmt.Sprintf("1980-05-%02d", d))
		}
		return list
	}
	for search, c := range map[string]struct {
		dates    []string
		name     demographics.Name
		postcode string
	}{
		"family=Smith&birthdate=1980-05-17":                              {[]string{"1980-05-17"}, demographics.Name{Family: "Smith"}, ""},
		"given=Ann&given=May&birthdate=eq1980-05-17":                     {[]string{"1980-05-17"}, demographics.Name{Given: []string{"Ann", "May"}}, ""},
		"name=Smith&birthdate=1980-05-17":                                {[]string{"1980-05-17"}, demographics.Name{Family: "Smith"}, ""},
		"name=Ann&name=Smith&birthdate=1980":                             {[]string{"1980"}, demographics.Name{Family: "Ann", Given: []string{"Smith"}}, ""},
		"family=Smith&given=An*&birthdate=1980-05-17":                    {[]string{"1980-05-17"}, demographics.Name{Family: "Smith"}, ""},
		"family=Smith&birthdate=ge1980-05-10&birthdate=le1980-05-19":     {days(10, 19), demographics.Name{Family: "Smith"}, ""},
		"family=Smith&birthdate=gt1980-05-10&birthdate=lt1980-05-19":     {days(11, 18), demographics.Name{Family: "Smith"}, ""},
		"family=Smith&given=Ann&birthdate=1980":                          {[]string{"1980"}, demographics.Name{Family: "Smith", Given: []string{"Ann"}}, ""},
		"family=Smith&given=Ann&birthdate=1980-05":                       {[]string{"1980-05"}, demographics.Name{Family: "Smith", Given: []string{"Ann"}}, ""},
		"family=Smith&given=Ann&birthdate=ge1980&birthdate=le1982-05-01": {[]string{"1980", "1981", "1982"}, demographics.Name{Family: "Smith", Given: []string{"Ann"}}, ""},
		"family=Smith&address-postalcode=LS1 4AP":                        {[]string{""}, demographics.Name{Family: "Smith"}, "LS1 4AP"},
		"family=Smith&address-postalcode=LS1 4AP&birthdate=ge1940":       {[]string{""}, demographics.Name{Family: "Smith"}, "LS1 4AP"},
		"family=Smith&address-postalcode=LS1 4AP&birthdate=1980-05":      {[]string{""}, demographics.Name{Family: "Smith"}, "LS1 4AP"},
		"family=Smith&address-postalcode=LS1 4AP&birthdate=1980-05-17":   {[]string{"1980-05-17"}, demographics.Name{Family: "Smith"}, "LS1 4AP"},
		"family=Smith&address-postalcode=LS1*&birthdate=1980-05-17":      {[]string{"1980-05-17"}, demographics.Name{Family: "Smith"}, ""},
	} {
		t.Run(search, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			r.found(t, query(t, search))
			var want []demographics.Details
			for _, date := range c.dates {
				d := demographics.Details{BirthDate: date, Names: []demographics.Name{c.name}}
				if c.postcode != "" {
					d.Addresses = []demographics.Address{{Postcode: c.postcode}}
				}
				want = append(want, d)
			}
			slices.SortFunc(r.asked, func(a, b demographics.Details) int { return strings.Compare(a.BirthDate, b.BirthDate) })
			if diff := cmp.Diff(want, r.asked); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSearchRefusals: what cannot be answered, and what is no search.
func TestSearchRefusals(t *testing.T) {
	t.Parallel()
	for search, c := range map[string]struct{ code, spine string }{
		"family=Smith":                                               {"required", "INVALID_SEARCH_DATA"},
		"birthdate=1980-05-17":                                       {"required", "INVALID_SEARCH_DATA"},
		"gender=female":                                              {"required", "INVALID_SEARCH_DATA"},
		"address-postalcode=LS1 4AP":                                 {"required", "INVALID_SEARCH_DATA"},
		"address-postalcode=LS1 4AP&given=Ann":                       {"required", "INVALID_SEARCH_DATA"},
		"family=Sm*&birthdate=1980-05-17":                            {"required", "INVALID_SEARCH_DATA"},
		"family=Smith&birthdate=1980":                                {"required", "INVALID_SEARCH_DATA"},
		"family=Smith&birthdate=ge1980-05-17":                        {"required", "INVALID_SEARCH_DATA"},
		"family=Smith&birthdate=1900-01-01":                          {"required", "INVALID_SEARCH_DATA"}, // a placeholder
		"family=Unknown&birthdate=1980-05-17":                        {"required", "INVALID_SEARCH_DATA"}, // another
		"family=Smith&address-postalcode=ZZ99 3VZ":                   {"required", "INVALID_SEARCH_DATA"}, // and a third
		"family=Smith&birthdate=ge1980-05-10&birthdate=le1980-05-20": {"required", "INVALID_SEARCH_DATA"}, // eleven days
		"family=Smith&given=Ann&birthdate=ge1980&birthdate=le1990":   {"required", "INVALID_SEARCH_DATA"}, // eleven years
		"family=":                                                       {"required", "INVALID_VALUE"},
		"family=-&birthdate=1980-05-17":                                 {"required", "INVALID_VALUE"},
		"family=S*&birthdate=1980-05-17":                                {"value", "INVALID_VALUE"},
		"family=*&birthdate=1980-05-17":                                 {"required", "INVALID_VALUE"},
		"family=S*th&birthdate=1980-05-17":                              {"value", "INVALID_VALUE"},
		"family=Smith,Jones&birthdate=1980-05-17":                       {"not-supported", "INVALID_VALUE"},
		"family=%ff&birthdate=1980-05-17":                               {"value", "INVALID_VALUE"},
		"family=Smith&birthdate=17/05/1980":                             {"value", "INVALID_VALUE"},
		"family=Smith&birthdate=1980-02-30":                             {"value", "INVALID_VALUE"},
		"family=Smith&birthdate=":                                       {"value", "INVALID_VALUE"},
		"family=Smith&birthdate=ne1980-05-17":                           {"not-supported", "INVALID_VALUE"},
		"family=Smith&birthdate=1980-05-17T00:00:00Z":                   {"value", "INVALID_VALUE"},
		"family=Smith&gender=f&birthdate=1980-05-17":                    {"code-invalid", "INVALID_VALUE"},
		"family=Smith&gender=male&gender=female":                        {"invalid", "INVALID_VALUE"},
		"family=Smith&_fuzzy-match=yes":                                 {"value", "INVALID_VALUE"},
		"family=Smith&_max-results=0":                                   {"value", "INVALID_VALUE"},
		"family=Smith&_count=many":                                      {"value", "INVALID_VALUE"},
		"_fuzzy-match=true&family=Smith&given=An*&birthdate=1980-05-17": {"not-supported", "INVALID_VALUE"},
	} {
		t.Run(search, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			w := r.do(t, "POST", "/fhir/R4/Patient/_search", form(query(t, search)))
			b := read(t, w)
			if w.Code != 400 || len(b.Issue) != 1 || b.Issue[0].Code != c.code || b.Issue[0].Details.Coding[0].Code != c.spine {
				t.Errorf("status %d, issue %+v; want %s, %s", w.Code, b.Issue, c.code, c.spine)
			}
			if len(r.asked) > 0 {
				t.Error("the index was asked")
			}
			if strings.Contains(w.Body.String(), "Smith") || strings.Contains(w.Body.String(), "1980") {
				t.Errorf("a value is repeated: %s", w.Body)
			}
		})
	}
}

// TestTooManyMatches: PDS answers 200 with TOO_MANY_MATCHES and shows nobody, and
// the trail then says that nobody was seen.
func TestTooManyMatches(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		people int
		more   string
		found  int // -1: too many
	}{
		"fifty":                  {50, "", 50},
		"fifty-one":              {51, "", -1},
		"very many":              {401, "", -1},
		"more than wanted":       {4, "&_max-results=3", -1},
		"as many as wanted":      {3, "&_max-results=3", 3},
		"more than a page":       {4, "&_count=3", -1},
		"more than may be":       {51, "&_max-results=1000", -1},
		"one, and that one":      {1, "&_max-results=1", 1},
		"nobody":                 {0, "", 0},
		"many, and few that fit": {300, "&given=Jan0", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRegion(t)
			r.matches = nil
			for i := range c.people {
				id := fmt.Sprintf("01JNA5Y8T0%016d", i)
				r.persons[id] = index.Person{ID: id, Sources: []index.SourcePatient{{Key: id, Organisation: "RXX", Details: demographics.Details{
					BirthDate: "1980-05-17", Names: []demographics.Name{{Family: family, Given: []string{fmt.Sprintf("Jan%d", i)}}},
				}}}}
				r.matches = append(r.matches, index.Match{Person: id, Probability: 1 / float64(i+1)})
			}
			got, b := r.found(t, query(t, "family="+family+"&birthdate=1980-05-17"+c.more))
			_, outcomes := b.in(t, "outcome")
			many := strings.Contains(outcomes[0], `{"system":"https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode","code":"TOO_MANY_MATCHES"}`)
			if want := max(c.found, 0); len(got) != want || many != (c.found < 0) || (b.Total == nil) != many {
				t.Errorf("%d found, total %v, too many: %v; want %d", len(got), b.Total, many, c.found)
			}
			if events := r.events(t); len(events) != max(c.found, 1) {
				t.Errorf("%d events", len(events))
			}
			if !slices.IsSorted(got) {
				t.Errorf("not the most probable first: %v", got)
			}
		})
	}
}

// TestMoreThanTheIndexReads: where the index cannot read all who share a key,
// those that it read are not shown as if they were all.
func TestMoreThanTheIndexReads(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.anna()
	r.people.err = failure.New(failure.TooLarge, "index.Candidates", "more than a hundred")
	got, b := r.found(t, query(t, "family=Jones&birthdate=1980-05-17"))
	if _, outcomes := b.in(t, "outcome"); got != nil || !strings.Contains(outcomes[0], "TOO_MANY_MATCHES") {
		t.Errorf("found %v, %s", got, outcomes)
	}
}

// TestBestMatchFirst: who agrees in current values comes before who did formerly.
func TestBestMatchFirst(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	r.anna()
	r.persons[other].Sources[0].Details.Names[0] = demographics.Name{Family: "Taylor"}
	r.persons[other].Sources[0].Details.BirthDate = "1980-05-17"
	r.matches = append(r.matches, index.Match{Person: other, Probability: 0.1}, index.Match{Person: oldID, Probability: 0.1})
	got, _ := r.found(t, query(t, "family=Taylor&birthdate=1980-05-17"))
	if diff := cmp.Diff([]string{other + " 1.00", annaID + " 0.50"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSearchByNumberAndDetails: both must fit.
func TestSearchByNumberAndDetails(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for more, want := range map[string]int{"": 1, "&family=" + family: 1, "&birthdate=1970": 1, "&family=Smith": 0, "&gender=female": 0} {
		b := read(t, r.do(t, "POST", "/fhir/R4/Patient/_search", form(query(t, "identifier="+numberID+"|"+number+more))))
		if b.Total == nil || *b.Total != want {
			t.Errorf("%q: total %v, want %d", more, b.Total, want)
		}
	}
}

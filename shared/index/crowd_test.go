package index_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

// A placeholder that a whole feed states is no evidence: nothing is posted
// under it, nobody is joined by it, and nothing grows with it.
func TestPlaceholdersPostNothing(t *testing.T) {
	t.Parallel()
	tab := fresh(t)
	x := byDetails(tab)
	var list []index.Statement
	for i := range 200 {
		list = append(list, says(fmt.Sprintf("p%03d", i), i, person("Baby", "Unknown", "1900-01-01", "unknown", "ZZ99 3VZ")))
	}
	apply(t, x, list...)
	var all []string
	for _, s := range list {
		all = append(all, strings.TrimPrefix(s.Key, key("")))
	}
	if got := strings.Fields(people(t, x, all...)); len(got) != len(list) {
		t.Errorf("%d people, want %d", len(got), len(list))
	}
	for k := range engines.Bodies(t, tab) {
		if strings.HasPrefix(k, "K#") {
			t.Fatalf("a placeholder is posted: %s", k)
		}
	}
}

// Details that more source patients share than can be told apart: they are
// put up for review, and a further one costs no more than the last.
func TestACrowdIsReviewedAndBounded(t *testing.T) {
	t.Parallel()
	x := byDetails(fresh(t))
	ctx := context.Background()
	var units []float64
	for i := range 90 {
		s := says(fmt.Sprintf("p%03d", i), i, zofia[0])
		u := cost(t, func(ctx context.Context) error { return x.Apply(ctx, received, []index.Statement{s}) })
		units = append(units, u.ReadUnits+u.WriteUnits)
	}
	if crowded := reviews(t, x, index.ReviewCrowded); len(crowded) < 50 {
		t.Errorf("%d reviews of a crowd", len(crowded))
	}
	for i, u := range units[60:] {
		if u > 60 {
			t.Errorf("number %d of the crowd costs %g units", 60+i, u)
		}
	}
	m, err := x.Match(ctx, zofia[0], 0)
	if err != nil || len(m) == 0 {
		t.Errorf("a look-up in the crowd: %d, %v", len(m), err)
	}
}

// Of a block that has grown too wide those are compared that agree in one
// thing more.
func TestAWideBlockIsNarrowed(t *testing.T) {
	t.Parallel()
	x := byDetails(fresh(t))
	var list []index.Statement
	for i := range 150 { // strangers of a common family name and birth date, all over the country
		d := person(fmt.Sprintf("Name%c%c", 'a'+i%26, 'a'+i/26), "Smith", "1957-01-01", "female", fmt.Sprintf("%s%d 1AA", []string{"AB", "BN", "CF", "DD", "EH"}[i%5], i%9+1))
		list = append(list, says(fmt.Sprintf("p%03d", i), i, d))
	}
	apply(t, x, list...)
	smith := person("Zofia", "Smith", "1957-01-01", "female", "WN1 2AB")
	apply(t, x, says("a", 200, smith))
	ctx, meter := table.WithMeter(context.Background())
	if err := x.Apply(ctx, received, []index.Statement{says("b", 201, smith)}); err != nil {
		t.Fatal(err)
	}
	if got := people(t, x, "a", "b"); got != "a+b" {
		t.Errorf("people %q: not found in a wide block", got)
	}
	if u := meter.Usage(); u.ReadUnits > 25 {
		t.Errorf("a look-up in a wide block: %v", u)
	}
	_, err := x.Candidates(context.Background(), smith, 20)
	wantKind(t, "a search in a wide block", err, failure.TooLarge)
}

// What cannot be compared is taken, and joins nobody.
func TestStrangeDetails(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Zofia ", 2000)
	cases := map[string]demographics.Details{
		"nothing": {}, "a name of ten thousand characters": person(long, long, "1957-11-23", "female", "WN1 2AB"),
		"one letter": person("Z", "W", "1957-11-23", "female", "WN1 2AB"), "Arabic": person("محمد", "الأحمد", "1957-11-23", "male", "WN1 2AB"),
		"combining accents": person("Zofia\u0301", "Wo\u0301jcik", "1957-11-23", "female", "WN1 2AB"),
		"born after death":  {BirthDate: "1990-01-01", Deceased: "1980-01-01", Names: zofia[0].Names},
		"no date":           person("Zofia", "Wojciechowska", "not a date", "female", "WN1 2AB"),
		"a bad number":      {NHSNumber: "1234567890", Names: zofia[0].Names},
	}
	for name, d := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := byDetails(fresh(t))
			apply(t, x, says("a", 1, d), says("b", 2, elder))
			if got := people(t, x, "a", "b"); got != "a b" {
				t.Errorf("people %q", got)
			}
			if _, err := x.Match(context.Background(), d, 5); err != nil {
				t.Errorf("a look-up: %v", err)
			}
		})
	}
}

// A number that fails the check says where to look: its owner is found by one
// slip less, and then their details must tell.
func TestAMisreadNumberIsLookedUp(t *testing.T) {
	t.Parallel()
	misread := func(d demographics.Details) demographics.Details {
		d.Misread = "9434765991" // 9434765919 with its last digits exchanged
		return d
	}
	x := byDetails(fresh(t))
	apply(t, x, says("a", 1, verified(zofia[0], numberA)), says("b", 2, misread(person("Zofia", "Wojciechowska", "1957-11-23", "female", "CA1 1AA"))), says("c", 3, misread(elder)))
	if got := people(t, x, "a", "b", "c"); got != "a+b c" {
		t.Errorf("people %q, want %q", got, "a+b c")
	}
}

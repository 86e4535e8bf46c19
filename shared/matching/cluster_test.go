package matching_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

func profileOf(given, family, birth, sex, postcode, number string) *demographics.Profile {
	d := demographics.Details{
		Names: []demographics.Name{{Family: family, Given: []string{given}}}, BirthDate: birth, Sex: sex,
		Addresses: []demographics.Address{{Postcode: postcode}}, NHSNumber: number,
	}
	if number != "" {
		d.NHSStatus = "01"
	}
	p := demographics.Clean(d)
	return &p
}

const (
	first  = "9434765919"
	second = "9434765870"
)

// a cast of people who are easily mistaken for each other.
func cast() []*demographics.Profile {
	return []*demographics.Profile{
		profileOf("Zofia", "Wojciechowska", "1957-11-23", "female", "WN1 2AB", ""),
		profileOf("Zofia", "Wojciechowska", "1957-11-23", "female", "BL3 5QX", ""),
		profileOf("Zofia", "Wojciechowska", "1957-11-22", "female", "WN1 2AB", ""),
		profileOf("Zofia", "Wojciechowska", "1957-11-23", "female", "WN1 2AB", first),
		profileOf("Zofia", "Wojciechowska", "1957-11-23", "female", "WN1 2AB", second),
		profileOf("Maryam", "Akinfenwa", "2014-04-09", "female", "LA1 4DT", ""),
		profileOf("Fatima", "Akinfenwa", "2014-04-09", "female", "LA1 4DT", ""),
		profileOf("Thaddeus", "Ravenscroft", "1948-02-17", "male", "PR2 8QQ", ""),
		profileOf("Thaddeus", "Ravenscroft", "1975-09-30", "male", "PR2 8QQ", ""),
	}
}

func unitsOf(profiles ...*demographics.Profile) (units []matching.Unit) {
	for i, p := range profiles {
		units = append(units, matching.Unit{ID: fmt.Sprintf("u%02d", i), Profile: p})
	}
	return units
}

func pairsOf(m *matching.Matcher, units []matching.Unit) (pairs []matching.Scored) {
	for i := range units {
		for j := range i {
			pairs = append(pairs, matching.Scored{A: j, B: i, Score: m.Score(units[j].Profile, units[i].Profile)})
		}
	}
	return pairs
}

var careful = matching.NewMatcher(matching.Default())

func TestResolve(t *testing.T) {
	t.Parallel()
	c := cast()
	cases := []struct {
		name  string
		units []matching.Unit
		apart [2]int
		want  []int
		guard string // on the one review, if there is one
	}{
		{"one person three times", unitsOf(c[0], c[1], c[2]), [2]int{}, []int{0, 0, 0}, ""},
		{"two people", unitsOf(c[0], c[7]), [2]int{}, []int{0, 1}, ""},
		{"twins", unitsOf(c[5], c[6]), [2]int{}, []int{0, 1}, "any"},
		{"father and son of one name", unitsOf(c[7], c[8]), [2]int{}, []int{0, 1}, "any"},
		{"two verified numbers", unitsOf(c[3], c[4]), [2]int{}, []int{0, 1}, "two-verified-numbers"},
		{"a third cannot bring two verified numbers together", unitsOf(c[3], c[4], c[0]), [2]int{}, []int{0, 1, 2}, "any"},
		{"pinned apart", unitsOf(c[0], c[0]), [2]int{0, 1}, []int{0, 1}, ""},
		{"two of one register", []matching.Unit{{ID: "a", Profile: c[0], Sources: []string{"r"}}, {ID: "b", Profile: c[0], Sources: []string{"r"}}}, [2]int{}, []int{0, 1}, matching.GuardNameSource},
		{"twins of one register are two", []matching.Unit{{ID: "a", Profile: c[5], Sources: []string{"r"}}, {ID: "b", Profile: c[6], Sources: []string{"r"}}}, [2]int{}, []int{0, 1}, ""},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			apart := func(a, b int) bool {
				return tc.apart != [2]int{} && min(a, b) == tc.apart[0] && max(a, b) == tc.apart[1]
			}
			r := careful.Resolve(tc.units, pairsOf(careful, tc.units), apart)
			if diff := cmp.Diff(tc.want, r.Person); diff != "" {
				t.Errorf("people (-want +got):\n%s", diff)
			}
			switch {
			case tc.guard == "any":
			case tc.guard == "" && len(r.Reviews) > 0:
				t.Errorf("reviews %+v, want none", r.Reviews)
			case tc.guard != "" && (len(r.Reviews) != 1 || !slices.Contains(r.Reviews[0].Decision.Guards, tc.guard)):
				t.Errorf("reviews %+v, want one for %s", r.Reviews, tc.guard)
			}
		})
	}
}

// Of two who are alike and cannot be one, neither is taken: the query goes to a
// human, with how little the one leads.
func TestResolveAsksWhereNobodyLeads(t *testing.T) {
	t.Parallel()
	c := cast()
	units := unitsOf(c[0], c[3], c[4]) // the query, and two with verified numbers of their own
	r := careful.Resolve(units, pairsOf(careful, units), nil)
	if diff := cmp.Diff([]int{0, 1, 2}, r.Person); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	for _, f := range r.Reviews {
		if f.A == 0 && (f.Decision.Lead == nil || *f.Decision.Lead >= careful.Model().LeadBits || !slices.Contains(f.Decision.Guards, matching.GuardNameLead)) {
			t.Errorf("review %+v does not say that nobody leads", f.Decision)
		}
	}
	if len(r.Reviews) < 2 {
		t.Errorf("%d reviews, want one with each", len(r.Reviews))
	}
}

// The people are a function of the set of units, and never hold what a veto or a
// human forbids.
func TestResolveIsAFunctionOfTheSet(t *testing.T) {
	t.Parallel()
	all := cast()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 10).Draw(t, "units")
		units := make([]matching.Unit, n)
		for i := range units {
			units[i] = matching.Unit{ID: fmt.Sprintf("u%02d", i), Profile: rapid.SampledFrom(all).Draw(t, "who")}
			if rapid.Bool().Draw(t, "registered") {
				units[i].Sources = []string{rapid.SampledFrom([]string{"r", "s"}).Draw(t, "register")}
			}
		}
		banned := [2]int{rapid.IntRange(0, n-1).Draw(t, "a"), rapid.IntRange(0, n-1).Draw(t, "b")}
		apart := func(a, b int) bool { return a == banned[0] && b == banned[1] || a == banned[1] && b == banned[0] }
		pairs := pairsOf(careful, units)
		want := careful.Resolve(units, pairs, apart)
		if diff := cmp.Diff(want, careful.Resolve(units, rapid.Permutation(pairs).Draw(t, "order"), apart)); diff != "" {
			t.Fatalf("another order of the pairs (-want +got):\n%s", diff)
		}
		numbers, registers := map[int]string{}, map[string]bool{}
		for i, u := range units {
			p := want.Person[i]
			for _, number := range u.Profile.Numbers {
				if numbers[p] != "" && numbers[p] != number.Digits {
					t.Fatal("two verified numbers in one person")
				}
				numbers[p] = number.Digits
			}
			for _, s := range u.Sources {
				if key := fmt.Sprint(p, s); registers[key] {
					t.Fatal("two of one register in one person")
				} else {
					registers[key] = true
				}
			}
			if p > i || want.Person[p] != p {
				t.Fatal("a person is not the least place of its units")
			}
			if b := want.Best[i]; (b.B >= 0) != slices.ContainsFunc(want.Person, func(q int) bool { return q == p }) && b.B >= 0 {
				t.Fatal("a link to nobody")
			}
		}
		if banned[0] != banned[1] && want.Person[banned[0]] == want.Person[banned[1]] {
			t.Fatal("together though pinned apart")
		}
	})
}

// Hundreds of records alike are resolved in a moment, and bounded.
func TestResolveACrowd(t *testing.T) {
	t.Parallel()
	c := cast()
	var list []*demographics.Profile
	for range 300 {
		list = append(list, c[0])
	}
	units := unitsOf(list...)
	r := careful.Resolve(units, pairsOf(careful, units), nil)
	size := map[int]int{}
	for _, p := range r.Person {
		size[p]++
	}
	for _, n := range size {
		if n > matching.MostUnits {
			t.Errorf("%d units in one person, the most is %d", n, matching.MostUnits)
		}
	}
}

// Rank decides on each person as the first link would be decided.
func TestRank(t *testing.T) {
	t.Parallel()
	c := cast()
	got := careful.Rank(unitsOf(c[0], c[1], c[7]))
	if len(got) != 2 || got[0].Decision.Outcome != matching.Link || got[1].Decision.Outcome != matching.New {
		t.Errorf("ranked %+v", got)
	}
	for _, f := range careful.Rank(unitsOf(c[0], c[3], c[4])) {
		if f.Decision.Outcome != matching.Possible {
			t.Errorf("outcome %s of one of two who are alike, want review", f.Decision.Outcome)
		}
	}
}

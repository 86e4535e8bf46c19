package index_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
)

// person gives details without an NHS number.
func person(given, family, birth, sex, postcode string) demographics.Details {
	return demographics.Details{
		Names: []demographics.Name{{Family: family, Given: []string{given}}}, BirthDate: birth, Sex: sex,
		Addresses: []demographics.Address{{Lines: []string{houses[postcode]}, City: "Wigan", Postcode: postcode}},
	}
}

// houses are the addresses of the cast, by postcode.
var houses = map[string]string{"WN1 2AB": "4 Mill Lane", "BL3 5QX": "17 Chorley New Road", "LA1 4DT": "9 Quernmore Crescent", "PR2 8QQ": "22 Garstang Road"}

// The cast. Each is a set of details that organisations state of one person.
var (
	zofia = []demographics.Details{
		person("Zofia", "Wojciechowska", "1957-11-23", "female", "WN1 2AB"),
		person("Zofia", "Wojciechowska", "1957-11-23", "female", "BL3 5QX"), // moved
		person("Zofia", "Wojciechovska", "1957-11-23", "female", "WN1 2AB"), // spelt by ear
		person("Zofia", "Wojciechowska", "1957-11-22", "female", "WN1 2AB"), // a slip in the date
	}
	twinA = person("Maryam", "Akinfenwa", "2014-04-09", "female", "LA1 4DT")
	twinB = person("Fatima", "Akinfenwa", "2014-04-09", "female", "LA1 4DT")
	elder = person("Thaddeus", "Ravenscroft", "1948-02-17", "male", "PR2 8QQ")
	son   = person("Thaddeus", "Ravenscroft", "1975-09-30", "male", "PR2 8QQ")
)

// anything marks where it is for the model to say whether a human should look.
var anything = map[index.ReviewKind]int{"any": 0}

func TestDetailsLink(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		said  []demographics.Details
		want  string
		kinds map[index.ReviewKind]int
	}{
		{"the same details", []demographics.Details{zofia[0], zofia[0]}, "a+b", nil},
		{"moved", []demographics.Details{zofia[0], zofia[1]}, "a+b", nil},
		{"spelt by ear", []demographics.Details{zofia[0], zofia[2]}, "a+b", nil},
		{"a slip in the birth date", []demographics.Details{zofia[0], zofia[3]}, "a+b", nil},
		{"twins", []demographics.Details{twinA, twinB}, "a b", anything},
		{"father and son of one name", []demographics.Details{elder, son}, "a b", anything},
		{"strangers", []demographics.Details{zofia[0], elder}, "a b", nil},
		{"nothing is known", []demographics.Details{{}, {}}, "a b", nil},
		{"only a name", []demographics.Details{person("Zofia", "Wojciechowska", "", "", ""), person("Zofia", "Wojciechowska", "", "", "")}, "a b", nil},
		{"placeholders", []demographics.Details{person("Baby", "Unknown", "1900-01-01", "unknown", "ZZ99 3VZ"), person("Baby", "Unknown", "1900-01-01", "unknown", "ZZ99 3VZ")}, "a b", nil},
		{"two different verified numbers", []demographics.Details{verified(zofia[0], numberA), verified(zofia[0], numberB)}, "a b", map[index.ReviewKind]int{index.ReviewConflict: 1}},
		{"one has a number", []demographics.Details{verified(zofia[0], numberA), zofia[0]}, "a+b", nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var list []index.Statement
			for i, d := range c.said {
				list = append(list, says(names[i], i+1, d))
			}
			permutations(list, func(order []index.Statement) {
				x := byDetails(fresh(t))
				for _, s := range order {
					apply(t, x, s)
				}
				if got := people(t, x, names[:len(list)]...); got != c.want {
					t.Fatalf("people %q, want %q", got, c.want)
				}
				for _, kind := range index.ReviewKinds() {
					if _, any := c.kinds["any"]; any {
						break
					}
					if got := len(reviews(t, x, kind)); got != c.kinds[kind] {
						t.Errorf("%d reviews of kind %s, want %d", got, kind, c.kinds[kind])
					}
				}
			})
		})
	}
}

func verified(d demographics.Details, number string) demographics.Details {
	d.NHSNumber, d.NHSStatus = number, "01"
	return d
}

// A link by details keeps its waterfall: prior, bits of every field, the model.
func TestPromise4ALinkByDetailsExplainsItself(t *testing.T) {
	t.Parallel()
	x := byDetails(fresh(t))
	apply(t, x, says("a", 1, zofia[0]), says("b", 2, zofia[1]))
	events, err := x.Decisions(context.Background(), key("b"))
	if err != nil {
		t.Fatal(err)
	}
	d := events[len(events)-1].Decision
	sum := d.Prior
	for _, f := range d.Fields {
		sum += f.Bits
	}
	if d.Rule != matching.RuleDetails || d.Version != matching.Default().Version || len(d.Fields) == 0 || d.Prior == 0 {
		t.Errorf("decision %+v", d)
	}
	if diff := d.Bits - sum; diff > 1e-6 || diff < -1e-6 {
		t.Errorf("the waterfall ends at %g bits, the decision has %g", sum, d.Bits)
	}
	if strings.Contains(fmt.Sprint(d), "Zofia") || strings.Contains(fmt.Sprint(d), "1957") {
		t.Error("a decision holds values")
	}
}

// Two patients of one register are never linked by details alone.
func TestTwoIDsOfOneRegisterAreReviewed(t *testing.T) {
	t.Parallel()
	x := byDetails(fresh(t))
	a, b := says("a", 1, zofia[0]), says("b", 2, zofia[0])
	a.System, b.System = "mrn", "mrn"
	apply(t, x, a, b)
	if got := people(t, x, "a", "b"); got != "a b" {
		t.Errorf("people %q, want %q", got, "a b")
	}
	if open := reviews(t, x, index.ReviewDuplicate); len(open) != 1 || !slices.Contains(open[0].Decision.Guards, matching.GuardNameSource) {
		t.Errorf("reviews %+v, want one of a duplicate", open)
	}
}

// The cast again, with some of each, in any order and any pieces: the same
// people and the same open reviews.
func TestPromise3OrderDoesNotMatterForDetails(t *testing.T) {
	t.Parallel()
	cast := append(slices.Clone(zofia), twinA, twinB, elder, son, verified(zofia[0], numberA), verified(zofia[2], numberB), verified(twinA, numberB))
	rapid.Check(t, func(t *rapid.T) {
		var list []index.Statement
		for i := range rapid.IntRange(2, 7).Draw(t, "statements") {
			name := names[i%len(names)]
			d := rapid.SampledFrom(cast).Draw(t, "details")
			list = append(list, says(name, i+1, d))
		}
		list = distinct(list)
		var told []string
		for _, s := range list {
			told = append(told, fmt.Sprint(s.Value, s.At.Row, *s.Details))
		}
		tell := func(x *index.Index, order []index.Statement) string {
			for len(order) > 0 {
				n := rapid.IntRange(1, len(order)).Draw(t, "batch")
				apply(t, x, order[:n]...)
				order = order[n:]
			}
			var open []string
			for _, kind := range index.ReviewKinds() {
				for _, r := range reviews(t, x, kind) {
					open = append(open, string(r.Kind)+" "+r.Key+" "+r.With)
				}
			}
			slices.Sort(open)
			return people(t, x, names...) + "\n" + strings.Join(open, "\n")
		}
		want := tell(byDetails(fresh(t)), list)
		if diff := cmp.Diff(want, tell(byDetails(fresh(t)), rapid.Permutation(list).Draw(t, "order"))); diff != "" {
			t.Fatalf("another order, other people or reviews (-first +then):\n%s\n%s", diff, strings.Join(told, "\n"))
		}
	})
}

// A source patient that turns into somebody else is held: the links stay, what
// was said is not lost, and a human says what it is.
func TestAnOverlayIsHeld(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	begin := func(t *testing.T) (*index.Index, index.Review) {
		x := byDetails(fresh(t))
		apply(t, x, says("a", 1, zofia[0]), says("b", 2, zofia[0]))
		apply(t, x, says("b", 3, elder))
		if got := people(t, x, "a", "b"); got != "a+b" {
			t.Fatalf("people %q, want the link to stay", got)
		}
		open := reviews(t, x, index.ReviewOverlay)
		if len(open) != 1 || open[0].Key != key("b") {
			t.Fatalf("reviews %+v, want one overlay", open)
		}
		return x, open[0]
	}
	family := func(x *index.Index) string {
		p, err := x.Person(ctx, link(t, x, "b"))
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(p.Sources, func(s index.SourcePatient) bool { return s.Key == key("b") })
		return p.Sources[i].Details.Names[0].Family
	}
	t.Run("both sides are shown", func(t *testing.T) {
		x, review := begin(t)
		c, err := x.Review(ctx, review.ID)
		if err != nil || len(c.Sides) != 1 || c.Sides[0].Update == nil || !c.Sides[0].Held {
			t.Fatalf("case %+v, %v", c, err)
		}
		if c.Sides[0].Update.Names[0].Family != "Ravenscroft" || family(x) != "Wojciechowska" {
			t.Error("the update is not beside what stands")
		}
	})
	t.Run("it is right", func(t *testing.T) {
		x, review := begin(t)
		decide(t, x, review.ID, index.AnswerSame, "u1")
		if family(x) != "Ravenscroft" || people(t, x, "a", "b") != "a b" {
			t.Errorf("the update is not taken: %s, %s", family(x), people(t, x, "a", "b"))
		}
	})
	t.Run("it is somebody else's", func(t *testing.T) {
		x, review := begin(t)
		decide(t, x, review.ID, index.AnswerDifferent, "u1")
		apply(t, x, says("b", 3, elder))
		if family(x) != "Wojciechowska" || people(t, x, "a", "b") != "a+b" || len(reviews(t, x, index.ReviewOverlay)) > 0 {
			t.Error("the update was taken, or is asked about again")
		}
	})
	t.Run("the source takes it back", func(t *testing.T) {
		x, review := begin(t)
		apply(t, x, says("b", 4, zofia[1]))
		if got := reviews(t, x, index.ReviewOverlay); len(got) > 0 || people(t, x, "a", "b") != "a+b" {
			t.Errorf("still open: %+v", got)
		}
		if _, err := x.Decide(ctx, review.ID, index.AnswerSame, act("u1", 50)); err == nil {
			t.Error("a review that is closed was decided")
		}
	})
	t.Run("whichever comes first", func(t *testing.T) {
		permutations([]index.Statement{says("b", 2, zofia[0]), says("b", 3, elder), says("a", 1, zofia[0])}, func(order []index.Statement) {
			x := byDetails(fresh(t))
			for _, s := range order {
				apply(t, x, s)
			}
			if family(x) != "Wojciechowska" || people(t, x, "a", "b") != "a+b" {
				t.Fatalf("%s, %s", family(x), people(t, x, "a", "b"))
			}
		})
	})
}

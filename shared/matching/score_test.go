package matching_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// who makes a profile of "given/family/birth/sex/postcode/address/phone/email";
// a former name or postcode stands behind a "<".
func who(t interface{ Helper() }, text string) *demographics.Profile {
	t.Helper()
	parts := append(strings.Split(text, "/"), make([]string, 8)...)
	var d demographics.Details
	family, former, _ := strings.Cut(parts[1], "<")
	d.Names = []demographics.Name{{Given: strings.Fields(parts[0]), Family: family}}
	if former != "" {
		d.Names = append(d.Names, demographics.Name{Use: "old", Given: strings.Fields(parts[0]), Family: former})
	}
	d.BirthDate, d.Sex = parts[2], map[string]string{"f": "female", "m": "male"}[parts[3]]
	postcode, before, _ := strings.Cut(parts[4], "<")
	d.Addresses = []demographics.Address{{Postcode: postcode, Lines: []string{parts[5]}}}
	if before != "" {
		d.Addresses = append(d.Addresses, demographics.Address{Use: "old", Postcode: before})
	}
	d.Contacts = []demographics.Contact{{System: "phone", Value: parts[6]}, {System: "email", Value: parts[7]}}
	p := demographics.Clean(d)
	return &p
}

// levels gives the levels of a comparison by field.
func levels(m *matching.Matcher, a, b *demographics.Profile) map[string]string {
	found := map[string]string{}
	for _, f := range m.Explain(m.Score(a, b)).Fields {
		if f.Level != "capped" {
			found[f.Name] = f.Level
		}
	}
	return found
}

func TestLevels(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, a, b, want string }{
		{
			"all the same", "Anna May/Esterkin/1989-01-18/f/LS1 4AP/12 Acacia Ave/0113 222 3344/a.e@mail.org", "Anna May/Esterkin/1989-01-18/f/ls14ap/12, Acacia Avenue/+44 113 2223344/A.E@mail.org",
			"given exact middle exact family exact birthDate exact sexWithGiven exact postcode exact address exact phone exact email exact",
		},
		{
			"all different", "Anna May/Esterkin/1989-01-18/f/LS1 4AP/12 Acacia Ave/0113 222 3344/a.e@mail.org", "Rob Lee/Ng/1954-07-30/m/EH3 9QQ/7 Zoo Road/0131 555 6677/q@w.net",
			"given differs middle differs family differs birthDate differs sex differs postcode differs address differs phone differs email differs",
		},
		{"nothing known of one", "Anna/Esterkin/1989-01-18/f/LS1 4AP", "", ""},
		{"nickname", "Robert", "Bob", "given nickname"},
		{"accent", "Zoë", "Zoe\u0308", "given exact"},
		{"slip", "Annabelle", "Anabelle", "given slip"},
		{"two names of one letter's difference", "Jayne", "Jane", "given similar"},
		{"short names are two", "Tim", "Tom", "given weak"},
		{"initial", "J", "John", "given initial"},
		{"another initial", "J", "Mary", "given differs"},
		{"by the middle name", "Paul", "John Paul", "given middle"},
		{"first and middle exchanged", "Paul John", "John Paul", "given middle middle exact"},
		{"middle initial", "John P", "John Paul", "given exact middle close"},
		{"two words and one", "Anne Marie", "Annemarie", "given exact"},
		{"given and family exchanged", "Esterkin/Anna", "Anna/Esterkin", "given swapped family swapped"},
		{"exchanged, with a slip", "Esterkin/Ana", "Anna/Esterkin", "given swapped family swapped"},
		{"exchanged in part only", "Esterkin/Jo", "Anna/Esterkin", "given differs family differs"},
		{"previous family name", "/Jones<Smith", "/Smith", "family former"},
		{"double-barrelled", "/Garcia Lopez", "/Lopez", "family token"},
		{"the other way round", "/Garcia-Lopez", "/Lopez Garcia", "family exact"},
		{"written together", "/Garcialopez", "/Garcia Lopez", "family exact"},
		{"particle and Mac", "/de MacDonald", "/Mc Donald", "family exact"},
		{"slip in the family name", "/Esterkin", "/Estrekin", "family slip"},
		{"other letters, other script", "/محمود", "/محمد", "family slip"},
		{"day and month exchanged", "//1989-03-07", "//1989-07-03", "birthDate dayMonthSwapped"},
		{"a digit wrong", "//1989-03-07", "//1989-03-17", "birthDate slip"},
		{"digits exchanged", "//1989-03-17", "//1998-03-17", "birthDate slip"},
		{"digits exchanged across parts", "//1989-01-28", "//1989-02-18", "birthDate slip"},
		{"another month", "//1989-03-07", "//1989-12-07", "birthDate twoParts"},
		{"another year", "//1989-03-07", "//1954-03-07", "birthDate twoParts"},
		{"year alone", "//1989-03-07", "//1989-11-28", "birthDate year"},
		{"a year later, the day the same", "//1989-03-07", "//1990-11-07", "birthDate year"},
		{"year and month known", "//1989-03", "//1989-03-07", "birthDate part"},
		{"month known, another", "//1989-04", "//1989-03-07", "birthDate year"},
		{"former postcode", "////LS1 4AP", "////M1 1AE<LS1 4AP", "postcode former"},
		{"next unit", "////LS1 4AP", "////LS1 4AQ", "postcode slip"},
		{"sector", "////LS1 4AP", "////LS1 4XY", "postcode sector"},
		{"outward", "////LS1 4AP", "////LS1 9XY", "postcode outward"},
		{"area", "////LS1 4AP", "////LS27 9XY", "postcode area"},
		{"L is not LS", "////LS1 4AP", "////L27 9XY", "postcode differs"},
		{"no fixed abode is no place", "////ZZ99 3VZ", "////ZZ99 3VZ", ""},
		{"of two countries", "////LS1 4AP", "////2119", ""},
		{"elsewhere", "////2119", "////2191", "postcode slip"},
		{"next door", "/////12 Acacia Avenue", "/////14 Acacia Avenue", "address street"},
		{"a slip in the street", "/////12 Acacia Avenue", "/////12 Acacai Avenue", "address close"},
		{"a digit of the phone", "//////0113 222 3344", "//////0113 222 3345", "phone slip"},
		{"another provider", "///////anna.esterkin@mail.org", "///////anna.esterkin@post.net", "email close"},
	}
	m := matching.NewMatcher(matching.Default())
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := map[string]string{}
			for list := strings.Fields(c.want); len(list) > 0; list = list[2:] {
				want[list[0]] = list[1]
			}
			if diff := cmp.Diff(want, levels(m, who(t, c.a), who(t, c.b))); diff != "" {
				t.Errorf("levels (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLevelsOfIdentifiersAndFurtherColumns(t *testing.T) {
	t.Parallel()
	number := func(digits string, verified bool) *demographics.Profile {
		return &demographics.Profile{Numbers: []demographics.Number{{Digits: digits, Verified: verified}}}
	}
	id := func(id string) *demographics.Profile { return &demographics.Profile{IDs: []string{id}} }
	text := func(list ...string) *demographics.Profile { return &demographics.Profile{Other: list} }
	m := matching.NewMatcher(matching.Default())
	for _, c := range []struct {
		name string
		a, b *demographics.Profile
		want map[string]string
	}{
		{"number", number("9434765919", false), number("9434765919", true), map[string]string{"nhsNumber": "same"}},
		{"number, verified", number("9434765919", true), number("9434765919", true), map[string]string{"nhsNumber": "sameVerified"}},
		{"two numbers", number("9434765919", false), number("9434765870", true), map[string]string{"nhsNumber": "differs"}},
		{"two verified numbers", number("9434765919", true), number("9434765870", true), map[string]string{"nhsNumber": "bothVerifiedDiffer"}},
		{"id", id("6988048"), id("6988048"), map[string]string{"id": "exact"}},
		{"id with a slip", id("6988048"), id("6980848"), map[string]string{"id": "slip"}},
		{"two ids", id("6988048"), id("7364009"), map[string]string{"id": "differs"}},
		{"further columns", text("willaroo", "", "st james"), text("wilaroo", "x", "st james"), map[string]string{"other1": "close", "other3": "exact"}},
		{"fewer columns", text("willaroo"), text("bittern", "x"), map[string]string{"other1": "differs"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, levels(m, c.a, c.b)); diff != "" {
				t.Errorf("levels (-want +got):\n%s", diff)
			}
		})
	}
}

// A person's whole profile is compared: what agrees best counts.
func TestScoreTakesTheBestOfEachList(t *testing.T) {
	t.Parallel()
	m := matching.NewMatcher(matching.Default())
	one, other, query := who(t, "Mary/Jones/1989-01-18/f/LS1 4AP"), who(t, "Molly/Smith/1989-01-19/f/M1 1AE"), who(t, "Molly/Smith/1989-01-18/f/M1 1AE")
	both := demographics.Combine(one, other)
	got := levels(m, query, &both)
	want := map[string]string{"given": "exact", "family": "exact", "birthDate": "exact", "sexWithGiven": "exact", "postcode": "former"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("levels (-want +got):\n%s", diff)
	}
}

// A rare name in common is worth more than a frequent one, a birth date on
// 1 January less than any other.
func TestFrequencyCounts(t *testing.T) {
	t.Parallel()
	m := matching.NewMatcher(matching.Default())
	bits := func(a, b string) float64 { return m.Score(who(t, a), who(t, b)).Bits }
	for _, c := range []struct{ name, less, more string }{
		{"family name", "/Smith", "/Esterkin"},
		{"given name", "David", "Balthasar"},
		{"1 January", "//1985-01-01", "//1985-01-02"},
		{"year of birth", "//1985-06-02", "//1919-06-02"},
		{"names that go together", "Mohammed/Khan", "Mohammed/Esterkin"},
	} {
		if less, more := bits(c.less, c.less), bits(c.more, c.more); less >= more {
			t.Errorf("%s: %.2f bits, and %.2f where it is rarer", c.name, less, more)
		}
	}
	if exact, near, far := bits("/Smith", "/Smith"), bits("/Esterkin", "/Estrekin"), bits("/Smith", "/Smtih"); near <= far || exact <= far {
		t.Errorf("exact %.2f, slips of a rare name %.2f and of a frequent one %.2f", exact, near, far)
	}
}

// Family name, postcode, address and telephone together say that somebody is of
// a household, and not more; with the birth date, that they are perhaps twins.
func TestHouseholdEvidenceIsCapped(t *testing.T) {
	t.Parallel()
	m := matching.NewMatcher(matching.Default())
	model := m.Model()
	home := "/Esterkin///LS1 4AP/12 Acacia Avenue/0113 222 3344"
	if got := m.Score(who(t, home), who(t, home)).Bits; got != model.Prior+model.HouseholdBits {
		t.Errorf("one household: %.3f bits, want the prior and the cap, %.3f", got, model.Prior+model.HouseholdBits)
	}
	twins := "/Esterkin/1989-01-18//LS1 4AP/12 Acacia Avenue/0113 222 3344"
	if got := m.Score(who(t, twins), who(t, twins)).Bits; got != model.Prior+model.TwinBits {
		t.Errorf("born on one day: %.3f bits, want the prior and the cap, %.3f", got, model.Prior+model.TwinBits)
	}
}

// What is not known is no evidence: a profile that lacks a field scores as if
// the field did not exist.
func TestMissingIsNeutral(t *testing.T) {
	t.Parallel()
	m := matching.NewMatcher(matching.Default())
	if got := m.Score(&demographics.Profile{}, who(t, "Anna/Esterkin/1989-01-18/f/LS1 4AP")); got.Bits != m.Model().Prior || got.Guards&^matching.GuardThin != 0 {
		t.Errorf("nothing known: %.3f bits, guards %v", got.Bits, got.Guards.Names())
	}
	a, b := who(t, "Anna/Esterkin/1989-01-18/f/LS1 4AP"), who(t, "Anna/Esterkin/1989-01-18/f")
	c := who(t, "Anna/Esterkin/1989-01-18/f")
	if m.Score(a, b).Bits != m.Score(b, c).Bits {
		t.Error("a missing postcode counts")
	}
}

func anyProfile(t *rapid.T, label string) *demographics.Profile {
	some := func(list ...string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom(list), 0, 2, rapid.ID).Draw(t, label)
	}
	p := &demographics.Profile{
		IDs: some("6988048", "6980848", "1"), Postcodes: some("LS1 4AP", "LS1 4AQ", "M1 1AE", "2119", ""), Addresses: some("12 acacia avenue", "14 acacia avenue", ""),
		Phones: some("132223344", "132223345"), Emails: some("a.e@mail.org", "anna.esterkin@x.org", "anna.esterkin@y.org"), Other: some("leeds", "leds", ""),
		Sex: rapid.SampledFrom([]byte{0, 'f', 'm'}).Draw(t, label+" sex"),
	}
	for _, digits := range some("9434765919", "9434765870") {
		p.Numbers = append(p.Numbers, demographics.Number{Digits: digits, Verified: rapid.Bool().Draw(t, label+" verified")})
	}
	for _, date := range some("1989-01-18", "1989-01-19", "1954-01-18", "1989") {
		p.Births = append(p.Births, demographics.ReadDate(date))
	}
	p.Deceased = demographics.ReadDate(rapid.SampledFrom([]string{"", "1985", "2020-01-01"}).Draw(t, label+" deceased"))
	for range rapid.IntRange(0, 2).Draw(t, label+" names") {
		p.Names = append(p.Names, demographics.PersonalName{
			Given: some("anna", "ana", "bob", "robert", "j", "may", "esterkin"), Family: some("esterkin", "smith", "smyth", "anna", "محمود"), Former: rapid.Bool().Draw(t, label+" former"),
		})
	}
	return p
}

// Whatever is compared: the same both ways, a waterfall that adds up, no more
// for the same pair by a shuffled list.
func TestScoreIsTheSameBothWaysAndAddsUp(t *testing.T) {
	t.Parallel()
	m := matching.NewMatcher(matching.Default())
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyProfile(t, "a"), anyProfile(t, "b")
		s := m.Score(a, b)
		if back := m.Score(b, a); s != back {
			t.Fatalf("one way %+v, the other %+v", s, back)
		}
		d := m.Explain(s)
		sum := d.Prior
		for _, f := range d.Fields {
			sum += f.Bits
		}
		if sum != s.Bits || d.Bits != s.Bits || d.Version != m.Model().Version || d.Rule != matching.RuleDetails {
			t.Fatalf("the rows come to %v, the score to %v: %+v", sum, s.Bits, d)
		}
		shuffled := *a
		shuffled.Names, shuffled.Births, shuffled.Phones = slices.Clone(a.Names), slices.Clone(a.Births), slices.Clone(a.Phones)
		slices.Reverse(shuffled.Names)
		slices.Reverse(shuffled.Births)
		slices.Reverse(shuffled.Phones)
		if again := m.Score(&shuffled, b); again.Bits != s.Bits {
			t.Fatalf("%v bits, and %v in another order", s.Bits, again.Bits)
		}
	})
}

func TestScoreAllocatesNothing(t *testing.T) { // not parallel: allocations are counted
	m := matching.NewMatcher(matching.Default())
	a := who(t, "Anna May/Esterkin<Smith/1989-01-18/f/LS1 4AP<M1 1AE/12 Acacia Avenue/0113 222 3344/anna@mail.org")
	b := who(t, "Ana Mai/Garcia Lopez/1989-08-01/m/LS1 4AQ/14 Acacia Road/0113 222 3345/ana@mail.org")
	c := who(t, "محمود/王小明/1954-01-01")
	for name, pair := range map[string][2]*demographics.Profile{"the same": {a, a}, "alike": {a, b}, "of two scripts": {a, c}, "of another script": {c, c}} {
		if n := testing.AllocsPerRun(100, func() { m.Score(pair[0], pair[1]) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func TestProbability(t *testing.T) {
	t.Parallel()
	for bits, want := range map[float64]float64{0: 0.5, 1: 2.0 / 3, -1: 1.0 / 3, 6.629: 0.99, 2000: 1, -2000: 0} {
		if got := matching.Probability(bits); math.Abs(got-want) > 1e-4 {
			t.Errorf("%v bits: %v, want %v", bits, got, want)
		}
	}
}

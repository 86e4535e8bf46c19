package trial

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/population"
)

// A profile of the region comes back from its packed form, and reading it
// allocates nothing.
func TestPackedProfilesComeBack(t *testing.T) {
	region, err := population.New(3_000, 9)
	if err != nil {
		t.Fatal(err)
	}
	var u unpacker
	var last []byte
	for _, person := range region.Block(0, nil) {
		a := person.Account()
		a.FormerFamily, a.FormerPostcode = person.Birth, person.Former.Postcode()
		a.Number, a.Status = population.Number(person.ID), "01"
		want := demographics.Clean(a.Details())
		last = pack(nil, &want)
		if diff := cmp.Diff(&want, u.read(last), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
	}
	if n := testing.AllocsPerRun(100, func() { u.read(last) }); n != 0 {
		t.Errorf("reading allocates %v times", n)
	}
}

// The store gives what a plain search of all postings gives.
func TestBlocks(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Custom(func(t *rapid.T) matching.Key {
			value, narrow := rapid.StringMatching(`[ab]{1,3}`).Draw(t, "value"), rapid.StringMatching(`[xy]`).Draw(t, "narrow")
			return matching.Key{Kind: matching.KeyBirthName, Value: value, Narrow: narrow}
		})
		var p postings
		var all []matching.Key
		for i, k := range rapid.SliceOfN(key, 0, 60).Draw(t, "keys") {
			all = append(all, k)
			p.add([]posting{postingOf(k, uint32(i))})
		}
		if err := p.sort(context.Background(), 2); err != nil {
			t.Fatal(err)
		}
		k := key.Draw(t, "asked")
		for _, narrow := range []bool{false, true} {
			var want, got []uint32
			for i, o := range all {
				if o.Value == k.Value && (!narrow || o.Narrow == k.Narrow) {
					want = append(want, uint32(i))
				}
			}
			for _, one := range p.block(k, narrow) {
				got = append(got, one.person)
			}
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Fatalf("narrow %v: %v, want %v", narrow, got, want)
			}
		}
	})
}

// The National Archives, "The Soundex Indexing System".
func TestSoundex(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"washington": "W252", "lee": "L000", "gutierrez": "G362", "pfister": "P236", "jackson": "J250", "tymczak": "T522", "ashcraft": "A261", "": "0000",
	} {
		if got := soundex(name); got != want {
			t.Errorf("%q is %s, want %s", name, got, want)
		}
	}
}

// Winkler 1990, as quoted by Porter and Winkler, "Approximate string comparison
// and its effect on an advanced record linkage system" (1997), table 2.1.
func TestJaroWinkler(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"dwayne", "duane", .840}, {"martha", "marhta", .961}, {"dixon", "dicksonx", .813}, {"a", "b", 0}, {"", "", 1}, {"", "ann", 0}, {"ann", "ann", 1},
	} {
		if got := jaroWinkler(c.a, c.b); got < c.want-.0006 || got > c.want+.0006 {
			t.Errorf("%q and %q: %.4f, want %.3f", c.a, c.b, got, c.want)
		}
	}
}

// Developer Guide, "DynamoDB item sizes": names and values, a number of one
// digit two bytes. Reading begins a unit every 4 KiB.
func TestCost(t *testing.T) {
	t.Parallel()
	if got := itemBytes(100); got != 2+28+2+33+1+2+1+1+100 {
		t.Errorf("an item with a body of 100 bytes has %d", got)
	}
	var c Cost
	c.read(0, 0)
	c.read(20, 4096)
	c.read(21, 4097)
	if c != (Cost{Reads: 3, Items: 41, Bytes: 8193, Units: 4}) {
		t.Errorf("%+v", c)
	}
}

func profile(given, family, born, postcode string, sex byte) demographics.Profile {
	gender := map[byte]string{'f': "female", 'm': "male"}[sex]
	return demographics.Clean(demographics.Details{
		Names: []demographics.Name{{Given: []string{given}, Family: family}}, BirthDate: born, Sex: gender,
		Addresses: []demographics.Address{{Postcode: postcode}},
	})
}

// indexed puts profiles into an index.
func indexed(t *testing.T, register ...demographics.Profile) *Trial {
	t.Helper()
	tr := &Trial{Settings: Settings{Model: matching.Default()}, matcher: matching.NewMatcher(matching.Default()), records: newRecords(1)}
	for i := range register {
		tr.records.add(0, &register[i], 0)
		for _, k := range keysOf(&register[i]) {
			tr.keys.add([]posting{postingOf(k, uint32(i))})
		}
		for _, k := range mpsKeys(&register[i]) {
			tr.mps.add([]posting{postingOf(k, uint32(i))})
		}
	}
	if err := errors.Join(tr.keys.sort(t.Context(), 1), tr.mps.sort(t.Context(), 1)); err != nil {
		t.Fatal(err)
	}
	return tr
}

// The rules, by hand: The Person_ID Handbook's steps on a small register.
func TestMPSRules(t *testing.T) {
	t.Parallel()
	s := mpsSearcher{Trial: indexed(
		t,
		profile("Anna", "Smith", "1980-02-03", "AA1 1AA", 'f'),
		profile("Beth", "Jones", "1980-02-03", "AA1 1AB", 'f'),
		profile("Beth", "Jones", "1980-02-03", "AA1 1AB", 'f'), // registered twice
		profile("Carl", "Brown", "1950-05-05", "AA2 2AA", 'm'),
	)}
	for _, c := range []struct {
		name    string
		query   demographics.Profile
		outcome matching.Outcome
		person  int
	}{
		{"alphanumeric: sounds alike", profile("Ana", "Smyth", "1980-02-03", "AA1 1AA", 'f'), matching.Link, 0},
		{"alphanumeric: two pass, and neither leads", profile("Beth", "Jones", "1980-02-03", "AA1 1AB", 'f'), matching.Possible, Nobody},
		{"algorithmic: another family name", profile("Carl", "Green", "1950-05-05", "AA2 2AA", 'm'), matching.Link, 3},
		{"algorithmic: a twin is taken for them", profile("Dora", "Smith", "1980-02-03", "AA1 1AA", 'f'), matching.Link, 0},
		{"moved, the names are the same", profile("Carl", "Brown", "1950-05-05", "AA3 3AA", 'm'), matching.Link, 3},
		{"another birth date", profile("Carl", "Brown", "1950-05-06", "AA2 2AA", 'm'), matching.New, Nobody},
		{"no sex", profile("Carl", "Brown", "1950-05-05", "AA2 2AA", 0), matching.New, Nobody},
		{"nothing", demographics.Profile{}, matching.New, Nobody},
	} {
		if outcome, person := s.search(&c.query); outcome != c.outcome || person != c.person {
			t.Errorf("%s: %s %d, want %s %d", c.name, outcome, person, c.outcome, c.person)
		}
	}
}

// A thousand people with the same details make every key wide: no more than 7
// keys are read, 64 postings each, and nobody is linked.
func TestWideKeys(t *testing.T) {
	t.Parallel()
	same := profile("Anna", "Smith", "1980-02-03", "AA1 1AA", 'f')
	register := slices.Repeat([]demographics.Profile{same}, 1_000)
	s := searcher{Trial: indexed(t, register...)}
	f := s.search(&same)
	keys := len(matching.Keys(&same))
	if f.Cost.Wide != keys || f.Cost.Reads != min(7, 2*keys) || f.Cost.Items != 64*f.Cost.Reads {
		t.Errorf("%d keys: %+v", keys, f.Cost)
	}
	if got := RuleOf(s.Model).Decide(&f); got == matching.Link {
		t.Error("one of a thousand is linked")
	}
}

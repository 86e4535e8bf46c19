package matching_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	const birth, postcode, year = matching.KeyBirthName, matching.KeyPostcodeFamily, matching.KeyNamesYear
	cases := []struct {
		name, who string
		want      []matching.Key
	}{
		{"plain", "Robert/Pfister/1989-01-18/m/LS1 4AP", []matching.Key{
			{birth, "19890118p236", "LS"}, {birth, "19890118r163", "LS"}, {postcode, "LS1 4APp236", "198"}, {year, "p236r1631989", "01"},
		}},
		{"former name and postcode", "Robert/Pfister<Lee/1989-01-18/m/LS1 4AP<M1 1AE", []matching.Key{
			{birth, "19890118p236", "LS"},
			{birth, "19890118r163", "LS"},
			{postcode, "LS1 4APp236", "198"},
			{year, "p236r1631989", "01"},
			{birth, "19890118l000", "LS"},
			{postcode, "M1 1AEp236", "198"},
			{postcode, "LS1 4APl000", "198"},
		}},
		{"double-barrelled", "Robert/Pfister-Lee/1989-01-18", []matching.Key{
			{birth, "19890118p236", ""}, {birth, "19890118l000", ""}, {birth, "19890118r163", ""}, {year, "p236r1631989", "01"},
		}},
		{"year alone", "Robert/Pfister/1989", []matching.Key{{year, "p236r1631989", ""}}},
		{"no birth date", "Robert/Pfister///LS1 4AP", []matching.Key{{postcode, "LS1 4APp236", ""}}},
		{"only a name", "Robert/Pfister", []matching.Key{}},
		{"nothing", "", []matching.Key{}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, matching.Keys(who(t, c.who))); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}

// Exchanged names meet in every kind that holds a name.
func TestExchangedNamesMeet(t *testing.T) {
	t.Parallel()
	one, other := map[matching.Key]bool{}, map[matching.Key]bool{}
	for _, k := range matching.Keys(who(t, "Robert/Pfister/1989-01-18")) {
		one[k] = true
	}
	for _, k := range matching.Keys(who(t, "Pfister/Robert/1989-01-18")) {
		other[k] = true
	}
	if diff := cmp.Diff(one, other); diff != "" {
		t.Errorf("keys (-one +other):\n%s", diff)
	}
}

// There are at most seven keys, none twice; those of bulk linking are the same
// every time, and hold every pair that those of the index hold.
func TestKeysAreFewAndBulkKeysHoldThem(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyProfile(t, "a"), anyProfile(t, "b")
		seen, common := map[matching.Key]bool{}, false
		for _, k := range matching.Keys(a) {
			k.Narrow = ""
			if seen[k] || k.Value == "" {
				t.Fatal("a key twice, or of nothing")
			}
			seen[k] = true
		}
		if len(seen) > 7 {
			t.Fatalf("%d keys", len(seen))
		}
		for _, k := range matching.Keys(b) {
			k.Narrow = ""
			common = common || seen[k]
		}
		if common && !bulkMeets(a, b) {
			t.Fatal("a pair that the index would find is not found in bulk")
		}
	})
}

func bulkMeets(a, b *demographics.Profile) bool {
	seen := map[uint64]bool{}
	for _, k := range matching.AppendBulkKeys(nil, a) {
		seen[k.Hash] = true
	}
	for _, k := range matching.AppendBulkKeys(nil, b) {
		if seen[k.Hash] {
			return true
		}
	}
	return false
}

// Slips after which two records must still meet when registers are linked.
func TestBulkKeysFindSlips(t *testing.T) {
	t.Parallel()
	for name, pair := range map[string][2]string{
		"family name changed":         {"Anna/Jones/1989-01-18/f/LS1 4AP", "Anna/Smith/1989-01-18/f/M1 1AE"},
		"given name changed":          {"Anna/Jones/1989-01-18/f/LS1 4AP", "Bella/Jones/1989-01-18/f/M1 1AE"},
		"birth date changed":          {"Anna/Jones/1989-01-18/f/LS1 4AP", "Anna/Jones/1954-07-30/f/LS1 4AP"},
		"names exchanged":             {"Anna/Jones/1989-01-18", "Jones/Anna/1989-01-18"},
		"no birth date, no postcode":  {"Anna/Jones/1989-01-18/f/LS1 4AP", "Anna/Jones"},
		"digits of the date":          {"Anna/Jones/1989-01-18", "Anna/Smith/1998-01-18"},
		"digits of the postcode":      {"Anna/Jones///2119", "Anna/Smith///2191"},
		"the names' ends":             {"Natalia/George", "Nataoia/Georfe"},
		"a phone":                     {"Anna/Jones/////0113 222 3344", "Bella/Smith/////0113 222 3344"},
		"a mailbox":                   {"Anna/Jones//////a.jones@mail.org", "Bella/Smith//////a.jones@post.net"},
		"birth date and outward code": {"Anna/Jones/1989-01-18/f/LS1 4AP", "Bella/Smith/1989-01-18/f/LS1 9XY"},
		"another script":              {"محمد/الحسن/1989-01-18", "محمد/الحسن/1989-01-18"},
	} {
		if !bulkMeets(who(t, pair[0]), who(t, pair[1])) {
			t.Errorf("%s: not found", name)
		}
	}
	if bulkMeets(who(t, "Anna/Jones/1989-01-18/f/LS1 4AP"), who(t, "Bob/Smith/1954-07-30/f/M1 1AE")) {
		t.Error("two who have nothing in common are compared")
	}
}

func TestWidestOf(t *testing.T) {
	t.Parallel()
	kinds := map[matching.KeyKind]int{}
	for _, k := range matching.AppendBulkKeys(nil, who(t, "Anna/Jones/1989-01-18/f/LS1 4AP")) {
		kinds[k.Kind] = matching.WidestOf(k.Hash)
	}
	if kinds[matching.KeyBirthName] != 400 || kinds[matching.KeyPostcodeName] != 400 || kinds[matching.KeyBirth] != 40 || kinds[matching.KeyNames] != 40 {
		t.Errorf("widest blocks by kind: %v", kinds)
	}
}

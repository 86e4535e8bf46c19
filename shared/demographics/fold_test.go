package demographics_test

import (
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/demographics"
)

func TestFold(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{"case", "SMITH", "smith"},
		{"typewriter apostrophe", "O'Brien", "obrien"},
		{"printer's apostrophe", "O’Brien", "obrien"},
		{"hyphen", "Lloyd-Jones", "lloydjones"},
		{"non-breaking hyphen and dash", "Lloyd\u2011Jones–Evans", "lloydjonesevans"},
		{"space", "Mc Donald", "mcdonald"},
		{"acute", "Zoë Siân", "zoesian"},
		{"composed and decomposed", "e\u0301", "e"},
		{"stroke", "Łukasz Sørensen", "lukaszsorensen"},
		{"sharp s", "Weiß", "weiss"},
		{"ligature", "ﬁona", "fiona"},
		{"full width", "ＡＢ", "ab"},
		{"Turkish dotted capital", "İpek", "ipek"},
		{"another script stays", "Łi 王小明", "li王小明"},
		{"punctuation only", " -'. ", ""},
		{"empty", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(c.want, demographics.Fold(c.in)); diff != "" {
				t.Errorf("fold (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFoldTwiceIsFoldOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		once := demographics.Fold(rapid.String().Draw(t, "name"))
		if twice := demographics.Fold(once); twice != once {
			t.Fatalf("folding %q again gives %q", once, twice)
		}
		for _, r := range once {
			if unicode.IsSpace(r) || unicode.IsPunct(r) {
				t.Fatalf("%q has %q left", once, r)
			}
		}
	})
}

func FuzzFold(f *testing.F) {
	f.Add("O’Brien-Siân")
	f.Add("İ\u0307ß\xff")
	f.Fuzz(func(t *testing.T, s string) {
		if once := demographics.Fold(s); demographics.Fold(once) != once {
			t.Fatalf("folding %q is not stable", s)
		}
	})
}

func TestNameParts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name            string
		in              demographics.Name
		initial, prefix string
		complete        bool
	}{
		{"plain", demographics.Name{Family: "Esterkin", Given: []string{"Anna", "May"}}, "a", "est", true},
		{"apostrophe within the first three", demographics.Name{Family: "O'Neill", Given: []string{"Ümit"}}, "u", "one", true},
		{"short family name", demographics.Name{Family: "Ng", Given: []string{"Li"}}, "l", "ng", true},
		{"empty first given name", demographics.Name{Family: "Jones", Given: []string{"-", "Bo"}}, "b", "jon", true},
		{"no given name", demographics.Name{Family: "Jones"}, "", "jon", false},
		{"no family name", demographics.Name{Given: []string{"Bo"}}, "b", "", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := c.in.Initial(); got != c.initial {
				t.Errorf("initial %q, want %q", got, c.initial)
			}
			if got := c.in.FamilyPrefix(); got != c.prefix {
				t.Errorf("prefix %q, want %q", got, c.prefix)
			}
			if got := c.in.Complete(); got != c.complete {
				t.Errorf("complete %v, want %v", got, c.complete)
			}
		})
	}
}

func TestOutward(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{"one letter, one digit", "M1 1AE", "M1"},
		{"two and letter", "EC1A 1BB", "EC1A"},
		{"no space, small letters", "rw216kc", "RW21"},
		{"no fixed abode", "ZZ99 3VZ", ""},
		{"not a postcode", "London", ""},
		{"empty", "", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := (demographics.Address{Postcode: c.in}).Outward(); got != c.want {
				t.Errorf("outward %q, want %q", got, c.want)
			}
		})
	}
}

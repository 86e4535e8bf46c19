package matching_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/matching"
)

// The pairs of Winkler's reports (W. E. Winkler, "The State of Record Linkage
// and Current Research Problems", US Census Bureau 1999, table 6), to three
// places as printed there.
func TestJaroWinklerAsPublished(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want float64
	}{
		{"martha", "marhta", 0.961},
		{"dwayne", "duane", 0.840},
		{"dixon", "dicksonx", 0.813},
		{"shackleford", "shackelford", 0.982},
		{"dunningham", "cunnigham", 0.896},
		{"nichleson", "nichulson", 0.956},
		{"jones", "johnson", 0.832},
		{"massey", "massie", 0.933},
		{"abroms", "abrams", 0.922},
		{"jeraldine", "geraldine", 0.926},
		{"michelle", "michael", 0.921},
		{"julies", "julius", 0.933},
		{"tanya", "tonya", 0.880},
		{"sean", "susan", 0.805},
		{"jon", "john", 0.933},
		{"jon", "jan", 0.800},
		{"abc", "xyz", 0},
		{"", "", 0},
		{"a", "", 0},
	} {
		if got := matching.JaroWinkler(c.a, c.b); math.Abs(got-c.want) > 0.0006 {
			t.Errorf("%s, %s: %.4f, want %.3f", c.a, c.b, got, c.want)
		}
	}
}

// A letter is a letter in every script: one of five differs.
func TestTextsOfOtherScriptsAreComparedByLetter(t *testing.T) {
	t.Parallel()
	ascii, arabic := matching.JaroWinkler("mahmud", "mahmad"), matching.JaroWinkler("محمود", "محمد")
	if ascii < 0.9 || arabic < 0.9 || !matching.Slip("محمود", "محمد") || !matching.Slip("王小明", "王小朋") {
		t.Errorf("%.3f and %.3f", ascii, arabic)
	}
}

func TestSlip(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"smith", "smyth", true},
		{"smith", "smit", true},
		{"smith", "smithh", true},
		{"smith", "simth", true},
		{"smith", "xsmith", true},
		{"smith", "smth i", false},
		{"smith", "sltih", false},
		{"smith", "jones", false},
		{"ab", "ba", true},
		{"abc", "cba", false},
		{"", "a", true},
	} {
		if got := matching.Slip(c.a, c.b); got != c.want || matching.Slip(c.b, c.a) != c.want {
			t.Errorf("%s, %s: %v", c.a, c.b, got)
		}
	}
}

// The examples of The National Archives ("The Soundex Indexing System") and of
// Knuth, The Art of Computer Programming, volume 3, 6.
func TestSoundexAsPublished(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"washington": "w252", "lee": "l000", "gutierrez": "g362", "pfister": "p236", "jackson": "j250", "tymczak": "t522", "vandeusen": "v532", "ashcraft": "a261",
		"robert": "r163", "rupert": "r163", "honeyman": "h555", "euler": "e460", "gauss": "g200", "hilbert": "h416", "knuth": "k530", "lloyd": "l300", "lukasiewicz": "l222",
		"": "", "王小明": "王小明", "محمود": "محمو",
	} {
		if got := matching.Soundex(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func word(t *rapid.T, label string) string {
	return rapid.OneOf(rapid.StringOfN(rapid.RuneFrom([]rune("abcé王")), 0, 12, -1), rapid.StringN(0, 90, -1)).Draw(t, label)
}

func TestTextsCompareTheSameBothWays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := word(t, "a"), word(t, "b")
		x, y := matching.JaroWinkler(a, b), matching.JaroWinkler(b, a)
		if x != y || x < 0 || x > 1 || matching.Slip(a, b) != matching.Slip(b, a) {
			t.Fatalf("%v and %v", x, y)
		}
		if same := matching.JaroWinkler(a, a); a != "" && same != 1 {
			t.Fatalf("the same text: %v", same)
		}
	})
}

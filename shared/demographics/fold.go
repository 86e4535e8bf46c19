package demographics

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// unmarked are letters that Unicode does not take apart into a base letter and
// a mark, with what people write for them on a keyboard without them.
var unmarked = map[rune]string{
	'æ': "ae", 'œ': "oe", 'ø': "o", 'đ': "d", 'ð': "d", 'þ': "th",
	'ł': "l", 'ħ': "h", 'ı': "i", 'ŋ': "n", 'ß': "ss", 'ə': "e",
}

// Fold gives a name as it is compared: compatibility forms taken apart (Unicode
// Standard Annex 15, NFKD), marks, case, spaces, hyphens, apostrophes and all
// other punctuation gone. Letters and digits of any script stay. "O’Brien-Siân"
// folds to "obriensian". Folding what is folded changes nothing.
func Fold(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for _, r := range norm.NFKD.String(s) {
		r = unicode.ToLower(r)
		if plain, ok := unmarked[r]; ok {
			b.WriteString(plain)
			continue
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	// Lower case may bring a mark of its own (Turkish I with dot).
	return norm.NFKD.String(b.String())
}

// Prefix gives the first n characters of a folded name, or all there are.
func Prefix(folded string, n int) string {
	for i := range folded {
		if n == 0 {
			return folded[:i]
		}
		n--
	}
	return folded
}

// Initial gives the first letter of the first given name, folded; empty when
// there is no given name.
func (n Name) Initial() string {
	for _, given := range n.Given {
		if f := Fold(given); f != "" {
			return Prefix(f, 1)
		}
	}
	return ""
}

// FamilyPrefix gives the first three characters of the family name, folded.
func (n Name) FamilyPrefix() string { return Prefix(Fold(n.Family), 3) }

// Complete says whether the name has a given and a family part.
func (n Name) Complete() bool { return n.Initial() != "" && n.FamilyPrefix() != "" }

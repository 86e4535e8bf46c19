package demographics

import (
	"slices"
	"strings"
	"unicode"
)

// What one record may hold: more is cut, so that no record can make matching
// slow. NHS systems hold family names of at most 35 characters and five given
// names of as many.
const (
	maxNames   = 12 // names, postcodes, addresses, ... of one profile
	maxTokens  = 6  // tokens of a given or family name
	maxLetters = 40 // characters of a token
	maxText    = 4 * maxLetters
)

// cleanNames gives the names of a patient, current ones first. The first name
// that is not said to be over is current; others are Former: previous and
// maiden names, nicknames, aliases.
func cleanNames(names []Name) []PersonalName {
	var current, former []PersonalName
	for i := range names[:min(len(names), 4*maxNames)] {
		over := over(names[i].Use)
		for alias, name := range personalNames(&names[i]) {
			name.Former = over || alias > 0 || len(current) > 0
			if name.Former {
				former = append(former, name)
			} else {
				current = append(current, name)
			}
		}
	}
	return distinctNames(append(current, former...))
}

// over says that a FHIR name-use or address-use is of former times.
func over(use string) bool { return use == "old" || use == "maiden" }

// distinctNames keeps the first of names with the same tokens, at most
// maxNames. A name that is current anywhere is current.
func distinctNames(names []PersonalName) []PersonalName {
	var kept []PersonalName
	for _, n := range names {
		i := slices.IndexFunc(kept, func(have PersonalName) bool {
			return slices.Equal(have.Given, n.Given) && slices.Equal(have.Family, n.Family)
		})
		switch {
		case i >= 0:
			kept[i].Former = kept[i].Former && n.Former
		case len(kept) < maxNames:
			kept = append(kept, n)
		}
	}
	return kept
}

// personalNames gives the name and, where it says "known as", the alias.
func personalNames(n *Name) []PersonalName {
	given, alias := knownAs(words(strings.Join(n.Given[:min(len(n.Given), maxTokens)], " "), false))
	family, otherFamily := knownAs(words(n.Family, true))
	out := make([]PersonalName, 0, 2)
	whole := PersonalName{Given: givenTokens(given), Family: familyTokens(family)}
	if len(whole.Given)+len(whole.Family) > 0 {
		out = append(out, whole)
	}
	other := PersonalName{Given: givenTokens(alias), Family: familyTokens(otherFamily)}
	if len(other.Given)+len(other.Family) == 0 {
		return out
	}
	if len(other.Given) == 0 {
		other.Given = whole.Given
	}
	if len(other.Family) == 0 {
		other.Family = whole.Family
	}
	return append(out, other)
}

// words cuts a name at white space, commas and brackets, of a family name at
// hyphens too, and folds each word. The name is cut short first.
func words(s string, hyphens bool) []string {
	var list []string
	for word := range strings.FieldsFuncSeq(truncate(s, maxTokens*maxLetters), func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune(",;()[]{}/\"", r) || hyphens && unicode.Is(unicode.Hyphen, r)
	}) {
		if f := truncate(Fold(word), maxLetters); f != "" {
			list = append(list, f)
		}
	}
	return list
}

// truncate cuts s to at most n characters.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return Prefix(s, n)
}

// knownAs parts the words before "known as", "aka" and the like from those
// after.
func knownAs(list []string) (name, alias []string) {
	for i, word := range list {
		switch {
		case word == "aka" || word == "alias" || word == "nee" && i > 0:
			return list[:i], list[i+1:]
		case word == "known" && i+1 < len(list) && list[i+1] == "as":
			return list[:i], list[i+2:]
		}
	}
	return list, nil
}

// titles are dropped where they stand before a name. From the forms of address
// that NHS systems send; those that are also common given names are not here.
var titles = setOf("mr mrs ms miss mx dr doctor prof professor rev revd reverend sir dame lady lord master mstr mast capt captain col colonel sgt sergeant hon madam mme mlle herr frau senor senora")

// suffixes are dropped where they stand behind a family name.
var suffixes = setOf("jr jnr junior sr snr senior ii iii iv esq phd md mbe obe cbe")

// noGiven are words by which systems and people say that a given name is not
// known, or that a newborn has none yet.
var noGiven = setOf("baby infant newborn neonate foetus fetus twin twins triplet boy girl male female unborn")

// noName are the words that say so of either name.
var noName = setOf("unknown unk notknown nk nka none null nil na nan noname unnamed nameless notstated notgiven notprovided unidentified anonymous anon test tester testing testpatient zztest xxtest dummy dummypatient patient donotuse dnu deceased duplicate error blank undefined missing temp temporary xx zz")

// order are the words that tell newborns apart behind noGiven.
var order = setOf("one two three 1 2 3 i ii iii a b c first second third of the")

func setOf(list string) map[string]bool {
	set := make(map[string]bool)
	for _, word := range strings.Fields(list) {
		set[word] = true
	}
	return set
}

// placeholder says that a word is no name of anyone: one of the list, or one
// letter of the Latin alphabet three times and more.
func placeholder(word string) bool {
	return noName[word] || len(word) >= 3 && strings.Trim(word, word[:1]) == "" && word[0] >= 'a' && word[0] <= 'z'
}

// givenTokens drops titles and placeholders. "baby girl of", "twin one" and the
// like take their order with them; "not known" is two words.
func givenTokens(list []string) []string {
	for len(list) > 1 && titles[list[0]] {
		list = list[1:]
	}
	var tokens []string
	for i := 0; i < len(list) && len(tokens) < maxTokens; i++ {
		switch word := list[i]; {
		case unstated(list, i):
			i++
		case noGiven[word]:
			for i+1 < len(list) && (order[list[i+1]] || noGiven[list[i+1]]) {
				i++
			}
		case placeholder(word) || isNumber(word):
		default:
			tokens = append(tokens, word)
		}
	}
	return tokens
}

// unstated knows the two words "not known", "no name" and their like.
func unstated(list []string, i int) bool {
	return i+1 < len(list) && (list[i] == "not" || list[i] == "no") && placeholder(list[i]+list[i+1])
}

// isNumber says that a word has no letter.
func isNumber(word string) bool { return strings.Trim(word, "0123456789") == "" }

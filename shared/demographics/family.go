package demographics

import "strings"

// particles stand before a family name and are written or left out at will.
var particles = setOf("de del della di da do dos das du des la le las los al el bin ibn bint van von der den ter ten t vd af av zu zur y e the of")

// joined stand before a family name and are part of it: "Mc Donald", "O Brien",
// "St John".
var joined = setOf("mc mac o fitz st saint ap ab san abd abdul abu")

// familyTokens gives the tokens of a family name without titles, particles,
// suffixes and placeholders. A name of particles alone ("Le", "Do") is one.
func familyTokens(list []string) []string {
	for len(list) > 1 && titles[list[0]] {
		list = list[1:]
	}
	for len(list) > 1 && suffixes[list[len(list)-1]] {
		list = list[:len(list)-1]
	}
	var tokens, small []string
	for i := 0; i < len(list) && len(tokens) < maxTokens; i++ {
		switch word := list[i]; {
		case unstated(list, i):
			i++
		case placeholder(word) || isNumber(word) || word == "baby":
		case joined[word] && i+1 < len(list):
			tokens = append(tokens, familyToken(truncate(word+list[i+1], maxLetters)))
			i++
		case particles[word]:
			small = append(small, word)
		default:
			tokens = append(tokens, familyToken(word))
		}
	}
	if len(tokens) == 0 && len(small) > 0 {
		return []string{strings.Join(small, "")}
	}
	return tokens
}

// familyToken writes the two spellings of Gaelic "son of" alike and takes a
// Dutch article off that is written together with the name.
func familyToken(word string) string {
	switch {
	case len(word) >= 7 && strings.HasPrefix(word, "mac"):
		return "mc" + word[3:]
	case len(word) >= 9 && (strings.HasPrefix(word, "vanden") || strings.HasPrefix(word, "vander")):
		return word[6:]
	}
	return word
}

// ParseName reads a full name in one field: "Smith, John Paul" or "John Paul
// Smith". The last word is the family name, with the particles before it; a
// single word is a family name.
func ParseName(full string) Name {
	full = truncate(strings.TrimSpace(full), 2*maxText)
	if family, given, ok := strings.Cut(full, ","); ok {
		return Name{Family: strings.TrimSpace(family), Given: strings.Fields(given)}
	}
	list := strings.Fields(full)
	if len(list) == 0 {
		return Name{}
	}
	last := len(list) - 1
	for last > 1 && suffixes[Fold(list[last])] {
		last--
	}
	first := last
	for first > 1 && (particles[Fold(list[first-1])] || joined[Fold(list[first-1])] && len(list[first-1]) > 1) {
		first--
	}
	return Name{Given: list[:first], Family: strings.Join(list[first:last+1], " ")}
}

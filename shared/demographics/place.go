package demographics

import (
	"strings"
	"unicode"

	"github.com/carerecord/carerecord/shared/nhs"
)

// ReadPostcode gives a postcode as it is compared: "AA9A 9AA", or folded as it
// came where it has no UK form ("2119"). Empty for what is no evidence: the
// pseudo-postcodes ZZ99, which would make neighbours of strangers, runs of one
// character, and words for "not known".
func ReadPostcode(s string) string {
	s = truncate(s, maxLetters)
	if code, ok := nhs.ParsePostcode(s); ok {
		if nhs.IsPseudoPostcode(code) {
			return ""
		}
		return code
	}
	folded := truncate(Fold(s), maxLetters)
	if len(folded) < 2 || noName[folded] || strings.Trim(folded, folded[:1]) == "" || strings.HasPrefix(folded, "zz99") {
		return ""
	}
	return folded
}

// institutions are words of an address at which nobody lives on their own: what
// follows from its postcode is that two people were looked after in one place.
// Which postcodes belong to institutions is in no list that may be shipped, so
// this rule knows only what the address says; a postcode that many people of a
// register share is weighed by its frequency in the model.
var institutions = []string{"hospital", "infirmary", "prison", "hmp", "hmyoi", "surgery", "health centre", "medical centre", "medical practice", "walk in centre"}

// streets are words that make a street of the word before: "Hospital Road".
var streets = setOf("street road avenue lane drive close court crescent gardens place square terrace way hill walk row grove mews view green park rise end cottages house mill")

// institutional says that a folded address names an institution.
func institutional(address string) bool {
	padded := " " + address + " "
	for _, word := range institutions {
		_, rest, found := strings.Cut(padded, " "+word+" ")
		if !found {
			continue
		}
		if next, _, _ := strings.Cut(rest, " "); !streets[next] {
			return true
		}
	}
	return false
}

// places gives the postcodes and the address lines of a patient, those of the
// current address first. An empty entry holds the place of a current value that
// is not known while a former one is.
func places(list []Address) (postcodes, lines []string) {
	for i := range list[:min(len(list), 4*maxNames)] {
		a := &list[i]
		if a.Use == "work" || a.Use == "billing" {
			continue
		}
		postcode, line := ReadPostcode(a.Postcode), addressLine(a)
		if institutional(line) && strings.Contains(postcode, " ") {
			postcode, line = "", ""
		}
		former := over(a.Use) || len(postcodes)+len(lines) > 0
		postcodes = addPlace(postcodes, postcode, former)
		lines = addPlace(lines, line, former)
	}
	return postcodes, lines
}

func addPlace(list []string, value string, former bool) []string {
	if value == "" {
		return list
	}
	if len(list) == 0 && former {
		list = append(list, "")
	}
	return addText(list, value)
}

// addText adds a value that is not there yet, as long as there is room.
func addText(list []string, value string) []string {
	for _, have := range list {
		if have == value {
			return list
		}
	}
	if len(list) >= maxNames {
		return list
	}
	return append(list, value)
}

// addressLine gives the words that tell houses apart: of the lines from the
// first one with a number, or from the first, as many as it takes to have a
// street beside the number of a flat.
func addressLine(a *Address) string {
	lines := a.Lines[:min(len(a.Lines), maxTokens)]
	for i := range lines {
		if strings.ContainsFunc(lines[i], unicode.IsDigit) {
			lines = lines[i:]
			break
		}
	}
	var text string
	for i, line := range lines {
		text = strings.TrimSpace(text + " " + ReadAddress(line))
		if i == 1 || i == 0 && wholeAddress(text) {
			break
		}
	}
	return text
}

// wholeAddress says that an address line has a number and words, and is not a
// flat's number alone.
func wholeAddress(text string) bool {
	first, rest, _ := strings.Cut(text, " ")
	return first != "flat" && first != "unit" && first != "room" && strings.ContainsFunc(text, unicode.IsDigit) && strings.ContainsFunc(rest, unicode.IsLetter)
}

// addressWords are written in full, so that abbreviations do not part an
// address; an empty one is left out.
var addressWords = map[string]string{
	"st": "street", "str": "street", "rd": "road", "ave": "avenue", "av": "avenue", "ln": "lane", "dr": "drive",
	"cl": "close", "ct": "court", "cres": "crescent", "crs": "crescent", "gdns": "gardens", "gdn": "gardens",
	"pl": "place", "sq": "square", "ter": "terrace", "tce": "terrace", "terr": "terrace", "apt": "flat",
	"apartment": "flat", "hse": "house", "bldgs": "buildings", "gr": "grove", "pk": "park", "no": "", "number": "", "the": "",
}

// noAddress are the lines that say that there is none.
var noAddress = setOf("nofixedabode nfa unknown notknown addressunknown addressnotknown noaddress none na nk test homeless xx")

// ReadAddress gives a line of an address as it is compared: words folded, with
// one space between them, abbreviations written in full. Empty when it says
// that there is no address. "St" is a street at the end and a saint before.
func ReadAddress(line string) string {
	list := textWords(line)
	if noAddress[strings.Join(list, "")] {
		return ""
	}
	out := list[:0]
	for i, word := range list {
		if word == "st" && i+1 < len(list) {
			word = "saint"
		}
		if long, ok := addressWords[word]; ok {
			word = long
		}
		if word != "" {
			out = append(out, word)
		}
	}
	return strings.Join(out, " ")
}

// ReadText gives any text as it is compared: its words folded, with one space
// between them, at most 160 characters. Words for "not known" give nothing.
func ReadText(s string) string {
	list := textWords(s)
	if len(list) < 3 && noName[strings.Join(list, "")] {
		return ""
	}
	return strings.Join(list, " ")
}

// ReadID gives an identifier of another scheme as it is compared: folded, in
// one piece. A run of one character is none.
func ReadID(s string) string {
	id := truncate(Fold(truncate(s, maxText)), maxLetters)
	if id == "" || len(id) > 1 && strings.Trim(id, id[:1]) == "" || noName[id] {
		return ""
	}
	return id
}

// textWords cuts text at everything that is neither letter, mark, digit nor
// apostrophe.
func textWords(s string) []string {
	var list []string
	for word := range strings.FieldsFuncSeq(truncate(s, maxText), func(r rune) bool {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N) && r != '\'' && r != '’'
	}) {
		if f := Fold(word); f != "" {
			list = append(list, f)
		}
	}
	return list
}

package names

import (
	"strconv"

	"github.com/carerecord/carerecord/shared/population/chance"
)

// era is the fashion of the years around one year.
type era struct {
	year int
	rare float64 // the share of children whose name is not in the list
	pool
}

// How even the names of an era are, by the year that ends it: parents choose
// from ever more names, and ever fewer choose the most usual one.
var fashions = []struct {
	until       int
	flat, steep float64
	rare        float64
}{
	{1940, 14, 1.6, .06},
	{1960, 15, 1.6, .07},
	{1978, 16, 1.5, .12},
	{1992, 18, 1.4, .18},
	{2008, 22, 1.3, .28},
	{2100, 25, 1.3, .38},
}

// eras reads the list of given names, by sex and in the order of years.
func eras() map[byte][]era {
	list := map[byte][]era{}
	for _, words := range lines(givenText) {
		sex := words[0][0] - 'a' + 'A'
		year, _ := strconv.Atoi(words[1]) // the list is ours; a test reads it
		for _, f := range fashions {
			if year <= f.until {
				list[sex] = append(list[sex], era{year, f.rare, ranked(words[2:], f.flat, f.steep)})
				break
			}
		}
	}
	return list
}

// at gives the fashion of a year: that of the era before or after, the nearer
// one more often.
func at(list []era, year int, s *chance.Source) era {
	if year <= list[0].year {
		return list[0]
	}
	for i := 1; i < len(list); i++ {
		before, after := list[i-1], list[i]
		if year >= after.year {
			continue
		}
		if s.Below(after.year-before.year) < year-before.year {
			return after
		}
		return before
	}
	return list[len(list)-1]
}

// Given draws a given name for a person of the sex ('F' or 'M') born in the
// year into the community; 0 is none of them.
func Given(s *chance.Source, sex byte, year int, community int) string {
	t := all()
	if community > 0 {
		return t.communities[community-1].given[sex].draw(s)
	}
	fashion := at(t.given[sex], year, s)
	if s.Happens(fashion.rare) {
		return t.rare[sex].draw(s)
	}
	return fashion.draw(s)
}

// What rare given names are put together from.
var (
	beginnings = []string{
		"Ad", "Al", "Am", "An", "Ar", "Ash", "Bel", "Ber", "Bren", "Bri", "Cal", "Cam", "Car", "Cas", "Chan", "Clem", "Col", "Cor",
		"Dal", "Dar", "Del", "Dor", "Ed", "El", "Em", "Er", "Ev", "Fen", "Fin", "Flor", "Gal", "Gen", "Gil", "Gwen", "Hal", "Har", "Hel",
		"Im", "Is", "Jal", "Jan", "Jes", "Jor", "Kal", "Kar", "Kel", "Ken", "Kir", "Lan", "Lar", "Len", "Lor", "Mad", "Mal", "Mar", "Mel",
		"Mer", "Mor", "Nad", "Nat", "Ner", "Or", "Pen", "Per", "Quin", "Rain", "Ral", "Ren", "Ros", "Sab", "Sal", "Ser", "Shan", "Sid",
		"Tal", "Tam", "Ter", "Thal", "Tor", "Val", "Ver", "Viv", "Wil", "Win", "Yas", "Zan", "Zel",
	}
	girlEndings = []string{
		"a", "ana", "anne", "bella", "da", "dine", "elle", "ena", "enna", "essa", "etta", "ette", "ia", "iah", "ica", "ie", "ilda", "ina",
		"inda", "ine", "isa", "issa", "itha", "la", "leigh", "lena", "lia", "lyn", "mina", "na", "nia", "ora", "ria", "rose", "sia", "tha",
		"ulah", "vina", "y", "zia",
	}
	boyEndings = []string{
		"ac", "an", "and", "ard", "as", "bert", "den", "don", "dric", "el", "en", "er", "ett", "ford", "ian", "iel", "in", "ion", "is",
		"ius", "ley", "lin", "man", "mond", "nard", "nell", "o", "on", "or", "os", "ran", "ric", "rick", "son", "ston", "ton", "us", "vin",
		"win", "yn",
	}
)

// rareGiven gives a long tail of given names.
func rareGiven(endings []string) pool {
	list := make([]string, 0, len(beginnings)*len(endings))
	for _, b := range beginnings {
		for _, e := range endings {
			list = append(list, b+e)
		}
	}
	shuffle(list)
	return ranked(list, 40, 1)
}

// shuffle puts a list into an order that is always the same.
func shuffle(list []string) {
	s := chance.New(uint64(len(list)))
	for i := len(list) - 1; i > 0; i-- {
		j := s.Below(i + 1)
		list[i], list[j] = list[j], list[i]
	}
}

package names

import (
	"math"
	"slices"

	"github.com/carerecord/carerecord/shared/population/chance"
)

// heads are shares of all people, in percent, by rank of the family name: about
// what is said of England and Wales. Between two ranks the curve is straight on
// a double logarithmic scale.
var heads = []struct{ rank, percent float64 }{
	{1, 1.2}, {2, .75}, {5, .39}, {20, .27}, {100, .09}, {420, .034},
}

// tailSteep is how steeply the names beyond the list grow rare.
const tailSteep = 1.1

// headShare gives the share of the name of a rank.
func headShare(rank float64) float64 {
	i := 1
	for i < len(heads)-1 && rank > heads[i].rank {
		i++
	}
	a, b := heads[i-1], heads[i]
	t := math.Log(rank/a.rank) / math.Log(b.rank/a.rank)
	return a.percent / 100 * math.Pow(b.percent/a.percent, t)
}

// families gives the pool of family names: the list, and a tail of names that
// are put together and share what is left.
func families() pool {
	var list []string
	for _, words := range lines(familyText) {
		list = append(list, words...)
	}
	head := len(list)
	list = append(list, rareFamilies(list)...)
	weights := make([]float64, len(list))
	left, tail := 1.0, 0.0
	for i := range list {
		rank := float64(i + 1)
		if i < head {
			weights[i] = headShare(rank)
			left -= weights[i]
		} else {
			weights[i] = math.Pow(rank, -tailSteep)
			tail += weights[i]
		}
	}
	for i := head; i < len(list); i++ {
		weights[i] *= left / tail
	}
	return pool{list, chance.NewWeighted(weights)}
}

// Family draws the family name that a person of the sex bears by birth in a
// family of the name. In some communities women bear another one.
func Family(s *chance.Source, sex byte, community int, family string) string {
	if community == 0 || sex != 'F' {
		return family
	}
	c := &all().communities[community-1]
	if len(c.women.names) == 0 || !s.Happens(c.ownName) {
		return family
	}
	return c.women.draw(s)
}

// FamilyOf draws the name of a family of the community; 0 is none of them.
func FamilyOf(s *chance.Source, community int) string {
	if community == 0 {
		return all().family.draw(s)
	}
	return all().communities[community-1].family.draw(s)
}

// What rare family names are put together from: places, as most are.
var (
	places = []string{
		"Ab", "Ack", "Ald", "Apple", "Arm", "Ash", "Ban", "Bar", "Beck", "Ber", "Birch", "Black", "Bor", "Brad", "Bram", "Bran", "Brock",
		"Brom", "Buck", "Burn", "Cal", "Car", "Chad", "Charl", "Chil", "Clay", "Clif", "Cold", "Comp", "Cop", "Cran", "Crom", "Cul", "Dal",
		"Den", "Dits", "Dray", "Dun", "East", "Ed", "El", "Ever", "Far", "Fen", "Fern", "Garth", "Glen", "Gold", "Graf", "Grin", "Had",
		"Hal", "Ham", "Har", "Hat", "Haw", "Hazel", "Hen", "Hex", "High", "Hol", "Hor", "Hur", "Ing", "Kel", "Kid", "King", "Lam", "Lang",
		"Led", "Lin", "Lock", "Lud", "Mal", "Mel", "Mid", "Mill", "Mor", "Mos", "Nether", "Nor", "Oak", "Old", "Or", "Pem", "Pen", "Pick",
		"Pres", "Quar", "Rad", "Ram", "Red", "Ris", "Rock", "Rud", "Sal", "Sand", "Sed", "Shel", "Ship", "Sid", "Snow", "South", "Stan",
		"Stav", "Stock", "Strat", "Sud", "Swan", "Swin", "Tad", "Tem", "Thorn", "Til", "Tre", "Tun", "Up", "Wad", "Wal", "War", "Wat",
		"Wel", "West", "Whit", "Wil", "Win", "Wool", "Wor", "Yar",
	}
	links  = []string{"", "en", "er", "ing", "a", "el", "is", "le"}
	ground = []string{
		"ton", "ley", "ham", "ford", "worth", "by", "wick", "field", "brook", "dale", "den", "don", "well", "wood", "combe", "bury", "shaw",
		"stead", "thorpe", "man", "son", "sett", "kin", "house", "croft", "cliffe", "ridge", "hurst", "side", "gate", "more", "ward", "low",
		"bank", "land", "stone", "water", "hall", "hill", "bridge", "mere", "lock", "port", "pole", "gill", "holme", "leigh", "tree",
		"stoke", "wold", "beck", "barrow", "moor", "cote", "over", "stow", "minster", "cross", "court", "ing",
	}
)

// tailLength is how many family names there are beyond the list.
const tailLength = 60_000

// rareFamilies gives the tail of family names without those of the list.
func rareFamilies(known []string) []string {
	list := make([]string, 0, len(places)*len(links)*len(ground)+len(known))
	for _, place := range places {
		for _, link := range links {
			for _, g := range ground {
				list = append(list, place+link+g)
			}
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	taken := make(map[string]bool, len(known))
	for _, name := range known {
		taken[name] = true
	}
	list = slices.DeleteFunc(list, func(name string) bool { return taken[name] })
	shuffle(list)
	return list[:min(len(list), tailLength)]
}

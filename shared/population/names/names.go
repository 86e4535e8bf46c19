// Package names holds the names of the synthetic region and how often each is
// given: given names by sex and year of birth, family names, and communities in
// which few family names are borne by many.
//
// The lists are written down from general knowledge of England and Wales, and
// the frequencies are a smooth curve over the rank in the list. They have the
// shape that matters for telling people apart: a few usual names, a long tail,
// fashions that change. They are no statistic and must not be quoted as one.
// What is beyond the lists is put together from syllables.
package names

import (
	_ "embed" // the lists
	"math"
	"strings"
	"sync"

	"github.com/carerecord/carerecord/shared/population/chance"
)

//go:embed given.txt
var givenText string

//go:embed family.txt
var familyText string

//go:embed communities.txt
var communitiesText string

// pool is a list of names with their frequencies.
type pool struct {
	names  []string
	weight *chance.Weighted
}

// ranked gives the pool of a list in which the name of rank k (from 1) has the
// weight (k+flat)^-steep.
func ranked(list []string, flat, steep float64) pool {
	weights := make([]float64, len(list))
	for i := range weights {
		weights[i] = math.Pow(float64(i+1)+flat, -steep)
	}
	return pool{list, chance.NewWeighted(weights)}
}

func (p pool) draw(s *chance.Source) string { return p.names[p.weight.Draw(s)] }

// lines gives the lines of a list without its comments, in words.
func lines(text string) [][]string {
	var list [][]string
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 0 && words[0] != "#" {
			list = append(list, words)
		}
	}
	return list
}

// tables are all pools, made once.
type tables struct {
	given       map[byte][]era
	rare        map[byte]pool
	family      pool
	communities []community
}

var all = sync.OnceValue(func() *tables {
	return &tables{
		given:       eras(),
		rare:        map[byte]pool{'F': rareGiven(girlEndings), 'M': rareGiven(boyEndings)},
		family:      families(),
		communities: communities(),
	}
})

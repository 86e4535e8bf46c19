package names

import "github.com/carerecord/carerecord/shared/population/chance"

// community is one in which few family names are borne by many.
type community struct {
	ownName float64 // the share of women who bear a name of their own
	family  pool
	women   pool
	given   map[byte]pool
}

// The shares of the communities among people of communities, and of their women
// with a name of their own, in the order of the list. Made up.
var communityShares = []struct{ share, ownName float64 }{
	{.33, .45}, {.15, .45}, {.16, .8}, {.16, 0}, {.1, 0}, {.1, 0},
}

func communities() []community {
	var list []community
	for _, words := range lines(communitiesText) {
		if words[0][0] == '[' {
			list = append(list, community{ownName: communityShares[len(list)].ownName, given: map[byte]pool{}})
			continue
		}
		if len(words) == 1 {
			continue
		}
		c := &list[len(list)-1]
		switch words[0] {
		case "family":
			c.family = ranked(words[1:], 2, 1)
		case "familyf":
			c.women = ranked(words[1:], 1, 1)
		default:
			c.given[words[0][0]-'a'+'A'] = ranked(words[1:], 6, 1.2)
		}
	}
	return list
}

var communityDraw = chance.NewWeighted(func() []float64 {
	var weights []float64
	for _, c := range communityShares {
		weights = append(weights, c.share)
	}
	return weights
}())

// Community draws a community, from 1.
func Community(s *chance.Source) int { return 1 + communityDraw.Draw(s) }

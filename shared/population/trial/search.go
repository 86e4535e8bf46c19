package trial

import (
	"cmp"
	"math"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// The bounds of a look-up, as in package index.
const (
	blockMost = 64 // postings that are read of one key
	mostReads = 7  // reads of keys
	sureBits  = 7  // above the threshold and ahead of others, to end a search early
)

// Finding is what a look-up came to: the best candidate, and all that a
// decision needs to know of it.
type Finding struct {
	Best   int     // the person found; Nobody where nothing was
	Bits   float64 // of the best
	Lead   float64 // bits ahead of the next person; +Inf where there is none
	Guards matching.Guard
	Number bool // the NHS number and its cross-check settled it
	Found  bool // the person asked for was among the candidates
	Cost   Cost
}

// candidate is a person found under a key.
type candidate struct {
	person uint32
	score  matching.Score
}

// searcher looks up one query after the other. Each worker has its own.
type searcher struct {
	*Trial
	unpack, other unpacker
	found         []uint32
	list          []candidate
	cost          Cost
}

// search looks the query up as package index does: the keys of birth date and
// name first; when they settle who it is, of the other keys only those that the
// one found has not posted itself.
func (s *searcher) search(p *demographics.Profile) Finding {
	s.cost, s.found, s.list = Cost{}, s.found[:0], s.list[:0]
	if f, ok := s.byNumber(p); ok {
		return f
	}
	var first, rest []matching.Key
	for _, k := range matching.Keys(p) {
		if k.Kind == matching.KeyBirthName {
			first = append(first, k)
		} else {
			rest = append(rest, k)
		}
	}
	left := mostReads
	s.read(first, &left)
	s.score(p)
	if sure := s.sure(); sure != nil {
		known := matching.Keys(s.unpack.read(s.records.at(sure.person)))
		rest = slices.DeleteFunc(rest, func(k matching.Key) bool {
			return slices.ContainsFunc(known, func(o matching.Key) bool { return o.Kind == k.Kind && o.Value == k.Value })
		})
	}
	s.read(rest, &left)
	s.score(p)
	return s.finding()
}

// read reads the postings of keys: of each all, and those of its narrow part as
// well when there are too many. left is how many reads there may be.
func (s *searcher) read(keys []matching.Key, left *int) {
	var wide []matching.Key
	for _, k := range keys[:min(len(keys), *left)] {
		block := s.keys.block(k, false)
		if len(block) >= blockMost {
			wide = append(wide, k)
		}
		s.take(block[:min(len(block), blockMost)])
		*left--
	}
	s.cost.Wide += len(wide)
	for _, k := range wide[:min(len(wide), *left)] {
		block := s.keys.block(k, true)
		s.take(block[:min(len(block), blockMost)])
		*left--
	}
}

func (s *searcher) take(block []posting) {
	bytes := 0
	for _, one := range block {
		bytes += s.records.size(one.person)
		s.found = append(s.found, one.person)
	}
	s.cost.read(len(block), bytes)
}

// score scores those found that have none yet, and puts the best first.
func (s *searcher) score(p *demographics.Profile) {
	slices.Sort(s.found)
	s.found = slices.Compact(s.found)
	scored := len(s.list)
	for _, person := range s.found {
		if !slices.ContainsFunc(s.list[:scored], func(c candidate) bool { return c.person == person }) {
			s.list = append(s.list, candidate{person, s.matcher.Score(p, s.unpack.read(s.records.at(person)))})
		}
	}
	slices.SortFunc(s.list, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score.Bits, a.score.Bits), cmp.Compare(a.person, b.person))
	})
}

// sure gives the candidate that settles a search, or nil. Everybody in the
// index is another person.
func (s *searcher) sure() *candidate {
	if len(s.list) == 0 {
		return nil
	}
	best := &s.list[0]
	if best.score.Guards != 0 || best.score.Bits < s.Model.LinkBits+sureBits || len(s.list) > 1 && s.list[1].score.Bits >= best.score.Bits-sureBits {
		return nil
	}
	return best
}

func (s *searcher) finding() Finding {
	f := Finding{Best: Nobody, Bits: math.Inf(-1), Lead: math.Inf(1), Cost: s.cost}
	if len(s.list) == 0 {
		return f
	}
	best := s.list[0]
	f.Best, f.Bits, f.Guards = int(best.person), best.score.Bits, best.score.Guards
	if len(s.list) > 1 {
		f.Lead = best.score.Bits - s.list[1].score.Bits
	}
	return f
}

package trial

import (
	"context"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/chance"
)

// Nobody is the person of a query that nobody in the index is.
const Nobody = -1

// Query is one question put to the index.
type Query struct {
	Person  int            // who it is, or Nobody
	Kin     population.Kin // of one who is not in the index: what they are to somebody who is; 0 for a stranger
	Account population.Account
	Profile demographics.Profile // the account, cleaned
}

// ask makes the queries, spread over the region.
func (t *Trial) ask(ctx context.Context) error {
	strangers := *t.region
	strangers.Seed = chance.New(t.Seed, streamStrangers).Uint64()
	blocks := t.region.Blocks()
	made := make([][]Query, blocks)
	err := parallel(ctx, blocks, t.Workers, func(block int) {
		first := t.Queries * block / blocks
		n := t.Queries*(block+1)/blocks - first
		if n == 0 {
			return
		}
		s := chance.New(t.Seed, streamQueries, uint64(block))
		known := t.region.Block(block, nil)
		unknown := strangers.Block(block, nil)
		for i := range n {
			made[block] = append(made[block], t.query(s, known, unknown, t.People+first+i))
		}
	})
	for _, list := range made {
		t.queries = append(t.queries, list...)
	}
	return err
}

// query makes one question about a person of the block, a relative of one, or
// a stranger. spare is an NHS number that nobody in the index has.
func (t *Trial) query(s *chance.Source, known, unknown []population.Person, spare int) Query {
	q := Query{Person: Nobody}
	p := known[s.Below(len(known))]
	number := spare
	switch u := s.Share(); {
	case s.Happens(ShareIndexed):
		q.Person, number = p.ID, p.ID
	case u < ShareTwin:
		q.Kin = population.Twin
	case u < ShareTwin+ShareSibling:
		q.Kin = population.Sibling
	case u < ShareTwin+ShareSibling+ShareNamesake:
		q.Kin = population.Namesake
	default:
		p = unknown[s.Below(len(unknown))]
	}
	if q.Kin != 0 {
		p = population.Relative(s, &p, q.Kin)
	}
	rates := population.Published.Times(t.Slips)
	q.Account = rates.Account(s, &p)
	if t.Numbers {
		giveNumber(s, &q.Account, number)
	}
	q.Profile = demographics.Clean(q.Account.Details())
	return q
}

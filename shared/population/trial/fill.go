package trial

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/population"
	"github.com/carerecord/carerecord/shared/population/chance"
)

// streams keep the uses of the seed apart from those of other packages.
const (
	streamIndex uint64 = iota + 200
	streamQueries
	streamStrangers
)

// parallel runs n pieces of work on so many workers; 0: one a processor. It ends
// early, with an error, when the context is done.
func parallel(ctx context.Context, n, workers int, work func(i int)) error {
	if workers < 1 {
		workers = runtime.GOMAXPROCS(0)
	}
	var next atomic.Int64
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				work(i)
			}
		})
	}
	all.Wait()
	return failure.Wrap(failure.Unavailable, "trial", ctx.Err())
}

// fill puts one record of each person into the index.
func (t *Trial) fill(ctx context.Context) error {
	t.records = newRecords(t.region.Blocks())
	var lock sync.Mutex
	err := parallel(ctx, t.region.Blocks(), t.Workers, func(block int) {
		keys, mps, most := t.fillBlock(block)
		lock.Lock()
		defer lock.Unlock()
		t.Postings += len(keys)
		t.MostPostings = max(t.MostPostings, most)
		t.keys.add(keys)
		t.mps.add(mps)
	})
	if err == nil {
		err = t.keys.sort(ctx, t.Workers)
	}
	if err == nil {
		err = t.mps.sort(ctx, t.Workers)
	}
	return err
}

// fillBlock gives the postings of one block, and the most that anybody has.
func (t *Trial) fillBlock(block int) (keys, mps []posting, most int) {
	s := chance.New(t.Seed, streamIndex, uint64(block))
	for _, person := range t.region.Block(block, make([]population.Person, 0, blockPeople)) {
		a := t.entry(s, &person)
		p := demographics.Clean(a.Details())
		t.records.add(block, &p, itemBytes(t.Body(&p)))
		of := keysOf(&p)
		for _, k := range of {
			keys = append(keys, postingOf(k, uint32(person.ID)))
		}
		most = max(most, len(of))
		for _, k := range mpsKeys(&p) {
			mps = append(mps, postingOf(k, uint32(person.ID)))
		}
	}
	return keys, mps, most
}

// entry gives what the index knows of a person.
func (t *Trial) entry(s *chance.Source, p *population.Person) population.Account {
	a := p.Account()
	a.Know(s, p)
	if t.Numbers {
		giveNumber(s, &a, p.ID)
	}
	return a
}

// keyNumber is the kind of the key by which an NHS number is claimed.
const keyNumber matching.KeyKind = 200

// keysOf gives the keys of the index, and the NHS numbers.
func keysOf(p *demographics.Profile) []matching.Key {
	keys := matching.Keys(p)
	for _, n := range p.Numbers {
		keys = append(keys, matching.Key{Kind: keyNumber, Value: n.Digits})
	}
	return keys
}

// Shares of NHS numbers: what the measurement with numbers is defined by, and
// three that are made up.
const (
	shareNumbered   = .97  // of records: a number is there
	shareRight      = .995 // of these: it is theirs
	shareExchanged  = .3   // of the wrong ones: somebody else's; the others fail the check digit and are not read
	shareVerified   = .9   // of the numbers: traced, status 01
	shareTracedAway = .1   // of the exchanged ones: so they were all the same
)

// giveNumber gives an account its NHS number.
func giveNumber(s *chance.Source, a *population.Account, person int) {
	a.Status = "07"
	if !s.Happens(shareNumbered) {
		return
	}
	number, verified := population.Number(person), shareVerified
	if !s.Happens(shareRight) {
		if !s.Happens(shareExchanged) {
			return
		}
		number, verified = population.Number(person^1), shareTracedAway
	}
	a.Number, a.Status = number, "02"
	if s.Happens(verified) {
		a.Status = "01"
	}
}

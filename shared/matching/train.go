package matching

import (
	"runtime"
	"sync"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
)

// TrainOptions say how a model is trained.
type TrainOptions struct {
	Policy Policy // Balanced when empty
	Source string // a name for the register, kept in the model

	// Beliefs is how many pairs what is believed before weighs as much as; 10
	// when 0. More are for a register that is known to lack some errors.
	Beliefs float64
	// LeastTerm is the least share of a name that is listed; 1 in 100,000 when 0.
	LeastTerm float64
	// Pairs is how many pairs of records may be of one person, where it is not
	// every two: between two files, the records of one times those of the other.
	Pairs float64
}

// Bounds of training: enough for parameters to two digits, few enough to take
// seconds.
const (
	leastProfiles = 2
	randomPairs   = 400_000   // pairs taken at random for u
	largePairs    = 1_000_000 // the same for a register of more than largeRecords
	largeRecords  = 20_000
	blockPairs    = 150_000 // pairs taken from each kind of tight block for m
	emRounds      = 12      // of expectation maximisation between two full comparisons
	fullRounds    = 3       // full comparisons of all pairs
	namesakeBits  = 8       // taken from parent and child of one name, who would teach that birth dates differ
	doubt         = 1e-7    // probability from which a random pair is looked at again
)

// Train fits a model to the profiles of a register, without knowing the truth:
// u, and the frequencies of values, from pairs taken at random, m by
// expectation maximisation in tight blocks, where most pairs are of one person;
// a field learns nothing in the blocks that hold it equal. It starts from what
// is believed of NHS registers (see expert) and moves as far as pairs carry it,
// so that a small register, one without duplicates, and one without some of the
// fields give a sensible model too. The same profiles in the same order give
// the same model, on any number of processors.
func Train(profiles []demographics.Profile, o TrainOptions) (*Model, error) {
	if len(profiles) < leastProfiles {
		return nil, failure.New(failure.Invalid, "matching.Train", "a register of %d records has no pairs", len(profiles))
	}
	if o.Policy == "" {
		o.Policy = Balanced
	}
	o.Beliefs = max(o.Beliefs, beliefM)
	o.LeastTerm = max(o.LeastTerm, leastTerm)
	t := newTraining(profiles, o)
	t.compareRandom()
	for round := range fullRounds {
		t.compareBlocks()
		for range emRounds {
			t.expect()
			t.maximise(round > 0)
		}
		t.household()
		t.count()
		t.namesakes()
	}
	t.model.Training.Pairs = t.compared
	return t.model, t.model.seal()
}

// training is the state of one training.
type training struct {
	options   TrainOptions
	profiles  []demographics.Profile
	model     *Model
	pairs     float64 // of two records of the register
	blocks    []block
	wide      []duo // pairs with any blocking key in common, or a sample of them
	random    []duo // pairs taken at random that may be of one person
	strangers tally // levels of the others
	compared  int   // pairs looked at

	homes   sampled // pairs with family name and place in common
	names   sampled // pairs with given and family name in common
	terms   *terms
	matches float64 // expected pairs of one person
}

// duo is a pair at work.
type duo struct {
	a, b   int32
	levels [NumFields]uint8
	extra  [3]float32 // bits by frequency: of household fields, birth date, and the rest
	share  float32    // probability that the two are of one person
	weight float32    // pairs of the register that it stands for
}

// tally counts levels by field.
type tally [NumFields][maxLevels]float64

func newTraining(profiles []demographics.Profile, o TrainOptions) *training {
	n := float64(len(profiles))
	t := &training{options: o, profiles: profiles, model: expertModel(o.Policy), pairs: n * (n - 1) / 2}
	t.model.Training = Training{Source: o.Source, Records: len(profiles)}
	t.matches = min(0.3*n, t.pairs/4)
	t.terms = countTerms(profiles)
	t.terms.least = o.LeastTerm
	var wait sync.WaitGroup
	wait.Go(func() { t.blocks = tightBlocks(profiles) })
	wait.Go(func() { t.homes = sample(profiles, t.homeKey) })
	wait.Go(func() { t.names = sample(profiles, fullNameKey) })
	t.wide = wideDuos(profiles)
	wait.Wait()
	t.compared = len(t.wide)
	for i := range t.blocks {
		t.compared += len(t.blocks[i].duos)
	}
	t.terms.into(t.model, nil)
	t.setPrior()
	return t
}

// parallel calls do for parts of 0 to n that do not overlap.
func parallel(n int, do func(from, to int)) {
	var wait sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wait.Go(func() { do(n*w/workers, n*(w+1)/workers) })
	}
	wait.Wait()
}

// compareBlocks takes the pairs of all blocks through the matcher of the model
// as it stands.
func (t *training) compareBlocks() {
	matcher := NewMatcher(t.model)
	for i := range t.blocks {
		t.fill(matcher, t.blocks[i].duos)
	}
	t.fill(matcher, t.wide)
}

// compareRandom does so with pairs taken at random. Those that no model would
// take for one person are counted and let go.
func (t *training) compareRandom() {
	duos := randomDuos(len(t.profiles))
	t.compared += len(duos)
	t.fill(NewMatcher(t.model), duos)
	bits := t.table()
	t.expectDuos(duos, &bits)
	for i := range duos {
		if duos[i].share > doubt {
			t.random = append(t.random, duos[i])
			continue
		}
		for f, level := range duos[i].levels {
			t.strangers[f][level]++
		}
	}
}

// fill sets levels and bits by frequency.
func (t *training) fill(m *Matcher, duos []duo) {
	parallel(len(duos), func(from, to int) {
		for i := from; i < to; i++ {
			d := &duos[i]
			s := m.Score(&t.profiles[d.a], &t.profiles[d.b])
			d.levels, d.extra = s.Levels, [3]float32{}
			for f, level := range s.Levels {
				if level == levelMissing || f == fieldFamily && level == familySwapped {
					continue
				}
				d.extra[groupOf[f]] += s.Fields[f] - float32(m.bits[f][level])
			}
			if s.Levels[fieldNumber] < numberSame && s.Levels[fieldID] < idSame && s.patterns(&t.profiles[d.a], &t.profiles[d.b])&GuardParent != 0 {
				d.extra[groupRest] -= namesakeBits
			}
		}
	})
}

// Groups of fields that are capped together.
const (
	groupHousehold = iota
	groupBirth
	groupRest
)

var groupOf = func() (group [NumFields]uint8) {
	for f := range group {
		group[f] = groupRest
	}
	for _, f := range householdFields {
		group[f] = groupHousehold
	}
	group[fieldBirth] = groupBirth
	return group
}()

package matching

import (
	"cmp"
	"math"
	"slices"
)

// Beliefs weigh as much as this many pairs; where more are seen they fade. Half
// a pair in every level keeps shares away from 0.
const (
	beliefM   = 10 // of m, unless the options say more
	beliefU   = 50
	halfAPair = 0.5

	mostUnseen = 0.001 // u of a level that nobody reached
)

// setPrior gives the model the bits of the expected share of pairs that are of
// one person.
func (t *training) setPrior() {
	matches, pairs := max(t.matches, halfAPair), cmp.Or(t.options.Pairs, t.pairs)
	t.model.Prior = max(-mostBits/2, min(-0.01, math.Log2(matches/(pairs-min(matches, pairs/2)))))
	t.model.Training.Matches = t.matches
}

// table is a model's bits by field and level.
func (t *training) table() (bits [NumFields][maxLevels]float32) {
	for f := range bits {
		for l, level := range t.model.Fields[f].Levels {
			bits[f][l+1] = float32(math.Log2(level.M / level.U))
		}
	}
	return bits
}

// expect sets the probability of each pair that it is of one person.
func (t *training) expect() {
	bits := t.table()
	for i := range t.blocks {
		t.expectDuos(t.blocks[i].duos, &bits)
	}
	t.expectDuos(t.wide, &bits)
	t.expectDuos(t.random, &bits)
}

func (t *training) expectDuos(duos []duo, bits *[NumFields][maxLevels]float32) {
	m := t.model
	parallel(len(duos), func(from, to int) {
		for i := from; i < to; i++ {
			d := &duos[i]
			sums := d.extra
			for f, level := range d.levels {
				sums[groupOf[f]] += bits[f][level]
			}
			household, birth := min(float64(sums[groupHousehold]), m.HouseholdBits), float64(sums[groupBirth])
			d.share = float32(Probability(m.Prior + household + birth + overTwin(m, household, birth) + float64(sums[groupRest])))
		}
	})
}

// maximise sets m, u and prior to what the probabilities say. m comes from the
// tight blocks at first, in which nobody is taken for a relative; later from all
// pairs that any key brings together, as those that agree by a tight block's key
// have fewer slips than others.
func (t *training) maximise(wide bool) {
	var same tally
	two := t.strangers
	t.matches = 0
	for i := range t.wide {
		d := &t.wide[i]
		weight := float64(d.share) * float64(d.weight)
		t.matches += weight
		if wide {
			same.add(d, weight, nil)
		}
	}
	for i := range t.blocks {
		for j := range t.blocks[i].duos {
			if d := &t.blocks[i].duos[j]; !wide {
				same.add(d, float64(d.share), &t.blocks[i].holds)
			}
		}
	}
	for i := range t.random {
		two.add(&t.random[i], 1-float64(t.random[i].share), nil)
	}
	for f := range t.model.Fields {
		t.model.Fields[f].learn(f, t.options.Beliefs, &same[f], &two[f])
	}
	t.setPrior()
}

// add counts the levels of a pair, but for fields that hold.
func (t *tally) add(d *duo, weight float64, holds *[NumFields]bool) {
	for f, level := range d.levels {
		if (holds == nil || !holds[f]) && !(f == fieldFamily && level == familySwapped) { // counted with the given name
			t[f][level] += weight
		}
	}
}

// learn sets the shares of one field from counts of pairs of one person and of
// two. A level that nobody reached keeps the bits that it is believed to have,
// and so does a field that the register does not have.
func (f *FieldModel) learn(field int, beliefs float64, same, two *[maxLevels]float64) {
	believed := expert[min(field, fieldOther)]
	if total(same)+total(two) < 1 {
		for l := range f.Levels {
			f.Levels[l].M, f.Levels[l].U = believed[l][0], believed[l][1]
		}
		f.weigh()
		return
	}
	sumM, sumU := beliefs, float64(beliefU)
	n := float64(len(f.Levels))
	for l := range f.Levels {
		sumM, sumU = sumM+same[l+1]+halfAPair/n, sumU+two[l+1]+halfAPair/n
	}
	for l := range f.Levels {
		f.Levels[l].M = (same[l+1] + halfAPair/n + beliefs*believed[l][0]) / sumM
		f.Levels[l].U = (two[l+1] + halfAPair/n + beliefU*believed[l][1]) / sumU
		if u := f.Levels[l].M * believed[l][1] / believed[l][0]; same[l+1]+two[l+1] < 1 && u < mostUnseen {
			f.Levels[l].U = max(leastShare, u)
		}
	}
	rise(f.Levels, specOf(field).rising)
	f.weigh()
}

// weigh derives the bits of the levels.
func (f *FieldModel) weigh() {
	for l := range f.Levels {
		f.Levels[l].Bits = bitsOf(f.Levels[l].M / f.Levels[l].U)
	}
}

// total counts the pairs that are known on both sides.
func total(levels *[maxLevels]float64) (sum float64) {
	for _, n := range levels[levelDiffers:] {
		sum += n
	}
	return sum
}

// rise makes levels that should rise do so: neighbours that fall are given the
// ratio of both together.
func rise(levels []LevelModel, rising []uint8) {
	type pool struct {
		m, u float64
		of   []uint8
	}
	var pools []pool
	for _, l := range rising {
		next := pool{levels[l-1].M, levels[l-1].U, []uint8{l}}
		for len(pools) > 0 && next.m/next.u < pools[len(pools)-1].m/pools[len(pools)-1].u {
			last := pools[len(pools)-1]
			pools = pools[:len(pools)-1]
			next = pool{next.m + last.m, next.u + last.u, slices.Concat(last.of, next.of)}
		}
		pools = append(pools, next)
	}
	for _, p := range pools {
		if len(p.of) == 1 {
			continue
		}
		for _, l := range p.of {
			levels[l-1].M = p.m * levels[l-1].U / p.u
		}
	}
}

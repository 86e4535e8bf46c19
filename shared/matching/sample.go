package matching

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
)

// Bounds of what is taken of a register. Where there is more, whole blocks are
// taken or left by their key, always the same ones.
const (
	widest      = 100     // records of one block; a wider one is a placeholder
	keyRecords  = 200_000 // records of which every key is looked at
	wideRecords = 8_000   // the same for the keys of bulk linking
)

// keyed is a record under a key.
type keyed struct {
	key   uint64
	place int32
}

func (k keyed) compare(o keyed) int {
	return cmp.Or(cmp.Compare(k.key, o.key), cmp.Compare(k.place, o.place))
}

// groups calls each for the records of every key that has several, and not too
// many for it.
func groups(list []keyed, most func(key uint64) int, each func(group []keyed)) {
	slices.SortFunc(list, keyed.compare)
	list = slices.Compact(list)
	for len(list) > 0 {
		n := 1
		for n < len(list) && list[n].key == list[0].key {
			n++
		}
		if n > 1 && n <= most(list[0].key) {
			each(list[:n])
		}
		list = list[n:]
	}
}

// blockDuos gives the pairs with the same key, 0 being none: all of them, or
// those of as many keys as give about blockPairs; and for how many pairs of the
// register each stands.
func blockDuos(profiles []demographics.Profile, key func(*demographics.Profile) uint64) (duos []duo, weight float64) {
	every := uint64(max(1, len(profiles)/keyRecords))
	var list []keyed
	for i := range profiles {
		if k := key(&profiles[i]); k != 0 && mix(k)%every == 0 {
			list = append(list, keyed{k, int32(i)})
		}
	}
	var blocks [][]keyed
	total := 0
	groups(list, func(uint64) int { return widest }, func(group []keyed) {
		blocks = append(blocks, group)
		total += len(group) * (len(group) - 1) / 2
	})
	further := uint64(max(1, (total+blockPairs-1)/blockPairs))
	for _, group := range blocks {
		if mix(group[0].key)/every%further != 0 {
			continue
		}
		for i := range group {
			for _, other := range group[i+1:] {
				duos = append(duos, duo{a: group[i].place, b: other.place})
			}
		}
	}
	return duos, float64(every) * float64(total) / float64(max(1, len(duos)))
}

// wideDuos gives the pairs that have a key of bulk linking in common, each with
// how many it stands for.
func wideDuos(profiles []demographics.Profile) []duo {
	every := uint64(max(1, len(profiles)/wideRecords))
	pairs := make(map[[2]int32]struct{})
	groups(wideKeys(profiles, every), func(key uint64) int { return min(widest, WidestOf(key)) }, func(group []keyed) {
		for i := range group {
			for _, other := range group[i+1:] {
				pairs[[2]int32{group[i].place, other.place}] = struct{}{}
			}
		}
	})
	duos := make([]duo, 0, len(pairs))
	for p := range pairs {
		duos = append(duos, duo{a: p[0], b: p[1], weight: 1})
	}
	slices.SortFunc(duos, func(a, b duo) int { return cmp.Or(cmp.Compare(a.a, b.a), cmp.Compare(a.b, b.b)) })
	if every > 1 {
		parallel(len(duos), func(from, to int) {
			for i := from; i < to; i++ {
				common := commonKeys(&profiles[duos[i].a], &profiles[duos[i].b])
				duos[i].weight = float32(1 / (1 - math.Pow(1-1/float64(every), float64(common))))
			}
		})
	}
	return duos
}

// wideKeys gives the keys of bulk linking, one in so many.
func wideKeys(profiles []demographics.Profile, every uint64) []keyed {
	parts := make([][]keyed, len(profiles)/wideRecords+1)
	parallel(len(parts), func(from, to int) {
		var keys []BulkKey
		for part := from; part < to; part++ {
			for i := part * wideRecords; i < min(len(profiles), (part+1)*wideRecords); i++ {
				keys = AppendBulkKeys(keys[:0], &profiles[i])
				for _, k := range keys {
					if mix(k.Hash)%every == 0 {
						parts[part] = append(parts[part], keyed{k.Hash, int32(i)})
					}
				}
			}
		}
	})
	return slices.Concat(parts...)
}

// commonKeys counts the keys that two profiles share.
func commonKeys(a, b *demographics.Profile) int {
	x, y := sortedKeys(a), sortedKeys(b)
	n := 0
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0] < y[0]:
			x = x[1:]
		case x[0] > y[0]:
			y = y[1:]
		default:
			n++
			x, y = x[1:], y[1:]
		}
	}
	return max(n, 1)
}

func sortedKeys(p *demographics.Profile) []uint64 {
	var list []uint64
	for _, k := range AppendBulkKeys(nil, p) {
		list = append(list, k.Hash)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// randomDuos gives pairs of the n records: all when they are few, or as many
// taken at random, always the same ones.
func randomDuos(n int) []duo {
	most := randomPairs
	if n > largeRecords {
		most = largePairs
	}
	if n*(n-1)/2 <= most {
		duos := make([]duo, 0, n*(n-1)/2)
		for i := range n {
			for j := i + 1; j < n; j++ {
				duos = append(duos, duo{a: int32(i), b: int32(j)})
			}
		}
		return duos
	}
	chance := rand.New(rand.NewPCG(uint64(n), 1))
	duos := make([]duo, 0, most)
	for len(duos) < most {
		a, b := chance.IntN(n), chance.IntN(n)
		if a != b {
			duos = append(duos, duo{a: int32(a), b: int32(b)})
		}
	}
	return duos
}

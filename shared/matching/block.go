package matching

import "github.com/carerecord/carerecord/shared/demographics"

// tightBlock is a kind of block in which most pairs are of one person. Its key
// holds the current values of fields equal.
type tightBlock struct {
	fields []int
	key    func(p *demographics.Profile) uint64 // 0: lacks a part
}

// The tight blocks, after those by which NHS England trains its linkage model
// (nhsengland/NHSE_probabilistic_linkage).
var tightBlockKinds = []tightBlock{
	{[]int{fieldNumber}, func(p *demographics.Profile) uint64 { return numberKey(p) }},
	{[]int{fieldID}, func(p *demographics.Profile) uint64 { return firstKey(p.IDs) }},
	{[]int{fieldBirth, fieldFamily}, func(p *demographics.Profile) uint64 { return keyOf(birthKeyOf(p), familyKey(p)) }},
	{[]int{fieldBirth, fieldGiven}, func(p *demographics.Profile) uint64 { return keyOf(birthKeyOf(p), givenKey(p)) }},
	{[]int{fieldGiven, fieldFamily, fieldPostcode}, func(p *demographics.Profile) uint64 {
		return keyOf(givenKey(p), familyKey(p), firstKey(p.Postcodes))
	}},
	{[]int{fieldGiven, fieldEmail}, func(p *demographics.Profile) uint64 { return keyOf(givenKey(p), firstKey(p.Emails)) }},
	{[]int{fieldGiven, fieldPhone}, func(p *demographics.Profile) uint64 { return keyOf(givenKey(p), firstKey(p.Phones)) }},
}

// keyOf joins parts; 0 when one is missing.
func keyOf(parts ...uint64) uint64 {
	h := uint64(len(parts))
	for _, part := range parts {
		if part == 0 {
			return 0
		}
		h = mix(h ^ part)
	}
	return h
}

func numberKey(p *demographics.Profile) uint64 {
	if len(p.Numbers) == 0 {
		return 0
	}
	return hashOf(p.Numbers[0].Digits)
}

func firstKey(list []string) uint64 {
	if len(list) == 0 || list[0] == "" {
		return 0
	}
	return hashOf(list[0])
}

func birthKeyOf(p *demographics.Profile) uint64 {
	if len(p.Births) == 0 || !p.Births[0].Whole() {
		return 0
	}
	return dateHash(p.Births[0])
}

func givenKey(p *demographics.Profile) uint64 {
	if len(p.Names) == 0 {
		return 0
	}
	return firstKey(p.Names[0].Given)
}

func familyKey(p *demographics.Profile) uint64 {
	if len(p.Names) == 0 || len(p.Names[0].Family) == 0 {
		return 0
	}
	h := uint64(1)
	for _, token := range p.Names[0].Family {
		h = mix(h ^ hashOf(token))
	}
	return h
}

// block holds the pairs of one kind, or a sample of them.
type block struct {
	holds  [NumFields]bool
	weight float64 // pairs of the register for each that is here
	duos   []duo
}

// tightBlocks gives the pairs of every kind.
func tightBlocks(profiles []demographics.Profile) []block {
	blocks := make([]block, len(tightBlockKinds))
	parallel(len(blocks), func(from, to int) {
		for i := from; i < to; i++ {
			kind := &tightBlockKinds[i]
			b := &blocks[i]
			for _, f := range kind.fields {
				b.holds[f] = true
			}
			b.duos, b.weight = blockDuos(profiles, kind.key)
		}
	})
	return blocks
}

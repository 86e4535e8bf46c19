package linkage

import (
	"cmp"
	"encoding/binary"
	"math"
)

// posting says that a record can be found by a key.
type posting struct {
	hash   uint64 // of the key
	narrow uint32 // of what parts the key's block when it is wide
	record uint32
}

const postingSize = 16

func (p posting) compare(q posting) int {
	switch { // not cmp.Or: this is where sorting spends its time
	case p.hash < q.hash:
		return -1
	case p.hash > q.hash:
		return 1
	case p.record != q.record:
		return cmp.Compare(p.record, q.record)
	}
	return cmp.Compare(p.narrow, q.narrow)
}

func (p posting) put(b []byte) {
	binary.LittleEndian.PutUint64(b, p.hash)
	binary.LittleEndian.PutUint32(b[8:], p.narrow)
	binary.LittleEndian.PutUint32(b[12:], p.record)
}

func (posting) get(b []byte) posting {
	return posting{binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])}
}

// byHash spreads postings over so many buckets; those of one key share one.
func byHash(n int) func(posting) int {
	return func(p posting) int { return int(p.hash >> 32 * uint64(n) >> 32) }
}

// pair is two records to be compared: the earlier one in the upper half.
type pair uint64

const pairSize = 8

func pairOf(a, b uint32) pair { return pair(min(a, b))<<32 | pair(max(a, b)) }

func (p pair) records() (a, b uint32) { return uint32(p >> 32), uint32(p) }
func (p pair) compare(q pair) int     { return cmp.Compare(p, q) }
func (p pair) put(b []byte)           { binary.LittleEndian.PutUint64(b, uint64(p)) }
func (pair) get(b []byte) pair        { return pair(binary.LittleEndian.Uint64(b)) }

// edge is a pair that was compared, with what came of it.
type edge struct {
	group uint32 // first record of its component; 0 until the edges are put together
	pair  pair
	bits  float64
	kind  edgeKind
}

// edgeKind says what an edge is for.
type edgeKind uint8

const (
	told    edgeKind = iota // for Outputs.Pairs alone
	likely                  // the two are decided together
	settled                 // the two are one person by the cross-check
)

const edgeSize = 21

func (e edge) compare(f edge) int {
	return cmp.Or(cmp.Compare(e.group, f.group), cmp.Compare(e.pair, f.pair), cmp.Compare(e.bits, f.bits), cmp.Compare(e.kind, f.kind))
}

func (e edge) put(b []byte) {
	binary.LittleEndian.PutUint32(b, e.group)
	binary.LittleEndian.PutUint64(b[4:], uint64(e.pair))
	binary.LittleEndian.PutUint64(b[12:], math.Float64bits(e.bits))
	b[20] = byte(e.kind)
}

func (edge) get(b []byte) edge {
	return edge{
		group: binary.LittleEndian.Uint32(b), pair: pair(binary.LittleEndian.Uint64(b[4:])),
		bits: math.Float64frombits(binary.LittleEndian.Uint64(b[12:])), kind: edgeKind(b[20]),
	}
}

// joins says whether the edge counts between records whose edges count from so
// many bits.
func (e edge) joins(from []float32) bool {
	a, b := e.pair.records()
	return e.kind == settled || e.kind == likely && e.bits >= float64(max(from[a], from[b]))
}

// hash is FNV-1a of 64 bits, stirred, so that the upper bits spread as well as
// the lower.
func hash(text string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(text) {
		h = (h ^ uint64(text[i])) * 1099511628211
	}
	return stir(h)
}

// stir spreads the bits of a number (the finish of MurmurHash3).
func stir(h uint64) uint64 {
	h ^= h >> 33
	h *= 0xff51afd7ed558ccd
	h ^= h >> 33
	h *= 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

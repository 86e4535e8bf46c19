package trial

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"github.com/carerecord/carerecord/shared/matching"
)

// posting says that a person is found under a key: 12 bytes. Hashes are cut
// short; a clash brings a candidate more, which scoring turns down.
type posting struct {
	high   uint32 // of the key's hash
	low    uint32 // 12 further bits of it, and 20 bits of the hash of its narrow part
	person uint32
}

const narrowBits = 20

// hashOf gives the keyed hash of a key, cut short. The index makes such hashes
// too, and they are a good part of what a look-up costs. Nothing here is kept,
// so the key is no secret.
func hashOf(kind matching.KeyKind, value string) uint64 {
	var buf [96]byte
	mac := hmac.New(sha256.New, []byte("the lean store of a trial: 32 B."))
	mac.Write(append(append(buf[:0], byte(kind)), value...))
	return binary.BigEndian.Uint64(mac.Sum(buf[:0]))
}

// narrowOf gives a hash of what a key is narrowed by (FNV-1a, folded).
func narrowOf(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return (h ^ h>>narrowBits) & (1<<narrowBits - 1)
}

// postingOf gives the posting of a key.
func postingOf(k matching.Key, person uint32) posting {
	h := hashOf(k.Kind, k.Value)
	return posting{uint32(h >> 32), uint32(h)&^(1<<narrowBits-1) | narrowOf(k.Narrow), person}
}

// order sorts postings by key, narrow part and person, as sort keys do.
func order(a, b posting) int {
	switch {
	case a.high != b.high:
		return compare(a.high, b.high)
	case a.low != b.low:
		return compare(a.low, b.low)
	}
	return compare(a.person, b.person)
}

func compare(a, b uint32) int {
	if a < b {
		return -1
	}
	if a > b {
		return 1
	}
	return 0
}

// postings are all postings in order, in parts by the first bits of the hash. A
// part has a directory of its own, so that a look-up touches little memory
// however many postings there are.
type postings struct {
	parts    [parts][]posting
	starts   [parts][]uint32 // where the postings of each of the next bits begin
	nextBits int             // how many bits the directories tell apart
}

const (
	partBits = 10
	parts    = 1 << partBits
	slotSize = 8 // postings that one entry of a directory is for, about
)

func (p *postings) add(list []posting) {
	for _, one := range list {
		part := &p.parts[one.high>>(32-partBits)]
		*part = append(*part, one)
	}
}

// sort puts the postings in order; no more may be added.
func (p *postings) sort(ctx context.Context, workers int) error {
	for p.nextBits < 32-partBits && len(p.parts[0])>>p.nextBits > slotSize {
		p.nextBits++
	}
	return parallel(ctx, parts, workers, func(i int) {
		slices.SortFunc(p.parts[i], order)
		p.parts[i] = slices.Compact(p.parts[i])
		p.starts[i] = make([]uint32, 1<<p.nextBits+1)
		slot := 0
		for j, one := range p.parts[i] {
			for ; slot <= p.slot(one.high); slot++ {
				p.starts[i][slot] = uint32(j)
			}
		}
		for ; slot < len(p.starts[i]); slot++ {
			p.starts[i][slot] = uint32(len(p.parts[i]))
		}
	})
}

// slot gives the place of a hash in the directory of its part.
func (p *postings) slot(high uint32) int { return int(high << partBits >> (32 - p.nextBits)) }

// block gives the postings of a key in order; narrow: those of its narrow part alone.
func (p *postings) block(k matching.Key, narrow bool) []posting {
	from := postingOf(k, 0)
	mask := ^uint32(0)
	if !narrow {
		mask <<= narrowBits
		from.low &= mask
	}
	n, slot := from.high>>(32-partBits), p.slot(from.high)
	part := p.parts[n][p.starts[n][slot]:]
	i, _ := slices.BinarySearchFunc(part[:p.starts[n][slot+1]-p.starts[n][slot]], from, order)
	end := i
	for end < len(part) && part[end].high == from.high && part[end].low&mask == from.low {
		end++
	}
	return part[i:end]
}

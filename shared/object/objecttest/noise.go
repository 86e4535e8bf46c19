package objecttest

import (
	"encoding/binary"
	"io"
)

// noise is a stream of bytes that depend on their place only: block i of 8
// bytes is a mix of i. It holds no memory and can be checked anywhere.
type noise struct {
	at, left int64
	each     func(at int64) // called on each Read, if set
}

func (n *noise) Read(p []byte) (int, error) {
	if n.each != nil {
		n.each(n.at)
	}
	if n.left == 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), n.left)]
	fill(p, n.at)
	n.at += int64(len(p))
	n.left -= int64(len(p))
	return len(p), nil
}

// fill writes the bytes of noise that begin at a place.
func fill(p []byte, at int64) {
	var block [8]byte
	for i := 0; i < len(p); {
		binary.LittleEndian.PutUint64(block[:], mix(uint64(at)/8))
		n := copy(p[i:], block[at%8:])
		i, at = i+n, at+int64(n)
	}
}

// mix is the finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// noiseAt says whether p is the noise that begins at a place.
func noiseAt(p []byte, at int64) bool {
	want := make([]byte, len(p))
	fill(want, at)
	return string(want) == string(p)
}

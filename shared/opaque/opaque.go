// Package opaque turns personal values into ids that say nothing about them:
// keyed hashes for storage keys and FHIR ids, and ULIDs for people and
// deliveries. Whoever has the store but not the region's key learns nothing
// from a key; the same input always gives the same id, so a replay does too.
package opaque

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/carerecord/carerecord/shared/failure"
)

// KeySize is the least number of bytes that a region's key must have.
const KeySize = 32

// Hasher makes ids under one region's secret key. It is safe for concurrent use.
type Hasher struct{ key []byte }

// NewHasher refuses a key shorter than KeySize (failure.Invalid).
func NewHasher(key []byte) (*Hasher, error) {
	if len(key) < KeySize {
		return nil, failure.New(failure.Invalid, "opaque.NewHasher", "the region's key must have at least %d bytes, this one has %d", KeySize, len(key))
	}
	return &Hasher{key: append([]byte(nil), key...)}, nil
}

var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// ID gives 26 characters of [0-9a-z] (128 bits of HMAC-SHA256) for the parts.
// The kind keeps the ids of different things apart; each part is hashed with
// its length, so that ("ab","c") and ("a","bc") differ. The result is a legal
// FHIR id.
func (h *Hasher) ID(kind string, parts ...string) string {
	sum := h.sum(kind, parts)
	return alphabet.EncodeToString(sum[:16])
}

// ULID gives the ULID made of a time (milliseconds) and 80 bits of the keyed
// hash of the parts. The same thing at the same time is the same ULID.
func (h *Hasher) ULID(at time.Time, kind string, parts ...string) string {
	sum := h.sum(kind, parts)
	var id ulid.ULID
	// SetTime fails only after the year 10889; the zero time then sorts first.
	_ = id.SetTime(ulid.Timestamp(at))
	copy(id[6:], sum[:10])
	return id.String()
}

func (h *Hasher) sum(kind string, parts []string) []byte {
	mac := hmac.New(sha256.New, h.key)
	write := func(s string) {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(s)))
		mac.Write(n[:])
		mac.Write([]byte(s))
	}
	write(kind)
	for _, p := range parts {
		write(p)
	}
	return mac.Sum(nil)
}

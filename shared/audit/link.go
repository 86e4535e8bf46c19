package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// Keys. A chain's items lie in one partition: its head and its links, the
// latter in order of their number.
//
//	registry/<0-f>  head, 0000000000000001, ...   one link for each chain opened
//	chain/<ULID>    head, 0000000000000001, ...   one link for each event
const (
	headSort   = "head"
	firstLink  = "0"
	afterLinks = ":" // the byte after "9"

	registryPrefix = "registry/"
	chainPrefix    = "chain/"
	registries     = "0123456789abcdef"
)

// link is one stored item of a chain. Its hash covers the chain, the number,
// the hash before and the bytes of the content.
type link struct {
	Seq      uint64         `json:"seq"`
	Previous string         `json:"previous"` // hex; the origin hash of the chain for the first
	Hash     string         `json:"hash"`     // hex
	Content  jsontext.Value `json:"content"`
}

// head is where a chain ends. It is written in the same commit as the links,
// so it is never behind them nor ahead.
type head struct {
	Seq  uint64 `json:"seq"`
	Hash string `json:"hash"`
}

// opening is the content of a registry's link.
type opening struct {
	Chain     string `json:"chain"`              // ULID
	Opened    string `json:"opened"`             // RFC 3339
	Writer    string `json:"writer"`             // what opened it, such as serve-fhir
	Continues *tail  `json:"continues,omitzero"` // the chain of this process that ended before
}

// tail pins where an earlier chain of the same process ended.
type tail struct {
	Chain string `json:"chain"`
	Seq   uint64 `json:"seq"`
	Hash  string `json:"hash"`
}

// originHash is what the first link has before it: it ties the chain to its place.
func originHash(partition string) string {
	sum := sha256.Sum256([]byte("carerecord audit chain 1\n" + partition))
	return hex.EncodeToString(sum[:])
}

func linkHash(partition string, seq uint64, previous string, content []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "carerecord audit link 1\n%s\n%d\n%s\n%d\n", partition, seq, previous, len(content))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

// follow makes the link that comes after h.
func follow(partition string, h head, content []byte) link {
	l := link{Seq: h.Seq + 1, Previous: h.Hash, Content: content}
	l.Hash = linkHash(partition, l.Seq, l.Previous, content)
	return l
}

func linkKey(partition string, seq uint64) table.Key {
	return table.Key{Partition: partition, Sort: fmt.Sprintf("%016d", seq)}
}

func headKey(partition string) table.Key { return table.Key{Partition: partition, Sort: headSort} }

// registryOf spreads openings, so that many processes starting at once do not
// wait for one another. The last character of a ULID is random.
func registryOf(chain string) string {
	var b byte
	if n := len(chain); n > 0 {
		b = chain[n-1]
	}
	return registryPrefix + string(registries[b%16])
}

func encode(v any) []byte {
	body, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		// Only our own structs of strings and numbers come here.
		return nil
	}
	return body
}

// decode is strict: whatever our writer could not have written is an edit.
func decode(op string, body []byte, into any) error {
	if err := json.Unmarshal(body, into, json.RejectUnknownMembers(true)); err != nil {
		return failure.New(failure.Internal, op, "stored item is not readable")
	}
	return nil
}

// seqOf reads a link's number from its key.
func seqOf(k table.Key) (uint64, bool) {
	n, err := strconv.ParseUint(k.Sort, 10, 64)
	return n, err == nil && linkKey(k.Partition, n) == k
}

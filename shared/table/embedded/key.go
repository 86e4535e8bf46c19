package embedded

import (
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// A key in the store is three parts: table, partition, sort key. The first two
// are escaped (00 becomes 00 FF) and ended by 00 01, so that no part runs into
// the next and the order is that of the parts; the sort key comes last and is
// left as it is. Hence a partition lies together in the order of its sort keys.
const (
	escape byte = 0x00
	zero   byte = 0xFF // after escape: a zero byte of the part
	end    byte = 0x01 // after escape: the part's end
)

// appendPart appends an escaped and ended part.
func appendPart(to []byte, part string) []byte {
	for {
		i := strings.IndexByte(part, 0)
		if i < 0 {
			return append(append(to, part...), escape, end)
		}
		to = append(append(to, part[:i]...), escape, zero)
		part = part[i+1:]
	}
}

// cutPart gives the first part of a key, without its escapes, and the rest.
func cutPart(key []byte) (part string, rest []byte, ok bool) {
	var out []byte
	for i := 0; i+1 < len(key); i++ {
		if key[i] != escape {
			out = append(out, key[i])
			continue
		}
		if key[i+1] == end {
			return string(out), key[i+2:], true
		}
		out = append(out, 0)
		i++
	}
	return "", nil, false
}

// appendKey appends the key of an item to a table's prefix.
func (t *Table) appendKey(to []byte, key table.Key) []byte {
	return append(t.appendPartition(to, key.Partition), key.Sort...)
}

func (t *Table) appendPartition(to []byte, partition string) []byte {
	return appendPart(append(to, t.prefix...), partition)
}

// splitKey is the reverse of appendKey.
func (t *Table) splitKey(raw []byte) (table.Key, error) {
	partition, sort, ok := cutPart(raw[len(t.prefix):])
	if !ok {
		return table.Key{}, failure.New(failure.Internal, "embedded.Scan", "a stored key has no end of its partition")
	}
	return table.Key{Partition: partition, Sort: string(sort)}, nil
}

// past gives the bound just above all keys that begin with an ended part.
func past(prefix []byte) []byte {
	bound := append([]byte{}, prefix...)
	bound[len(bound)-1]++ // from 00 01 to 00 02; no part holds 00 02
	return bound
}

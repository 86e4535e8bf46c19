package record

import (
	"fmt"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// Sort keys of an owner's partition. '#' sorts before letters and digits, so
// entries come by type, then by id, and a Read meets no other kind of item.
//
//	C#<type>#<id>                 the current state of an entry
//	H#<type>#<id>#<hash>          one of the contents of an entry that has had several
//	P#<type>#<id>#<hash>#<part>   a part of a content too large for one item
const (
	currentPrefix = "C#"
	historyPrefix = "H#"
	partPrefix    = "P#"
)

// name identifies an entry.
type name struct{ owner, kind, id string }

func (n name) current() table.Key { return n.key(currentPrefix, "") }

func (n name) content(hash string) table.Key { return n.key(historyPrefix, "#"+hash) }

func (n name) part(hash string, number int) table.Key {
	return n.key(partPrefix, fmt.Sprintf("#%s#%03d", hash, number))
}

func (n name) key(prefix, rest string) table.Key {
	return table.Key{Partition: n.owner, Sort: prefix + n.kind + "#" + n.id + rest}
}

// nameOf reads the sort key of a current entry.
func nameOf(k table.Key) (name, error) {
	kind, id, ok := strings.Cut(strings.TrimPrefix(k.Sort, currentPrefix), "#")
	if !ok {
		return name{}, failure.New(failure.Internal, "record.nameOf", "a sort key is not that of an entry")
	}
	return name{k.Partition, kind, id}, nil
}

// longestPart bounds each part of a key; the whole then fits table.MaxKeyBytes.
const longestPart = 128

// check gives Invalid for an entry that cannot be filed.
func (e *Entry) check() error {
	for _, part := range []string{e.Owner, e.Type, e.ID, e.Hash} {
		if part == "" || len(part) > longestPart || strings.Contains(part, "#") {
			return failure.New(failure.Invalid, "record.Load", "owner, type, id and hash must have 1 to %d bytes and no '#'", longestPart)
		}
	}
	if len(e.Resource) > MaxResourceBytes {
		return failure.New(failure.TooLarge, "record.Load", "a %s of %d bytes; the most is %d", e.Type, len(e.Resource), MaxResourceBytes)
	}
	return nil
}

package record

import (
	"bytes"
	"context"
	"encoding/binary"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// split moves a resource that is too large for one item into parts and gives
// their writes, with the deletion of what an earlier statement of the same
// content had more. A part begins with the length and the name of its body.
func (c *content) split(n name, before int) []table.Write {
	var writes []table.Write
	body, rest := c.body(), c.resource
	if len(rest) <= inlineBytes {
		rest = nil // it stays in the item
	}
	for ; len(rest) > 0; c.Parts++ {
		size := min(inlineBytes, len(rest))
		part := binary.AppendUvarint(make([]byte, 0, size+len(body)+2), uint64(len(body)))
		part = append(append(part, body...), rest[:size]...)
		writes = append(writes, table.Write{Key: n.part(c.Hash, c.Parts), Body: part})
		rest = rest[size:]
	}
	for i := c.Parts; i < before; i++ {
		writes = append(writes, table.Write{Key: n.part(c.Hash, i), Action: table.Delete})
	}
	if c.Parts > 0 {
		c.resource = nil
	}
	return writes
}

// errTorn says that the parts are of another statement than the header: it was
// written between the two reads.
var errTorn = failure.New(failure.Unavailable, "record.join", "the parts of a large entry changed while they were read")

// join reads the parts of a large content.
func (s *Store) join(ctx context.Context, n name, c *content) error {
	if c.Parts == 0 {
		return nil
	}
	keys := make([]table.Key, c.Parts)
	for i := range keys {
		keys[i] = n.part(c.Hash, i)
	}
	items, err := s.table.Get(ctx, keys...)
	if err != nil {
		return err
	}
	var whole bytes.Buffer
	for _, item := range items {
		size, m := binary.Uvarint(item.Body)
		if m <= 0 || size > uint64(len(item.Body)-m) || string(item.Body[m:m+int(size)]) != c.body() {
			return errTorn
		}
		whole.Write(item.Body[m+int(size):])
	}
	c.resource, c.Parts = whole.Bytes(), 0
	return nil
}

package record

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/version"
)

// envelopeVersion is the first byte of every body: 1, then the length of the
// header (unsigned varint), the header as JSON, and the resource's bytes as they
// are. A reader needs only the header to know what it has.
const envelopeVersion = 1

// inlineBytes is the largest resource kept in the item itself. It leaves room
// for the header even where the engine cannot compress the resource.
const inlineBytes = 340 << 10

// content is one thing that a source said of an entry, by the first statement
// that said it.
type content struct {
	At     version.Instant `json:"t"`
	Hash   string          `json:"h"`
	Date   string          `json:"e,omitzero"`
	Refs   []string        `json:"r,omitzero"`
	Origin Origin          `json:"o"`
	Parts  int             `json:"p,omitzero"` // number of items that hold the resource; 0: it follows the header

	resource []byte // nil while it lies in parts
}

// header is the JSON of an envelope. History is that of the entry and stands in
// the current item only, and only when it is more than the content's own
// statement.
type header struct {
	content
	History *version.History `json:"v,omitempty"`
}

func (e *Entry) content() *content {
	return &content{At: e.At, Hash: e.Hash, Date: e.Date, Refs: e.Refs, Origin: e.Origin, resource: e.Resource}
}

func (c *content) entry(n name) Entry {
	return Entry{
		Owner: n.owner, Type: n.kind, ID: n.id, At: c.At, Date: c.Date,
		Resource: c.resource, Hash: c.Hash, Refs: c.Refs, Origin: c.Origin,
	}
}

func (c *content) statement() version.Statement {
	return version.Statement{At: c.At, Hash: c.Hash, Delivery: c.Origin.Delivery}
}

// before says whether c is the statement to keep of two of the same content:
// the earlier one, whoever came first.
func (c *content) before(d *content) bool {
	return cmp.Or(c.At.Compare(d.At), cmp.Compare(c.Origin.Delivery, d.Origin.Delivery)) < 0
}

// body tells apart the resources of two statements of one content, which differ
// in their source: a part says whose it is.
func (c *content) body() string {
	return fmt.Sprintf("%s %d %d", c.Origin.Delivery, c.At.Time.UnixNano(), c.At.Row)
}

func (c *content) encode(h *version.History) ([]byte, error) {
	head, err := json.Marshal(header{content: *c, History: h})
	if err != nil {
		return nil, failure.Wrap(failure.Internal, "record.encode", err)
	}
	out := make([]byte, 0, 1+binary.MaxVarintLen32+len(head)+len(c.resource))
	out = append(out, envelopeVersion)
	out = binary.AppendUvarint(out, uint64(len(head)))
	out = append(out, head...)
	if c.Parts == 0 {
		out = append(out, c.resource...)
	}
	return out, nil
}

// encodeCurrent leaves out a history that says no more than the content does.
func (c *content) encodeCurrent(h version.History) ([]byte, error) {
	if h.Equal(version.Of(c.statement())) {
		return c.encode(nil)
	}
	return c.encode(&h)
}

// decode reads an envelope; the resource is a part of body, not a copy.
func decode(body []byte) (*content, version.History, error) {
	var h header
	head, rest, ok := cut(body)
	if !ok {
		return nil, version.History{}, failure.New(failure.Internal, "record.decode", "an item is not an envelope of version %d", envelopeVersion)
	}
	if err := json.Unmarshal(head, &h); err != nil {
		return nil, version.History{}, failure.Wrap(failure.Internal, "record.decode", err)
	}
	if h.Parts == 0 {
		h.resource = rest
	}
	if h.History == nil {
		return &h.content, version.Of(h.statement()), nil
	}
	return &h.content, *h.History, nil
}

// cut splits an envelope into header and resource.
func cut(body []byte) (head, rest []byte, ok bool) {
	if len(body) == 0 || body[0] != envelopeVersion {
		return nil, nil, false
	}
	size, n := binary.Uvarint(body[1:])
	if n <= 0 || size > uint64(len(body)-1-n) {
		return nil, nil, false
	}
	body = body[1+n:]
	return body[:size], body[size:], true
}

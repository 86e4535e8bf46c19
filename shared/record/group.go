package record

import (
	"bytes"
	"maps"
	"slices"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/version"
)

// group is one entry with the statements that a Load brings of it.
type group struct {
	name    name
	entries []*Entry
	from    int // statements before this one are stored

	at      uint64 // version of the current item
	current *content
	before  version.History // as stored
	history version.History // with the statements taken now
	best    map[string]*content
	needed  map[string]*kept // contents to be read before deciding, by hash

	early    []table.Write // contents of an entry that has several: written before the current item
	late     []table.Write // the current item
	together []table.Write // all in one commit, when there are parts
	conflict bool
}

// kept is a content as the store has it; version 0: it has it not.
type kept struct {
	version uint64
	content *content
}

// taken are the statements of this round. A large resource is taken alone: its
// parts and its heads must fit one commit.
func (g *group) taken() []*Entry {
	rest := g.entries[g.from:]
	for i, e := range rest {
		if len(e.Resource) > inlineBytes {
			return rest[:max(i, 1)]
		}
	}
	return rest
}

func (g *group) advance()   { g.from += len(g.taken()) }
func (g *group) done() bool { return g.from == len(g.entries) }

// fold adds the statements to the stored history and finds what must be read.
func (g *group) fold(item table.Item) (err error) {
	g.at, g.current, g.before = item.Version, nil, version.History{}
	g.best, g.needed = nil, nil
	g.early, g.late, g.together, g.conflict = nil, nil, nil, false
	if item.Version > 0 {
		if g.current, g.before, err = decode(item.Body); err != nil {
			return err
		}
	}
	g.history = g.before
	for _, e := range g.taken() {
		g.history, _ = g.history.Add(e.statement())
	}
	if g.history.Equal(g.before) {
		return nil
	}
	g.collect()
	g.need()
	return nil
}

// collect finds, of each content brought, the statement to be kept, if it is
// earlier than the stored one.
func (g *group) collect() {
	g.best = map[string]*content{}
	for _, e := range g.taken() {
		c := e.content()
		if first, known := g.before.First(c.Hash); known && !c.before(&content{At: first.At, Origin: Origin{Delivery: first.Delivery}}) {
			continue
		}
		if b := g.best[c.Hash]; b == nil || c.before(b) || !b.before(c) && bytes.Compare(c.resource, b.resource) < 0 {
			g.best[c.Hash] = c
		}
	}
}

// need lists the contents that get an item of their own now, and the one that
// becomes current again. An entry with one content has no such items; with the
// second, each has one.
func (g *group) need() {
	contents := g.history.Contents()
	if len(contents) < 2 {
		return
	}
	g.needed = map[string]*kept{}
	for hash := range g.best {
		g.needed[hash] = &kept{}
	}
	if len(g.before.Contents()) == 1 {
		g.needed[g.current.Hash] = &kept{}
	}
	if now := g.history.Current().Hash; g.best[now] == nil && (g.current == nil || g.current.Hash != now) {
		g.needed[now] = &kept{}
	}
}

// decide makes the writes.
func (g *group) decide() error {
	if g.history.Equal(g.before) {
		return nil
	}
	var parts []table.Write
	current := g.choose()
	if current == nil {
		return failure.New(failure.Internal, "record.decide", "a content that the history knows is not stored")
	}
	for hash, c := range g.best {
		parts = append(parts, c.split(g.name, g.partsOf(hash))...)
	}
	for _, hash := range slices.Sorted(maps.Keys(g.needed)) {
		if err := g.keep(hash); err != nil {
			return err
		}
	}
	body, err := current.encodeCurrent(g.history)
	if err != nil {
		return err
	}
	g.late = []table.Write{{Key: g.name.current(), Body: body, If: table.AtVersion(g.at)}}
	if len(parts) > 0 {
		g.together = slices.Concat(parts, g.early, g.late)
		g.early, g.late = nil, nil
	}
	return nil
}

// choose gives the content that is current from now on.
func (g *group) choose() *content {
	now := g.history.Current().Hash
	if c := g.best[now]; c != nil {
		return c
	}
	if g.current != nil && g.current.Hash == now {
		return g.current
	}
	if k := g.needed[now]; k != nil {
		return k.content
	}
	return nil
}

// partsOf gives how many parts the stored statement of a content has.
func (g *group) partsOf(hash string) int {
	if g.current != nil && g.current.Hash == hash {
		return g.current.Parts
	}
	if k := g.needed[hash]; k != nil && k.content != nil {
		return k.content.Parts
	}
	return 0
}

// keep writes a content's own item, unless the store has it or an earlier
// statement of it: such items only ever get earlier. One with parts is written
// along with them in any case, for the two must agree.
func (g *group) keep(hash string) error {
	k, c := g.needed[hash], g.best[hash]
	if c == nil && g.current != nil && g.current.Hash == hash {
		c = g.current
	}
	if c == nil || k.version > 0 && !c.before(k.content) && (c.Parts == 0 || c == g.current) {
		return nil
	}
	body, err := c.encode(nil)
	if err != nil {
		return err
	}
	g.early = append(g.early, table.Write{Key: g.name.content(hash), Body: body, If: table.AtVersion(k.version)})
	return nil
}

package index

import (
	"bytes"
	"maps"
	"slices"

	"github.com/carerecord/carerecord/shared/table"
)

// keptEvents is the number of newest events in the source patient's own item;
// earlier ones have items of their own.
const keptEvents = 4

// writes gives the commits that make a decision stand: one, unless it moves so
// many source patients that it cannot be one. Then those that have said nothing
// go first; until the last commit is made, deciding again finds the same
// reasons and goes on.
func (h *hood) writes(out outcome) [][]table.Write {
	var first, last []table.Write
	written := map[string]bool{}
	for _, m := range h.members {
		list := m.writes()
		if written[m.key] = len(list) > 0; len(m.said) == 0 {
			first = append(first, list...)
		} else {
			last = append(last, list...)
		}
	}
	for _, c := range h.claims {
		if before, now := encode(c.stored), encode(c.now); !bytes.Equal(before, now) {
			last = append(last, table.Write{Key: claimKey(c.id), Body: now, If: table.AtVersion(c.version)})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(out.aliases)) {
		last = append(last, table.Write{Key: aliasKey(id), Body: encode(alias{out.aliases[id]})})
	}
	for _, r := range out.reviews {
		last = append(last, table.Write{Key: reviewKey(r.Kind, r.Key), Body: encode(r)})
	}
	last = append(last, h.checks(out.units, written)...)
	if len(first)+len(last) == 0 {
		return nil
	}
	if len(first)+len(last) <= table.MaxCommit {
		return [][]table.Write{append(first, last...)}
	}
	return append(slices.Collect(slices.Chunk(first, table.MaxCommit)), last)
}

// checks guards links that were made by a merge with someone who is not
// written: whoever moves that one's unit writes all of it that has a person, so
// one of them is enough. Links by number are guarded by the claim.
func (h *hood) checks(units sets, written map[string]bool) (list []table.Write) {
	for _, unit := range h.group(units) {
		some := slices.ContainsFunc(unit, func(m *member) bool { return written[m.key] })
		i := slices.IndexFunc(unit, func(m *member) bool { return !written[m.key] && m.stored.Person != "" })
		if some && i >= 0 {
			list = append(list, table.Write{Key: patientKey(unit[i].key), Action: table.Check, If: table.AtVersion(unit[i].version)})
		}
	}
	return list
}

// writes gives a member's own writes: itself, its place in a person, and events
// that are no longer among the newest. The last two are guarded by the first.
func (m *member) writes() (list []table.Write) {
	place := m.placeWrites()
	for extra := len(m.now.Events) - keptEvents; extra > 0; extra-- {
		e := m.now.Events[0]
		m.now.Events = m.now.Events[1:]
		list = append(list, table.Write{Key: eventKey(m.key, e.Number), Body: encode(e)})
	}
	body := encode(m.now)
	if bytes.Equal(body, encode(m.stored)) {
		return nil
	}
	list = append(list, table.Write{Key: patientKey(m.key), Body: body, If: table.AtVersion(m.version)})
	return append(list, place...)
}

func (m *member) placeWrites() (list []table.Write) {
	before, now := encode(m.stored.member()), encode(m.now.member())
	moved := m.stored.Person != m.now.Person
	if moved && m.stored.Person != "" {
		list = append(list, table.Write{Key: memberKey(m.stored.Person, m.key), Action: table.Delete})
	}
	if m.now.Person != "" && (moved || !bytes.Equal(before, now)) {
		list = append(list, table.Write{Key: memberKey(m.now.Person, m.key), Body: now})
	}
	return list
}

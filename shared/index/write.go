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
// many source patients, or opens so many reviews, that it cannot be one. Then
// those that have said nothing and the reviews go first; until the last commit is
// made, deciding again finds the same reasons and goes on.
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
			written[c.id] = true
			last = append(last, table.Write{Key: claimKey(c.id), Body: now, If: table.AtVersion(c.version)})
		}
	}
	for _, id := range slices.Sorted(maps.Keys(out.aliases)) {
		last = append(last, table.Write{Key: aliasKey(id), Body: encode(alias{out.aliases[id]})})
	}
	for _, id := range slices.Sorted(maps.Keys(out.restored)) {
		last = append(last, table.Write{Key: aliasKey(id), Action: table.Delete, If: table.AtVersion(out.restored[id])})
	}
	for _, c := range out.reviews {
		if c.checked {
			last = append(last, c.writes()...)
		} else {
			first = append(first, c.writes()...)
		}
	}
	if len(first)+len(last) == 0 {
		return nil
	}
	last = append(last, h.checks(out.units, written, table.MaxCommit-len(last))...)
	if len(first)+len(last) <= table.MaxCommit {
		return [][]table.Write{append(first, last...)}
	}
	return append(slices.Collect(slices.Chunk(first, table.MaxCommit)), last)
}

// checks guards what was decided by looking at items that are not written. An
// area is read in rounds, and what was read first may have changed by the time of
// the last: so whoever is bound to others by a merge, a pin or by being near must
// still be as read, also where it has no person, and so must the claims. Those
// whom a number alone binds are guarded by its claim. There is room for so many
// checks; one of those who were merged comes first, as whoever moves one of a unit
// writes all of it that has a person.
func (h *hood) checks(units sets, written map[string]bool, room int) (list []table.Write) {
	checked := map[table.Key]bool{}
	check := func(key table.Key, version uint64) {
		if !checked[key] && len(list) < room {
			checked[key] = true
			list = append(list, table.Write{Key: key, Action: table.Check, If: table.AtVersion(version)})
		}
	}
	for _, unit := range h.group(units) {
		some := slices.ContainsFunc(unit, func(m *member) bool { return written[m.key] })
		i := slices.IndexFunc(unit, func(m *member) bool { return !written[m.key] && m.stored.Person != "" })
		if some && i >= 0 {
			check(patientKey(unit[i].key), unit[i].version)
		}
	}
	for _, c := range h.claims {
		if !written[c.id] {
			check(claimKey(c.id), c.version)
		}
	}
	for _, m := range h.members {
		if !written[m.key] && m.bound() {
			check(patientKey(m.key), m.version)
		}
	}
	return list
}

// bound says whether something besides its number binds the patient to others,
// or did.
func (m *member) bound() bool {
	for _, p := range []*patient{&m.stored, &m.now} {
		if len(p.Near)+len(p.Priors)+len(p.Pins) > 0 || p.Merge != nil {
			return true
		}
	}
	return false
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
	before, now := encode(m.shown(&m.stored, &m.was)), encode(m.shown(&m.now, &m.is))
	moved := m.stored.Person != m.now.Person
	if moved && m.stored.Person != "" {
		list = append(list, table.Write{Key: memberKey(m.stored.Person, m.key), Action: table.Delete})
	}
	if m.now.Person != "" && (moved || !bytes.Equal(before, now)) {
		list = append(list, table.Write{Key: memberKey(m.now.Person, m.key), Body: now})
	}
	return list
}

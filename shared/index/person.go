package index

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// longestTrail bounds how many former ids are followed to a person.
const longestTrail = 64

// alias is the stored form of an id that is no longer in use.
type alias struct {
	Person string `json:"p"` // the person joined
}

// Person gives a person with every linked source patient, in one Query. An id
// that was given up when its person joined another answers with the survivor,
// one Query more for each step: Person.ID then differs from id. NotFound when
// there is no such person.
func (x *Index) Person(ctx context.Context, id string) (Person, error) {
	for range longestTrail {
		p, next, err := x.partition(ctx, id)
		switch {
		case err != nil:
			return Person{}, err
		case next != "":
			id = next
		case len(p.Sources) == 0:
			return Person{}, failure.New(failure.NotFound, "index.Person", "no such person")
		default:
			return p, nil
		}
	}
	return Person{}, failure.New(failure.Internal, "index.Person", "more than %d former ids in a row", longestTrail)
}

// partition reads what lies under a person's id: members, or where it went.
func (x *Index) partition(ctx context.Context, id string) (p Person, next string, err error) {
	p.ID = id
	for item, err := range x.table.Query(ctx, table.Range{Partition: aliasKey(id).Partition}) {
		if err != nil {
			return p, "", err
		}
		spk, member := strings.CutPrefix(item.Sort, memberPrefix)
		if !member {
			a, err := decode[alias](item, "alias")
			return p, a.Person, err
		}
		source, err := decode[SourcePatient](item, "member")
		if err != nil {
			return p, "", err
		}
		source.Key = spk
		p.Sources = append(p.Sources, source)
	}
	return p, "", nil
}

// Decisions gives every decision on a source patient, the first one first;
// NotFound when it is not known.
func (x *Index) Decisions(ctx context.Context, key string) ([]Event, error) {
	var events, newest []Event
	known := false
	for item, err := range x.table.Query(ctx, table.Range{Partition: patientKey(key).Partition}) {
		if err != nil {
			return nil, err
		}
		known = true
		if item.Sort == patientKey(key).Sort {
			p, err := decodePatient(item)
			if err != nil {
				return nil, err
			}
			newest = p.Events
			continue
		}
		e, err := decode[Event](item, "event")
		if err != nil {
			return nil, err
		}
		events = append(events, e)
	}
	if !known {
		return nil, failure.New(failure.NotFound, "index.Decisions", "no such patient of an organisation")
	}
	return append(events, newest...), nil
}

// formerIDs reads the ids that the people of the area have given up, as far as
// their source patients remember them: most have none, and then nothing is read.
func (a *area) formerIDs(ctx context.Context) (map[string]former, error) {
	ids := map[string]bool{}
	for _, m := range a.members {
		for _, id := range m.stored.Was {
			ids[id] = m.asked || ids[id]
		}
	}
	var keys []table.Key
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		if ids[id] {
			keys = append(keys, aliasKey(id))
		}
	}
	list := map[string]former{}
	if len(keys) == 0 {
		return list, nil
	}
	items, err := a.index.table.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		if item.Version == 0 {
			continue
		}
		gone, err := decode[alias](item, "alias")
		if err != nil {
			return nil, err
		}
		list[strings.TrimPrefix(item.Partition, "P#")] = former{gone.Person, item.Version}
	}
	return list, nil
}

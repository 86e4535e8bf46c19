package index

import (
	"cmp"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
)

// mostStaters bounds how many source patients may stand in one claim. A number
// that more of them state is a placeholder and no evidence; further ones are
// not linked by it and are put up for review.
const mostStaters = 24

// claim is the stored form of a claim on an NHS number. It is never deleted, so
// that it is known for ever that the number once had a person.
type claim struct {
	Person     string       `json:"p,omitzero"` // whose the number is; empty: nobody states it any more
	Staters    []stater     `json:"s,omitzero"` // by key
	Superseded []superseded `json:"o,omitzero"` // by key
}

// superseded is a source patient that states the number and was merged with one
// whose other number counts, or that stated it before and states another one
// now. The number finds its person and links nobody.
type superseded struct {
	Key    string `json:"k"`
	Person string `json:"p"`
	Former bool   `json:"f,omitzero"` // stated before: it counts only while nobody states the number now
}

// stater is a source patient that states the number, with what is needed to
// compare another with it. The claim is written whenever any of this changes:
// its version guards every link that was made by it.
type stater struct {
	Key      string               `json:"k"`
	Person   string               `json:"p"`
	Evidence demographics.Details `json:"d"`
}

// evidenceOf cuts details to what the rule compares.
func evidenceOf(d demographics.Details) demographics.Details {
	out := demographics.Details{NHSNumber: d.NHSNumber, NHSStatus: d.NHSStatus, BirthDate: d.BirthDate}
	for _, n := range d.Names {
		name := demographics.Name{Family: n.Family}
		if len(n.Given) > 0 {
			name.Given = n.Given[:1]
		}
		out.Names = append(out.Names, name)
	}
	for _, a := range d.Addresses {
		out.Addresses = append(out.Addresses, demographics.Address{Postcode: a.Postcode})
	}
	return out
}

// holder gives the person whose number it is: of the staters' people the first.
// It follows from what is stated now, not from who came first.
func (c *claim) holder() string {
	if len(c.Staters) == 0 {
		return ""
	}
	return c.people()[0]
}

// people gives everyone who states the number, the holder first.
func (c *claim) people() []string {
	type standing struct {
		person, key  string // the least key
		verified     bool
		sources, old int
	}
	var list []*standing
	of := func(person, key string) *standing {
		i := slices.IndexFunc(list, func(s *standing) bool { return s.person == person })
		if i < 0 {
			i, list = len(list), append(list, &standing{person: person, key: key})
		}
		return list[i]
	}
	for _, s := range c.Staters { // by key
		p := of(s.Person, s.Key)
		p.sources++
		p.verified = p.verified || s.Evidence.NHSStatus == "01"
	}
	stated := len(c.Staters) > 0 || slices.ContainsFunc(c.Superseded, func(s superseded) bool { return !s.Former })
	for _, s := range c.Superseded {
		if !s.Former || !stated {
			of(s.Person, s.Key).old++
		}
	}
	slices.SortFunc(list, func(a, b *standing) int {
		return cmp.Or(compareBool(a.sources == 0, b.sources == 0), compareBool(!a.verified, !b.verified),
			b.sources-a.sources, b.old-a.old, cmp.Compare(a.key, b.key))
	})
	var people []string
	for _, s := range list {
		if s.person != "" {
			people = append(people, s.person)
		}
	}
	return people
}

package matching

import (
	"cmp"
	"container/heap"
	"maps"
	"slices"

	"github.com/carerecord/carerecord/shared/demographics"
)

// MostUnits is the most units that may come together as one person by details.
// Beyond it they are no longer evidence for each other but for a placeholder.
const MostUnits = 64

// Unit is what is resolved: a record, or several that are one person already by
// a certain rule.
type Unit struct {
	ID      string                // unique; it orders units
	Profile *demographics.Profile // of all its records
	Sources []string              // registers in which it has an id of its own; two units of one register are never linked by details alone
}

// Scored is a pair of units, by place, with its score.
type Scored struct {
	A, B  int
	Score Score
}

// Finding is what was decided of a unit and another one, by place.
type Finding struct {
	A, B     int
	Decision Decision
}

// Resolution says who is one person.
type Resolution struct {
	Person  []int     // of each unit: the least place among those who are one person with it
	Best    []Finding // of each unit: the link by which it joined; B is -1 where it joined nobody
	Reviews []Finding // pairs of units of different people that a human should see, by place
}

// Reasons for which a link is not made, besides the guards of a Score.
const (
	GuardNameSource = "one-register" // both have an id in the same register
	GuardNameLead   = "lead"         // another person, who is not the same one, is as likely
	GuardNameMedian = "median"       // most records of the two people do not agree
	GuardNameSize   = "size"         // they would be more than MostUnits
)

// Resolve tells which units are one person. Units must be in the order of their
// IDs. Pairs are those to be compared (a pair that is not among them is only
// looked at where two others hang on it); apart says whether a human has pinned
// two units apart.
//
// Of all pairs that may be linked, that with the most bits is, and the two are
// one unit from then on, with the profile of both; this goes on until no pair is
// left. A pair may be linked when its bits suffice, no guard stands against
// it, it leads over every other person who cannot be the same one, and, where one
// side is several units already, most single comparisons do not speak against it
// (so that one bad record does not bridge two people). The result is a function
// of the set of units: neither their order of arrival nor that of the pairs
// changes it.
func (m *Matcher) Resolve(units []Unit, pairs []Scored, apart func(a, b int) bool) Resolution {
	r := resolver{matcher: m, units: units, apart: apart, known: make(map[[2]int]Score, len(pairs))}
	r.best = make([]Finding, len(units))
	for i := range units {
		r.best[i] = Finding{A: i, B: -1}
		r.groups = append(r.groups, &group{place: i, units: []int{i}, profile: units[i].Profile, sources: units[i].Sources, near: map[int]Score{}})
	}
	for _, p := range pairs {
		a, b := min(p.A, p.B), max(p.A, p.B)
		if a == b {
			continue
		}
		r.known[[2]int{a, b}] = p.Score
		r.groups[a].near[b], r.groups[b].near[a] = p.Score, p.Score
		r.offer(r.groups[a], r.groups[b])
	}
	r.run()
	return r.result()
}

// group is a person at work.
type group struct {
	place   int   // least place of its units, and its place in groups
	units   []int // in order
	profile *demographics.Profile
	sources []string
	near    map[int]Score // groups it was compared with
	gone    bool          // joined into another
	version int
}

type resolver struct {
	matcher *Matcher
	units   []Unit
	apart   func(a, b int) bool
	groups  []*group
	known   map[[2]int]Score
	queue   offers
	refused [][2]int // pairs that did not lead
	best    []Finding
}

// offer is a pair of groups that may be linked, as they stood.
type offer struct {
	bits               float64
	a, b               int
	versionA, versionB int
}

// offers is a heap, the most bits first.
type offers []offer

func (o offers) Len() int { return len(o) }
func (o offers) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(o[j].bits, o[i].bits), o[i].a-o[j].a, o[i].b-o[j].b) < 0
}
func (o offers) Swap(i, j int) { o[i], o[j] = o[j], o[i] }
func (o *offers) Push(x any)   { *o = append(*o, x.(offer)) }
func (o *offers) Pop() any {
	last := len(*o) - 1
	x := (*o)[last]
	*o = (*o)[:last]
	return x
}

func (r *resolver) offer(a, b *group) {
	s := a.near[b.place]
	if s.Bits < r.matcher.model.LinkBits || s.Guards != 0 {
		return
	}
	if a.place > b.place {
		a, b = b, a
	}
	heap.Push(&r.queue, offer{s.Bits, a.place, b.place, a.version, b.version})
}

func (r *resolver) run() {
	for len(r.queue) > 0 {
		o := heap.Pop(&r.queue).(offer)
		a, b := r.groups[o.a], r.groups[o.b]
		if a.gone || b.gone || a.version != o.versionA || b.version != o.versionB {
			continue
		}
		switch d := r.judge(a, b); {
		case d.Outcome == Link:
			r.join(a, b, d)
		case slices.Contains(d.Guards, GuardNameLead): // it may lead once others are joined
			r.refused = append(r.refused, [2]int{o.a, o.b})
		}
	}
}

// judge decides on two groups.
func (r *resolver) judge(a, b *group) Decision {
	s := a.near[b.place]
	d := r.matcher.Explain(s)
	d.Outcome, d.Rule = Possible, RuleDetails
	if lead, ok := r.lead(a, b, s); ok {
		d.Lead = &lead
		if lead < r.matcher.model.LeadBits {
			d.Guards = append(d.Guards, GuardNameLead)
		}
	}
	if shared(a.sources, b.sources) {
		d.Guards = append(d.Guards, GuardNameSource)
	}
	if len(a.units)+len(b.units) > MostUnits {
		d.Guards = append(d.Guards, GuardNameSize)
	} else if len(a.units)+len(b.units) > 2 && r.divided(a, b) {
		d.Guards = append(d.Guards, GuardNameMedian)
	}
	switch {
	case s.Guards&VetoNumber != 0:
		d.Outcome = Conflict
	case s.Bits >= r.matcher.model.LinkBits && len(d.Guards) == 0 && !r.pinnedApart(a, b):
		d.Outcome = Link
	}
	return d
}

// lead gives how many bits the pair is ahead of the best one of either with a
// third person who could be it and cannot be the other; false when there is none.
func (r *resolver) lead(a, b *group, s Score) (least float64, found bool) {
	for _, side := range [2][2]*group{{a, b}, {b, a}} {
		for place, rival := range side[0].near {
			c := r.groups[place]
			if c == side[1] || found && s.Bits-rival.Bits >= least || rival.Guards&Vetoes != 0 || !r.rivals(side[1], c) || r.pinnedApart(side[0], c) {
				continue
			}
			least, found = s.Bits-rival.Bits, true
		}
	}
	return least, found
}

// rivalBits is how far below the threshold for a review two must be to be taken
// for different people. Nearer ones may be one person whom only a third shows to be one.
const rivalBits = 8

// rivals says whether two groups cannot be taken for one person.
func (r *resolver) rivals(b, c *group) bool {
	s := r.between(b, c)
	return s.Guards != 0 || s.Bits < r.matcher.model.ReviewBits-rivalBits || shared(b.sources, c.sources) || r.pinnedApart(b, c)
}

// between gives the score of two groups, also of a pair that was not asked for.
func (r *resolver) between(a, b *group) Score {
	if s, ok := a.near[b.place]; ok {
		return s
	}
	if len(a.units) == 1 && len(b.units) == 1 {
		return r.pair(a.units[0], b.units[0])
	}
	return r.matcher.Score(a.profile, b.profile)
}

// pair gives the score of two units.
func (r *resolver) pair(a, b int) Score {
	key := [2]int{min(a, b), max(a, b)}
	s, ok := r.known[key]
	if !ok {
		s = r.matcher.Score(r.units[a].Profile, r.units[b].Profile)
		r.known[key] = s
	}
	return s
}

// The single comparisons of two people count for no more than mostSingle bits,
// and by a balanced model must come to leastMean on the average.
const (
	mostSingle = 10
	leastMean  = -4
)

// divided says that most single comparisons speak against one person: by a
// careful model their median does. By a balanced one their
// mean must do so clearly: a register with many slips has records of one person
// that hardly resemble each other and are held together by others. Without any
// such check the people of a register with ten records each run into each other.
func (r *resolver) divided(a, b *group) bool {
	bits, sum := make([]float64, 0, len(a.units)*len(b.units)), 0.0
	for _, i := range a.units {
		for _, j := range b.units {
			one := r.pair(i, j).Bits
			bits = append(bits, one)
			sum += max(-mostSingle, min(mostSingle, one))
		}
	}
	if r.matcher.model.Policy == Balanced {
		return sum < leastMean*float64(len(bits))
	}
	slices.Sort(bits)
	return (bits[(len(bits)-1)/2]+bits[len(bits)/2])/2 < r.matcher.model.ReviewBits
}

func (r *resolver) pinnedApart(a, b *group) bool {
	if r.apart == nil {
		return false
	}
	for _, i := range a.units {
		for _, j := range b.units {
			if r.apart(i, j) {
				return true
			}
		}
	}
	return false
}

// join makes one group of two, at the lesser place.
func (r *resolver) join(a, b *group, d Decision) {
	r.note(a, b, d)
	r.note(b, a, d)
	b.gone = true
	a.units = slices.Sorted(slices.Values(append(slices.Clone(a.units), b.units...)))
	a.sources = slices.Concat(a.sources, b.sources)
	profiles := make([]*demographics.Profile, len(a.units))
	for i, u := range a.units {
		profiles[i] = r.units[u].Profile
	}
	whole := demographics.Combine(profiles...)
	a.profile = &whole
	a.version++
	neighbours := map[int]bool{}
	for place := range a.near {
		neighbours[place] = true
	}
	for place := range b.near {
		neighbours[place] = true
	}
	delete(neighbours, a.place)
	delete(neighbours, b.place)
	a.near = map[int]Score{}
	for _, place := range slices.Sorted(maps.Keys(neighbours)) {
		c := r.groups[place]
		s := r.matcher.Score(a.profile, c.profile)
		delete(c.near, b.place)
		a.near[place], c.near[a.place] = s, s
	}
	for _, place := range slices.Sorted(maps.Keys(neighbours)) {
		r.offer(a, r.groups[place])
	}
	r.offerAgain(a, neighbours)
}

// offerAgain takes up the pairs that were refused for a rival, of which one side
// was compared with what has just been joined: the rival may be one no more.
func (r *resolver) offerAgain(joined *group, neighbours map[int]bool) {
	kept := r.refused[:0]
	for _, pair := range r.refused {
		a, b := r.groups[pair[0]], r.groups[pair[1]]
		switch {
		case a.gone || b.gone:
		case a == joined || b == joined || neighbours[pair[0]] || neighbours[pair[1]]:
			r.offer(a, b)
		default:
			kept = append(kept, pair)
		}
	}
	r.refused = kept
}

// note keeps for each unit of a how it joined first.
func (r *resolver) note(a, b *group, d Decision) {
	for _, u := range a.units {
		if r.best[u].B < 0 {
			r.best[u] = Finding{A: u, B: r.closest(u, b), Decision: d}
		}
	}
}

// closest gives the unit of a group that agrees best with a unit.
func (r *resolver) closest(u int, g *group) int {
	best := g.units[0]
	for _, v := range g.units[1:] {
		if r.pair(u, v).Bits > r.pair(u, best).Bits {
			best = v
		}
	}
	return best
}

func (r *resolver) result() Resolution {
	out := Resolution{Person: make([]int, len(r.units)), Best: r.best}
	for _, g := range r.groups {
		if g.gone {
			continue
		}
		for _, u := range g.units {
			out.Person[u] = g.place
		}
		for _, place := range slices.Sorted(maps.Keys(g.near)) {
			if place > g.place && r.forReview(g, r.groups[place]) {
				out.Reviews = append(out.Reviews, r.review(g, r.groups[place]))
			}
		}
	}
	return out
}

// forReview says whether a human should see two groups that were not linked. Two
// different verified NHS numbers are shown only where nothing else speaks
// against one person: then one of the numbers is wrong. Two of one register
// likewise: the register itself says that its twins are two.
func (r *resolver) forReview(a, b *group) bool {
	s := a.near[b.place]
	if s.Guards != 0 && shared(a.sources, b.sources) {
		return false
	}
	return s.Bits >= r.matcher.model.ReviewBits && (s.Guards&Vetoes == 0 || s.Guards == VetoNumber) && !r.pinnedApart(a, b)
}

func (r *resolver) review(a, b *group) Finding {
	f := Finding{A: a.units[0], Decision: r.judge(a, b)}
	f.B = r.closest(f.A, b)
	for _, u := range a.units[1:] {
		if v := r.closest(u, b); r.pair(u, v).Bits > r.pair(f.A, f.B).Bits {
			f.A, f.B = u, v
		}
	}
	if f.Decision.Outcome == Link { // it may be linked only once another pair is decided
		f.Decision.Outcome = Possible
	}
	return f
}

func shared(a, b []string) bool {
	for _, s := range a {
		if slices.Contains(b, s) {
			return true
		}
	}
	return false
}

// Rank compares the first unit with every other one and decides on each as
// Resolve would on the first link: Link for the best one if nothing stands
// against it, Possible for those a human should see, New for the others. It is
// for a look-up, where nothing is joined.
func (m *Matcher) Rank(units []Unit) []Finding {
	r := resolver{matcher: m, units: units, known: map[[2]int]Score{}}
	for i := range units {
		r.groups = append(r.groups, &group{place: i, units: []int{i}, profile: units[i].Profile, sources: units[i].Sources, near: map[int]Score{}})
	}
	query := r.groups[0]
	for i := range units[1:] {
		s := r.pair(0, i+1)
		query.near[i+1], r.groups[i+1].near[0] = s, s
	}
	list := make([]Finding, 0, len(units)-1)
	best := -1
	for i := range units[1:] {
		f := Finding{A: 0, B: i + 1, Decision: r.judge(query, r.groups[i+1])}
		switch {
		case f.Decision.Outcome == Link && best >= 0 && list[best].Decision.Bits >= f.Decision.Bits:
			f.Decision.Outcome = Possible // the same person twice
		case f.Decision.Outcome == Link:
			if best >= 0 {
				list[best].Decision.Outcome = Possible
			}
			best = i
		case !r.forReview(query, r.groups[i+1]):
			f.Decision.Outcome = New
		}
		list = append(list, f)
	}
	return list
}

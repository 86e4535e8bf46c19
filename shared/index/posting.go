package index

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/nhs"
	"github.com/carerecord/carerecord/shared/table"
)

const (
	// blockMost is the most postings of one key that are read. A wider block
	// is narrowed: of it only those are compared that agree in one thing more.
	blockMost = 64
	// mostReads is how many reads of keys one look-up makes at the most.
	mostReads = 7
	// queriesAtOnce bounds the look-ups under way in one call.
	queriesAtOnce = 48
)

// posting is what lies under a blocking key: enough of a source patient to
// score it from the query alone. Postings are found again by what a source
// patient states or has stated; those of what it states no more are not
// removed, as its own item decides.
type posting struct {
	Profile demographics.Profile `json:"p"`
	Hash    string               `json:"h,omitzero"` // digest of the details whose coming wrote it
}

// core cuts a profile to what postings hold: what changes seldom, and not what
// a household shares besides its address.
func core(p demographics.Profile) demographics.Profile {
	return demographics.Profile{Numbers: p.Numbers, Names: p.Names, Births: p.Births, Sex: p.Sex, Postcodes: p.Postcodes, Deceased: p.Deceased}
}

// slackBits is how much the parts of a profile that postings do not hold can
// add to a score: phone, e-mail and address (they are capped as one piece).
const slackBits = 8

func (x *Index) keyPartition(k matching.Key) string {
	return "K#" + x.hasher.ID(fmt.Sprintf("key-%d", k.Kind), k.Value)
}

// narrowPrefix gives the start of the sort keys of a block's narrow part.
func (x *Index) narrowPrefix(k matching.Key) string {
	if k.Narrow == "" {
		return "-#"
	}
	return x.hasher.ID(fmt.Sprintf("narrow-%d", k.Kind), k.Narrow)[:6] + "#"
}

func (x *Index) postingKey(k matching.Key, spk string) table.Key {
	return table.Key{Partition: x.keyPartition(k), Sort: x.narrowPrefix(k) + spk}
}

// postings gives the writes that announce a source patient under its keys: where
// it has posted nothing yet, and where what it has posted says something else.
func (m *member) postings(x *Index) (fresh, changed []table.Write) {
	if m.is.current == nil {
		return nil, nil
	}
	now := core(m.is.profile)
	same := bytes.Equal(encode(now), encode(core(m.was.profile)))
	old := matching.Keys(&m.was.profile)
	body := encode(posting{Profile: now, Hash: m.newest()})
	for _, k := range matching.Keys(&m.is.profile) {
		w := table.Write{Key: x.postingKey(k, m.key), Body: body, If: table.Absent}
		switch known := slices.Contains(old, k); {
		case !known:
			fresh = append(fresh, w)
		case !same:
			changed = append(changed, w)
		}
	}
	return fresh, changed
}

// newest gives the digest of details that the batch says and that were not known.
func (m *member) newest() string {
	for _, s := range slices.Backward(m.said) {
		if s.Details == nil {
			continue
		}
		if hash := digest(s.Details); !m.stored.History.Knows(hash) {
			return hash
		}
	}
	return m.is.hash
}

// announce writes the postings of those who say something new. It comes before
// the look-ups: of two who arrive at the same moment, at least one then finds
// the other (see survey).
func (a *area) announce(ctx context.Context) error {
	var writes, changed []table.Write
	for _, key := range a.keys {
		if m := a.members[key]; m.moved {
			f, c := m.postings(a.index)
			writes, changed = append(writes, f...), append(changed, c...)
		}
	}
	again, err := a.renew(ctx, changed)
	if err != nil {
		return err
	}
	writes = append(writes, again...)
	for attempt := 0; len(writes) > 0; attempt++ {
		if attempt == attempts {
			return failure.New(failure.Unavailable, "index.announce", "postings are being changed by others; try again")
		}
		var there []table.Write
		for i, err := range a.index.table.Each(ctx, writes...) {
			if failure.Is(err, failure.Conflict) {
				there = append(there, writes[i])
			} else if err != nil {
				return err
			}
		}
		if writes, err = a.renew(ctx, there); err != nil {
			return err
		}
	}
	return nil
}

// renew reads what stands where postings are to be written, and gives those
// writes that are still to be made: what was written before is not written twice.
func (a *area) renew(ctx context.Context, there []table.Write) (writes []table.Write, err error) {
	if len(there) == 0 {
		return nil, nil
	}
	keys := make([]table.Key, len(there))
	for i, w := range there {
		keys[i] = w.Key
	}
	items, err := a.index.table.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for i, item := range items {
		if w := there[i]; !bytes.Equal(item.Body, w.Body) {
			w.If = table.AtVersion(item.Version)
			writes = append(writes, w)
		}
	}
	return writes, nil
}

func (x *Index) readBlock(ctx context.Context, r table.Range, found map[string]posting) (n int, err error) {
	for item, err := range x.table.Query(ctx, r) {
		if err != nil {
			return n, err
		}
		n++
		_, spk, _ := strings.Cut(item.Sort, "#")
		if _, there := found[spk]; there {
			continue
		}
		p, err := decode[posting](item, "posting")
		if err != nil {
			return n, err
		}
		found[spk] = p
	}
	return n, nil
}

// byBits orders candidates, the best first.
func byBits(a, b candidate) int {
	return cmp.Or(cmp.Compare(b.score.Bits, a.score.Bits), cmp.Compare(a.key, b.key))
}

// wide gives the key of a whole block.
func wide(k matching.Key) matching.Key { return matching.Key{Kind: k.Kind, Value: k.Value} }

// candidate is a source patient found by a look-up, scored from its posting.
type candidate struct {
	key     string
	posting posting
	score   matching.Score
}

// search finds the source patients whose postings are near to a profile, the
// best first. covered are keys that need no look-up.
//
// The keys of birth date and name come first. When they settle who it is, only
// those of the other keys are asked that the one found has not posted itself:
// whoever is under one of its keys was compared with it already. settled gives the
// profile by which that holds, or nil. whole says that no key had more postings
// than are read.
func (x *Index) search(ctx context.Context, p *demographics.Profile, self string, covered map[matching.Key]bool, settled func(*candidate) (*demographics.Profile, error)) (list []candidate, whole bool, err error) {
	var first, rest []matching.Key
	for _, k := range matching.Keys(p) {
		switch {
		case covered[wide(k)]:
		case k.Kind == matching.KeyBirthName:
			first = append(first, k)
		default:
			rest = append(rest, k)
		}
	}
	found := map[string]posting{}
	left := mostReads
	whole, err = x.blocks(ctx, first, &left, found)
	if err != nil {
		return nil, false, err
	}
	list = x.scored(p, self, found)
	if sure := x.sure(list); sure != nil && len(rest) > 0 {
		theirs, err := settled(sure)
		if err != nil {
			return nil, false, err
		}
		var known []matching.Key
		if theirs != nil && x.surely(x.matcher.Score(p, theirs)) {
			known = matching.Keys(theirs)
		}
		rest = slices.DeleteFunc(rest, func(k matching.Key) bool {
			return slices.ContainsFunc(known, func(o matching.Key) bool { return wide(o) == wide(k) })
		})
	}
	if len(rest) == 0 {
		return list, whole, nil
	}
	more, err := x.blocks(ctx, rest, &left, found)
	return x.scored(p, self, found), whole && more, err
}

// blocks reads several blocks at the same time: of each all postings, or those of
// its narrow part as well when there are too many. left is how many reads there
// may be; the least telling keys, which are the last, go without. whole says that
// nothing was left out.
func (x *Index) blocks(ctx context.Context, keys []matching.Key, left *int, found map[string]posting) (whole bool, err error) {
	whole = len(keys) <= *left
	ranges := make([]table.Range, 0, len(keys))
	for _, k := range keys[:min(len(keys), *left)] {
		ranges = append(ranges, table.Range{Partition: x.keyPartition(k), Limit: blockMost})
	}
	counts, err := x.readBlocks(ctx, ranges, found)
	if err != nil {
		return false, err
	}
	*left -= len(ranges)
	var narrow []table.Range
	for i, n := range counts {
		whole = whole && n < blockMost
		if n == blockMost && len(narrow) < *left {
			r := ranges[i]
			r.Prefix = x.narrowPrefix(keys[i])
			narrow = append(narrow, r)
		}
	}
	*left -= len(narrow)
	_, err = x.readBlocks(ctx, narrow, found)
	return whole, err
}

func (x *Index) readBlocks(ctx context.Context, ranges []table.Range, found map[string]posting) ([]int, error) {
	parts, counts := make([]map[string]posting, len(ranges)), make([]int, len(ranges))
	all, ctx := errgroup.WithContext(ctx)
	for i, r := range ranges {
		parts[i] = map[string]posting{}
		all.Go(func() (err error) {
			counts[i], err = x.readBlock(ctx, r, parts[i])
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	for _, part := range parts {
		maps.Copy(found, part)
	}
	return counts, nil
}

// scored gives those found with their scores, the best first.
func (x *Index) scored(p *demographics.Profile, self string, found map[string]posting) []candidate {
	list := make([]candidate, 0, len(found))
	for spk, posting := range found {
		if spk != self {
			list = append(list, candidate{spk, posting, x.matcher.Score(p, &posting.Profile)})
		}
	}
	slices.SortFunc(list, byBits)
	return list
}

// sureBits is how far above the threshold of a link a candidate must be, and
// ahead of whoever is not the same person, to end a search early.
const sureBits = 7

// sure gives the candidate that settles a search, or nil.
func (x *Index) sure(list []candidate) *candidate {
	if len(list) == 0 || !x.surely(list[0].score) {
		return nil
	}
	best := &list[0]
	for i := range list[1:] {
		other := &list[i+1]
		if other.score.Bits < best.score.Bits-sureBits {
			break
		}
		if s := x.matcher.Score(&best.posting.Profile, &other.posting.Profile); s.Guards != 0 || s.Bits < x.matcher.Model().LinkBits {
			return nil
		}
	}
	return best
}

func (x *Index) surely(s matching.Score) bool {
	return s.Guards == 0 && s.Bits >= x.matcher.Model().LinkBits+sureBits
}

// near says whether two profiles are so near that the two are decided together.
func (x *Index) near(s matching.Score, slack float64) bool {
	return s.Bits >= x.matcher.Model().ReviewBits-slack && (s.Guards&matching.Vetoes == 0 || s.Guards == matching.VetoNumber)
}

// lookUp finds for each of those who say something new whom they are near to,
// and for each of those who may have relied on one of them (see search).
func (a *area) lookUp(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(queriesAtOnce)
	left := a.leftAlone()
	for _, key := range slices.Sorted(maps.Keys(a.members)) {
		m := a.members[key]
		if m.looked || m.is.current == nil || !m.moved && !left[key] {
			continue
		}
		m.looked, m.sweep = true, m.sweep || left[key]
		all.Go(func() error { return a.lookUpOne(ctx, m) })
	}
	return all.Wait()
}

// leftAlone gives those who are bound to a source patient that is no longer
// found under a key that it had posted: the keys that were not looked up
// because it had posted them have to be.
func (a *area) leftAlone() map[string]bool {
	left := map[string]bool{}
	for _, key := range a.keys {
		m := a.members[key]
		if !m.moved || !m.gaveUpKeys() {
			continue
		}
		for _, spk := range m.stored.Near {
			left[spk] = true
		}
		for _, id := range a.claimsOf(m) {
			if c := a.claims[id]; c != nil {
				for _, s := range c.stored.Staters {
					left[s.Key] = true
				}
			}
		}
	}
	return left
}

// gaveUpKeys says whether the patient had keys that it has no more.
func (m *member) gaveUpKeys() bool {
	now := matching.Keys(&m.is.profile)
	return slices.ContainsFunc(matching.Keys(&m.was.profile), func(k matching.Key) bool {
		return !slices.ContainsFunc(now, func(o matching.Key) bool { return wide(o) == wide(k) })
	})
}

func (a *area) lookUpOne(ctx context.Context, m *member) error {
	if err := a.lookUpMisread(ctx, m); err != nil {
		return err
	}
	settled := func(c *candidate) (*demographics.Profile, error) { return a.settled(ctx, m, c) }
	list, _, err := a.index.search(ctx, &m.is.profile, m.key, a.coveredBy(m), settled)
	for _, c := range list {
		if a.index.near(c.score, slackBits) {
			m.found = append(m.found, c)
		}
	}
	m.limitFound(a.index)
	return err
}

// lookUpMisread finds those who state one of the numbers that may have been meant
// by one that fails the check. They are looked at like others who were found.
func (a *area) lookUpMisread(ctx context.Context, m *member) error {
	if m.is.current.Misread == "" {
		return nil
	}
	numbers := nhs.RepairNumber(m.is.current.Misread)
	keys := make([]table.Key, len(numbers))
	for i, n := range numbers {
		keys[i] = claimKey(a.index.claimID(n))
	}
	items, err := a.index.table.Get(ctx, keys...)
	if err != nil {
		return err
	}
	for _, item := range items {
		c, err := decodeClaim(item)
		if err != nil {
			return err
		}
		for _, s := range c.Staters {
			p := demographics.Clean(s.Evidence)
			p.Numbers = nil
			found := candidate{key: s.Key, posting: posting{Profile: p}, score: a.index.matcher.Score(&m.is.profile, &p)}
			if s.Key != m.key && a.index.near(found.score, slackBits) {
				m.found = append(m.found, found)
			}
		}
	}
	return nil
}

// settled gives the profile of a source patient that was found as it is stored,
// and nil where its own look-ups may not have been made: while it arrives at
// this moment, and for one that is swept, which is to make all of them.
func (a *area) settled(ctx context.Context, m *member, c *candidate) (*demographics.Profile, error) {
	if m.sweep || len(a.said[c.key]) > 0 {
		return nil, nil
	}
	items, err := a.index.table.Get(ctx, patientKey(c.key))
	if err != nil {
		return nil, err
	}
	p, err := decodePatient(items[0])
	if err != nil || !p.History.Knows(c.posting.Hash) {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.early[c.key] = items[0]
	d := a.index.derive(&p)
	return &d.profile, nil
}

// mostNear bounds how many source patients may be near to one. Details that
// more of them share are a placeholder and no evidence.
const mostNear = 24

// mostAlmost bounds how many are read who are near only if they share a phone, an
// e-mail or an address as well.
const mostAlmost = 8

// limitFound gives up where too many could be linked by their postings alone, and
// of those that a guard stands against keeps the nearest.
func (m *member) limitFound(x *Index) {
	slices.SortFunc(m.found, byBits)
	near, alike := 0, 0
	for _, c := range m.found {
		if x.near(c.score, 0) {
			near++
			if c.score.Guards == 0 {
				alike++
			}
		}
	}
	if alike > mostNear {
		m.found, m.crowded = nil, true
		return
	}
	m.found = m.found[:min(len(m.found), min(near, mostNear)+mostAlmost)]
}

// coveredBy gives the keys that those have posted who are one person with the
// patient by its NHS number: whoever is under one of them was compared already.
func (a *area) coveredBy(m *member) map[matching.Key]bool {
	details, number := m.is.evidence()
	if number == "" || m.sweep {
		return nil
	}
	c := a.claims[a.index.claimID(number)]
	if c == nil {
		return nil
	}
	covered := map[matching.Key]bool{}
	for _, s := range c.stored.Staters {
		if s.Key == m.key || a.index.cross(evidenceOf(details), s.Evidence).Outcome != matching.Link {
			continue
		}
		p := demographics.Clean(s.Evidence)
		for _, k := range matching.Keys(&p) {
			covered[wide(k)] = true
		}
	}
	return covered
}

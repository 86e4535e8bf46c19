package index

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/version"
)

// Act says who changes the index by hand, when and why. It is kept with what it
// did for ever. The reason is free text of a human and may be personal: it lies
// in bodies only.
type Act struct {
	By           string    `json:"by"`            // who: the subject of their token
	Organisation string    `json:"org,omitzero"`  // ODS code of the organisation they acted for
	Role         string    `json:"role,omitzero"` // job role
	Reason       string    `json:"reason"`        // why, 1 to 2000 characters
	At           time.Time `json:"at"`            // when
}

const longestReason = 2000

func (a *Act) check(op string) error {
	a.At = a.At.UTC().Truncate(time.Millisecond)
	switch n := utf8.RuneCountInString(a.Reason); {
	case a.By == "":
		return failure.New(failure.Invalid, op, "it is not said who does it")
	case n < 1 || n > longestReason:
		return failure.New(failure.Invalid, op, "a reason has 1 to %d characters", longestReason)
	case a.At.Year() < 2000:
		return failure.New(failure.Invalid, op, "it is not said when")
	}
	return nil
}

// statement gives the act as something that is said of a source patient. The row
// behind it is the one that its last decision followed from.
func (a *Act) statement(m *member) *Statement {
	return &Statement{
		Key: m.key, Organisation: m.stored.Organisation, System: m.stored.System, Value: m.stored.Value,
		At: version.Instant{Time: a.At}, Origin: m.stored.linked().Origin,
	}
}

// Link pins two source patients together: they are one person from now on,
// whatever the rules say. It replaces an earlier pin of the two. Errors:
// failure.Invalid for an act without who, why or when and for one patient named
// twice, NotFound for a source patient that is not known.
func (x *Index) Link(ctx context.Context, a, b string, act Act) error {
	const op = "index.Link"
	if err := act.check(op); err != nil {
		return err
	}
	if a == b {
		return failure.New(failure.Invalid, op, "one patient is named twice")
	}
	return x.pinAll(ctx, op, act, []string{a}, []string{b}, Pin{Kind: PinMust})
}

// Unlink takes a source patient out of its person: it and every other source
// patient of the person are pinned apart. Errors as of Link; Conflict when it is
// the person's only one.
func (x *Index) Unlink(ctx context.Context, key string, act Act) error {
	const op = "index.Unlink"
	if err := act.check(op); err != nil {
		return err
	}
	id, err := x.FindSource(ctx, key)
	if err != nil {
		return err
	}
	p, err := x.Person(ctx, id)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(p.keys(), func(k string) bool { return k == key })
	if len(others) == 0 {
		return failure.New(failure.Conflict, op, "it is the only patient of its person")
	}
	return x.pinAll(ctx, op, act, []string{key}, others, Pin{Kind: PinNever})
}

func (p Person) keys() (keys []string) {
	for _, s := range p.Sources {
		keys = append(keys, s.Key)
	}
	return keys
}

// Merge makes two people one. The survivor's id stays; the other's answers with
// the survivor from now on. Errors: NotFound, Invalid, and Conflict when
// the two are one already.
func (x *Index) Merge(ctx context.Context, survivor, other string, act Act) error {
	const op = "index.Merge"
	if err := act.check(op); err != nil {
		return err
	}
	p, err := x.Person(ctx, survivor)
	if err != nil {
		return err
	}
	q, err := x.Person(ctx, other)
	switch {
	case err != nil:
		return err
	case p.ID == q.ID:
		return failure.New(failure.Conflict, op, "the two are one person already")
	}
	return x.pinAll(ctx, op, act, p.keys(), q.keys(), Pin{Kind: PinMust, Into: p.ID})
}

// Unmerge gives back the person whose id was given up: the source patients that
// were that person's leave the survivor again and get their old id back, with
// all that came for them in between. A merge by hand is taken back; what rules
// joined is pinned apart. Where the survivor has source patients of
// more than one organisation, two people must ask for it: the first call
// notes who and why and gives done == false, a call by somebody else does it.
// Errors: NotFound when the id was never given up, Invalid; Forbidden when
// the same person asks twice.
func (x *Index) Unmerge(ctx context.Context, former string, act Act) (done bool, err error) {
	const op = "index.Unmerge"
	if err := act.check(op); err != nil {
		return false, err
	}
	p, err := x.Person(ctx, former)
	switch {
	case err != nil:
		return false, err
	case p.ID == former:
		return false, failure.New(failure.NotFound, op, "the id was not given up")
	}
	theirs, others, err := x.formerly(ctx, p, former)
	switch {
	case err != nil:
		return false, err
	case len(theirs) == 0 || len(others) == 0:
		return false, failure.New(failure.NotFound, op, "no source patient of that person is with the survivor")
	}
	if p.organisations() > 1 {
		if second, err := x.second(ctx, op, former, act); !second || err != nil {
			return false, err
		}
	}
	return true, x.part(ctx, op, former, act, theirs, others)
}

// part parts two people who became one. Where a human had merged them, that is
// taken back, and then everything is as if it had never been said. Where rules hold
// them together, also after that, they are pinned apart.
func (x *Index) part(ctx context.Context, op, former string, act Act, theirs, others []string) error {
	merged := slices.DeleteFunc(slices.Clone(theirs), func(key string) bool {
		m, err := x.patient(ctx, key)
		return err == nil && !m.pinnedTo(others)
	})
	if len(merged) > 0 {
		if err := x.pinAll(ctx, op, act, merged, others, Pin{Kind: PinLifted}); err != nil {
			return err
		}
	}
	p, err := x.Person(ctx, former)
	if err != nil || p.ID == former {
		return err
	}
	theirs, others, err = x.formerly(ctx, p, former)
	if err != nil || len(theirs) == 0 || len(others) == 0 {
		return err
	}
	act.At = act.At.Add(time.Millisecond) // a decision of its own, after the first
	return x.pinAll(ctx, op, act, theirs, others, Pin{Kind: PinNever})
}

func (p Person) organisations() int {
	set := map[string]bool{}
	for _, s := range p.Sources {
		set[s.Organisation] = true
	}
	return len(set)
}

// formerly parts the source patients of a person into those that were another
// one's, and those who were with the survivor when the two became one. Who came
// later is in neither: what was said of them decides.
func (x *Index) formerly(ctx context.Context, p Person, former string) (theirs, others []string, err error) {
	var rest []*member
	joined := ""
	for _, key := range p.keys() {
		m, err := x.patient(ctx, key)
		switch {
		case err != nil:
			return nil, nil, err
		case !slices.Contains(m.stored.Was, former):
			rest = append(rest, m)
			continue
		}
		theirs = append(theirs, key)
		if e, ok := m.left(former); ok {
			joined = max(joined, e.Origin.Delivery)
		}
	}
	for _, m := range rest {
		if m.pinnedTo(theirs) || !m.cameAfter(p.ID, joined) {
			others = append(others, m.key)
		}
	}
	return theirs, others, nil
}

// left gives the decision by which the source patient left a person.
func (m *member) left(person string) (Event, bool) {
	for _, e := range slices.Backward(m.stored.Events) {
		if e.Former == person && e.Person != person {
			return e, true
		}
	}
	return Event{}, false
}

// pinnedTo says whether a human merged the source patient with one of them.
func (m *member) pinnedTo(keys []string) bool {
	return slices.ContainsFunc(m.stored.Pins, func(p Pin) bool { return p.Kind == PinMust && slices.Contains(keys, p.With) })
}

// cameAfter says whether the source patient joined a person after a delivery was received.
// Ids of deliveries are ULIDs, which sort by time.
func (m *member) cameAfter(person, delivery string) bool {
	for _, e := range m.stored.Events {
		if e.Person == person && e.Former != person {
			return e.Origin.Delivery > delivery
		}
	}
	return false
}

// second notes the first request to take up an id again, and says whether this is
// a second one, by somebody else.
func (x *Index) second(ctx context.Context, op, former string, act Act) (bool, error) {
	items, err := x.table.Get(ctx, unmergeKey(former))
	if err != nil {
		return false, err
	}
	first, err := decode[Act](items[0], "unmerge")
	switch {
	case err != nil:
		return false, err
	case items[0].Version == 0:
		return false, x.table.Commit(ctx, table.Write{Key: unmergeKey(former), Body: encode(act), If: table.Absent})
	case first.By == act.By:
		return false, failure.New(failure.Forbidden, op, "somebody else must ask for it too")
	}
	return true, x.table.Commit(ctx, table.Write{Key: unmergeKey(former), Action: table.Delete, If: table.AtVersion(items[0].Version)})
}

// pinAll pins every source patient of the one side to every one of the other, in
// one decision. Together, one pair would be enough; but then whoever takes out
// one of the two would undo all of it.
func (x *Index) pinAll(ctx context.Context, op string, act Act, as, bs []string, pin Pin) error {
	pin.Act = act
	said := map[string][]*Statement{}
	members := map[string]*member{}
	for _, key := range slices.Concat(as, bs) {
		m, err := x.patient(ctx, key)
		if err != nil {
			return err
		}
		members[key] = m
	}
	for _, a := range as {
		for _, b := range bs {
			pinBoth(said, members[a], members[b], pin)
		}
	}
	if err := x.run(ctx, act.At, said); err != nil {
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

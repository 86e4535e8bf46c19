package index

import (
	"context"
	"fmt"
	"slices"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/version"
)

// PinsApplied says what became of records.
type PinsApplied struct {
	Applied int `json:"applied"` // that brought something new
	Known   int `json:"known"`   // that were there, or something newer on the same two
	Ahead   int `json:"ahead"`   // of all of them: a source patient has not come yet; the decision is kept and waits for it
}

// ApplyPins takes in decisions of humans that Pins gave, in any order, at any
// time again: before the raw files are loaded anew, after, or in between. Of two
// decisions on the same two source patients the newer one stands. A review that
// was decided here stays as it is. Errors: failure.Invalid for a record that is
// none, and then nothing is done.
func (x *Index) ApplyPins(ctx context.Context, records ...PinRecord) (PinsApplied, error) {
	const op = "index.ApplyPins"
	var sum PinsApplied
	list := slices.Clone(records)
	for i := range list {
		if err := list[i].check(op); err != nil {
			return sum, fmt.Errorf("record %d: %w", i+1, err)
		}
	}
	slices.SortStableFunc(list, func(a, b PinRecord) int { return a.Act.compare(b.Act) })
	for len(list) > 0 { // what one act said is decided at once, as it was
		n := 1
		for n < len(list) && list[n].Act.compare(list[0].Act) == 0 {
			n++
		}
		if err := x.applyAct(ctx, list[:n], &sum); err != nil {
			return sum, fmt.Errorf("%s: %w", op, err)
		}
		list = list[n:]
	}
	return sum, nil
}

func (r *PinRecord) check(op string) error {
	if err := r.Act.check(op); err != nil {
		return err
	}
	two := r.Right != SourceName{}
	switch {
	case (r.Pin != "") == (r.Review != nil):
		return failure.New(failure.Invalid, op, "it is a pin or a review, and one of them")
	case !r.Left.named() || two && !r.Right.named() || r.Left == r.Right:
		return failure.New(failure.Invalid, op, "it does not name the source patients")
	case r.Pin != "" && (!two || r.Pin != PinMust && r.Pin != PinNever && r.Pin != PinLifted):
		return failure.New(failure.Invalid, op, "a pin is must, never or lifted, of two")
	case r.Review != nil && (!slices.Contains(ReviewKinds(), r.Review.Kind) || r.Review.Answer != AnswerSame && r.Review.Answer != AnswerDifferent):
		return failure.New(failure.Invalid, op, "a review that was decided has a kind, and an answer that is same or different")
	}
	return nil
}

func (n *SourceName) named() bool { return (n.Organisation != "" && n.Value != "") != (n.Key != "") }

// named gives the key of a source patient; empty for no name.
func (x *Index) named(n SourceName) string {
	if n.Value == "" {
		return n.Key
	}
	return SourceKey(x.hasher, n.Organisation, n.System, n.Value)
}

// applyAct takes in what one act said.
func (x *Index) applyAct(ctx context.Context, records []PinRecord, sum *PinsApplied) error {
	for attempt := range attempts {
		if err := pause(ctx, attempt); err != nil {
			return err
		}
		p := pinning{index: x, act: records[0].Act, members: map[string]*member{}, reviews: map[string]storedReview{}, said: map[string][]*Statement{}, rulings: map[string]*ruling{}}
		if err := p.read(ctx, records); err != nil {
			return err
		}
		done := p.plan(records)
		if attempt == 0 {
			*sum = PinsApplied{sum.Applied + done.Applied, sum.Known + done.Known, sum.Ahead + done.Ahead}
		}
		again, err := p.write(ctx, records)
		if err != nil || !again {
			return err
		}
	}
	return failure.New(failure.Unavailable, "index.applyAct", "the patients are being changed by others; try again")
}

// pinning is one attempt to take in what one act said.
type pinning struct {
	index   *Index
	act     Act
	members map[string]*member      // source patients that are named, by key
	reviews map[string]storedReview // by id
	said    map[string][]*Statement
	rulings map[string]*ruling
}

type storedReview struct {
	Review
	version uint64
}

// read reads the source patients and the reviews that the records name.
func (p *pinning) read(ctx context.Context, records []PinRecord) error {
	for _, r := range records {
		for _, name := range []SourceName{r.Left, r.Right} {
			key := p.index.named(name)
			if key == "" || p.members[key] != nil {
				continue
			}
			m, err := p.index.patient(ctx, key)
			if failure.Is(err, failure.NotFound) {
				m, err = &member{key: key}, nil
			}
			if err != nil {
				return err
			}
			m.stored.Organisation, m.stored.System, m.stored.Value = name.Organisation, name.System, name.Value
			p.members[key] = m
		}
		if r.Review == nil {
			continue
		}
		review, version, err := p.index.review(ctx, p.reviewID(&r))
		if err != nil && !failure.Is(err, failure.NotFound) {
			return err
		}
		p.reviews[p.reviewID(&r)] = storedReview{review, version}
	}
	return nil
}

func (p *pinning) reviewID(r *PinRecord) string {
	w := wanted{kind: r.Review.Kind, member: &member{key: p.index.named(r.Left)}, matter: r.Review.Update}
	if with := p.index.named(r.Right); with != "" {
		w.with = &member{key: with}
	}
	return p.index.reviewID(w)
}

// plan words as statements what is not known.
func (p *pinning) plan(records []PinRecord) (done PinsApplied) {
	for i := range records {
		r := &records[i]
		left, right := p.members[p.index.named(r.Left)], p.members[p.index.named(r.Right)]
		if !left.hasCome() || right != nil && !right.hasCome() {
			done.Ahead++
		}
		fresh := false
		if r.Review != nil {
			fresh = p.planReview(r, left)
		} else {
			fresh = p.planPin(r, left, right)
		}
		if fresh {
			done.Applied++
		} else {
			done.Known++
		}
	}
	return done
}

// hasCome says whether an organisation has said anything of the source patient.
func (m *member) hasCome() bool {
	return len(m.stored.Said) > 0 || m.stored.Merge != nil || len(m.stored.Priors) > 0
}

func (p *pinning) planPin(r *PinRecord, left, right *member) bool {
	pin := Pin{Kind: r.Pin, Into: r.Into, Act: r.Act}
	if !left.lacks(pin, right) && !right.lacks(pin, left) {
		return false
	}
	pinBoth(p.said, left, right, pin)
	for _, m := range []*member{left, right} {
		p.said[m.key][0].Origin = p.origin(left, right, m)
	}
	return true
}

// lacks says whether the pin would change the source patient.
func (m *member) lacks(pin Pin, with *member) bool {
	i := slices.IndexFunc(m.stored.Pins, func(p Pin) bool { return p.With == with.key })
	return i < 0 || pin.stands(m.stored.Pins[i])
}

// origin gives the row behind a decision: that of the patient's own last one, or
// that of the other one's where the patient has not come yet.
func (p *pinning) origin(left, right, m *member) record.Origin {
	if origin := m.stored.linked().Origin; origin != (record.Origin{}) || right == nil {
		return origin
	}
	if m == left {
		return right.stored.linked().Origin
	}
	return left.stored.linked().Origin
}

func (p *pinning) planReview(r *PinRecord, m *member) bool {
	id := p.reviewID(r)
	stored := p.reviews[id]
	_, ruled := m.stored.Updates[r.Review.Update]
	if stored.State == ReviewDecided && slices.Contains(m.stored.Settled, id) && (r.Review.Update == "" || ruled) {
		return false
	}
	s := Statement{
		Key: m.key, Organisation: m.stored.Organisation, System: m.stored.System, Value: m.stored.Value,
		At: version.Instant{Time: p.act.At}, Origin: m.stored.linked().Origin, settles: id,
	}
	if r.Review.Update != "" && !ruled {
		s.update, s.answer = r.Review.Update, r.Review.Answer
	}
	p.said[m.key] = append(p.said[m.key], &s)
	if stored.State == ReviewOpen || stored.State == ReviewWaiting {
		looked := Review{Decision: r.Review.Decision, Origin: r.Review.Origin}
		p.rulings[id] = &ruling{stored.version, r.Review.Answer, p.act, looked}
	}
	return true
}

// write decides, and then puts the reviews there that did not come up here or
// were closed by what came later. It is to be done again when another writer
// came before.
func (p *pinning) write(ctx context.Context, records []PinRecord) (again bool, err error) {
	if len(p.said) == 0 {
		return false, nil
	}
	left, err := p.index.once(ctx, p.act.At, p.said, p.rulings)
	if err != nil || len(left) > 0 {
		return err == nil, err
	}
	for i := range records {
		if records[i].Review == nil {
			continue
		}
		err := p.restore(ctx, &records[i])
		if failure.Is(err, failure.Conflict) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return false, nil
}

func (p *pinning) restore(ctx context.Context, record *PinRecord) error {
	id := p.reviewID(record)
	stored, version, err := p.index.review(ctx, id)
	switch {
	case err != nil && !failure.Is(err, failure.NotFound):
		return err
	case version != 0 && stored.State == ReviewDecided:
		return nil
	}
	key, with := p.index.named(record.Left), p.index.named(record.Right)
	r := Review{
		ID: id, Kind: record.Review.Kind, State: ReviewDecided, Key: key, With: with, Decision: record.Review.Decision,
		Opened: record.Review.Opened, Origin: record.Review.Origin, Answer: record.Review.Answer, Act: &record.Act,
	}
	links, err := p.index.Links(ctx, slices.DeleteFunc([]string{key, with}, func(k string) bool { return k == "" })...)
	if err != nil {
		return err
	}
	r.Person, r.Other = links[key], links[with]
	c := change{review: r, version: version, checked: true}
	return p.index.table.Commit(ctx, c.writes()...)
}

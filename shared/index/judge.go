package index

import (
	"context"
	"fmt"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

// Review gives a review with both sides, open or not; NotFound when there
// never was one of this id.
func (x *Index) Review(ctx context.Context, id string) (ReviewCase, error) {
	r, _, err := x.review(ctx, id)
	if err != nil {
		return ReviewCase{}, err
	}
	c := ReviewCase{Review: r}
	for _, key := range []string{r.Key, r.With} {
		if key == "" {
			continue
		}
		m, err := x.patient(ctx, key)
		if err != nil {
			return ReviewCase{}, err
		}
		side := ReviewSide{SourcePatient: m.shown(&m.stored, &m.was), Person: m.stored.Person}
		side.Key = key
		if r.Kind == ReviewOverlay && m.was.held != "" {
			update := m.stored.heldUpdate(&m.was)
			side.Update = &update
		}
		c.Sides = append(c.Sides, side)
	}
	return c, nil
}

// review reads a review and its version.
func (x *Index) review(ctx context.Context, id string) (Review, uint64, error) {
	items, err := x.table.Get(ctx, reviewKey(id))
	if err != nil {
		return Review{}, 0, err
	}
	if items[0].Version == 0 {
		return Review{}, 0, failure.New(failure.NotFound, "index.Review", "no such review")
	}
	r, err := decode[Review](items[0], "review")
	return r, items[0].Version, err
}

// patient reads a source patient; NotFound when it is not known.
func (x *Index) patient(ctx context.Context, key string) (*member, error) {
	items, err := x.table.Get(ctx, patientKey(key))
	if err != nil {
		return nil, err
	}
	m := &member{key: key, version: items[0].Version}
	if m.version == 0 {
		return nil, failure.New(failure.NotFound, "index.patient", "no such patient of an organisation")
	}
	m.stored, err = decodePatient(items[0])
	m.was = x.derive(&m.stored)
	return m, err
}

// Decide answers a review. AnswerSame and AnswerDifferent become pins which
// every later run obeys. Errors: failure.Invalid for an act without who, why or
// when, NotFound, Conflict when it was decided by somebody else first (also a moment
// before), Gone when it was closed because what was said since has settled it.
func (x *Index) Decide(ctx context.Context, id string, answer Answer, act Act) (Review, error) {
	const op = "index.Decide"
	if err := act.check(op); err != nil {
		return Review{}, err
	}
	if answer != AnswerSame && answer != AnswerDifferent && answer != AnswerWait {
		return Review{}, failure.New(failure.Invalid, op, "the answer is same, different or wait")
	}
	for attempt := range attempts {
		if err := pause(ctx, attempt); err != nil {
			return Review{}, err
		}
		r, done, err := x.decideOnce(ctx, id, answer, act)
		if done || err != nil {
			return r, err
		}
	}
	return Review{}, failure.New(failure.Unavailable, op, "the patients are being changed by others; try again")
}

func (x *Index) decideOnce(ctx context.Context, id string, answer Answer, act Act) (r Review, done bool, err error) {
	const op = "index.Decide"
	r, version, err := x.review(ctx, id)
	switch {
	case err != nil:
		return r, false, err
	case r.State == ReviewDecided && r.Answer == answer && *r.Act == act:
		return r, true, nil
	case r.State == ReviewDecided:
		return r, false, failure.New(failure.Conflict, op, "somebody has decided this review already")
	case r.State == ReviewClosed:
		return r, false, failure.New(failure.Gone, op, "what the organisations said since has settled this review")
	case answer == AnswerWait:
		return x.wait(ctx, r, version, act)
	}
	said, err := x.ruled(ctx, &r, answer, act)
	if err != nil {
		return r, false, err
	}
	again, err := x.once(ctx, act.At, said, map[string]*ruling{id: {version, answer, act, r}})
	if err != nil {
		return r, false, fmt.Errorf("%s: %w", op, err)
	}
	if len(again) > 0 {
		return r, false, nil
	}
	r, _, err = x.review(ctx, id)
	return r, err == nil && r.State == ReviewDecided && *r.Act == act, err
}

// wait notes that more has to be known.
func (x *Index) wait(ctx context.Context, r Review, version uint64, act Act) (Review, bool, error) {
	r.State, r.Answer, r.Act = ReviewWaiting, AnswerWait, &act
	err := x.table.Commit(ctx, table.Write{Key: reviewKey(r.ID), Body: encode(r), If: table.AtVersion(version)},
		table.Write{Key: queueKey(&r), Body: encode(queued{Bits: r.Decision.Bits, Waits: true})})
	if failure.Is(err, failure.Conflict) {
		return r, false, nil
	}
	return r, err == nil, err
}

// ruled words an answer as statements.
func (x *Index) ruled(ctx context.Context, r *Review, answer Answer, act Act) (map[string][]*Statement, error) {
	m, err := x.patient(ctx, r.Key)
	if err != nil {
		return nil, err
	}
	s := act.statement(m)
	s.settles = r.ID
	said := map[string][]*Statement{r.Key: {s}}
	switch {
	case r.Kind == ReviewOverlay:
		s.update, s.answer = m.was.held, answer
	case r.With != "":
		other, err := x.patient(ctx, r.With)
		if err != nil {
			return nil, err
		}
		pin := Pin{Kind: PinMust, Act: act}
		if answer == AnswerDifferent {
			pin.Kind = PinNever
		}
		pinBoth(said, m, other, pin)
	}
	return said, nil
}

// pinBoth adds a decision on two source patients to what is said of each.
func pinBoth(said map[string][]*Statement, a, b *member, pin Pin) {
	for _, side := range [2][2]*member{{a, b}, {b, a}} {
		if len(said[side[0].key]) == 0 {
			said[side[0].key] = []*Statement{pin.Act.statement(side[0])}
		}
		s := said[side[0].key][0]
		one := pin
		one.With = side[1].key
		s.pins = append(s.pins, one)
	}
}

// heldUpdate gives the details of an overlay as they would stand.
func (p *patient) heldUpdate(d *derived) demographics.Details {
	return p.Said[d.held].After(d.current)
}

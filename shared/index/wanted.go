package index

import (
	"cmp"
	"slices"
	"time"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
)

// openReview is a review as its source patient knows it.
type openReview struct {
	ID     string     `json:"i"`
	Kind   ReviewKind `json:"k"`
	With   string     `json:"w,omitzero"`
	Opened time.Time  `json:"o"`
}

// wanted is a review that should be open.
type wanted struct {
	kind     ReviewKind
	member   *member
	with     *member // nil: nobody
	matter   string  // tells several reviews of the same kind and patients apart
	decision matching.Decision
}

// ruling is a human's answer to a review, on its way into the index.
type ruling struct {
	version uint64 // of the review when it was read
	answer  Answer
	act     Act
	looked  Review // what the human looked at
}

// want asks for a review, unless a human has decided the matter or the two.
func (r *resolution) want(kind ReviewKind, m, with *member, matter string, d matching.Decision) {
	if with != nil {
		if _, pinned := m.now.pinned(with.key); pinned {
			return
		}
	}
	w := wanted{kind, m, with, matter, d}
	if !slices.Contains(m.now.Settled, r.hood.index.reviewID(w)) {
		r.reviews = append(r.reviews, w)
	}
}

// reviewID follows from the matter, so that it is the same each time it comes up.
func (x *Index) reviewID(w wanted) string {
	return x.hasher.ID("review", string(w.kind), w.member.key, w.withKey(), w.matter)
}

func (w *wanted) withKey() string {
	if w.with == nil {
		return ""
	}
	return w.with.key
}

// wantMore asks for the reviews that follow from who became one person.
func (r *resolution) wantMore() {
	h := r.hood
	for _, m := range h.members {
		if m.is.held != "" {
			r.want(ReviewOverlay, m, nil, m.is.held, h.index.overlayDecision(m))
		}
		if m.crowded {
			r.want(ReviewCrowded, m, nil, "", unlinked)
		}
		if m.now.Disputed {
			d := r.crosses[m.key]
			r.want(ReviewConflict, m, h.byKey[d.with], "", d.decision)
		}
	}
	for _, g := range h.group(r.people) {
		r.wantOfPerson(g)
	}
	r.reviews = slices.DeleteFunc(r.reviews, func(w wanted) bool {
		return w.kind == ReviewPossible && slices.ContainsFunc(r.reviews, w.conflicts)
	})
}

// conflicts says whether another review is of a conflict between the same two:
// then a human is asked once.
func (w *wanted) conflicts(o wanted) bool {
	same := o.member == w.member && o.with == w.with || o.member == w.with && o.with == w.member
	return o.kind == ReviewConflict && o.matter == w.matter && same
}

// overlayDecision explains why an update is held.
func (x *Index) overlayDecision(m *member) matching.Decision {
	update := m.now.heldUpdate(&m.is)
	now, then := demographics.Clean(*m.is.current), demographics.Clean(update)
	d := x.matcher.Explain(x.matcher.Score(&now, &then))
	d.Outcome, d.Rule = matching.Conflict, matching.RuleDetails
	return d
}

// wantOfPerson asks for reviews of those who are one person: by a merge though
// their details disagree, with other organisations joined thereby; and of
// two ids of one register, which their organisation should merge.
func (r *resolution) wantOfPerson(g []*member) {
	registers, organisations := map[string]*member{}, map[string]bool{}
	for _, m := range g {
		organisations[m.now.Organisation] = true
		if m.now.Merge != nil || m.is.current == nil {
			continue
		}
		if first := registers[m.now.register()]; first != nil {
			r.want(ReviewDuplicate, first, m, "", r.linkOf(m))
		} else {
			registers[m.now.register()] = m
		}
	}
	for _, m := range g {
		survivor := r.hood.byKey[m.now.into()]
		if survivor == nil || m.is.current == nil || survivor.is.current == nil || len(organisations) < 2 {
			continue
		}
		x := r.hood.index
		if s := x.matcher.Score(&m.is.profile, &survivor.is.profile); s.Guards != 0 || s.Bits < x.matcher.Model().ReviewBits {
			d := x.matcher.Explain(s)
			d.Outcome, d.Rule = matching.Conflict, matching.RuleMerge
			r.want(ReviewMerge, m, survivor, "", d)
		}
	}
}

// linkOf gives the decision by which a member was linked.
func (r *resolution) linkOf(m *member) matching.Decision {
	if c, ok := r.details[m.key]; ok {
		return c.decision
	}
	if c, ok := r.crosses[m.key]; ok {
		return c.decision
	}
	return unlinked
}

// change is a review that opens or closes, as it will be stored.
type change struct {
	review  Review
	version uint64 // of the stored review, where it must not have changed
	checked bool
	opens   bool
	stays   bool // it is only checked
}

// settleReviews compares what should be open with what is, member by member.
func (h *hood) settleReviews(r *resolution, received time.Time) (changes []change) {
	now := map[string][]wanted{} // by member
	for _, w := range r.reviews {
		now[w.member.key] = append(now[w.member.key], w)
	}
	for _, m := range h.members {
		var open []openReview
		for _, w := range now[m.key] {
			o := openReview{ID: h.index.reviewID(w), Kind: w.kind, With: w.withKey(), Opened: received}
			if slices.ContainsFunc(open, func(have openReview) bool { return have.ID == o.ID }) {
				continue
			}
			if i := slices.IndexFunc(m.stored.Reviews, func(have openReview) bool { return have.ID == o.ID }); i >= 0 {
				o = m.stored.Reviews[i]
			} else {
				changes = append(changes, change{review: h.opened(w, o), opens: true})
			}
			open = append(open, o)
		}
		slices.SortFunc(open, func(a, b openReview) int { return cmp.Compare(a.ID, b.ID) })
		for _, o := range m.stored.Reviews {
			if !slices.ContainsFunc(open, func(have openReview) bool { return have.ID == o.ID }) {
				changes = append(changes, h.closed(m, o))
			}
		}
		m.now.Reviews = open
	}
	return append(changes, h.unmoved(changes)...)
}

// unmoved gives the reviews on which a human decides in this attempt and which
// are closed already: the decision may only be made if nobody else has made one.
func (h *hood) unmoved(changes []change) (checks []change) {
	for id, ruled := range h.rulings {
		settled := slices.ContainsFunc(changes, func(c change) bool { return c.review.ID == id })
		if h.byKey[ruled.looked.Key] != nil && !settled {
			checks = append(checks, change{review: ruled.looked, version: ruled.version, checked: true, stays: true})
		}
	}
	return checks
}

func (h *hood) opened(w wanted, o openReview) Review {
	review := Review{
		ID: o.ID, Kind: o.Kind, State: ReviewOpen, Key: w.member.key, With: o.With, Person: w.member.now.Person,
		Decision: w.decision, Opened: o.Opened, Origin: h.origin(w.member),
	}
	if w.with != nil {
		review.Other = w.with.now.Person
	}
	return review
}

// closed gives a review that a human decided, or that what was said since has
// settled.
func (h *hood) closed(m *member, o openReview) change {
	c := change{review: Review{
		ID: o.ID, Kind: o.Kind, State: ReviewClosed, Key: m.key, With: o.With, Person: m.now.Person,
		Decision: m.now.linked().Decision, Opened: o.Opened, Origin: h.origin(m),
	}}
	if other := h.byKey[o.With]; other != nil {
		c.review.Other = other.now.Person
	}
	if ruled := h.rulings[o.ID]; ruled != nil {
		c.review.State, c.review.Answer, c.review.Act = ReviewDecided, ruled.answer, &ruled.act
		c.review.Decision, c.review.Origin = ruled.looked.Decision, ruled.looked.Origin
		c.version, c.checked = ruled.version, true
	}
	return c
}

package index

import (
	"context"
	"iter"

	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
)

// ReviewKind says why a human should look at a source patient.
type ReviewKind string

const (
	// ReviewConflict: it states an NHS number that another person holds, and the
	// cross-check fails.
	ReviewConflict ReviewKind = "conflict"
	// ReviewMerged: its organisation merged it with one that states another NHS number.
	ReviewMerged ReviewKind = "merged-numbers"
	// ReviewCrowded: too many source patients state its NHS number.
	ReviewCrowded ReviewKind = "crowded-number"
)

// Review is something that the rules would not decide in silence.
type Review struct {
	Kind     ReviewKind        `json:"-"`
	Key      string            `json:"-"` // the source patient
	Open     bool              `json:"open"`
	Person   string            `json:"person,omitzero"`
	With     string            `json:"with,omitzero"` // key of the source patient that it was compared with
	Decision matching.Decision `json:"decision"`
	Origin   record.Origin     `json:"origin"` // the row that opened or closed it
}

// spkAlphabet are the characters with which a source patient's key can begin.
const spkAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// Reviews gives the open reviews of a kind, in no order of importance.
func (x *Index) Reviews(ctx context.Context, kind ReviewKind) iter.Seq2[Review, error] {
	return func(yield func(Review, error) bool) {
		for _, c := range spkAlphabet {
			r := table.Range{Partition: reviewKey(kind, string(c)).Partition}
			for item, err := range x.table.Query(ctx, r) {
				var review Review
				if err == nil {
					review, err = decode[Review](item, "review")
				}
				review.Kind, review.Key = kind, item.Sort
				if err == nil && !review.Open {
					continue
				}
				if !yield(review, err) || err != nil {
					return
				}
			}
		}
	}
}

package index

import (
	"time"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/record"
)

// ReviewKind says why a human should look at source patients.
type ReviewKind string

const (
	// ReviewPossible: two source patients may be one person; the evidence does
	// not suffice, or another person is as likely.
	ReviewPossible ReviewKind = "possible"
	// ReviewConflict: there is evidence for and against. It states an NHS
	// number that another person holds, and the cross-check fails; or all but the
	// NHS numbers agree.
	ReviewConflict ReviewKind = "conflict"
	// ReviewOverlay: its details have turned into somebody else's. The update is
	// held and the links stay until a human decides.
	ReviewOverlay ReviewKind = "overlay"
	// ReviewMerge: its organisation merged it with a patient whose details
	// disagree, and source patients of other organisations are thereby joined.
	ReviewMerge ReviewKind = "merge"
	// ReviewDuplicate: two patients of one organisation are one person by all
	// that is known; the organisation should merge them.
	ReviewDuplicate ReviewKind = "duplicate"
	// ReviewMerged: its organisation merged it with one that states another NHS number.
	ReviewMerged ReviewKind = "merged-numbers"
	// ReviewCrowded: too many source patients state its NHS number, or look like it.
	ReviewCrowded ReviewKind = "crowded-number"
)

// ReviewKinds are all kinds, the most urgent first.
func ReviewKinds() []ReviewKind {
	return []ReviewKind{
		ReviewOverlay, ReviewConflict, ReviewMerge, ReviewMerged, ReviewPossible, ReviewDuplicate, ReviewCrowded,
	}
}

// ReviewState is where a review stands.
type ReviewState string

const (
	ReviewOpen    ReviewState = "open"
	ReviewWaiting ReviewState = "waiting" // looked at; more has to be known. It stays in the queue
	ReviewDecided ReviewState = "decided" // by a human
	ReviewClosed  ReviewState = "closed"  // what was said since has settled it
)

// Answer is what a human says to a review.
type Answer string

const (
	AnswerSame      Answer = "same"      // one person; of an overlay: the update is right
	AnswerDifferent Answer = "different" // two people; of an overlay: the update is somebody else's and stays out
	AnswerWait      Answer = "wait"      // not yet
)

// Review is something that the rules would not decide in silence.
type Review struct {
	ID       string            `json:"id"` // opaque; the same matter has the same id each time it comes up
	Kind     ReviewKind        `json:"kind"`
	State    ReviewState       `json:"state"`
	Key      string            `json:"key"`            // the source patient
	With     string            `json:"with,omitzero"`  // key of the other one; empty where there is none
	Person   string            `json:"person"`         // the person of Key when it was last opened
	Other    string            `json:"other,omitzero"` // and that of With
	Decision matching.Decision `json:"decision"`       // with its waterfall
	Opened   time.Time         `json:"opened"`         // when the row was received that opened it
	Origin   record.Origin     `json:"origin"`         // that row
	Answer   Answer            `json:"answer,omitzero"`
	Act      *Act              `json:"act,omitempty"` // who gave the answer
}

// ReviewOrder is an order in which the queue is listed.
type ReviewOrder string

const (
	ByAge   ReviewOrder = "age"   // the oldest first
	ByScore ReviewOrder = "score" // the most bits first
)

// ReviewQuery asks for a part of the queue.
type ReviewQuery struct {
	Kinds []ReviewKind // none: all
	Order ReviewOrder  // default ByAge
	Limit int          // 1 to 200; 0: 50
	After string       // ReviewPage.Next of the page before
}

// ReviewPage is a page of the queue.
type ReviewPage struct {
	Reviews []Review
	Next    string // empty: that was the last
}

// ReviewCase is a review with both sides as they are now.
type ReviewCase struct {
	Review
	Sides []ReviewSide // Key's, then With's if there is one
}

// ReviewSide is one side of a review.
type ReviewSide struct {
	SourcePatient
	Person string                // its person now
	Update *demographics.Details // of an overlay: the details that are held
}

// ReviewMetrics says how the queue stands.
type ReviewMetrics struct {
	Open      map[ReviewKind]int // waiting ones included
	Waiting   int
	Oldest    time.Time      // when the oldest open one was opened; zero: none is open
	Decisions map[string]int // day in London, YYYY-MM-DD, to decisions on that day
}

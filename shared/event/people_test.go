package event_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	samples "github.com/carerecord/carerecord/events"
	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
)

const (
	anna  = "01KAS3R8F0A2B4C6D8E0F2G4H6"
	ben   = "01KAS3R8F0S1Q7T5W3Y2K9H4D6"
	clara = "01KAS3R8F0C2C4C6C8C0C2C4C6"
)

// state is an item of the index with a body; an empty one is not there.
func state(t *testing.T, partition, sort string, body any) table.Item {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) == `""` {
		return table.Item{}
	}
	return table.Item{Key: table.Key{Partition: partition, Sort: sort}, Version: 1, Body: text}
}

func alias(t *testing.T, survivor string) table.Item {
	t.Helper()
	if survivor == "" {
		return state(t, "", "", "")
	}
	return state(t, "P#"+anna, "A", map[string]string{"p": survivor})
}

// told gives the events of one change of the index.
func told(t *testing.T, before, after table.Item) []event.Event {
	t.Helper()
	events := published(t, []event.Change{{ID: strings.Repeat("a", 32), At: changed, Of: event.Index, Old: before, New: after}})
	conform(t, events)
	return events
}

// An id that is given up, that comes to lead elsewhere, and that is in use again.
func TestMergesOfPeople(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ before, after, kind, survivor string }{
		"merged":                 {"", ben, event.PersonMerged, ben},
		"the survivor is merged": {ben, clara, event.PersonMerged, clara},
		"unmerged":               {ben, "", event.PersonUnmerged, ben},
		"written again":          {ben, ben, "", ""},
		"neither":                {"", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var want []event.Event
			if c.kind != "" {
				want = []event.Event{{Type: c.kind, Data: &event.Merge{Person: anna, Survivor: c.survivor}}}
			}
			if diff := cmp.Diff(want, told(t, alias(t, c.before), alias(t, c.after)), essence); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// essence compares events by type and data.
var essence = cmp.Transformer("essence", func(e event.Event) [2]any { return [2]any{e.Type, e.Data} })

// A merge that a hospital states is told of as a merge of people too, with every
// source patient that moves.
func TestAMergeIsToldInFull(t *testing.T) {
	t.Parallel()
	w := watch(t, event.Index)
	survivor, prior := says(t, "RZZ", "1", "1980-02-29", 1), says(t, "RZZ", "2", "1931-07-04", 2)
	apply(t, w, survivor)
	apply(t, w, prior)
	merged := prior
	merged.Details, merged.MergedInto, merged.At.Time = nil, survivor.Key, received
	merged.At.Row, merged.Origin.Row = 3, 3
	events := apply(t, w, merged)
	got := kinds(people(events))
	slices.Sort(got)
	if diff := cmp.Diff([]string{event.PersonLinked, event.PersonMerged, event.PersonUnlinked}, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	var left, joined string
	var merge event.Merge
	for _, e := range events {
		switch data := e.Data.(type) {
		case *event.Merge:
			merge = *data
		case *event.Link:
			if e.Type == event.PersonLinked {
				joined = data.Person
			} else {
				left = data.Person
			}
		}
	}
	if want := (event.Merge{Person: left, Survivor: joined}); merge != want || left == "" || left == joined {
		t.Errorf("merge %+v, want %+v", merge, want)
	}
	conform(t, events)
}

// review is one with all that it can hold, personal words of staff included.
func review(t *testing.T, at index.ReviewState, answer index.Answer) table.Item {
	t.Helper()
	if at == "" {
		return table.Item{}
	}
	id := hasher(t).ID("review", "1")
	r := index.Review{
		ID: id, Kind: index.ReviewPossible, State: at, Answer: answer, Person: anna, Other: ben, Opened: received,
		Key: hasher(t).ID("source-patient", "1"), With: hasher(t).ID("source-patient", "2"),
		Decision: matching.Decision{Outcome: matching.Possible, Rule: matching.RuleDetails, By: "CANARY", Reason: "Zoe Canary, born 1980"},
		Origin:   record.Origin{Organisation: "RZZ", Feed: "adt", Delivery: deliveryID, Row: 1},
	}
	if answer != "" {
		r.Act = &index.Act{By: "CANARY", Organisation: "RZZ", Reason: "Zoe Canary, born 1980", At: received}
	}
	return state(t, "V#"+id, "V", r)
}

func TestReviews(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before, after index.ReviewState
		was, is       index.Answer
		want          string
	}{
		"opened":                        {"", index.ReviewOpen, "", "", event.ReviewOpened},
		"opened again after a decision": {index.ReviewDecided, index.ReviewOpen, index.AnswerDifferent, "", event.ReviewOpened},
		"opened again after it closed":  {index.ReviewClosed, index.ReviewOpen, "", "", event.ReviewOpened},
		"waits":                         {index.ReviewOpen, index.ReviewWaiting, "", index.AnswerWait, ""},
		"open still":                    {index.ReviewOpen, index.ReviewOpen, "", "", ""},
		"decided":                       {index.ReviewOpen, index.ReviewDecided, "", index.AnswerSame, event.ReviewDecided},
		"decided after a wait":          {index.ReviewWaiting, index.ReviewDecided, index.AnswerWait, index.AnswerDifferent, event.ReviewDecided},
		"decided otherwise":             {index.ReviewDecided, index.ReviewDecided, index.AnswerSame, index.AnswerDifferent, event.ReviewDecided},
		"written again":                 {index.ReviewDecided, index.ReviewDecided, index.AnswerSame, index.AnswerSame, ""},
		"closed":                        {index.ReviewOpen, index.ReviewClosed, "", "", event.ReviewDecided},
		"closed after a wait":           {index.ReviewWaiting, index.ReviewClosed, index.AnswerWait, index.AnswerWait, event.ReviewDecided},
		"never open":                    {"", index.ReviewClosed, "", "", ""},
		"taken away":                    {index.ReviewOpen, "", "", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			events := told(t, review(t, c.before, c.was), review(t, c.after, c.is))
			if c.want == "" {
				if len(events) != 0 {
					t.Errorf("told: %v", kinds(events))
				}
				return
			}
			want := event.Review{
				Review: hasher(t).ID("review", "1"), Kind: "possible", State: c.after, Person: anna, Other: ben, Opened: received, Delivery: deliveryID,
				SourcePatient: hasher(t).ID("source-patient", "1"), With: hasher(t).ID("source-patient", "2"),
			}
			if c.after == index.ReviewDecided {
				want.Answer = c.is
			}
			if diff := cmp.Diff([]event.Event{{Type: c.want, Data: &want}}, events, essence); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Every kind of review that the index knows stands in the contracts, and no other.
func TestContractsKnowEveryKindOfReview(t *testing.T) {
	t.Parallel()
	for _, name := range []string{event.ReviewOpened, event.ReviewDecided} {
		var schema struct {
			Properties struct {
				Detail struct {
					Properties struct {
						Data struct {
							Properties struct {
								Kind struct{ Enum []index.ReviewKind }
							}
						}
					}
				}
			}
		}
		text, err := samples.FS.ReadFile("contracts/" + name + ".v1.schema.json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		want, got := index.ReviewKinds(), schema.Properties.Detail.Properties.Data.Properties.Kind.Enum
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-index +contract):\n%s", name, diff)
		}
	}
}

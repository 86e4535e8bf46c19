package runtimetest_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/functions/catalogue"
	"github.com/carerecord/carerecord/functions/runtimetest"
	"github.com/carerecord/carerecord/shared/event"
	"github.com/carerecord/carerecord/shared/index"
)

// What reviewers answer, link, unlink, merge and take back is told on the bus,
// without a word of whom it is about, of who did it, or why.
func TestReviewersDecisionsAreTold(t *testing.T) {
	t.Parallel()
	r := doubtful(t)
	r.Canaries = append(r.Canaries, "first-reviewer", "second-reviewer", "CANARY")
	page, err := indexOf(t, r).Reviews(t.Context(), index.ReviewQuery{Kinds: []index.ReviewKind{index.ReviewPossible}})
	if err != nil || len(page.Reviews) == 0 {
		t.Fatalf("%d reviews, %v", len(page.Reviews), err)
	}
	const practice, hospital = "urn:carerecord:patient:Z99901:patients|T1", "urn:carerecord:patient:RZZ:SIMULATOR MRN|2777246431"
	survivor, former := twoSides(t, r)
	p := r.Start(t, "serve-fhir")
	does := func(who, path string, form url.Values, status int, together bool) (other string) {
		t.Helper()
		form.Set("reason", "CANARY, said the practice")
		if a := proxied(t, p.Invoke(t, reviewing(t, path, who, "R8013", form)).Payload); a.status != status {
			t.Fatalf("%s: status %d, %s", path, a.status, a.body)
		}
		one, other := twoSides(t, r)
		if (one == other) != together {
			t.Fatalf("%s: one person: %v, want %v", path, one == other, together)
		}
		return other
	}
	does("first-reviewer", "Task/"+page.Reviews[0].ID+"/$decide", url.Values{"answer": {"same"}}, http.StatusOK, true)
	does("first-reviewer", "Patient/$unlink", url.Values{"sourceIdentifier": {practice}}, http.StatusOK, false)
	does("first-reviewer", "Patient/$link", url.Values{"sourceIdentifier": {practice, hospital}}, http.StatusOK, true)
	person := does("first-reviewer", "Patient/$unlink", url.Values{"sourceIdentifier": {practice}}, http.StatusOK, false)
	does("first-reviewer", "Patient/"+survivor+"/$merge", url.Values{"source-patient": {"Patient/" + person}}, http.StatusOK, true)
	does("first-reviewer", "Patient/"+person+"/$unmerge", url.Values{}, http.StatusAccepted, true)
	if got := does("second-reviewer", "Patient/"+person+"/$unmerge", url.Values{}, http.StatusOK, false); got != person {
		t.Errorf("the person came back as %s, want %s", got, person)
	}
	checkTold(t, r, former, person)
}

// checkTold looks at what the index's stream becomes on the bus: both ids were
// given up, and the second came back.
func checkTold(t *testing.T, r *runtimetest.Region, former, person string) {
	t.Helper()
	p := r.Start(t, "publish-events")
	if n := streamed(t, p, r.Records(t, catalogue.TableIndex)); n > 0 {
		t.Errorf("%d batches came back", n)
	}
	var kinds, merged, unmerged []string
	for _, e := range p.Bus.Taken() {
		r.CheckPrivate(t, e.DetailType, []byte(e.Detail))
		var told struct{ Data event.Merge }
		if err := json.Unmarshal([]byte(e.Detail), &told); err != nil {
			t.Fatal(err)
		}
		switch kinds = append(kinds, e.DetailType); e.DetailType {
		case event.PersonMerged:
			merged = append(merged, told.Data.Person)
		case event.PersonUnmerged:
			unmerged = append(unmerged, told.Data.Person)
		}
	}
	slices.Sort(kinds)
	want := []string{event.PersonLinked, event.PersonMerged, event.PersonUnlinked, event.PersonUnmerged, event.ReviewDecided, event.ReviewOpened}
	if diff := cmp.Diff(want, slices.Compact(kinds)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if !slices.Contains(merged, former) || !slices.Contains(merged, person) || !slices.Contains(unmerged, person) {
		t.Errorf("merged %v, unmerged %v; want %s and %s, and the last back", merged, unmerged, former, person)
	}
}

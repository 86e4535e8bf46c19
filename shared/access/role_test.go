package access_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/carerecord/carerecord/shared/access"
)

// Of all job roles that a token can name, three review links: Privacy Officer,
// Caldicott Guardian and Health Records Manager (SDS job role list).
func TestThreeRolesReview(t *testing.T) {
	t.Parallel()
	want := []string{"R0001", "R5105", "R8013"}
	if got := access.Reviewers(); !slices.Equal(got, want) {
		t.Errorf("reviewers %v, want %v", got, want)
	}
	for n := range 10000 {
		caller := access.Caller{Subject: "u", Issuer: issuer, Organisation: "RXX", Role: fmt.Sprintf("R%04d", n)}
		reviewing := access.Decide(caller, access.Request{Activity: access.Reviewing, Interaction: "$decide", Type: "Task"})
		if permit := slices.Contains(want, caller.Role); reviewing.Permit != permit || permit != (reviewing.Reason == "") {
			t.Fatalf("%s reviews: %+v", caller.Role, reviewing)
		}
		if reading := access.Decide(caller, access.Request{Activity: access.Reading, Interaction: "read", Type: "Patient"}); !reading.Permit {
			t.Fatalf("%s may not read: %s", caller.Role, reading.Reason)
		}
	}
	nobody := access.Decide(access.Caller{Role: "R8013"}, access.Request{Activity: access.Reviewing, Interaction: "$decide", Type: "Task"})
	if nobody.Permit {
		t.Error("a role without a caller reviews")
	}
}

// What Reviewers gives is a copy: nobody can let a role in by changing it.
func TestReviewersCannotBeChanged(t *testing.T) {
	t.Parallel()
	access.Reviewers()[0] = "R8000"
	if slices.Contains(access.Reviewers(), "R8000") {
		t.Error("the list was changed")
	}
}

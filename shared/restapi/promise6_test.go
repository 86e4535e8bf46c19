package restapi_test

import (
	"net/http/httptest"
	"testing"

	"github.com/carerecord/carerecord/shared/access"
)

// TestPromise6NoDataWithoutPermission asks for everything with tokens that do
// not permit it, of a region that holds the people and of one that holds
// nobody: the answers are the same byte for byte, so that a refusal says
// nothing of who is there. Nothing is changed either.
func TestPromise6NoDataWithoutPermission(t *testing.T) {
	t.Parallel()
	held, empty := newRegion(t), newRegion(t)
	empty.clear()
	for name, claims := range map[string]*access.Claims{
		"no token":        nil,
		"no role":         {Subject: "u", Organisation: "RXX"},
		"no organisation": {Subject: "u", Role: "R8013"},
		"no reviewer":     {Subject: "u", Organisation: "RXX", Role: "R8000"},
	} {
		for target, look := range looks() {
			if name == "no reviewer" && !look.reviewer {
				continue
			}
			ask := func(r *region) *httptest.ResponseRecorder {
				value := ""
				if claims != nil {
					value = "Bearer " + r.tokenFor(t, *claims)
				}
				return r.ask(t, look, header("Authorization", value))
			}
			a, b := ask(held), ask(empty)
			if a.Code != 401 && a.Code != 403 || a.Code != b.Code || a.Body.String() != b.Body.String() {
				t.Errorf("%s, %s: status %d and %d, bodies of %d and %d bytes", name, target, a.Code, b.Code, a.Body.Len(), b.Body.Len())
			}
		}
	}
	if len(held.changes) > 0 {
		t.Errorf("changed without permission: %v", held.changes)
	}
}

// TestPromise6ReviewersRead: who reviews may read as others do.
func TestPromise6ReviewersRead(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	for target, look := range looks() {
		if w := r.ask(t, look, as(r.warden)); w.Code == 401 || w.Code == 403 && target != "cross-reference URL" {
			t.Errorf("%s: status %d", target, w.Code)
		}
	}
}

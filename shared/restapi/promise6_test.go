package restapi_test

import (
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/carerecord/carerecord/shared/access"
)

// TestPromise6NoDataWithoutPermission asks for everything with tokens that do
// not permit it, of a region that holds the person and of one that holds
// nobody: the answers are the same byte for byte, so that a refusal says
// nothing of who is there.
func TestPromise6NoDataWithoutPermission(t *testing.T) {
	t.Parallel()
	held, empty := newRegion(t), newRegion(t)
	clear(empty.persons)
	clear(empty.numbers)
	clear(empty.sources)
	for name, claims := range map[string]*access.Claims{
		"no token":        nil,
		"no role":         {Subject: "u", Organisation: "RXX"},
		"no organisation": {Subject: "u", Role: "R8000"},
	} {
		for _, target := range []string{
			"/fhir/R4/Patient/" + person, "/fhir/R4/Patient/" + oldID, everything, everything + "?_count=1",
			"/fhir/R4/Observation?patient=" + person, "/fhir/R4/Patient?identifier=" + url.QueryEscape(numberID+"|"+number),
		} {
			ask := func(r *region) *httptest.ResponseRecorder {
				value := ""
				if claims != nil {
					value = "Bearer " + r.tokenFor(t, *claims)
				}
				return r.do(t, "GET", target, header("Authorization", value))
			}
			a, b := ask(held), ask(empty)
			if a.Code < 400 || a.Code != b.Code || a.Body.String() != b.Body.String() {
				t.Errorf("%s: status %d and %d, bodies of %d and %d bytes", name, a.Code, b.Code, a.Body.Len(), b.Body.Len())
			}
		}
	}
}

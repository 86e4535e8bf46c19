package restapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/restapi"
)

// A path that is listed is answered with its methods and refuses the others; a
// public one needs no token.
func TestPathsAreThoseThatAreAnswered(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	fill := strings.NewReplacer("{type}", "Patient", "{id}", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "{operation}", "$everything")
	for _, p := range restapi.Paths() {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
			w := r.do(t, method, fill.Replace(p.Pattern), header("Authorization", ""))
			want := http.StatusUnauthorized
			switch {
			case !slices.Contains(p.Methods, method):
				want = http.StatusMethodNotAllowed
			case p.Public:
				want = http.StatusOK
			}
			if w.Code != want {
				t.Errorf("%s %s: status %d, want %d", method, p.Pattern, w.Code, want)
			}
		}
	}
}

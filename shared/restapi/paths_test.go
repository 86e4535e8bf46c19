package restapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/carerecord/carerecord/shared/restapi"
)

// A path that is listed is answered with its methods and refuses the others; a
// public one needs no token. Where an operation and an id take one place, a
// method is answered by one of them.
func TestPathsAreThoseThatAreAnswered(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	fills := []*strings.Replacer{
		strings.NewReplacer("{type}", "Patient", "{id}", "01ARZ3NDEKTSV4RRFFQ69G5FAV", "{operation}", "$everything"),
		strings.NewReplacer("{type}", "Patient", "{id}", "$match", "{operation}", "$merge"),
	}
	for _, p := range restapi.Paths() {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
			want := http.StatusUnauthorized
			switch {
			case !slices.Contains(p.Methods, method):
				want = http.StatusMethodNotAllowed
			case p.Public:
				want = http.StatusOK
			}
			var got []int
			for _, fill := range fills {
				got = append(got, r.do(t, method, fill.Replace(p.Pattern), header("Authorization", "")).Code)
			}
			if !slices.Contains(got, want) || want == http.StatusMethodNotAllowed && slices.Max(got) > slices.Min(got) {
				t.Errorf("%s %s: status %v, want %d", method, p.Pattern, got, want)
			}
		}
	}
}

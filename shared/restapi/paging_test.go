package restapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/carerecord/carerecord/shared/record"
)

// walk follows next links from target and gives all matches in order. between
// runs before every page but the first.
func walk(t *testing.T, rt *rapid.T, r *region, target string, count int, between func()) []string {
	var all []string
	for page := 0; target != ""; page++ {
		if page > 0 {
			between()
		}
		b := read(t, r.do(t, "GET", target))
		names, _ := b.in(t, "match")
		if len(names) > count || len(names) == 0 && b.link("next") != "" {
			rt.Fatalf("page %d has %d matches, _count is %d", page, len(names), count)
		}
		if outcomes, _ := b.in(t, "outcome"); len(outcomes) != 1 {
			rt.Fatalf("page %d has %d outcomes", page, len(outcomes))
		}
		all, target = append(all, names...), b.link("next")
	}
	return all
}

var kinds = []string{"AllergyIntolerance", "Condition", "Encounter", "Medication", "MedicationRequest", "Observation"}

func draw(rt *rapid.T, label string) (owner, kind, id string) {
	owner = rapid.SampledFrom([]string{hospital, practice}).Draw(rt, label+" owner")
	kind = rapid.SampledFrom(kinds).Draw(rt, label+" type")
	return owner, kind, fmt.Sprintf("%s-%s-%03d", owner[3:4], label, rapid.IntRange(0, 60).Draw(rt, label+" id"))
}

func (r *region) add(owner, kind, id string) {
	r.put(entry(owner, kind, id, `{"resourceType":"`+kind+`","id":"`+id+`"}`, 1))
}

// TestPagesAreTheWhole: pages of any size, put end to end, are the unpaged answer.
func TestPagesAreTheWhole(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	rapid.Check(t, func(rt *rapid.T) {
		r.entries.owned = map[string][]record.Entry{}
		for range rapid.IntRange(0, 25).Draw(rt, "entries") {
			r.add(draw(rt, "old"))
		}
		target, separator := everything, "?"
		if rapid.Bool().Draw(rt, "filtered") {
			target, separator = target+"?_type=Observation,Encounter,MedicationRequest,Patient", "&"
		}
		whole, _ := read(t, r.do(t, "GET", target)).in(t, "match")
		count := rapid.IntRange(1, 30).Draw(rt, "count")
		paged := walk(t, rt, r, fmt.Sprintf("%s%s_count=%d", target, separator, count), count, func() {})
		if diff := cmp.Diff(whole, paged); diff != "" {
			rt.Fatalf("pages of %d (-whole +paged):\n%s", count, diff)
		}
	})
}

// TestPagesAreStable: while new data arrives between the pages, nothing comes
// twice and nothing that was there at the start is lost.
func TestPagesAreStable(t *testing.T) {
	t.Parallel()
	r := newRegion(t)
	rapid.Check(t, func(rt *rapid.T) {
		r.entries.owned = map[string][]record.Entry{}
		for range rapid.IntRange(1, 25).Draw(rt, "entries") {
			r.add(draw(rt, "old"))
		}
		before, _ := read(t, r.do(t, "GET", everything)).in(t, "match")
		count := rapid.IntRange(1, 10).Draw(rt, "count")
		arrivals := 0
		paged := walk(t, rt, r, fmt.Sprintf("%s?_count=%d", everything, count), count, func() {
			if arrivals++; arrivals < 20 {
				r.add(draw(rt, "new")) // may also be a new version of an entry that is there
				r.add(draw(rt, "old"))
			}
		})
		if sorted := slices.Sorted(slices.Values(paged)); len(slices.Compact(sorted)) != len(paged) {
			rt.Fatalf("something came twice: %v", paged)
		}
		for _, name := range before {
			if !slices.Contains(paged, name) {
				rt.Fatalf("%s was there and is lost", name)
			}
		}
	})
}

// FuzzPage: no cursor makes a defect, and none is taken that was not given.
func FuzzPage(f *testing.F) {
	r := newRegion(f)
	f.Add("")
	f.Add("e30")
	f.Add("eyJzIjoiLSIsInQiOiJQYXRpZW50IiwiaSI6Ii0ifQ")
	f.Add("eyJzIjoiYSIsInQiOiJPYnNlcnZhdGlvbiIsImkiOiJiIn0=")
	f.Fuzz(func(t *testing.T, page string) {
		w := r.do(t, "GET", everything, func(req *http.Request) {
			q := req.URL.Query()
			q.Set("_page", page)
			req.URL.RawQuery = q.Encode()
		})
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("status %d", w.Code)
		}
	})
}

// FuzzIdentifier: no identifier makes a defect.
func FuzzIdentifier(f *testing.F) {
	r := newRegion(f)
	f.Add(numberID + "|" + number)
	f.Add(`a\|b|c\\`)
	f.Add("urn:carerecord:patient:RXX:%zz|1")
	f.Fuzz(func(t *testing.T, identifier string) {
		w := r.do(t, "GET", "/fhir/R4/Patient", func(req *http.Request) {
			q := req.URL.Query()
			q.Set("identifier", identifier)
			req.URL.RawQuery = q.Encode()
		})
		if w.Code != 200 && w.Code != 400 && w.Code != 413 {
			t.Errorf("status %d", w.Code)
		}
	})
}

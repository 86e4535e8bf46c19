package restapi_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/carerecord/carerecord/shared/access"
	"github.com/carerecord/carerecord/shared/audit"
	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/restapi"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
	"github.com/carerecord/carerecord/shared/version"
)

// stored is a region whose parts are the real ones, on an embedded store.
type stored struct {
	*region
	rounds *table.Rounds
	person string
}

// store loads n entries for each of two source patients who share an NHS number.
func store(t testing.TB, n int, counting bool) *stored {
	t.Helper()
	r := newRegion(t)
	db, err := embedded.Memory()
	check(t, err)
	t.Cleanup(func() { _ = db.Close() })
	st := &stored{region: r}
	tables := map[string]table.Table{}
	for _, name := range []string{"index", "record", "audit", "delivery"} {
		tables[name] = db.Table(name)
	}
	people, entries := index.New(tables["index"], r.hasher, matcher), record.New(tables["record"])
	for _, org := range []string{"RXX", "Y00001"} {
		key := index.SourceKey(r.hasher, org, "", "1")
		check(t, people.Apply(t.Context(), now, []index.Statement{{
			Key: key, Organisation: org, Value: "1", At: version.Instant{Time: now},
			Details: &demographics.Details{NHSNumber: number, NHSStatus: "01", BirthDate: "1970-01-31", Names: []demographics.Name{{Family: family, Given: []string{"Jan"}}}},
			Origin:  record.Origin{Organisation: org, Feed: "adt", Delivery: "d1", Row: 1},
		}}))
		_, err := entries.Load(t.Context(), synthetic(r, key, org, n))
		check(t, err)
	}
	st.person, err = people.FindNHSNumber(t.Context(), number)
	check(t, err)
	if counting {
		tables["index"], st.rounds = table.CountRounds(tables["index"])
		for _, name := range []string{"record", "audit", "delivery"} {
			tables[name] = st.rounds.Wrap(tables[name])
		}
	}
	verifier, err := access.NewVerifier(access.VerifierConfig{Issuer: "https://issuer.test", Audience: "carerecord", Keys: r.issuer.Keys(), Now: clock})
	check(t, err)
	r.handler, err = restapi.New(restapi.Config{
		Index: index.New(tables["index"], r.hasher, matcher), Record: record.New(tables["record"]), Audit: audit.New(tables["audit"], audit.Config{Now: clock}),
		Access: verifier, Hasher: r.hasher, BaseURL: baseURL, Now: clock, Log: slog.New(slog.DiscardHandler),
		Freshness: func(ctx context.Context, _ []string) ([]restapi.FeedState, error) {
			_, err := tables["delivery"].Get(ctx, table.Key{Partition: "feed", Sort: "adt"})
			return r.feeds, err
		},
	})
	check(t, err)
	return st
}

// synthetic makes n entries of the size that Synthea's Observations have (about
// 1.3 KB) and the practitioner whom they name.
func synthetic(r *region, owner, org string, n int) []record.Entry {
	doctor := r.hasher.ID("entry", org, "", "Practitioner", "1")
	list := []record.Entry{entry(record.DirectoryOwner(r.hasher, org, ""), "Practitioner", doctor, `{"resourceType":"Practitioner","id":"`+doctor+`"}`, 1)}
	filler := strings.Repeat(`{"system":"http://loinc.org","code":"8302-2","display":"Body Height"},`, 14)
	for i := range n {
		id := r.hasher.ID("entry", org, "", "Observation", fmt.Sprint(i))
		body := `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"coding":[` + strings.TrimSuffix(filler, ",") + `]},"subject":{"reference":"Patient/@"},"valueQuantity":{"value":` + fmt.Sprint(i) + `.50}}`
		list = append(list, entry(owner, "Observation", id, body, i+2, "Practitioner/"+doctor))
	}
	for i := range list {
		list[i].Origin.Organisation, list[i].Hash = org, r.hasher.ID("content", string(list[i].Resource))
	}
	return list
}

// TestAViewCostsTwoRoundsAndOneAuditWrite holds the budget of a warm view:
// the person, then all sources and their freshness at once, then the audit event.
func TestAViewCostsTwoRoundsAndOneAuditWrite(t *testing.T) {
	t.Parallel()
	st := store(t, 20, true)
	target := "/fhir/R4/Patient/" + st.person + "/$everything"
	for view, want := range []int{
		6, // the first view of a process: directory, and the opening of the audit chain (2)
		3,
		3,
	} {
		st.rounds.Reset()
		w := st.do(t, "GET", target)
		names, _ := read(t, w).in(t, "match")
		if w.Code != 200 || len(names) != 41 {
			t.Fatalf("status %d, %d matches, want 41", w.Code, len(names))
		}
		if got := st.rounds.N(); got != want {
			t.Errorf("view %d cost %d rounds, want %d", view, got, want)
		}
	}
}

func TestRealPartsPageAndInclude(t *testing.T) {
	t.Parallel()
	st := store(t, 30, false)
	whole := read(t, st.do(t, "GET", "/fhir/R4/Patient/"+st.person+"/$everything"))
	want, _ := whole.in(t, "match")
	if includes, _ := whole.in(t, "include"); len(slices.DeleteFunc(includes, func(s string) bool { return !strings.HasPrefix(s, "Practitioner/") })) != 2 {
		t.Errorf("included %v, want a Practitioner of each organisation", includes)
	}
	var got []string
	for next := "/fhir/R4/Patient/" + st.person + "/$everything?_count=7"; next != ""; {
		b := read(t, st.do(t, "GET", next))
		names, _ := b.in(t, "match")
		got, next = append(got, names...), b.link("next")
	}
	if !slices.Equal(want, got) || len(got) != 61 {
		t.Errorf("%d matches on pages, %d at once", len(got), len(want))
	}
}

// BenchmarkEverything is a view of a person with 1,145 entries in two sources.
func BenchmarkEverything(b *testing.B) {
	st := store(b, 572, false)
	target := "/fhir/R4/Patient/" + st.person + "/$everything"
	for name, encoding := range map[string]string{"plain": "", "gzip": "gzip"} {
		b.Run(name, func(b *testing.B) {
			var w *httptest.ResponseRecorder
			times := make([]time.Duration, 0, b.N)
			for b.Loop() {
				begun := time.Now()
				w = st.do(b, "GET", target, header("Accept-Encoding", encoding))
				times = append(times, time.Since(begun))
			}
			if w.Code != 200 {
				b.Fatalf("status %d", w.Code)
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(w.Body.Len()), "answer-bytes")
		})
	}
}

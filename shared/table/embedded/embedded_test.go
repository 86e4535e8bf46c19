package embedded_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
)

// parent is a context for the child process, which has no test.
type parent struct{}

func (parent) Deadline() (time.Time, bool) { return time.Time{}, false }
func (parent) Done() <-chan struct{}       { return nil }
func (parent) Err() error                  { return nil }
func (parent) Value(any) any               { return nil }

func TestTablesOfOneStoreAreApart(t *testing.T) {
	t.Parallel()
	db := memory(t)
	k := table.Key{Partition: "p", Sort: "s"}
	names := []string{"a", "a\x00", "ab", "b", ""}
	for _, name := range names {
		if err := db.Table(name).Commit(t.Context(), table.Write{Key: k, Body: []byte(name), If: table.Absent}); err != nil {
			t.Fatalf("table %q: %v", name, err)
		}
	}
	for _, name := range names {
		items, err := table.Dump(t.Context(), db.Table(name))
		want := []table.Item{{Key: k, Version: 1, Body: []byte(name)}}
		if diff := cmp.Diff(want, items); diff != "" || err != nil {
			t.Errorf("table %q: %v (-want +got):\n%s", name, err, diff)
		}
	}
}

func TestAStoreOpensAgain(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "on", "the", "way")
	for n := range 3 {
		db, err := embedded.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		k := table.Key{Partition: "p", Sort: "s"}
		if err := db.Table("t").Commit(t.Context(), table.Write{Key: k, Body: fmt.Append(nil, n), If: table.AtVersion(uint64(n))}); err != nil {
			t.Errorf("opened %d times: %v", n, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAStoreThatCannotBeOpenedIsUnavailable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := embedded.Open(file); !failure.Is(err, failure.Unavailable) {
		t.Errorf("a file as a folder: %v, want unavailable", err)
	}
	dir := t.TempDir()
	db := onDisk(t, dir)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	manifests, _ := filepath.Glob(filepath.Join(dir, "MANIFEST-*"))
	for _, name := range manifests {
		if err := os.WriteFile(name, []byte("damaged beyond reading"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := embedded.Open(dir); !failure.Is(err, failure.Unavailable) {
		t.Errorf("a damaged store: %v, want unavailable", err)
	}
}

func TestAClosedStoreIsUnavailable(t *testing.T) {
	t.Parallel()
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	s := db.Table("t")
	k := table.Key{Partition: "p", Sort: "s"}
	for range 2 { // closing twice is no error
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	_, err = s.Get(t.Context(), k)
	calls := map[string]error{
		"Get":    err,
		"Commit": s.Commit(t.Context(), table.Write{Key: k}),
		"Each":   s.Each(t.Context(), table.Write{Key: k})[0],
	}
	for _, err := range s.Query(t.Context(), table.Range{Partition: "p"}) {
		calls["Query"] = err
	}
	for _, err := range s.Scan(t.Context()) {
		calls["Scan"] = err
	}
	for _, name := range []string{"Get", "Commit", "Each", "Query", "Scan"} {
		if !failure.Is(calls[name], failure.Unavailable) {
			t.Errorf("%s on a closed store: %v, want unavailable", name, calls[name])
		}
	}
}

// Close waits for what is under way, so that no call meets a closed store inside.
func TestCloseWaitsForCalls(t *testing.T) {
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	s := db.Table("t")
	started, ended := make(chan struct{}), make(chan error, 8)
	for g := range 8 {
		go func() {
			<-started
			for i := 0; ; i++ {
				if err := s.Commit(context.Background(), pair(fmt.Sprint(g, ".", i))...); err != nil {
					ended <- err
					return
				}
			}
		}()
	}
	close(started)
	time.Sleep(20 * time.Millisecond)
	if err := db.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	for range 8 {
		if err := <-ended; !failure.Is(err, failure.Unavailable) {
			t.Errorf("a call after Close: %v, want unavailable", err)
		}
	}
}

func TestNothingRunsOnAfterClose(t *testing.T) {
	before := goleak.IgnoreCurrent()
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Table("t").Commit(t.Context(), pair("x")...); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	goleak.VerifyNone(t, before)
}

// An item of one kilobyte costs two allocations to read in a range: its sort
// key and its body.
func TestQueryMakesNoGarbage(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates")
	}
	db := memory(t)
	s := db.Table("t")
	var writes []table.Write
	for i := range 1000 {
		writes = append(writes, table.Write{Key: table.Key{Partition: "p", Sort: fmt.Sprintf("%04d", i)}, Body: fmt.Appendf(nil, `{"resourceType":"Observation","id":"%0900d"}`, i)})
	}
	for _, err := range s.Each(t.Context(), writes...) {
		if err != nil {
			t.Fatal(err)
		}
	}
	allocs := testing.AllocsPerRun(10, func() {
		for _, err := range s.Query(t.Context(), table.Range{Partition: "p"}) {
			if err != nil {
				t.Fatal(err)
			}
		}
	})
	if perItem := allocs / 1000; perItem > 2.2 {
		t.Errorf("%.2f allocations an item, want 2", perItem)
	}
}

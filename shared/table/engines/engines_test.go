package engines_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/engines"
)

// The same calls leave the same dump on both engines.
func TestEnginesAreAlike(t *testing.T) {
	t.Parallel()
	dumps := map[string][]table.Item{}
	engines.Run(t, func(t *testing.T, open engines.Open) {
		tables := open("one", "two")
		k := table.Key{Partition: "p", Sort: "s"}
		for i, s := range tables {
			if err := s.Commit(t.Context(), table.Write{Key: k, Body: []byte{byte(i)}, If: table.Absent}); err != nil {
				t.Fatal(err)
			}
		}
		if items, err := open("one")[0].Get(t.Context(), k); err != nil || items[0].Version != 0 {
			t.Errorf("a table opened again by the same name is not empty: %v, %v", items, err)
		}
		for i, s := range tables {
			items, err := table.Dump(t.Context(), s)
			want := []table.Item{{Key: k, Version: 1, Body: []byte{byte(i)}}}
			if diff := cmp.Diff(want, items); diff != "" || err != nil {
				t.Errorf("table %d: %v (-want +got):\n%s", i, err, diff)
			}
			dumps[t.Name()] = append(dumps[t.Name()], items...)
		}
	})
	t.Logf("compared %d engines", len(dumps))
}

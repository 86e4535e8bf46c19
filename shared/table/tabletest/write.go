package tabletest

import (
	"fmt"
	"testing"

	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/table"
)

var commits = []contract{
	{"nothing to write is no error", func(t *testing.T, s table.Table) {
		commit(t, s)
		commit(t, s, check(key("p", "a"), table.Always))
		same(t, "errors", 0, len(s.Each(t.Context())))
	}},
	{"conditions", func(t *testing.T, s table.Table) {
		testConditions(t, s, func(w table.Write) error { return s.Commit(t.Context(), w) })
	}},
	{"conditions within a transaction", func(t *testing.T, s table.Table) {
		n := 0
		testConditions(t, s, func(w table.Write) error {
			n++ // company makes a write a transaction
			return s.Commit(t.Context(), w, put(key("company", fmt.Sprint(n)), "", table.Absent))
		})
	}},
	{"a version grows by one with every write", func(t *testing.T, s table.Table) {
		k := key("p", "a")
		commit(t, s, put(k, "1", table.Absent))
		commit(t, s, put(k, "2", table.Always))
		commit(t, s, put(k, "3", table.AtVersion(2)))
		commit(t, s, put(k, "3", table.Always), put(key("p", "b"), "", table.Always)) // the same body counts too
		fill(t, s, put(k, "5", table.AtVersion(4)))
		commit(t, s, check(k, table.AtVersion(5)))
		want(t, s, stored{"p", "a", 5, "5"})
		commit(t, s, remove(k, table.AtVersion(5)))
		want(t, s, stored{"p", "a", 0, ""})
		commit(t, s, put(k, "again", table.Absent))
		want(t, s, stored{"p", "a", 1, "again"})
	}},
	{"removing what is absent is no error", func(t *testing.T, s table.Table) {
		commit(t, s, remove(key("p", "a"), table.Always))
		commit(t, s, remove(key("p", "a"), table.Absent), put(key("p", "b"), "", table.Always))
		want(t, s, stored{"p", "a", 0, ""}, stored{"p", "b", 1, ""})
	}},
	{"one hundred writes, all or none", testHundred},
	{"a refused commit leaves deletes and checks undone", func(t *testing.T, s table.Table) {
		commit(t, s, put(key("p", "a"), "1", table.Always), put(key("q", "b"), "2", table.Always))
		err := s.Commit(t.Context(), put(key("p", "a"), "changed", table.Always), remove(key("q", "b"), table.Always),
			put(key("r", "new"), "3", table.Absent), check(key("q", "c"), table.AtVersion(1)))
		wantKind(t, err, failure.Conflict)
		want(t, s, stored{"p", "a", 1, "1"}, stored{"q", "b", 1, "2"}, stored{"r", "new", 0, ""})
	}},
	{"a check guards writes elsewhere", func(t *testing.T, s table.Table) {
		commit(t, s, put(key("p", "guard"), "", table.Always))
		commit(t, s, check(key("p", "guard"), table.AtVersion(1)), put(key("q", "a"), "1", table.Absent))
		want(t, s, stored{"p", "guard", 1, ""}, stored{"q", "a", 1, "1"})
	}},
}

var eachs = []contract{
	{"conditions", func(t *testing.T, s table.Table) {
		testConditions(t, s, func(w table.Write) error { return s.Each(t.Context(), w)[0] })
	}},
	{"writes are independent", func(t *testing.T, s table.Table) {
		commit(t, s, put(key("p", "there"), "old", table.Always), put(key("p", "gone"), "old", table.Always), put(key("p", "checked"), "", table.Always))
		errs := s.Each(t.Context(),
			put(key("p", "new"), "1", table.Absent),
			put(key("p", "there"), "refused", table.Absent),
			put(key("", "bad"), "", table.Always),
			table.Write{Key: key("p", "large"), Body: noise(1, table.MaxItemBytes)},
			put(key("p", "twice"), "a", table.Always),
			put(key("p", "twice"), "b", table.Always),
			remove(key("p", "gone"), table.AtVersion(1)),
			check(key("p", "checked"), table.AtVersion(1)),
			check(key("p", "nowhere"), table.AtVersion(1)),
			check(key("p", "anywhere"), table.Always),
			put(key("q", "new"), "2", table.Always),
		)
		want(t, s, stored{"p", "new", 1, "1"}, stored{"p", "there", 1, "old"}, stored{"p", "large", 0, ""},
			stored{"p", "twice", 0, ""}, stored{"p", "gone", 0, ""}, stored{"q", "new", 1, "2"})
		kinds := make([]string, len(errs))
		for i, err := range errs {
			if err != nil {
				kinds[i] = failure.KindOf(err).String()
			}
		}
		same(t, "errors", []string{"", "conflict", "invalid", "too-large", "invalid", "invalid", "", "", "conflict", "", ""}, kinds)
	}},
	{"any number of writes", func(t *testing.T, s table.Table) {
		keys := numbered(1500)
		var writes []table.Write
		var wanted []stored
		for _, k := range keys {
			writes = append(writes, put(k, k.Sort, table.Absent))
			wanted = append(wanted, stored{k.Partition, k.Sort, 1, k.Sort})
		}
		fill(t, s, writes...)
		want(t, s, wanted...)
		for i, err := range s.Each(t.Context(), writes[700:900]...) {
			if !failure.Is(err, failure.Conflict) {
				t.Fatalf("write %d again: %v, want a conflict", i, err)
			}
		}
	}},
}

// testConditions holds every condition against an item that is absent, at
// version 1 and at version 2, through one way of writing.
func testConditions(t *testing.T, s table.Table, write func(table.Write) error) {
	conditions := []struct {
		name string
		when table.Condition
		ok   [3]bool // for an item that is absent, at version 1, at version 2
	}{
		{"always", table.Always, [3]bool{true, true, true}},
		{"absent", table.Absent, [3]bool{true, false, false}},
		{"version 0", table.AtVersion(0), [3]bool{true, false, false}},
		{"version 1", table.AtVersion(1), [3]bool{false, true, false}},
		{"version 2", table.AtVersion(2), [3]bool{false, false, true}},
		{"version 3", table.AtVersion(3), [3]bool{false, false, false}},
	}
	actions := []string{table.Put: "put", table.Delete: "delete", table.Check: "check"}
	for _, c := range conditions {
		for action, name := range actions {
			for version := range 3 {
				k := key("conditions", fmt.Sprintf("%s, %s at %d", c.name, name, version))
				for range version {
					commit(t, s, put(k, "before", table.Always))
				}
				w := table.Write{Key: k, Action: table.Action(action), If: c.when}
				if w.Action == table.Put {
					w.Body = []byte("after")
				}
				err := write(w)
				if c.ok[version] && err != nil || !c.ok[version] && !failure.Is(err, failure.Conflict) {
					t.Errorf("%s: %v, want it made: %v", k.Sort, err, c.ok[version])
				}
				want(t, s, outcome(k, version, w.Action, c.ok[version]))
			}
		}
	}
}

// outcome says what must be stored after a write, which was made or not.
func outcome(k table.Key, version int, action table.Action, made bool) stored {
	out := stored{Partition: k.Partition, Sort: k.Sort, Version: uint64(version)}
	if version > 0 {
		out.Body = "before"
	}
	switch {
	case made && action == table.Put:
		out.Version, out.Body = out.Version+1, "after"
	case made && action == table.Delete:
		out.Version, out.Body = 0, ""
	}
	return out
}

func testHundred(t *testing.T, s table.Table) {
	keys := numbered(table.MaxCommit)
	var writes []table.Write
	for _, k := range keys {
		writes = append(writes, put(k, "1", table.Absent))
	}
	commit(t, s, put(keys[63], "in the way", table.Always))
	wantKind(t, s.Commit(t.Context(), writes...), failure.Conflict)
	for i, item := range get(t, s, keys...) {
		if item.Version != 0 && i != 63 {
			t.Fatalf("write %d of a refused commit was made", i)
		}
	}
	commit(t, s, remove(keys[63], table.Always))
	commit(t, s, writes...)
	for i, item := range get(t, s, keys...) {
		if item.Version != 1 || string(item.Body) != "1" {
			t.Fatalf("write %d of a commit is %d %q", i, item.Version, item.Body)
		}
	}
}

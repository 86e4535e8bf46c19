package index_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
	"github.com/carerecord/carerecord/shared/opaque"
	"github.com/carerecord/carerecord/shared/record"
	"github.com/carerecord/carerecord/shared/table"
	"github.com/carerecord/carerecord/shared/table/embedded"
	"github.com/carerecord/carerecord/shared/version"
)

// tester is what testing.T, testing.B and rapid.T have in common.
type tester interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Cleanup(func())
}

func fresh(t tester) table.Table {
	t.Helper()
	db, err := embedded.Memory()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db.Table("index")
}

func hasher() *opaque.Hasher {
	h, err := opaque.NewHasher([]byte(strings.Repeat("k", opaque.KeySize)))
	if err != nil {
		panic(err)
	}
	return h
}

// newIndex gives an index that links by the certain rules alone: no details
// are enough for its model.
func newIndex(t table.Table) *index.Index {
	m := *matching.Default()
	m.LinkBits, m.ReviewBits = 1e6, 1e6
	return index.New(t, hasher(), matching.NewMatcher(&m))
}

// byDetails gives an index with the model that ships.
func byDetails(t table.Table) *index.Index { return index.New(t, hasher(), matcher) }

var matcher = matching.NewMatcher(matching.Default())

// Three numbers that pass the Modulus 11 check.
const (
	numberA = "9434765919"
	numberB = "9434765870"
	numberC = "9876543210"
)

func key(name string) string { return "0spk" + name }

var received = time.Date(2024, 5, 1, 12, 0, 0, 0, time.UTC)

// says makes a statement on the source patient of that name at a second.
func says(name string, second int, d demographics.Details) index.Statement {
	s := at(name, second)
	s.Details = &d
	return s
}

func merged(prior, survivor string, second int) index.Statement {
	s := at(prior, second)
	s.MergedInto = key(survivor)
	return s
}

func at(name string, second int) index.Statement {
	return index.Statement{
		Key: key(name), Organisation: "RX1", System: "mrn-" + name, Value: name,
		At:     version.Instant{Time: time.Unix(int64(second), 0).UTC(), Row: second},
		Origin: record.Origin{Organisation: "RX1", Feed: "pas", Delivery: fmt.Sprintf("d%02d", second), Row: second},
	}
}

func anna(number string) demographics.Details {
	return demographics.Details{
		NHSNumber: number, BirthDate: "1989-01-18",
		Names:     []demographics.Name{{Family: "Esterkin", Given: []string{"Anna"}}},
		Addresses: []demographics.Address{{Lines: []string{"170 Juice Place"}, City: "London", Postcode: "LS1 4AP"}},
	}
}

func bob(number string) demographics.Details {
	return demographics.Details{
		NHSNumber: number, BirthDate: "1954-07-30",
		Names: []demographics.Name{{Family: "Smith", Given: []string{"Bob"}}},
	}
}

func apply(t tester, x *index.Index, statements ...index.Statement) {
	t.Helper()
	if err := x.Apply(context.Background(), received, statements); err != nil {
		t.Fatal(err)
	}
}

// people gives the partition of the named source patients, as "a+b c"; who has
// no person is left out.
func people(t tester, x *index.Index, names ...string) string {
	t.Helper()
	keys := make([]string, len(names))
	for i, n := range names {
		keys[i] = key(n)
	}
	links, err := x.Links(context.Background(), keys...)
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string][]string{}
	for i, n := range names {
		if id := links[keys[i]]; id != "" {
			sets[id] = append(sets[id], n)
		}
	}
	var list []string
	for id, members := range sets {
		slices.Sort(members)
		p, err := x.Person(context.Background(), id)
		if err != nil || p.ID != id {
			t.Fatalf("person of %v: %v, id changed: %v", members, err, p.ID != id)
		}
		var got []string
		for _, s := range p.Sources {
			got = append(got, strings.TrimPrefix(s.Key, key("")))
		}
		if !slices.Equal(got, members) {
			t.Fatalf("the links say %v, the person %v", members, got)
		}
		list = append(list, strings.Join(members, "+"))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

func link(t tester, x *index.Index, name string) string {
	t.Helper()
	id, err := x.FindSource(context.Background(), key(name))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// reviews gives the open reviews of a kind.
func reviews(t tester, x *index.Index, kind index.ReviewKind) (open []index.Review) {
	t.Helper()
	q := index.ReviewQuery{Kinds: []index.ReviewKind{kind}, Limit: 200}
	for {
		page, err := x.Reviews(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, page.Reviews...)
		if q.After = page.Next; q.After == "" {
			return open
		}
	}
}

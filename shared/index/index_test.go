package index_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/carerecord/carerecord/shared/demographics"
	"github.com/carerecord/carerecord/shared/failure"
	"github.com/carerecord/carerecord/shared/index"
)

// born gives details with another birth date.
func born(d demographics.Details, date string) demographics.Details {
	d.BirthDate = date
	return d
}

func status(d demographics.Details, code string) demographics.Details {
	d.NHSStatus = code
	return d
}

// Each case is told in the order given and in the opposite one, at once and one
// by one: the people are the same.
func TestPeople(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name       string
		statements []index.Statement
		want       string
	}{
		{"nobody", nil, ""},
		{"one without a number", []index.Statement{says("a", 1, anna(""))}, "a"},
		{"two without a number, all else the same", []index.Statement{says("a", 1, anna("")), says("b", 2, anna(""))}, "a b"},
		{"one number, one birth date", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, anna(numberA))}, "a+b"},
		{"two numbers", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, anna(numberB))}, "a b"},
		{"one number, two people", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, bob(numberA))}, "a b"},
		{"one number, part of the date and the name", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, born(anna(numberA), "1989-01-19"))}, "a+b"},
		{
			"one between two that conflict joins them",
			[]index.Statement{says("a", 1, born(anna(numberA), "1989-01-18")), says("c", 2, born(anna(numberA), "1989-07-30")), says("b", 3, born(anna(numberA), "1989-01-30"))},
			"a+b+c",
		},
		{"a status that says the number is in conflict", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, status(anna(numberA), "05"))}, "a b"},
		{"a number taken back by its status", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, anna(numberA)), says("b", 3, status(anna(numberA), "05"))}, "a b"},
		{"a later silence does not take the number back", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, anna(numberA)), says("b", 3, anna(""))}, "a+b"},
		{"a number corrected", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, bob(numberA)), says("b", 3, bob(numberB)), says("c", 4, bob(numberB))}, "a b+c"},
		{"a number swapped", []index.Statement{says("a", 1, anna(numberA)), says("a", 2, anna(numberB)), says("b", 3, anna(numberA))}, "a b"},
		{"a late older statement", []index.Statement{says("a", 5, anna(numberB)), says("b", 2, anna(numberA)), says("a", 1, anna(numberA))}, "a b"},
		{"merged", []index.Statement{says("a", 1, anna("")), says("b", 2, bob("")), merged("a", "b", 3)}, "a+b"},
		{"merged, the survivor unknown", []index.Statement{says("a", 1, anna("")), merged("a", "b", 3)}, "a+b"},
		{"merged, the prior unknown", []index.Statement{says("b", 1, anna("")), merged("a", "b", 3)}, "a+b"},
		{"merged, both unknown", []index.Statement{merged("a", "b", 3)}, ""},
		{"a chain", []index.Statement{says("a", 1, anna("")), says("b", 2, anna("")), says("c", 3, anna("")), merged("a", "b", 4), merged("b", "c", 5)}, "a+b+c"},
		{"a circle", []index.Statement{says("a", 1, anna("")), says("b", 2, anna("")), merged("a", "b", 4), merged("b", "a", 5)}, "a+b"},
		{"a circle of three", []index.Statement{says("a", 1, anna("")), merged("a", "b", 4), merged("b", "c", 5), merged("c", "a", 6)}, "a+b+c"},
		{"into itself", []index.Statement{says("a", 1, anna("")), merged("a", "a", 4)}, "a"},
		{"the newest merge stands", []index.Statement{says("a", 1, anna("")), says("b", 2, anna("")), says("c", 3, anna("")), merged("a", "b", 4), merged("a", "c", 5)}, "a+c b"},
		{"merged, and one by number", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, anna("")), says("c", 3, anna(numberA)), merged("a", "b", 4)}, "a+b+c"},
		{"merged with another number: the survivor's counts", []index.Statement{says("a", 1, anna(numberA)), says("b", 2, anna(numberB)), says("c", 3, anna(numberA)), says("d", 4, anna(numberB)), merged("a", "b", 5)}, "a+b+d c"},
	}
	names := []string{"a", "b", "c", "d"}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			backward := make([]index.Statement, 0, len(c.statements))
			for i := range c.statements {
				backward = append(backward, c.statements[len(c.statements)-1-i])
			}
			for _, order := range [][]index.Statement{c.statements, backward} {
				x := newIndex(fresh(t))
				apply(t, x, order...)
				if diff := cmp.Diff(c.want, people(t, x, names...)); diff != "" {
					t.Errorf("at once (-want +got):\n%s", diff)
				}
				y := newIndex(fresh(t))
				for _, s := range order {
					apply(t, y, s)
				}
				if diff := cmp.Diff(c.want, people(t, y, names...)); diff != "" {
					t.Errorf("one by one (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestMergeLeavesAnAlias(t *testing.T) {
	t.Parallel()
	x := newIndex(fresh(t))
	apply(t, x, says("a", 1, anna(numberA)))
	apply(t, x, says("b", 2, anna("")))
	prior, survivor := link(t, x, "a"), link(t, x, "b")
	apply(t, x, merged("a", "b", 3))
	p, err := x.Person(context.Background(), prior)
	if err != nil {
		t.Fatal(err)
	}
	if p.ID != survivor || len(p.Sources) != 2 {
		t.Errorf("the prior's id answers with %d sources, survivor %v; want 2 of the survivor", len(p.Sources), p.ID == survivor)
	}
	if got, err := x.FindNHSNumber(context.Background(), numberA); err != nil || got != survivor {
		t.Errorf("the prior's number is not the survivor's: %v", err)
	}
}

func TestAnIdStaysWhereItCan(t *testing.T) {
	t.Parallel()
	x := newIndex(fresh(t))
	apply(t, x, says("a", 1, anna(numberA)))
	before := link(t, x, "a")
	apply(t, x, says("a", 2, anna(numberB)))
	if after := link(t, x, "a"); after != before {
		t.Error("a person's id changed with the number of its only source")
	}
	apply(t, x, says("b", 3, anna(numberB)))
	if link(t, x, "b") != before {
		t.Error("one who joins takes another id than the person's")
	}
	apply(t, x, says("b", 4, anna(numberC)))
	if link(t, x, "a") != before || link(t, x, "b") == before {
		t.Error("who says something new must leave, and who does not must stay")
	}
	apply(t, x, says("c", 5, anna(numberA)))
	if id := link(t, x, "c"); id == before {
		t.Error("a number that was given up led to its former holder")
	}
}

func TestFindRefusesAndMisses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	x := newIndex(fresh(t))
	apply(t, x, merged("a", "b", 1))
	_, err := x.FindNHSNumber(ctx, numberA)
	wantKind(t, "an unknown number", err, failure.NotFound)
	_, err = x.FindNHSNumber(ctx, "9434765918")
	wantKind(t, "a number that fails its check", err, failure.Invalid)
	_, err = x.FindSource(ctx, key("a"))
	wantKind(t, "a patient known by a merge alone", err, failure.NotFound)
	_, err = x.Person(ctx, "01HWT0000000000000000000AA")
	wantKind(t, "an unknown person", err, failure.NotFound)
	_, err = x.Decisions(ctx, key("z"))
	wantKind(t, "decisions on nobody", err, failure.NotFound)
	wantKind(t, "a statement of nobody", x.Apply(ctx, received, []index.Statement{{Details: &demographics.Details{}}}), failure.Invalid)
	wantKind(t, "a statement of nothing", x.Apply(ctx, received, []index.Statement{at("a", 1)}), failure.Invalid)
	if links, err := x.Links(ctx); err != nil || len(links) != 0 {
		t.Errorf("no keys: %v, %v", links, err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if err := x.Apply(cancelled, received, []index.Statement{says("a", 1, anna(""))}); err == nil {
		t.Error("applied under a cancelled context")
	}
}

func wantKind(t *testing.T, what string, err error, want failure.Kind) {
	t.Helper()
	if !failure.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

func TestPersonShowsTheNewestDetails(t *testing.T) {
	t.Parallel()
	x := newIndex(fresh(t))
	newest := anna(numberA)
	newest.Names[0].Family = "O'Neill"
	apply(t, x, says("a", 5, newest))
	apply(t, x, says("a", 1, anna(numberA)))
	apply(t, x, says("a", 9, newest)) // says it once more
	p, err := x.Person(context.Background(), link(t, x, "a"))
	if err != nil {
		t.Fatal(err)
	}
	want := says("a", 5, newest)
	got := p.Sources[0]
	if diff := cmp.Diff(newest, got.Details); diff != "" {
		t.Errorf("details (-want +got):\n%s", diff)
	}
	if got.Organisation != "RX1" || got.System != "mrn-a" || got.Value != "a" || got.Key != key("a") || got.At.Compare(want.At) != 0 {
		t.Errorf("source patient %s %s %s at %v", got.Organisation, got.System, got.Key, got.At)
	}
}

package version

import (
	"cmp"
	"slices"
)

// Window is the number of newest statements that a History keeps one by one.
// Of everything older it keeps, for each content, the first and the last
// statement. So its size is bounded by the number of different contents,
// whatever the number of times they are confirmed.
const Window = 8

// Statement says that a thing had a content at an instant. Delivery tells who
// said so, so that the same task run again finds its own words.
type Statement struct {
	At       Instant
	Hash     string // digest of the content
	Delivery string
}

// compare orders statements; two of one instant are ordered by their hash.
func (s Statement) compare(t Statement) int {
	return cmp.Or(s.At.Compare(t.At), cmp.Compare(s.Hash, t.Hash))
}

// History is what is known of one thing over time. The zero History is empty.
// It is a value: Add gives a new one and changes nothing.
//
// Two histories of the same set of statements are equal, in whatever order and
// however often they were added. What a History forgets (a statement older than
// the Window, between two others of the same content) it would have forgotten
// in every order.
type History struct {
	statements []Statement // ordered, one per (At, Hash): that of the smallest delivery
}

// Of gives the history of a set of statements.
func Of(statements ...Statement) History {
	var h History
	for _, s := range statements {
		h, _ = h.Add(s)
	}
	return h
}

// Effect says what a statement did to a history.
type Effect uint8

const (
	Nothing        Effect = iota // the history is as it was: there is nothing to store
	Confirmed                    // a content that was known, said once more; the current content stands
	PastChanged                  // a content that was not known takes its place in the past
	CurrentChanged               // the current content is another one
)

// Add gives the history with the statement, and what that did.
func (h History) Add(s Statement) (History, Effect) {
	s.At = s.At.plain()
	i, there := slices.BinarySearchFunc(h.statements, s, Statement.compare)
	if there && h.statements[i].Delivery <= s.Delivery {
		return h, Nothing
	}
	var grown []Statement
	if there {
		grown = slices.Clone(h.statements)
		grown[i] = s
	} else {
		grown = thin(slices.Insert(slices.Clone(h.statements), i, s))
	}
	if slices.Equal(grown, h.statements) {
		return h, Nothing
	}
	next := History{grown}
	switch {
	case next.Current().Hash != h.Current().Hash:
		return next, CurrentChanged
	case h.Knows(s.Hash):
		return next, Confirmed
	}
	return next, PastChanged
}

// thin drops from a sorted list what lies before the window and between two
// statements of the same content. A statement that is dropped lies between the
// same two for ever, since both stay or give way to ones still further out;
// this makes the result independent of the order of arrival.
func thin(list []Statement) []Statement {
	old := len(list) - Window
	if old <= 2 {
		return list
	}
	last := make(map[string]int, 4)
	for i, s := range list[:old] {
		last[s.Hash] = i
	}
	seen := make(map[string]bool, 4)
	kept := list[:0]
	for i, s := range list {
		if i >= old || !seen[s.Hash] || last[s.Hash] == i {
			kept = append(kept, s)
		}
		seen[s.Hash] = true
	}
	return kept
}

// Empty says whether nothing was ever stated.
func (h History) Empty() bool { return len(h.statements) == 0 }

// Current gives the newest statement; the zero Statement when there is none.
func (h History) Current() Statement {
	if h.Empty() {
		return Statement{}
	}
	return h.statements[len(h.statements)-1]
}

// Knows says whether the content was ever stated.
func (h History) Knows(hash string) bool {
	_, ok := h.First(hash)
	return ok
}

// First gives the earliest statement of a content.
func (h History) First(hash string) (Statement, bool) {
	for _, s := range h.statements {
		if s.Hash == hash {
			return s, true
		}
	}
	return Statement{}, false
}

// Contents gives the hashes of the different contents, each once, in the order
// in which they were first stated.
func (h History) Contents() []string {
	var list []string
	for _, s := range h.statements {
		if !slices.Contains(list, s.Hash) {
			list = append(list, s.Hash)
		}
	}
	return list
}

// Run is a time during which a source said the same.
type Run struct {
	From  Statement // the first statement of it that is known
	Until Instant   // the last one
}

// Runs gives the history as runs of time, the oldest first: statements of the
// same content that follow each other are one run, and a statement of another
// content between two of them makes two runs of it.
func (h History) Runs() []Run {
	var runs []Run
	for _, s := range h.statements {
		if n := len(runs); n > 0 && runs[n-1].From.Hash == s.Hash {
			runs[n-1].Until = s.At
			continue
		}
		runs = append(runs, Run{From: s, Until: s.At})
	}
	return runs
}

// Begins says whether the statement, by this very delivery, begins a run: then
// it brought something that was not so before. The answer stays the same when
// the statement is added again.
func (h History) Begins(s Statement) bool {
	s.At = s.At.plain()
	i, there := slices.BinarySearchFunc(h.statements, s, Statement.compare)
	if !there || h.statements[i].Delivery != s.Delivery {
		return false
	}
	return i == 0 || h.statements[i-1].Hash != s.Hash
}

// Equal says whether two histories know the same.
func (h History) Equal(o History) bool { return slices.Equal(h.statements, o.statements) }

// Package version keeps the history of one thing as its source told it: runs
// of time during which the source said the same. The history is a function of
// the set of statements and not of their order of arrival, which is how the
// promise "order does not matter" is kept: a statement that comes late takes
// its place in the past and never overwrites a newer one.
package version

import "time"

// Instant orders the statements of a source: by the source's own time of the
// statement (UTC, nanoseconds), then by the row's ordinal in its file.
type Instant struct {
	Time time.Time
	Row  int
}

// Compare gives -1, 0 or +1.
func (i Instant) Compare(j Instant) int {
	if c := i.Time.Compare(j.Time); c != 0 {
		return c
	}
	switch {
	case i.Row < j.Row:
		return -1
	case i.Row > j.Row:
		return 1
	}
	return 0
}

// plain gives the instant in UTC and without what time.Now adds, so that equal
// instants are equal values.
func (i Instant) plain() Instant {
	i.Time = i.Time.Round(0).UTC()
	return i
}

// Package version keeps the history of one thing as its source told it: runs
// of time during which the source said the same. The history is a function of
// the set of statements and not of their order of arrival, which is how the
// promise "order does not matter" is kept: a statement that comes late takes
// its place in the past and never overwrites a newer one.
package version

import "time"

// Instant orders the statements of a source: those made in passing before all
// others, then by the source's own time of the statement (UTC, nanoseconds),
// then by the row's ordinal in its file.
type Instant struct {
	Time time.Time
	Row  int
	// Passing marks what was said beside something else: a laboratory's result
	// names the patient too, and leaves out what it does not need. It counts
	// while nothing better is known, and never replaces a statement of its own.
	Passing bool
}

// Compare gives -1, 0 or +1.
func (i Instant) Compare(j Instant) int {
	if i.Passing != j.Passing {
		if i.Passing {
			return -1
		}
		return 1
	}
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

// place gives the row for the stored form, in which passing ones are negative.
func (i Instant) place() int64 {
	if i.Passing {
		return ^int64(i.Row)
	}
	return int64(i.Row)
}

// at is the instant of a stored form.
func at(seconds, nanoseconds, place int64) Instant {
	i := Instant{Time: time.Unix(seconds, nanoseconds).UTC(), Row: int(place)}
	if place < 0 {
		i.Row, i.Passing = int(^place), true
	}
	return i
}

// plain gives the instant in UTC and without what time.Now adds, so that equal
// instants are equal values.
func (i Instant) plain() Instant {
	i.Time = i.Time.Round(0).UTC()
	return i
}

package linkage

// Accuracy counts pairs of records: those that are of one person in truth,
// those that were put together, and those that are both.
type Accuracy struct {
	True, Found, Right int64
}

// Precision is the share of the pairs put together that are right; 1 of none.
func (a Accuracy) Precision() float64 { return ratio(a.Right, a.Found) }

// Recall is the share of the true pairs that were put together; 1 of none.
func (a Accuracy) Recall() float64 { return ratio(a.Right, a.True) }

// F1 is the harmonic mean of precision and recall.
func (a Accuracy) F1() float64 { return ratio(2*a.Right, a.Found+a.True) }

func ratio(part, whole int64) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// Labelled is a record with what was found and what is true of it.
type Labelled struct {
	File   int    // counted from 0
	Person string // as found
	Truth  string // as it is; empty: not known, and the record is left out
}

// Measure counts the pairs of records, and the people: of those found, those
// who have exactly the records that are theirs. With between, pairs within one
// file do not count.
func Measure(records []Labelled, between bool) (pairs, people Accuracy) {
	found, truth, both := newTally(between), newTally(between), newTally(between)
	for _, r := range records {
		if r.Truth == "" {
			continue
		}
		found.add(r.Person, "", r.File)
		truth.add("", r.Truth, r.File)
		both.add(r.Person, r.Truth, r.File)
	}
	pairs = Accuracy{True: truth.pairs(), Found: found.pairs(), Right: both.pairs()}
	people = Accuracy{True: int64(len(truth.size)), Found: int64(len(found.size))}
	for group, n := range both.size {
		if n == found.size[[2]string{group[0], ""}] && n == truth.size[[2]string{"", group[1]}] {
			people.Right++
		}
	}
	return pairs, people
}

// tally counts the records of groups, and of the files within them.
type tally struct {
	size map[[2]string]int64
	file map[inFile]int64 // nil: files do not matter
}

type inFile struct {
	group [2]string
	file  int
}

func newTally(between bool) *tally {
	t := &tally{size: map[[2]string]int64{}}
	if between {
		t.file = map[inFile]int64{}
	}
	return t
}

func (t *tally) add(person, truth string, file int) {
	group := [2]string{person, truth}
	t.size[group]++
	if t.file != nil {
		t.file[inFile{group, file}]++
	}
}

// pairs counts the pairs within groups, without those within a file where
// files matter.
func (t *tally) pairs() (n int64) {
	for _, size := range t.size {
		n += size * (size - 1) / 2
	}
	for _, size := range t.file {
		n -= size * (size - 1) / 2
	}
	return n
}
